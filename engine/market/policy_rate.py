"""The Federal Reserve's target rate by day: the default where no rate is given.

A chain of 2015 scanned with the rates of 2023 shows hundreds of reversals that never were. The
default funding is therefore that of the chain's own day: a spread around the target.

Source: Federal Open Market Committee, upper limit of the target range (the target before
2008-12-16), on the day after each decision.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date

LEND_BELOW = 0.0025
BORROW_ABOVE = 0.0075

# first day=per cent
_DECISIONS = """
2003-06-26=1.00 2004-07-01=1.25 2004-08-11=1.50 2004-09-22=1.75 2004-11-11=2.00 2004-12-15=2.25
2005-02-03=2.50 2005-03-23=2.75 2005-05-04=3.00 2005-07-01=3.25 2005-08-10=3.50 2005-09-21=3.75
2005-11-02=4.00 2005-12-14=4.25 2006-02-01=4.50 2006-03-29=4.75 2006-05-11=5.00 2006-06-30=5.25
2007-09-19=4.75 2007-11-01=4.50 2007-12-12=4.25 2008-01-23=3.50 2008-01-31=3.00 2008-03-19=2.25
2008-05-01=2.00 2008-10-09=1.50 2008-10-30=1.00 2008-12-17=0.25 2015-12-17=0.50 2016-12-15=0.75
2017-03-16=1.00 2017-06-15=1.25 2017-12-14=1.50 2018-03-22=1.75 2018-06-14=2.00 2018-09-27=2.25
2018-12-20=2.50 2019-08-01=2.25 2019-09-19=2.00 2019-10-31=1.75 2020-03-04=1.25 2020-03-16=0.25
2022-03-17=0.50 2022-05-05=1.00 2022-06-16=1.75 2022-07-28=2.50 2022-09-22=3.25 2022-11-03=4.00
2022-12-15=4.50 2023-02-02=4.75 2023-03-23=5.00 2023-05-04=5.25 2023-07-27=5.50 2024-09-19=5.00
2024-11-08=4.75 2024-12-19=4.50 2025-09-18=4.25 2025-10-30=4.00 2025-12-11=3.75
"""

_TARGETS = tuple(
    (date.fromisoformat(day), float(rate))
    for day, rate in (decision.split("=") for decision in _DECISIONS.split())
)
_DAYS = [day for day, _ in _TARGETS]
FIRST_DAY, LAST_DAY = _DAYS[0], _DAYS[-1]
# From one decision to the next are at most eight weeks; later there may have been another.
KNOWN_FOR = 60
# So long after the table's end its last target still is a guess at today's.
GUESSED_FOR = 730


def policy_rate(day: date) -> float:
    """Return the target in force on `day`, as a fraction per year.

    Days outside the table get its nearest end. O(log decisions).

    >>> policy_rate(date(2015, 12, 24))
    0.005
    """
    place = max(bisect_right(_DAYS, day) - 1, 0)
    return _TARGETS[place][1] / 100.0


def is_known(day: date) -> bool:
    """Return whether the table covers `day`."""
    return day >= FIRST_DAY and (day - LAST_DAY).days <= KNOWN_FOR


def is_guessed(day: date) -> bool:
    """Return whether `day` lies behind the table's end, and not so far that it says nothing."""
    return KNOWN_FOR < (day - LAST_DAY).days <= GUESSED_FOR


def default_rates(day: date) -> tuple[float, float]:
    """Return the default lending and borrowing rate of `day`: 0.25 % below, 0.75 % above target."""
    target = policy_rate(day)
    return max(0.0, target - LEND_BELOW), target + BORROW_ABOVE
