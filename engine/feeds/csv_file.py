"""Chains from one delimited file: many snapshots, many underlyings, one row per contract.

Columns: ``timestamp_utc, underlying, underlying_bid, underlying_ask, expiry, strike, right, bid,
ask`` and, where they are there, those of `OPTIONAL`; others are passed over. Prices are per share,
sizes in contracts (empty is not known, 0 is nothing there), ages in seconds. ``X_age.csv`` beside
``X.csv`` holds the same rows in the same order with ``bid_age_s, ask_age_s``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from engine.clock import from_ns
from engine.errors import BadDataError, NoInputError, UsageError
from engine.feeds.ages import AgeColumn
from engine.feeds.protocol import Loaded
from engine.feeds.rows import CellError, Row, read_table
from engine.feeds.snapshot import Contract, build_chain, read_contract
from engine.nearest import hint
from engine.values import dataclass, field, replace

REQUIRED = (
    "timestamp_utc", "underlying", "underlying_bid", "underlying_ask",
    "expiry", "strike", "right", "bid", "ask",
)  # fmt: skip
OPTIONAL = (
    "bid_size", "ask_size", "style", "multiplier", "volume", "open_interest", "bid_age_s",
    "ask_age_s", "trading_class", "currency", "underlying_bid_size", "underlying_ask_size",
    "underlying_bid_age_s", "underlying_ask_age_s",
)  # fmt: skip

# Columns that nobody else has together.
_DERIBIT = frozenset(("instrument_name", "underlying_index", "mark_price"))


@dataclass(slots=True)
class _Snapshot:
    contracts: list[Contract] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class CsvFeed:
    """Read chains in the layout above, or one that `mapping` translates into it.

    Parameters
    ----------
    path
        The file, ``.gz`` or not.
    mapping
        Our column name to the file's (``{"bid": "Bid"}``); ``"=VALUE"`` is the same for every row.
    strict
        Whether the first refused row is fatal.
    as_of
        UTC nanoseconds: give only the last snapshot at or before it. It also dates the rows of a
        file that has no ``timestamp_utc``.
    """

    def __init__(
        self,
        path: str | Path,
        mapping: Mapping[str, str] | None = None,
        strict: bool = False,
        as_of: int | None = None,
    ) -> None:
        self._path = Path(path)
        self._strict = strict
        self._as_of = as_of
        self._unplaced: list[str] = []
        columns, rows = read_table(self._path, _checked(mapping))
        if _DERIBIT.issubset(columns.names) and not mapping:
            raise BadDataError(
                f"{self._path.name}:1: is a summary of Deribit's: --source deribit:{self._path}"
            )
        columns.require(REQUIRED if as_of is None else REQUIRED[1:], OPTIONAL)
        self._snapshots: dict[tuple[str, int], _Snapshot] = {}
        self._read(rows)

    def symbols(self) -> tuple[str, ...]:
        """Return the underlyings in the file, sorted."""
        return tuple(sorted({symbol for symbol, _ in self._snapshots}))

    def chains(self, symbol: str) -> Iterator[Loaded]:
        """Yield the snapshots of `symbol`, oldest first; those without a valid row are left out.

        Raises
        ------
        NoInputError
            If the file does not have `symbol`, or has it only after `as_of`.
        BadDataError
            If no row of it is valid (any refused row, when strict).
        """
        symbol = symbol.upper()
        times = sorted(ts for name, ts in self._snapshots if name == symbol)
        if not times:
            raise self._unknown(symbol)
        if self._as_of is not None:
            before = [ts for ts in times if ts <= self._as_of]
            if not before:
                first = from_ns(times[0]).isoformat()
                raise NoInputError(f"{self._path}: the first snapshot of {symbol} is {first}")
            times = before[-1:]
        pending = list(self._unplaced)
        held: Loaded | None = None
        for ts in times:
            snapshot = self._snapshots[symbol, ts]
            pending.extend(snapshot.problems)
            refuse = partial(self._refuse, pending)
            source = f"csv:{self._path.name}"
            chain = build_chain(symbol, ts, snapshot.contracts, source, refuse)
            if chain is not None:
                if held is not None:
                    yield held
                held, pending = Loaded(chain, problems=_in_order(pending)), []
        if held is None:
            raise BadDataError(f"{self._path.name}: no valid row for {symbol}: {pending[0]}")
        # What was refused in snapshots that left no chain belongs to the last one that did.
        problems = _in_order((*held.problems, *pending))
        yield replace(held, problems=problems) if pending else held

    def _unknown(self, symbol: str) -> NoInputError | BadDataError:
        if not self._snapshots:
            first = self._unplaced[0] if self._unplaced else "it has only a header line"
            return BadDataError(f"{self._path.name}: no valid row: {first}")
        return NoInputError(f"{self._path}: no chain of {symbol}: {hint(symbol, self.symbols())}")

    def _refuse(self, problems: list[str], error: CellError) -> None:
        if self._strict:
            raise BadDataError(str(error))
        problems.append(str(error))

    def _read(self, rows: Iterator[Row | CellError]) -> None:
        ages = AgeColumn.beside(self._path)
        for row in rows:
            age = ages.of(row) if ages else (math.nan, math.nan, "")
            problems = self._unplaced
            try:
                if isinstance(row, CellError):
                    raise row
                symbol, ts_ns = self._place(row)
                snapshot = self._snapshots.setdefault((symbol, ts_ns), _Snapshot())
                problems = snapshot.problems
                refuse = partial(self._refuse, problems)
                snapshot.contracts.append(read_contract(row, symbol, age, refuse))
            except CellError as error:
                self._refuse(problems, error)
        for problem in ages.problems if ages else ():
            self._refuse(self._unplaced, CellError(problem))

    def _place(self, row: Row) -> tuple[str, int]:
        symbol = row.text("underlying").upper()
        if not symbol:
            raise row.problem("underlying", "a symbol")
        if "timestamp_utc" in row.columns:
            return symbol, row.instant("timestamp_utc")
        return symbol, self._as_of or 0


def _in_order(problems: Iterable[str]) -> tuple[str, ...]:
    """Return problems by the lines they name: whole rows are judged before whole series."""

    def line(problem: str) -> int:
        place = re.match(r"[^:]*:(\d+):", problem)
        return int(place[1]) if place else 0

    return tuple(sorted(problems, key=line))


def _checked(mapping: Mapping[str, str] | None) -> Mapping[str, str]:
    known = REQUIRED + OPTIONAL
    for ours in mapping or {}:
        if ours not in known:
            raise UsageError(
                f"cannot map {ours!r}, which is no column of ours: {hint(ours, known)}"
            )
    return mapping or {}
