"""What scans found, put where it can be asked about: sightings, and how long each combo lived.

A *life* begins with the first scan that finds a combo and ends with the first whole scan of the
same stream that does not. A stream is one symbol of one source under the same settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from engine.store.protocol import Row, Store


@dataclass(frozen=True, slots=True)
class Run:
    """What ran: one row of the table of runs."""

    run_id: str
    verb: str
    started_ns: int
    version: str
    runtime: str
    backend: str
    config_digest: str


@dataclass(frozen=True, slots=True)
class Found:
    """One opportunity of a scan; None is not known. `payload` is its JSON with the proof."""

    combo: str
    opportunity_id: str
    family: str
    grade: str
    legs: str
    edge: float
    edge_usd: float
    lots: int
    payload: str
    capital: float | None = None
    annualised: float | None = None
    score: float | None = None
    days: float | None = None
    implied_rate: float | None = None
    implied_borrow: float | None = None


@dataclass(frozen=True, slots=True)
class ImpliedCarry:
    """What the quotes of one expiry imply: forward per share, rates and borrow fees per year."""

    expiry: str
    series: str
    days: float
    forward: float | None
    box_lend: float | None
    box_borrow: float | None
    box_mid: float | None
    borrow_bid: float | None
    borrow_ask: float | None


@dataclass(frozen=True, slots=True)
class ScannedChain:
    """One chain's scan. `is_whole` says that everything that passed is in `found`."""

    symbol: str
    source: str
    settings: str
    ts_ns: int
    scanned_ns: int
    candidates: int
    passed: int
    is_whole: bool
    unusable: str = ""
    rejected: Mapping[str, int] = field(default_factory=dict)
    found: tuple[Found, ...] = ()
    implied: tuple[ImpliedCarry, ...] = ()


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a scan changed: lives that began, were seen again and ended."""

    is_new: bool = True
    n_began: int = 0
    n_seen: int = 0
    n_ended: int = 0


def begin_run(store: Store, run: Run) -> None:
    """Write down what runs."""
    row = (
        run.run_id, run.verb, run.started_ns, None, run.version, run.runtime, run.backend,
        run.config_digest,
    )  # fmt: skip
    store.copy("runs", [row])


def end_run(store: Store, run_id: str, ended_ns: int) -> None:
    """Write down when it ended; a run without an end was killed or still runs."""
    store.run("UPDATE runs SET ended_ns = ? WHERE run_id = ?", (ended_ns, run_id))


def remember(store: Store, run_id: str, chain: ScannedChain) -> Remembered:
    """Store one scan with its sightings and lives, as one transaction. O(found).

    A chain that was scanned before with the same settings is not stored again.
    """
    stream = (chain.symbol, chain.source, chain.settings)
    scan_id = digest(*stream, str(chain.ts_ns))
    with store.transaction():
        row = (
            scan_id, run_id, *stream, chain.ts_ns, chain.scanned_ns, chain.candidates,
            chain.passed, len(chain.found), int(chain.is_whole), chain.unusable,
        )  # fmt: skip
        if not store.merge("scans", [row]):
            return Remembered(is_new=False)
        store.copy("rejections", [(scan_id, gate, n) for gate, n in chain.rejected.items() if n])
        store.copy("implied", [_implied_row(scan_id, point) for point in chain.implied])
        (later,) = store.run(
            "SELECT min(ts_ns) FROM scans "
            "WHERE symbol = ? AND source = ? AND settings = ? AND ts_ns > ?",
            (*stream, chain.ts_ns),
        )[0]
        began, seen = _live(store, scan_id, chain, stream, later)
        ended = _end_lives(store, chain, stream) if later is None and chain.is_whole else 0
    return Remembered(True, began, seen, ended)


def digest(*parts: str) -> str:
    """Return 32 letters that are the same for the same parts."""
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _live(
    store: Store, scan_id: str, chain: ScannedChain, stream: tuple[str, str, str], later: int | None
) -> tuple[int, int]:
    """Give every combo found its life, a new one or that which it is seen in again."""
    known = _lives_at(store, stream, chain.ts_ns)
    new: list[Row] = []
    sightings: list[Row] = []
    for one in chain.found:
        life_id = known.get((one.combo, one.family))
        if life_id is None:
            life_id = digest(*stream, one.combo, one.family, str(chain.ts_ns))
            row: Row = (
                life_id, one.combo, *stream, one.family, one.grade, one.legs, chain.ts_ns,
                chain.ts_ns, later, 1, one.edge, one.edge_usd,
            )  # fmt: skip
            new.append(row)
        else:
            _see_again(store, life_id, one, chain.ts_ns)
        row = (
            scan_id, life_id, one.opportunity_id, chain.ts_ns, one.edge, one.edge_usd, one.lots,
            one.capital, one.annualised, one.score, one.days, one.implied_rate,
            one.implied_borrow, one.payload,
        )  # fmt: skip
        sightings.append(row)
    store.copy("opportunities", new)
    store.copy("sightings", sightings)
    return len(new), len(sightings) - len(new)


def _see_again(store: Store, life_id: str, one: Found, ts_ns: int) -> None:
    store.run(
        "UPDATE opportunities SET n_sightings = n_sightings + 1, "
        "last_seen_ns = CASE WHEN last_seen_ns < ? THEN ? ELSE last_seen_ns END, "
        "best_edge = CASE WHEN best_edge < ? THEN ? ELSE best_edge END, "
        "best_usd = CASE WHEN best_usd < ? THEN ? ELSE best_usd END WHERE life_id = ?",
        (ts_ns, ts_ns, one.edge, one.edge, one.edge_usd, one.edge_usd, life_id),
    )


def _lives_at(store: Store, stream: tuple[str, str, str], ts_ns: int) -> dict[tuple[str, str], str]:
    """Return the lives of a stream that had begun and not ended at `ts_ns`, by combo and family."""
    rows = store.run(
        "SELECT combo, family, life_id FROM opportunities WHERE symbol = ? AND source = ? "
        "AND settings = ? AND detected_ns <= ? AND (expired_ns IS NULL OR expired_ns > ?)",
        (*stream, ts_ns, ts_ns),
    )
    return {(combo, family): life_id for combo, family, life_id in rows}


def _end_lives(store: Store, chain: ScannedChain, stream: tuple[str, str, str]) -> int:
    """End the lives that the newest scan of a stream, a whole one, did not find any more."""
    open_ = store.run(
        "SELECT life_id FROM opportunities WHERE symbol = ? AND source = ? AND settings = ? "
        "AND expired_ns IS NULL AND last_seen_ns < ?",
        (*stream, chain.ts_ns),
    )
    for (life_id,) in open_:
        store.run(
            "UPDATE opportunities SET expired_ns = ? WHERE life_id = ?", (chain.ts_ns, life_id)
        )
    return len(open_)


def _implied_row(scan_id: str, point: ImpliedCarry) -> Row:
    return (
        scan_id, point.expiry, point.series, point.days, point.forward, point.box_lend,
        point.box_borrow, point.box_mid, point.borrow_bid, point.borrow_ask,
    )  # fmt: skip
