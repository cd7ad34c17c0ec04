"""What a store forgets, against lists that are thinned out by hand; and what `check` finds."""

from __future__ import annotations

from random import Random

import pytest

from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.store.check import check
from engine.store.protocol import Store
from engine.store.retention import Retention, apply

NOW = 1000 * NS_PER_DAY


def quotes(store: Store) -> list[tuple[int, int]]:
    return store.run("SELECT instrument_id, ts_recv FROM quotes ORDER BY 1, 2")  # type: ignore[return-value]


def fill(store: Store, stamps: list[tuple[int, int]]) -> None:
    store.copy("quotes", [(i, None, ts, 1.0, 2.0, None, None) for i, ts in stamps])


def test_old_rows_are_removed_and_new_ones_stay(store: Store) -> None:
    stamps = [(1, NOW - k * NS_PER_DAY) for k in range(1, 6)]
    fill(store, stamps)
    done = apply(store, Retention(quotes=3.0, trades=1.0, chains=1.0), NOW)
    assert done == {"quotes removed": 2, "trades removed": 0, "chains removed": 0}
    assert quotes(store) == sorted(stamps[:3])
    fill(store, stamps[3:])  # a day that was dropped can be filled again
    assert quotes(store) == sorted(stamps)


def test_old_quotes_are_thinned_to_the_last_of_each_step(store: Store) -> None:
    rng = Random(2)
    border = NOW - NS_PER_DAY
    step = 60 * NS_PER_SECOND
    stamps = sorted(
        {(rng.randrange(3), border + rng.randrange(-20 * step, 5 * step)) for _ in range(400)}
    )
    fill(store, stamps)
    done = apply(store, Retention(thin_after=1.0, thin_seconds=60.0), NOW)
    last: dict[tuple[int, int], int] = {}
    for instrument, ts in stamps:
        if ts < border:
            last[instrument, ts // step] = max(ts, last.get((instrument, ts // step), 0))
    kept = sorted(
        [(i, ts) for (i, _), ts in last.items()] + [(i, ts) for i, ts in stamps if ts >= border]
    )
    assert quotes(store) == kept
    assert done == {"quotes thinned": len(stamps) - len(kept)}
    store.compact()
    assert quotes(store) == kept
    assert store.size() > 0


def test_proofs_go_and_figures_stay(store: Store) -> None:
    for k in (1, 5):
        sighting = (f"scan{k}", f"life{k}", "id", NOW - k * NS_PER_DAY, 1.0, 2.0, 1)
        store.copy("sightings", [(*sighting, *(None,) * 6, '{"proof": 1}')])
    assert apply(store, Retention(proofs=3.0), NOW) == {"proofs removed": 1}
    assert store.run("SELECT edge, payload FROM sightings ORDER BY ts_ns") == [
        (1.0, ""), (1.0, '{"proof": 1}'),
    ]  # fmt: skip


LIFE = ("life", "combo", "XYZ", "test", "s", "box", "LOCKED", "legs", 5, 9, None, 1, 1.0, 1.0)
SCAN = ("scan", "run", "XYZ", "test", "s", 5, 5, 1, 1, 1, 1, "")
SIGHTING = ("scan", "life", "id", 5, 1.0, 1.0, 1, *(None,) * 6, "{}")
RUN = ("run", "scan", 1, None, "0", "CPython", "pure", "d")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([("runs", RUN), ("scans", SCAN), ("opportunities", LIFE), ("sightings", SIGHTING)], ""),
        ([("sightings", SIGHTING)], "life that is not there"),
        ([("runs", RUN), ("opportunities", LIFE)], "do not count up"),
        ([("scans", SCAN)], "run that is not there"),
        ([("opportunities", (*LIFE[:8], 9, 5, None, 0, 1.0, 1.0))], "end before they begin"),
        (
            [
                ("runs", RUN), ("scans", SCAN), ("opportunities", LIFE),
                ("sightings", (*SIGHTING[:-1], "{")),
            ],
            "not JSON",
        ),
        ([("fills", ("e", "o", "a", 1, "buy", 1.0, 1.0, None, "USD", None, 1, 1))], "an order"),
    ],
)  # fmt: skip
def test_check_finds_what_does_not_fit(
    store: Store, rows: list[tuple[str, tuple[object, ...]]], what: str
) -> None:
    for table, row in rows:
        store.copy(table, [row])
    found = check(store)
    assert (found == []) if not what else any(what in line for line in found), found


def test_check_finds_another_schema(store: Store) -> None:
    store.run("ALTER TABLE marks ADD COLUMN more TEXT")
    assert any("marks" in line for line in check(store))
    store.run("DELETE FROM schema_migrations")
    assert any("pending" in line for line in check(store))
