"""Bars: prices of one instrument over stretches of time."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: when it closed in UTC nanoseconds, its prices, and the units traded in it.

    `symbol` names the instrument where there is more than one.
    """

    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars in order of time, as columns of the same length.

    Raises
    ------
    ValueError
        If the columns differ in length or the stamps do not rise.
    """

    time_ns: array[int]
    open: array[float]
    high: array[float]
    low: array[float]
    close: array[float]
    volume: array[float]

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, column.name)) for column in fields(self)}
        if len(lengths) > 1:
            raise ValueError(f"columns of bars differ in length: {sorted(lengths)}")
        for row in range(1, len(self.time_ns)):
            if self.time_ns[row] <= self.time_ns[row - 1]:
                raise ValueError(f"bar {row} is not later than the bar before it")

    @classmethod
    def none(cls) -> Bars:
        """Return no bars, as of a symbol whose bars are still to be made."""
        return cls(array("q"), array("d"), array("d"), array("d"), array("d"), array("d"))

    def __len__(self) -> int:
        return len(self.time_ns)
