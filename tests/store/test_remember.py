"""Lives of opportunities against a list that is kept by hand."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store import schema
from engine.store.address import Address
from engine.store.check import check
from engine.store.history import Window, families, gates, history, lifetimes, scans
from engine.store.protocol import Store
from engine.store.remember import (
    Found,
    ImpliedCarry,
    Run,
    ScannedChain,
    begin_run,
    end_run,
    remember,
)
from engine.store.sqlite import SqliteStore

SECOND = 1_000_000_000
RUN = Run("run", "test", 1, "0", "CPython", "pure", "digest")


def found(combo: str, edge: float = 1.0) -> Found:
    return Found(combo, f"id {combo}", "box", "LOCKED", f"+1 {combo}", edge, 100.0 * edge, 2, "{}")


def chain(ts: int, *combos: str, whole: bool = True, symbol: str = "XYZ") -> ScannedChain:
    return ScannedChain(
        symbol, "test", "settings", ts * SECOND, 7, candidates=9, passed=len(combos),
        is_whole=whole, rejected={"size": 2, "age": 0},
        found=tuple(found(combo) for combo in combos),
    )  # fmt: skip


def lives(store: Store) -> list[tuple[object, ...]]:
    rows = store.run(
        "SELECT combo, detected_ns, last_seen_ns, expired_ns, n_sightings FROM opportunities "
        "ORDER BY combo, detected_ns"
    )
    return [
        (combo, first // SECOND, last // SECOND, end if end is None else end // SECOND, n)
        for combo, first, last, end, n in rows
    ]


def test_a_life_is_detected_seen_and_ended(store: Store) -> None:
    begin_run(store, RUN)
    results = [
        remember(store, "run", chain(1, "a", "b")),
        remember(store, "run", chain(2, "a")),
        remember(store, "run", chain(3, whole=False)),  # a list that was cut proves nothing
        remember(store, "run", chain(4, "a", "b")),
        remember(store, "run", chain(5, symbol="OTHER")),
    ]
    assert lives(store) == [("a", 1, 4, None, 3), ("b", 1, 1, 2, 1), ("b", 4, 4, None, 1)]
    assert [(r.n_began, r.n_seen, r.n_ended) for r in results] == [
        (2, 0, 0), (0, 1, 1), (0, 0, 0), (1, 1, 0), (0, 0, 0),
    ]  # fmt: skip
    end_run(store, "run", 9)
    assert check(store) == []
    assert store.run("SELECT ended_ns FROM runs") == [(9,)]


def test_the_same_scan_is_stored_once(store: Store) -> None:
    begin_run(store, RUN)
    assert remember(store, "run", chain(1, "a")).is_new
    assert not remember(store, "run", chain(1, "a")).is_new
    assert lives(store) == [("a", 1, 1, None, 1)]
    assert store.run("SELECT count(*) FROM sightings") == [(1,)]


def test_a_scan_of_earlier_quotes_changes_no_later_life(store: Store) -> None:
    begin_run(store, RUN)
    for one in (chain(10, "a"), chain(20), chain(15, "a", "b"), chain(5, "a")):
        remember(store, "run", one)
    assert lives(store) == [("a", 5, 5, 10, 1), ("a", 10, 15, 20, 2), ("b", 15, 15, 20, 1)]
    assert check(store) == []


def test_history_counts_what_was_remembered(store: Store) -> None:
    begin_run(store, RUN)
    implied = ImpliedCarry("2026-03-20", "PM", 16.0, 100.0, 0.04, 0.05, 0.045, None, 0.01)
    for ts, edge in ((1, 1.0), (3, 4.0), (8, 2.0)):
        one = ScannedChain(
            "XYZ", "test", "s", ts * SECOND, 7, 9, 1, True, "", {"size": 2, "age": ts},
            (found("a", edge),), (implied,),
        )  # fmt: skip
        remember(store, "run", one)
    remember(store, "run", chain(9, "b", symbol="ABC"))
    window = Window("XYZ")
    assert families(store, window).objects() == [
        {
            "symbol": "XYZ", "family": "box", "class": "LOCKED", "lives": 1, "sightings": 3,
            "alive": 1, "median_seconds": 7.0, "longest_seconds": 7.0, "median_edge": 4.0,
            "best_edge": 4.0, "best_usd": 400.0, "median_lots": 2,
        }
    ]  # fmt: skip
    assert gates(store, window).rows == (("age", 12), ("size", 6))
    assert scans(store, window).rows == (("XYZ", 3, SECOND, 8 * SECOND, 27, 3, 3, 0),)
    assert lifetimes(store, window) == [7.0]
    everything = history(store, Window())
    assert [row["symbol"] for row in everything.scans.objects()] == ["ABC", "XYZ"]
    assert len(everything.implied.rows) == 3
    assert everything.implied.objects()[0]["borrow_bid"] is None
    late = history(store, Window("XYZ", since=3 * SECOND, until=8 * SECOND))
    assert [row["best_edge"] for row in late.edges.objects()] == [4.0]
    assert late.families.rows == ()


STEPS = st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.booleans()), max_size=12)


@settings(deadline=None, max_examples=40)
@given(STEPS)
def test_lives_are_those_of_a_list_kept_by_hand(
    steps: list[tuple[set[str], bool]],
) -> None:
    alive: dict[str, list[int]] = {}
    ended: list[tuple[object, ...]] = []
    with in_memory() as store:
        begin_run(store, RUN)
        for ts, (combos, whole) in enumerate(steps, 1):
            remember(store, "run", chain(ts, *sorted(combos), whole=whole))
            for combo in combos:
                life = alive.setdefault(combo, [ts, ts, 0])
                life[1], life[2] = ts, life[2] + 1
            for combo in [c for c in alive if c not in combos and whole]:
                first, last, n = alive.pop(combo)
                ended.append((combo, first, last, ts, n))
        expected = ended + [(c, f, last, None, n) for c, (f, last, n) in alive.items()]
        assert lives(store) == sorted(expected, key=lambda life: (life[0], life[1]))
        assert check(store) == []


def in_memory() -> Store:
    store = SqliteStore(Address("sqlite", path=Path(":memory:")))
    schema.migrate(store)
    return store
