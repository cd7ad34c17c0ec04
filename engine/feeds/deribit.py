"""Deribit's option book summaries: one REST answer, saved as CSV or JSON.

Options are quoted and settled in the coin: the chain is inverse. Its forwards are executable where
the file holds the futures too; else they are ``underlying_price``, a *mark* at which nobody
quotes, and for an index ``SYN.*`` there is not even a future to trade: a box in such an
expiry is found but cannot be hedged, and never locked. `OptionChain.source` says how many there
are of each. Sizes are not in a summary, so they are not known; an age is that of the summary
behind the newest one, since Deribit does not tell when the quote was made.

Source: Deribit API v2, public/get_book_summary_by_currency.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from engine.clock import from_ns
from engine.errors import BadDataError, NoInputError
from engine.feeds.protocol import Loaded
from engine.feeds.rows import CellError, Columns, Row, parse_day, read_table, read_text
from engine.market.calendar import calendar_named
from engine.market.carry import Carry
from engine.market.chain import (
    COIN,
    EUROPEAN,
    ChainBuilder,
    Expiry,
    FutureBook,
    OptionChain,
    Underlying,
)
from engine.market.quoting import IN_COIN
from engine.nearest import hint

REQUIRED = ("instrument_name", "bid_price", "ask_price", "underlying_price", "creation_timestamp")
_NS_PER_MS = 1_000_000
_TICK = 0.0001
_LAST_MS = 7_258_118_400_000  # the year 2200: beyond, it is not milliseconds

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_NAME = re.compile(r"([A-Z0-9]+)-(\d{1,2})([A-Z]{3})(\d\d)(?:-(\d+(?:d\d+)?)-([CP]))?")


@dataclass(frozen=True, slots=True)
class _Summary:
    """One option of the file; `listed` is its expiry, `ts_ms` when the summary was made."""

    row: Row
    listed: date
    strike: float
    right: str
    ts_ms: int


@dataclass(slots=True)
class _Book:
    """What the file says of one coin."""

    options: list[_Summary] = field(default_factory=list)
    futures: dict[date, tuple[float, float, float]] = field(default_factory=dict)
    marks: dict[date, list[float]] = field(default_factory=dict)
    synthetic: set[date] = field(default_factory=set)
    index: Counter[float] = field(default_factory=Counter)


class DeribitFeed:
    """Read the book summaries of `path`: CSV with a header, a JSON list or a whole REST answer.

    With `strict` the first refused row is fatal. Linear (USDC) contracts are refused.
    """

    def __init__(self, path: str | Path, strict: bool = False) -> None:
        self._path = Path(path)
        self._strict = strict
        self._problems: list[str] = []
        self._books: dict[str, _Book] = {}
        for row in _rows(self._path):
            try:
                if isinstance(row, CellError):
                    raise row
                self._take(row)
            except CellError as error:
                self._refuse(error)
        self._books = {coin: book for coin, book in self._books.items() if book.options}
        if not self._books:
            first = self._problems[0] if self._problems else "it has no rows"
            raise BadDataError(f"{self._path.name}: no valid option: {first}")

    def symbols(self) -> tuple[str, ...]:
        """Return the coins in the file, sorted."""
        return tuple(sorted(self._books))

    def chains(self, symbol: str) -> Iterator[Loaded]:
        """Yield the one chain of `symbol`.

        Raises
        ------
        NoInputError
            If the file does not have `symbol`.
        BadDataError
            If every series of it has settled (any refused row, when strict).
        """
        symbol = symbol.upper()
        if symbol not in self._books:
            known = hint(symbol, self.symbols())
            raise NoInputError(f"{self._path}: no chain of {symbol}: {known}")
        chain = self._chain(symbol, self._books[symbol])
        # Coins earn nothing here: the futures have the dollar's rate in them.
        yield Loaded(chain, Carry(as_of_ns=chain.ts_ns), tuple(self._problems))

    def _refuse(self, error: CellError) -> None:
        if self._strict:
            raise BadDataError(str(error))
        self._problems.append(str(error))

    def _take(self, row: Row) -> None:
        name = row.text("instrument_name")
        found = _NAME.fullmatch(name)
        listed = found and _listed(found)
        if not found or not listed:
            if name.endswith("-PERPETUAL"):
                return
            raise row.problem("instrument_name", "a coin-settled contract like ETH-26JAN24-2400-C")
        book = self._books.setdefault(found[1], _Book())
        if not found[5]:
            quote = (row.price("bid_price"), row.price("ask_price"))
            if any(quote):
                book.futures[listed] = (*quote, row.number("creation_timestamp"))
            return
        for name in ("bid_price", "ask_price"):
            row.price(name)
        for name in ("volume", "open_interest"):
            row.number(name)
        ts_ms = row.number("creation_timestamp", positive=True)
        if ts_ms > _LAST_MS:
            raise row.problem("creation_timestamp", "milliseconds since 1970")
        mark = row.number("underlying_price")
        if mark > 0.0:
            book.marks.setdefault(listed, []).append(mark)
        if row.text("underlying_index").startswith("SYN."):
            book.synthetic.add(listed)
        index = row.number("estimated_delivery_price")
        if index > 0.0:
            book.index[index] += 1
        strike = float(found[5].replace("d", "."))
        if strike <= 0.0:
            raise row.problem("instrument_name", "a strike > 0")
        book.options.append(_Summary(row, listed, strike, found[6], int(ts_ms)))

    def _chain(self, symbol: str, book: _Book) -> OptionChain:
        newest = max(summary.ts_ms for summary in book.options)
        newest = max([newest, *(int(ts) for *_, ts in book.futures.values() if ts <= _LAST_MS)])
        ts_ns = newest * _NS_PER_MS
        calendar = calendar_named("crypto")
        index = book.index.most_common(1)[0][0] if book.index else math.nan
        builder = ChainBuilder(symbol, ts_ns, Underlying(symbol, index, index, kind=COIN))
        expiries: dict[date, Expiry] = {}
        for summary in book.options:
            row, listed = summary.row, summary.listed
            expiry = Expiry(calendar.settlement_ns(listed, "PM"), listed)
            age = (newest - summary.ts_ms) / 1000.0
            if expiry.settles_ns <= ts_ns:
                expected = f"a series that settles after {from_ns(ts_ns).isoformat()}"
                self._refuse(row.problem("instrument_name", expected))
                continue
            expiries[listed] = expiry
            if not builder.add(
                expiry, summary.strike, summary.right,
                row.price("bid_price"), row.price("ask_price"),
                bid_age=age, ask_age=age,
                volume=row.number("volume"), open_interest=row.number("open_interest"),
            ):  # fmt: skip
                self._refuse(row.problem("instrument_name", "one row for each contract"))
        if not expiries:
            raise BadDataError(f"{self._path.name}: {self._problems[-1]}")
        kinds: Counter[str] = Counter()
        for listed, expiry in sorted(expiries.items()):
            if listed in book.futures:
                bid, ask, ts_ms = book.futures[listed]
                age = (newest - ts_ms) / 1000.0
                builder.set_forward(
                    expiry, bid, ask,
                    FutureBook(bid > 0.0 and ask > 0.0, bid_age=age, ask_age=age),
                )  # fmt: skip
            elif listed in book.marks:
                builder.set_forward(expiry, min(book.marks[listed]), max(book.marks[listed]))
            kinds[_kind(book, listed)] += 1
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        return builder.build(
            style=EUROPEAN, multiplier=1.0, currency=symbol, quoting=IN_COIN, tick=_TICK,
            calendar="crypto", source=f"deribit:{self._path.name} (forwards: {told})",
        )  # fmt: skip


def _kind(book: _Book, listed: date) -> str:
    if listed in book.futures:
        return "quoted"
    if listed not in book.marks:
        return "unknown"
    return "synthetic" if listed in book.synthetic else "at mark"


def _listed(found: re.Match[str]) -> date | None:
    if found[3] not in _MONTHS:
        return None
    return parse_day(f"20{found[4]}{_MONTHS.index(found[3]) + 1:02}{int(found[2]):02}")


def _rows(path: Path) -> Iterator[Row | CellError]:
    if not read_text(path).lstrip().startswith(("{", "[")):
        columns, rows = read_table(path)
        columns.require(REQUIRED)
        return rows
    return _json_rows(path)


def _json_rows(path: Path) -> Iterator[Row | CellError]:
    try:
        answer = json.loads(read_text(path))
    except ValueError as error:
        raise BadDataError(f"{path.name}: is not JSON: {error}") from None
    items = answer.get("result") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise BadDataError(f"{path.name}: expected a list of summaries or an object with 'result'")
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield CellError(f"{path.name}:[{number}]: expected an object")
            continue
        cells = {str(key): "" if value is None else str(value) for key, value in item.items()}
        row = Row(Columns(f"{path.name}:item", list(cells)), number, list(cells.values()))
        missing = [name for name in REQUIRED if name not in row.columns]
        yield CellError(f"{path.name}:item:{number}: no {missing[0]}") if missing else row
