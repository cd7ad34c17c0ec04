"""What a store knows of the past: opportunities and their lives, gates, and what quotes implied.

Every question is answered by an `Answer`: named columns and rows, the same from both dialects.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from engine.clock import NS_PER_SECOND
from engine.errors import load_extra
from engine.store.protocol import Row, Store

_EVER = 1 << 62
# A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked about: one symbol or, "", all; ``since <= time < until``, UTC nanoseconds."""

    symbol: str = ""
    since: int = -_EVER
    until: int = _EVER

    def where(self, time: str, prefix: str = "") -> tuple[str, list[Any]]:
        """Return the condition on columns `symbol` and `time`, and its parameters."""
        text = f"{prefix}{time} >= ? AND {prefix}{time} < ?"
        parameters: list[Any] = [self.since, self.until]
        if self.symbol:
            text += f" AND {prefix}symbol = ?"
            parameters.append(self.symbol)
        return text, parameters


@dataclass(frozen=True, slots=True)
class Answer:
    """A table: the names of its columns, and its rows. None is not known."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def objects(self) -> list[dict[str, Any]]:
        """Return one mapping per row."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def csv(self) -> str:
        """Return a header and a line per row; text that a spreadsheet would execute is quoted."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(cell) for cell in row] for row in self.rows)
        return out.getvalue()

    def frame(self) -> Any:
        """Return a pandas DataFrame.

        Raises
        ------
        UnavailableError
            If pandas is not installed.
        """
        pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
        return pandas.DataFrame(list(self.rows), columns=list(self.columns))


@dataclass(frozen=True, slots=True)
class History:
    """Everything that `parity history` shows."""

    window: Window
    families: Answer
    lives: Answer
    gates: Answer
    scans: Answer
    edges: Answer
    implied: Answer

    def answers(self) -> tuple[Answer, ...]:
        """Return the tables in the order in which they are shown."""
        return self.families, self.lives, self.gates, self.scans, self.edges, self.implied


def history(store: Store, window: Window, *, top: int = 20) -> History:
    """Return what the store knows of `window`, the `top` longest lives one by one."""
    return History(
        window,
        families(store, window),
        lives(store, window, top),
        gates(store, window),
        scans(store, window),
        edges(store, window),
        implied(store, window),
    )


def families(store: Store, window: Window) -> Answer:
    """Return, by symbol, family and class: how often, how long they lived, what edge and size.

    A life lasts from its first to its last sighting, at least; seconds.
    """
    where, parameters = window.where("detected_ns", "o.")
    rows = store.run(
        "SELECT o.symbol, o.family, o.grade, o.last_seen_ns - o.detected_ns, o.expired_ns, "
        "o.n_sightings, o.best_edge, o.best_usd, max(s.lots) "
        "FROM opportunities o JOIN sightings s ON s.life_id = o.life_id "
        f"WHERE {where} GROUP BY o.life_id, o.symbol, o.family, o.grade, o.last_seen_ns, "
        "o.detected_ns, o.expired_ns, o.n_sightings, o.best_edge, o.best_usd "
        "ORDER BY o.symbol, o.family, o.grade",
        parameters,
    )
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row[0], row[1], row[2]), []).append(row[3:])
    found = []
    for key, members in groups.items():
        seconds = [row[0] / NS_PER_SECOND for row in members]
        values: Row = (
            len(members), sum(int(row[2]) for row in members),
            sum(row[1] is None for row in members),
            median(seconds), max(seconds), median(row[3] for row in members),
            max(row[3] for row in members), max(row[4] for row in members),
            median(row[5] for row in members),
        )  # fmt: skip
        found.append((*key, *values))
    columns = (
        "symbol", "family", "class", "lives", "sightings", "alive", "median_seconds",
        "longest_seconds", "median_edge", "best_edge", "best_usd", "median_lots",
    )  # fmt: skip
    return Answer("families", columns, tuple(found))


def lives(store: Store, window: Window, top: int = 20) -> Answer:
    """Return the `top` lives that lasted longest, then those of the largest edge."""
    where, parameters = window.where("detected_ns")
    rows = store.run(
        "SELECT symbol, family, grade, legs, detected_ns, last_seen_ns, expired_ns, n_sightings, "
        f"best_edge, best_usd FROM opportunities WHERE {where} "
        "ORDER BY last_seen_ns - detected_ns DESC, best_edge DESC, life_id LIMIT ?",
        [*parameters, top],
    )
    columns = (
        "symbol", "family", "class", "legs", "detected_ns", "last_seen_ns", "expired_ns",
        "sightings", "best_edge", "best_usd",
    )  # fmt: skip
    return Answer("lives", columns, tuple(rows))


def gates(store: Store, window: Window) -> Answer:
    """Return how many candidates failed at which gate, most first."""
    where, parameters = window.where("ts_ns", "s.")
    rows = store.run(
        "SELECT r.gate, sum(r.n) FROM rejections r JOIN scans s ON s.scan_id = r.scan_id "
        f"WHERE {where} GROUP BY r.gate ORDER BY sum(r.n) DESC, r.gate",
        parameters,
    )
    return Answer("gates", ("gate", "candidates"), tuple((gate, int(n)) for gate, n in rows))


def scans(store: Store, window: Window) -> Answer:
    """Return, by symbol, how many scans there were, from when to when, and what they gave."""
    where, parameters = window.where("ts_ns")
    rows = store.run(
        "SELECT symbol, count(*), min(ts_ns), max(ts_ns), sum(candidates), sum(passed), "
        "sum(CASE WHEN listed > 0 THEN 1 ELSE 0 END), "
        "sum(CASE WHEN unusable <> '' THEN 1 ELSE 0 END) "
        f"FROM scans WHERE {where} GROUP BY symbol ORDER BY symbol",
        parameters,
    )
    columns = (
        "symbol", "scans", "first_ns", "last_ns", "candidates", "passed", "with_finds", "unusable",
    )  # fmt: skip
    return Answer("scans", columns, tuple((row[0], *map(int, row[1:])) for row in rows))


def edges(store: Store, window: Window) -> Answer:
    """Return, by instant, symbol and family, how many were found and the best of them."""
    where, parameters = window.where("ts_ns", "c.")
    rows = store.run(
        "SELECT c.ts_ns, c.symbol, o.family, count(*), max(s.edge), max(s.edge_usd) "
        "FROM sightings s JOIN scans c ON c.scan_id = s.scan_id "
        f"JOIN opportunities o ON o.life_id = s.life_id WHERE {where} "
        "GROUP BY c.ts_ns, c.symbol, o.family ORDER BY c.ts_ns, c.symbol, o.family",
        parameters,
    )
    columns = ("ts_ns", "symbol", "family", "found", "best_edge", "best_usd")
    return Answer("edges", columns, tuple(rows))


def implied(store: Store, window: Window) -> Answer:
    """Return what the quotes of every scanned chain implied, by instant and expiry."""
    where, parameters = window.where("ts_ns", "c.")
    rows = store.run(
        "SELECT c.ts_ns, c.symbol, i.expiry, i.series, i.days, i.forward, i.box_lend, "
        "i.box_borrow, i.box_mid, i.borrow_bid, i.borrow_ask "
        f"FROM implied i JOIN scans c ON c.scan_id = i.scan_id WHERE {where} "
        "ORDER BY c.ts_ns, c.symbol, i.expiry, i.series",
        parameters,
    )
    columns = (
        "ts_ns", "symbol", "expiry", "series", "days", "forward", "box_lend", "box_borrow",
        "box_mid", "borrow_bid", "borrow_ask",
    )  # fmt: skip
    return Answer("implied", columns, tuple(rows))


def lifetimes(store: Store, window: Window) -> list[float]:
    """Return how long each combo lived, from first to last sighting, in seconds, rising."""
    where, parameters = window.where("detected_ns")
    rows = store.run(
        f"SELECT last_seen_ns - detected_ns FROM opportunities WHERE {where} ORDER BY 1",
        parameters,
    )
    return [ns / NS_PER_SECOND for (ns,) in rows]


def symbols(store: Store) -> Iterable[str]:
    """Return the symbols that were scanned, sorted."""
    return [name for (name,) in store.run("SELECT DISTINCT symbol FROM scans ORDER BY symbol")]


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value
