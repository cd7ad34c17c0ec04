"""What a feed delivers: the touch, prints, and bars that have closed. Times are UTC nanoseconds."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.backtesting.touch import Touch
from engine.market.bars import Bar, Bars

__all__ = ("Event", "Instant", "Print", "Touch")


@dataclass(frozen=True, slots=True)
class Print:
    """A trade of others: its price and size."""

    time_ns: int
    symbol: str
    price: float
    size: float


@dataclass(frozen=True, slots=True)
class Instant:
    """The bars that close at one time, by symbol; `rows` has them as columns of one row.

    What many seats need alike is made once.
    """

    time_ns: int
    bars: Mapping[str, Bar]
    rows: Mapping[str, Bars] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", {name: _row(bar) for name, bar in self.bars.items()})


def _row(bar: Bar) -> Bars:
    return Bars(
        array("q", [bar.time_ns]),
        array("d", [bar.open]),
        array("d", [bar.high]),
        array("d", [bar.low]),
        array("d", [bar.close]),
        array("d", [bar.volume]),
    )


Event = Touch | Print | Instant
