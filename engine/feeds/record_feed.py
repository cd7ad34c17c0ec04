"""Chains from records: many snapshots, many underlyings, one record per contract.

Columns: ``timestamp_utc, underlying, underlying_bid, underlying_ask, expiry, strike, right, bid,
ask`` and, where they are there, those of `OPTIONAL`; others are passed over. Prices are per share,
sizes in contracts (empty is not known, 0 is nothing there), ages in seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from engine.clock import from_ns
from engine.errors import BadDataError, NoInputError, UsageError
from engine.feeds.ages import AgeColumn
from engine.feeds.gathering import gathered
from engine.feeds.names import plain_name
from engine.feeds.protocol import FeedOptions, Loaded, is_within
from engine.feeds.record import CellError, Record
from engine.feeds.snapshot import QuotedRow, build_chain, read_row
from engine.market.chain import OptionChain
from engine.nearest import hint

REQUIRED = (
    "timestamp_utc", "underlying", "underlying_bid", "underlying_ask",
    "expiry", "strike", "right", "bid", "ask",
)  # fmt: skip
OPTIONAL = (
    "bid_size", "ask_size", "style", "multiplier", "volume", "open_interest", "bid_age_s",
    "ask_age_s", "trading_class", "currency", "underlying_bid_size", "underlying_ask_size",
    "underlying_bid_age_s", "underlying_ask_age_s", "kind", "delivery_code",
)  # fmt: skip
# Times of one symbol so near to each other are those of one snapshot, row by row.
_TOGETHER_NS = 60_000_000_000
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9 ._/:&+$^-]{0,31}")


@dataclass(slots=True)
class _Snapshot:
    rows: list[QuotedRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class RecordFeed:
    """Read chains from `records`; each one refused costs itself only, unless `strict`.

    Parameters
    ----------
    name
        Shown in messages; `place` is its longer form, where there is one.
    source
        What the chains say they come from.
    records
        Each contract, or why it is none.
    options
        `strict`, `as_of_ns` (give only the last snapshot at or before it; it also dates the
        records that have no ``timestamp_utc``) and `kinds`.
    ages
        The companion with the ages of the quotes.
    """

    def __init__(
        self,
        name: str,
        source: str,
        records: Iterable[Record | CellError],
        options: FeedOptions,
        ages: AgeColumn | None = None,
        place: str = "",
    ) -> None:
        self._name = name
        self._place = place or name
        self._source = source
        self._options = options
        self._unplaced: list[str] = []
        self._snapshots: dict[tuple[str, int], _Snapshot] = {}
        self._gathered: dict[tuple[str, int], list[int]] = {}
        self._read(records, ages)
        if options.window:
            self._gather(options.window * 1e9)

    def _gather(self, window_ns: float) -> None:
        """Make one snapshot of the rows of a symbol that lie within a window of its last."""
        rows: dict[str, dict[int, list[QuotedRow]]] = {}
        problems: dict[str, list[tuple[int, str]]] = {}
        until = self._options.as_of_ns
        if until is not None and any(ts <= until for _, ts in self._snapshots):
            # What came later does not make a snapshot of that time.
            self._snapshots = {k: one for k, one in self._snapshots.items() if k[1] <= until}
        for (symbol, ts), snapshot in self._snapshots.items():
            rows.setdefault(symbol, {})[ts] = snapshot.rows
            problems.setdefault(symbol, []).extend((ts, one) for one in snapshot.problems)
        self._snapshots = {}
        for symbol, by_time in rows.items():
            for end, (kept, times) in gathered(by_time, window_ns).items():
                inside = set(times)
                told = [one for ts, one in problems[symbol] if ts in inside]
                self._snapshots[symbol, end] = _Snapshot(kept, told)
                self._gathered[symbol, end] = times

    def symbols(self) -> tuple[str, ...]:
        """Return the underlyings there are, sorted."""
        return tuple(sorted({symbol for symbol, _ in self._snapshots}))

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the snapshots of `symbol`, oldest first; those without a valid row are left out.

        Raises
        ------
        NoInputError
            If there is no `symbol`, or only outside the range or after ``as_of``.
        BadDataError
            If no row of it is valid (any refused row, when strict).
        """
        symbol = plain_name(symbol)
        every = sorted(ts for name, ts in self._snapshots if name == symbol)
        if not every:
            raise self._unknown(symbol)
        times = [ts for ts in every if is_within(ts, since, until)]
        as_of = self._options.as_of_ns
        if as_of is not None:
            times = [ts for ts in times if ts <= as_of][-1:]
        if not times:
            first, last = (from_ns(ts).isoformat() for ts in (every[0], every[-1]))
            raise NoInputError(
                f"{self._place}: the first snapshot of {symbol} is {first}"
                + (f", the last is {last}" if last != first else "")
            )
        notes = self._notes(symbol, every)
        pending = list(self._unplaced)
        held: Loaded | None = None
        for ts in times:
            snapshot = self._snapshots[symbol, ts]
            pending.extend(snapshot.problems)
            refuse = partial(self._refuse, pending)
            chain = build_chain(symbol, ts, snapshot.rows, self._source, refuse)
            if chain is not None:
                if held is not None:
                    yield held
                told = (*notes, *self._gathering(symbol, ts), *_unquoted(chain))
                held, pending = Loaded(chain, problems=_in_order(pending), notes=told), []
        if held is None:
            raise BadDataError(f"{self._name}: no valid row for {symbol}: {pending[0]}")
        # What was refused in snapshots that left no chain belongs to the last one that did.
        problems = _in_order((*held.problems, *pending))
        yield replace(held, problems=problems) if pending else held

    def _gathering(self, symbol: str, ts: int) -> Iterator[str]:
        """Say how many times of rows became those of one snapshot."""
        times = [time for time in self._gathered.get((symbol, ts), ()) if time > 0]
        if len(times) > 1:
            seconds = (max(times) - min(times)) / 1e9
            yield (
                f"the rows of {symbol} have {len(times):,} times within {seconds:,.3g} s, gathered "
                "into one snapshot at the last of them: each quote is as old as it lies behind"
            )

    def _notes(self, symbol: str, times: list[int]) -> tuple[str, ...]:
        """Say where each row has a time of its own, so that a snapshot is but a part of a chain."""
        if len(times) < 3:
            return ()
        last = [ts for ts in times if times[-1] - ts <= _TOGETHER_NS]
        rows = [len(self._snapshots[symbol, ts].rows) for ts in last]
        n_rows = sum(int(n) for n in rows)
        if len(last) < 3 or 2 * rows[-1] > n_rows:
            return ()
        seconds = (last[-1] - last[0]) / 1e9
        return (
            f"the rows of {symbol} have {len(last):,} times within {seconds:.3g} s; only those of "
            f"the very last are one snapshot: {rows[-1]:,} of {n_rows:,} rows. --window "
            f"{max(1, -int(-seconds // 1))} makes one of all of them, each as old as it lies "
            "behind",
        )

    def _unknown(self, symbol: str) -> NoInputError | BadDataError:
        if not self._snapshots:
            first = self._unplaced[0] if self._unplaced else "it has only a header line"
            return BadDataError(f"{self._name}: no valid row: {first}")
        return NoInputError(f"{self._place}: no chain of {symbol}: {hint(symbol, self.symbols())}")

    def _refuse(self, problems: list[str], error: CellError) -> None:
        if self._options.strict:
            raise BadDataError(str(error))
        problems.append(str(error))

    def _read(self, records: Iterable[Record | CellError], ages: AgeColumn | None) -> None:
        kinds = self._options.kinds
        for record in records:
            age = ages.of(record) if ages else (math.nan, math.nan, "")
            problems = self._unplaced
            try:
                if isinstance(record, CellError):
                    raise record
                symbol, ts_ns, is_index = self._place_of(record)
                snapshot = self._snapshots.setdefault((symbol, ts_ns), _Snapshot())
                problems = snapshot.problems
                said = kinds.get(symbol) or kinds.get("", "") or ("index" if is_index else "")
                refuse = partial(self._refuse, problems)
                snapshot.rows.append(read_row(record, symbol, said, age, refuse))
            except CellError as error:
                self._refuse(problems, error)
        for problem in ages.problems if ages else ():
            self._refuse(self._unplaced, CellError(problem))

    def _place_of(self, record: Record) -> tuple[str, int, bool]:
        """Return symbol and instant of a record, and whether its vendor's name is an index's."""
        written = record.text("underlying").upper()
        symbol = plain_name(written)
        if not symbol:
            raise record.problem("underlying", "a symbol")
        if not _SYMBOL.fullmatch(symbol):
            raise record.problem("underlying", "a symbol such as SPX or BRK.B")
        if "timestamp_utc" in record:
            return symbol, record.instant("timestamp_utc"), symbol != written
        return symbol, self._options.as_of_ns or 0, symbol != written


