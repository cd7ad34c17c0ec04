"""Bars: of the past, drawn backwards from where the market began, and of what has been seen since.

The past is the same for the same symbol and day, whatever bars are asked for: each day has a
return and a range of its own, each minute a share of it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from random import Random

from engine.clock import from_ns
from engine.gateway.errors import HISTORICAL, VALIDATION, RequestError
from engine.market.calendar import Calendar

_UNITS = {"S": 1, "D": 86_400, "W": 7 * 86_400, "M": 30 * 86_400, "Y": 365 * 86_400}
_BAR = {
    "1 secs": 1, "5 secs": 5, "10 secs": 10, "15 secs": 15, "30 secs": 30, "1 min": 60,
    "2 mins": 120, "3 mins": 180, "5 mins": 300, "10 mins": 600, "15 mins": 900,
    "20 mins": 1200, "30 mins": 1800, "1 hour": 3600, "2 hours": 7200, "3 hours": 10_800,
    "4 hours": 14_400, "8 hours": 28_800, "1 day": 86_400, "1 week": 604_800, "1 month": 2_592_000,
}  # fmt: skip
MOST_BARS = 5_000
_MINUTE_NS = 60_000_000_000
_LONGEST_DAYS = 366 * 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its start in UTC nanoseconds, prices, volume."""

    ts_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: int


def seconds_of(bar_size: str, about: int) -> int:
    """Return the length of a bar such as ``5 mins``."""
    size = _BAR.get(bar_size.strip(), 0) or _BAR.get(bar_size.strip().rstrip("s"), 0)
    if not size:
        raise RequestError(VALIDATION, f"Invalid bar size {bar_size[:20]!r}", about)
    return size


def span_of(duration: str, about: int) -> int:
    """Return the seconds of a duration such as ``1 D``."""
    found = re.fullmatch(r"(\d{1,5}) ([SDWMY])", duration.strip())
    if not found:
        raise RequestError(VALIDATION, f"Invalid duration {duration[:20]!r}", about)
    return int(found[1]) * _UNITS[found[2]]


def moment_of(text: str, now_ns: int, about: int) -> int:
    """Return the end of a request in UTC nanoseconds; empty is now."""
    if not text:
        return now_ns
    found = re.fullmatch(r"(\d{8})[ -]+(\d{2}:\d{2}:\d{2})(?: +[A-Za-z_/]+)?", text.strip())
    if not found:
        raise RequestError(VALIDATION, f"Invalid end time {text[:30]!r}", about)
    try:
        moment = datetime.strptime(f"{found[1]} {found[2]}", "%Y%m%d %H:%M:%S")
    except ValueError:
        raise RequestError(VALIDATION, f"Invalid end time {text[:30]!r}", about) from None
    return int(moment.replace(tzinfo=timezone.utc).timestamp()) * 1_000_000_000


