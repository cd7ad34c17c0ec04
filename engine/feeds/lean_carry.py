"""Dividends, splits and the rate that a LEAN data folder knows, as of one instant.

A factor file is written with hindsight. So that a scan of the past does not know the future, only
a dividend that must have been announced by then is `declared`; the others are `projected`. The
rule behind `ANNOUNCED_DAYS`: a US issuer gives notice ten days before the record date (SEC Rule
10b-17), and the ex-date lies up to four calendar days before the record date. The files have no
pay date: `PAY_LAG_DAYS` after the ex-date is assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from engine.feeds.distributions import is_large_for
from engine.feeds.lean_files import Refuse
from engine.feeds.record import CellError, parse_day
from engine.feeds.text_file import read_text
from engine.market.calendar import Calendar
from engine.market.carry import (
    DECLARED,
    ORDINARY,
    PROJECTED,
    UNKNOWN,
    Carry,
    Dividend,
    RateCurve,
)

ANNOUNCED_DAYS = 6
PAY_LAG_DAYS = 21


@dataclass(frozen=True, slots=True)
class Factor:
    """One row: the factors of prices up to `last`, and the close of that day in its own shares."""

    last: date
    price: float
    split: float
    reference: float


def read_factors(path: Path, refuse: Refuse) -> tuple[Factor, ...]:
    """Return the rows of a factor file, oldest first; none, refused once, where it is missing."""
    if not path.exists():
        shown = f"{path.parent.name}/{path.name}"
        refuse(CellError(f"{shown}: no such file: dividends and splits are not known"))
        return ()
    factors = []
    for line, raw in enumerate(read_text(path).splitlines(), 1):
        cells = raw.strip().split(",")
        if cells == [""]:
            continue
        last = parse_day(cells[0])
        numbers = [_factor(cell) for cell in cells[1:]]
        is_good = len(numbers) >= 2 and min(numbers[:2]) > 0.0 and min(numbers) >= 0.0
        if last is None or not is_good:
            expected = "YYYYMMDD,price factor,split factor,reference price"
            refuse(CellError(f"{path.name}:{line}: expected {expected}, got {raw!r}"))
            continue
        factors.append(Factor(last, numbers[0], numbers[1], (*numbers, 0.0)[2]))
    return tuple(sorted(factors, key=lambda factor: factor.last))


def _factor(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return -1.0
    return value if math.isfinite(value) else -1.0


def split_factor(factors: tuple[Factor, ...], day: date) -> float:
    """Return the split factor of prices on `day`; 1.0 where no row covers it.

    A contract of `day` had, on an earlier day, its strike times
    ``split_factor(day) / split_factor(earlier)``.
    """
    for factor in factors:
        if day <= factor.last:
            return factor.split
    return 1.0


def dividends_of(
    factors: tuple[Factor, ...], calendar: Calendar, day: date, until: date
) -> tuple[Dividend, ...]:
    """Return the dividends with ``day < ex-date <= until``, per share of `day`.

    The amount is ``reference * (1 - price / next price)`` of its row, to the hundredth of a cent,
    which is what the seven digits of a factor carry, times the splits between `day` and then.

    Source: LEAN, factor file format; `ANNOUNCED_DAYS` and `PAY_LAG_DAYS` are ours.
    """
    shares = split_factor(factors, day)
    found = []
    fractions = [1.0 - row.price / after.price for row, after in pairwise(factors)]
    for k, (row, after) in enumerate(pairwise(factors)):
        amount = round(row.reference * (1.0 - row.price / after.price), 4)
        amount = round(amount * round(row.split / shares, 4), 6)
        ex_date = calendar.next_session(row.last)
        # Quotes begin at the open, when today's dividend has gone: only later ones are to come.
        if amount <= 0.0 or not day < ex_date <= until:
            continue
        is_announced = ex_date <= day + timedelta(days=ANNOUNCED_DAYS)
        # The files have spin-offs among the dividends, as cash of the same worth.
        is_large = is_large_for(fractions[k], fractions[:k] + fractions[k + 1 :])
        status = DECLARED if is_announced and not is_large else PROJECTED
        kind = UNKNOWN if is_large else ORDINARY
        pay_date = ex_date + timedelta(days=PAY_LAG_DAYS)
        found.append(Dividend(ex_date, pay_date, amount, status, kind))
    return tuple(found)


def read_rates(path: Path, refuse: Refuse) -> tuple[tuple[date, float], ...]:
    """Return (first day, percent), oldest first; none where the file is missing."""
    if not path.exists():
        return ()
    rows = []
    for line, raw in enumerate(read_text(path).splitlines()[1:], 2):
        changed, _, percent = raw.strip().partition(",")
        since, value = parse_day(changed), _factor(percent)
        if since is not None and value >= 0.0:
            rows.append((since, value))
        elif raw.strip():
            refuse(CellError(f"{path.name}:{line}: expected YYYY-MM-DD,percent, got {raw!r}"))
    return tuple(sorted(rows))


def rate_in_force(
    rates: tuple[tuple[date, float], ...], calendar: Calendar, ts_ns: int
) -> tuple[float, int]:
    """Return the continuously compounded rate at `ts_ns` and the instant it is known for, or 0, 0.

    A row is where the rate changed, so between two rows it is known for every day; after the last
    one it is only as fresh as that row.
    """
    day = calendar.session_date(ts_ns)
    past = [row for row in rates if row[0] <= day]
    if not past:
        return 0.0, 0
    since, percent = past[-1]
    is_last = len(past) == len(rates)
    known_ns = min(ts_ns, calendar.open_ns(since)) if is_last else ts_ns
    return math.log1p(percent / 100.0), known_ns


def carry_at(
    factors: tuple[Factor, ...],
    rates: tuple[tuple[date, float], ...],
    calendar: Calendar,
    ts_ns: int,
    until: date,
) -> Carry:
    """Return what the folder knows at `ts_ns`: one rate both ways, dividends up to `until`."""
    day = calendar.session_date(ts_ns)
    rate, known_ns = rate_in_force(rates, calendar, ts_ns)
    curve = RateCurve.flat(rate)
    dividends = dividends_of(factors, calendar, day, until)
    return Carry(lend=curve, borrow=curve, dividends=dividends, as_of_ns=known_ns)
