"""What a backtest of options runs over: chains one after the other, with what was known then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from engine.backtesting.data import Split
from engine.market.calendar import calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain


@dataclass(frozen=True, slots=True)
class Moment:
    """A chain as it stood, and the rates, dividends and borrow fee that were known at its instant.

    `knows_dividends` says whether `carry` tells all dividends that were known then.
    """

    chain: OptionChain
    carry: Carry
    knows_dividends: bool = True


Closes: TypeAlias = Mapping[tuple[str, date], float]
"""Official closing prices by symbol and day, in the shares of that day."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A market that can be gone through again and again.

    `moments` starts from the beginning at each call and yields moments in order of their instants.
    Where `closes` has no price for a day, options settle at the last quote of the underlying.
    """

    moments: Callable[[], Iterable[Moment]]
    source: str
    splits: tuple[Split, ...] = ()
    closes: Closes = field(default_factory=dict)


OPEN, CLOSE = "open", "close"


def bells(calendar_name: str, since_ns: int, until_ns: int) -> Iterator[tuple[int, str, date]]:
    """Yield the opens and closes in ``since_ns < instant <= until_ns``, in order of time.

    >>> from engine.clock import from_ns
    >>> friday, monday = 1_401_998_400_000_000_000, 1_402_322_400_000_000_000
    >>> [(from_ns(at).isoformat()[5:16], what) for at, what, _ in bells("us", friday, monday)]
    [('06-06T13:30', 'open'), ('06-06T20:00', 'close'), ('06-09T13:30', 'open')]
    """
    calendar = calendar_named(calendar_name)
    day, last = calendar.session_date(since_ns), calendar.session_date(until_ns)
    if not calendar.is_session(day):
        day = calendar.next_session(day)
    while day <= last:
        for at, what in ((calendar.open_ns(day), OPEN), (calendar.close_ns(day), CLOSE)):
            if since_ns < at <= until_ns:
                yield at, what, day
        day = calendar.next_session(day)
