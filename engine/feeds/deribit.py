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

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from engine.clock import from_ns
from engine.errors import BadDataError, NoInputError
from engine.feeds.json_file import read_json
from engine.feeds.protocol import Loaded, is_within
from engine.feeds.record import MAX_PRICE, CellError, ObjectRecord, Record, parse_day
from engine.feeds.rows import read_table
from engine.feeds.text_file import CAPS, Caps, read_text
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

REQUIRED = ("instrument_name", "bid_price", "ask_price", "creation_timestamp")
_NS_PER_MS = 1_000_000
_TICK = 0.0001
_FIRST_MS, _LAST_MS = 946_684_800_000, 7_258_118_400_000  # 2000 .. 2200: else no milliseconds
# One answer is made within seconds; a stamp a day off the others is not of it.
_MS_PER_DAY = 86_400_000

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_NAME = re.compile(r"([A-Z0-9]+)-(\d{1,2})([A-Z]{3})(\d\d)(?:-(\d+(?:d\d+)?)-([CP]))?")


@dataclass(frozen=True, slots=True)
class _Summary:
    """One option of the file; `listed` is its expiry, `ts_ms` when the summary was made."""

    row: Record
    listed: date
    strike: float
    right: str
    ts_ms: int
    values: tuple[float, ...]


@dataclass(slots=True)
class _Book:
    """What the file says of one coin."""

    options: list[_Summary] = field(default_factory=list)
    futures: dict[date, tuple[float, float, int]] = field(default_factory=dict)
    marks: dict[date, list[float]] = field(default_factory=dict)
    synthetic: set[date] = field(default_factory=set)
    index: Counter[float] = field(default_factory=Counter)