class History:
    """What one instrument's prices were: drawn before `start_ns`, seen after it."""

    def __init__(self, name: str, calendar: Calendar, start_ns: int, price: float) -> None:
        self.name = name
        self.calendar = calendar
        self.start_ns = start_ns
        self.start_price = price
        self.seen: dict[int, Bar] = {}

    def note(self, ts_ns: int, price: float) -> None:
        """Note a price of now in its minute."""
        start = ts_ns - ts_ns % _MINUTE_NS
        bar = self.seen.get(start)
        if bar is None:
            self.seen[start] = Bar(start, price, price, price, price, 1)
        else:
            high, low = max(bar.high, price), min(bar.low, price)
            self.seen[start] = Bar(start, bar.open, high, low, price, bar.volume + 1)

    def bars(self, end_ns: int, span: int, size: int, about: int) -> list[Bar]:
        """Return the bars of `size` seconds in the `span` seconds before `end_ns`.

        O(minutes). Raises `RequestError` if they are too many.
        """
        begin_ns = end_ns - span * 1_000_000_000
        if span / size > 8 * MOST_BARS or span > _LONGEST_DAYS * 86_400:
            raise RequestError(HISTORICAL, "Historical Market Data Service error: too much", about)
        days = self._days(begin_ns, end_ns)
        if size >= 86_400:
            merged = [self._whole(day, price) for day, price in days]
        else:
            merged = []
            for day, price in days:
                merged += self._minutes(day, price)
        merged += [bar for _, bar in sorted(self.seen.items())] if size < 86_400 else []
        inside = [bar for bar in merged if begin_ns <= bar.ts_ns < end_ns]
        return _merge(inside, size)[-MOST_BARS:]

    def _days(self, begin_ns: int, end_ns: int) -> list[tuple[date, float]]:
        """Return sessions before the start and their closes, oldest first."""
        calendar = self.calendar
        first = calendar.session_date(begin_ns)
        last = calendar.session_date(self.start_ns)
        found = []
        close = self.start_price
        day = calendar.previous_session(last)
        while day >= first:
            found.append((day, close))
            close = round(close / (1.0 + self._draw(day).gauss_like() * 0.012), 2)
            day = calendar.previous_session(day)
        until = calendar.session_date(end_ns)
        return [row for row in reversed(found) if row[0] <= until]

    def _draw(self, day: date) -> _Draw:
        return _Draw(zlib.crc32(f"{self.name}:{day.isoformat()}".encode()))

    def _whole(self, day: date, close: float) -> Bar:
        minutes = self._minutes(day, close)
        return Bar(
            self.calendar.open_ns(day), minutes[0].open, max(bar.high for bar in minutes),
            min(bar.low for bar in minutes), close, sum(int(bar.volume) for bar in minutes),
        )  # fmt: skip

    def _minutes(self, day: date, close: float) -> list[Bar]:
        """Return the minutes of a day that ends at `close`: a bridge from its open."""
        draw = self._draw(day)
        open_price = close / (1.0 + draw.gauss_like() * 0.012)
        start = self.calendar.open_ns(day)
        count = min(int((self.calendar.close_ns(day) - start) // _MINUTE_NS), 1440)
        path, level = [], 0.0
        for _ in range(count):
            level += draw.gauss_like() * 0.0006
            path.append(level)
        bars, before = [], open_price
        for k in range(count):
            part = (k + 1) / count
            bridge = path[k] - part * path[-1]
            price = round(open_price + (close - open_price) * part + close * bridge, 2)
            price = max(price, 0.01)
            wiggle = 0.0004 * close * draw.random()
            high, low = max(before, price) + wiggle, max(0.01, min(before, price) - wiggle)
            volume = 1 + int(200.0 * draw.random())
            bars.append(
                Bar(start + k * _MINUTE_NS, round(before, 2), round(high, 2), round(low, 2),
                    price, volume)
            )  # fmt: skip
            before = price
        return bars


class _Draw(Random):
    """Draws that are the same on every Python: by `random` alone."""

    def gauss_like(self) -> float:
        return (self.random() + self.random() + self.random() - 1.5) * 2.0


def _merge(bars: list[Bar], size: int) -> list[Bar]:
    merged: list[Bar] = []
    length = size * 1_000_000_000
    for bar in bars:
        start = bar.ts_ns - bar.ts_ns % length if size < 86_400 else bar.ts_ns
        if size > 86_400:
            start = bar.ts_ns - bar.ts_ns % length
        if merged and merged[-1].ts_ns == start:
            last = merged[-1]
            merged[-1] = Bar(
                start, last.open, max(last.high, bar.high), min(last.low, bar.low), bar.close,
                last.volume + bar.volume,
            )  # fmt: skip
        else:
            merged.append(Bar(start, bar.open, bar.high, bar.low, bar.close, bar.volume))
    return merged


def bar_fields(bars: list[Bar], *, is_epoch: bool, is_daily: bool) -> Iterator[object]:
    """Yield the fields of bars as historicalData has them."""
    for bar in bars:
        moment = from_ns(bar.ts_ns)
        if is_daily:
            yield moment.strftime("%Y%m%d")
        elif is_epoch:
            yield str(bar.ts_ns // 1_000_000_000)
        else:
            yield moment.strftime("%Y%m%d %H:%M:%S") + " UTC"
        average = round((bar.high + bar.low + bar.close) / 3.0, 4)
        yield from (bar.open, bar.high, bar.low, bar.close, bar.volume, average, bar.volume)
