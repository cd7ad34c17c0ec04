"""What a backtest runs over: bars by symbol, and what happened to the shares meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from engine.market.bars import Bars


@dataclass(frozen=True, slots=True)
class Split:
    """From `time_ns` on, `ratio` shares for one: 7.0 for seven for one, 0.1 for one for ten."""

    symbol: str
    time_ns: int
    ratio: float

    def __post_init__(self) -> None:
        if not 0.0 < self.ratio < inf:
            raise ValueError(f"the ratio of a split must be positive, not {self.ratio}")


@dataclass(frozen=True, slots=True)
class Dividend:
    """From `time_ns` on (the open of the ex-date) a share goes without `amount`, in cash."""

    symbol: str
    time_ns: int
    amount: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.amount < inf:
            raise ValueError(f"a dividend must not be negative: {self.amount}")


@dataclass(frozen=True, slots=True)
class Data:
    """Raw bars by symbol, in the order of the run; splits and dividends are events beside them.

    `interval_ns` is the length of a bar; a bar's stamp is its close. `source` says where they came
    from, for a person, and `notes` what was wrong with them. Prices are never adjusted: an adjusted
    price knows the future. `calendar` names the trading calendar whose days these are ("us",
    "crypto"); without one they are of UTC.
    """

    bars: Mapping[str, Bars]
    interval_ns: int
    source: str
    actions: tuple[Split | Dividend, ...] = ()
    calendar: str = ""
    notes: tuple[str, ...] = ()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols in the order of the run."""
        return tuple(self.bars)