class DeribitFeed:
    """Read the book summaries of `path`: CSV with a header, a JSON list or a whole REST answer.

    With `strict` the first refused row is fatal. Linear (USDC) contracts are refused.
    """

    def __init__(self, path: str | Path, strict: bool = False, max_bytes: int = 0) -> None:
        self._path = Path(path)
        self._strict = strict
        self._problems: list[str] = []
        self._books: dict[str, _Book] = {}
        for row in _rows(self._path, Caps.of(max_bytes) if max_bytes else CAPS):
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

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the one chain of `symbol`, if its instant is in the range.

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
        if is_within(chain.ts_ns, since, until):
            # Coins earn nothing here: the futures have the dollar's rate in them.
            yield Loaded(chain, Carry(as_of_ns=chain.ts_ns), tuple(self._problems))

    def _refuse(self, error: CellError) -> None:
        if self._strict:
            raise BadDataError(str(error))
        self._problems.append(str(error))

    def _take(self, row: Record) -> None:
        name = row.text("instrument_name")
        found = _NAME.fullmatch(name)
        listed = found and _listed(found)
        if not found or not listed:
            if name.endswith("-PERPETUAL"):
                return
            raise row.problem("instrument_name", "a coin-settled contract like ETH-26JAN24-2400-C")
        quote = (row.price("bid_price"), row.price("ask_price"))
        ts_ms = row.number("creation_timestamp", positive=True)
        if not _FIRST_MS <= ts_ms <= _LAST_MS:
            raise row.problem("creation_timestamp", "milliseconds since 1970")
        book = self._books.setdefault(found[1], _Book())
        if not found[5]:
            if any(quote):
                book.futures[listed] = (*quote, int(ts_ms))
            return
        if "underlying_price" not in row:
            raise CellError(f"{row.where}: no underlying_price")
        totals = (row.number("volume"), row.number("open_interest"))
        mark = row.price("underlying_price")
        strike = float(found[5].replace("d", ".")) if len(found[5]) <= 20 else math.inf
        if not 0.0 < strike <= MAX_PRICE:
            raise row.problem("instrument_name", f"a strike > 0 and at most {MAX_PRICE:,.0f}")
        if mark > 0.0:
            book.marks.setdefault(listed, []).append(mark)
        if row.text("underlying_index").startswith("SYN."):
            book.synthetic.add(listed)
        index = row.price("estimated_delivery_price")
        if index > 0.0:
            book.index[index] += 1
        values = (*quote, *totals)
        book.options.append(_Summary(row, listed, strike, found[6], int(ts_ms), values))

    def _of_one_answer(self, book: _Book) -> None:
        """Refuse what was not made with the rest: an age is what lies behind the newest stamp."""
        stamps = sorted(summary.ts_ms for summary in book.options)
        usual = stamps[len(stamps) // 2]

        def is_far(ts_ms: int) -> bool:
            return abs(ts_ms - usual) > _MS_PER_DAY

        for summary in book.options:
            if is_far(summary.ts_ms):
                expected = f"a time within a day of the others, {usual}"
                self._refuse(summary.row.problem("creation_timestamp", expected))
        book.options = [summary for summary in book.options if not is_far(summary.ts_ms)]
        for listed in [day for day, (*_, ts_ms) in book.futures.items() if is_far(ts_ms)]:
            self._refuse(
                CellError(
                    f"{self._path.name}: the future of {listed}: its time is a day off the rest"
                )
            )
            del book.futures[listed]

    def _once(self, summaries: list[_Summary]) -> list[_Summary]:
        """Return each contract once: equal rows are one, different ones are none."""
        groups: dict[tuple[date, float, str], list[_Summary]] = {}
        for one in summaries:
            groups.setdefault((one.listed, one.strike, one.right), []).append(one)
        kept = []
        for group in groups.values():
            if len({repr((one.values, one.ts_ms)) for one in group}) == 1:
                kept.append(group[0])
                for copy in group[1:]:
                    expected = f"one row for each contract (this one is item {group[0].row.line})"
                    self._refuse(copy.row.problem("instrument_name", expected))
                continue
            places = " and ".join(str(one.row.line) for one in group[:3])
            for one in group:
                expected = f"one quote for each contract (this one has several, {places})"
                self._refuse(one.row.problem("instrument_name", expected))
        return kept

    def _chain(self, symbol: str, book: _Book) -> OptionChain:
        self._of_one_answer(book)
        stamps = [summary.ts_ms for summary in book.options]
        newest = max([*stamps, *(ts_ms for *_, ts_ms in book.futures.values())])
        ts_ns = newest * _NS_PER_MS
        calendar = calendar_named("crypto")
        index = book.index.most_common(1)[0][0] if book.index else math.nan
        builder = ChainBuilder(symbol, ts_ns, Underlying(symbol, index, index, kind=COIN))
        expiries: dict[date, Expiry] = {}
        for summary in self._once(book.options):
            row, listed = summary.row, summary.listed
            expiry = Expiry(calendar.settlement_ns(listed, "PM"), listed)
            age = (newest - summary.ts_ms) / 1000.0
            if expiry.settles_ns <= ts_ns:
                expected = f"a series that settles after {from_ns(ts_ns).isoformat()}"
                self._refuse(row.problem("instrument_name", expected))
                continue
            expiries[listed] = expiry
            bid, ask, volume, open_interest = summary.values
            builder.add(
                expiry, summary.strike, summary.right, bid, ask,
                bid_age=age, ask_age=age, volume=volume, open_interest=open_interest,
            )  # fmt: skip
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


def _rows(path: Path, caps: Caps) -> Iterator[Record | CellError]:
    if not read_text(path, caps).lstrip().startswith(("{", "[")):
        columns, rows = read_table(path, caps=caps)
        columns.require((*REQUIRED, "underlying_price"))
        return rows
    return _json_rows(path, caps)


def _json_rows(path: Path, caps: Caps) -> Iterator[Record | CellError]:
    answer = read_json(path, caps)
    items = answer.get("result") if isinstance(answer, dict) else answer
    if not isinstance(items, list):
        raise BadDataError(
            f"{path.name}: expected a list of summaries or an object with 'result'{_said(answer)}"
        )
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield CellError(f"{path.name}:[{number}]: expected an object")
            continue
        row = ObjectRecord(path.name, number, item)
        missing = [name for name in REQUIRED if name not in row]
        is_known = row.text("instrument_name").endswith("-PERPETUAL")
        yield CellError(f"{row.where}: no {missing[0]}") if missing and not is_known else row


def _said(answer: object) -> str:
    """Return what the exchange says instead of an answer."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return ""
    words = " ".join(str(error[key])[:80] for key in ("code", "message") if error.get(key))
    return f"; the exchange answered: error {words}" if words.isprintable() else ""