def _unquoted(chain: OptionChain) -> Iterator[str]:
    """Say where most contracts have no quote on either side, which is not to have no edge."""
    contracts = 2 * chain.n_rows
    quoted = sum(1 for sides in zip(chain.bid, chain.ask, strict=True) if max(sides) > 0.0)
    if 2 * quoted < contracts:
        having = "none has a quote" if not quoted else f"only {quoted:,} have a quote"
        yield (
            f"of {contracts:,} contracts of {chain.symbol} {having}: after hours vendors serve "
            "zeros, and then nothing can be said of arbitrage"
        )


def _in_order(problems: Iterable[str]) -> tuple[str, ...]:
    """Return problems by the lines they name: whole rows are judged before whole series."""

    def line(problem: str) -> int:
        place = re.match(r"[^:]*?(?:| row|:item)[: ](\d{1,18}):", problem)
        return int(place[1]) if place else 0

    return tuple(sorted(problems, key=line))


def checked_mapping(
    mapping: Mapping[str, str] | None, sides: Iterable[str] = ()
) -> Mapping[str, str]:
    """Return `mapping` if it names columns of ours, perhaps with one of `sides` before them.

    Raises
    ------
    UsageError
        Naming the nearest column.
    """
    known = REQUIRED + OPTIONAL
    for ours in mapping or {}:
        side, point, name = ours.rpartition(".")
        if (name if point and side in sides else ours) not in known:
            raise UsageError(
                f"cannot map {ours!r}, which is no column of ours: {hint(ours, known)}"
            )
    return mapping or {}
