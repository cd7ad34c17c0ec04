"""The rules of an account that trades packages of options."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, isfinite

from engine.market.fees import FeeSchedule

# Who is assigned early: by a holder who knows what exercise is worth, at the worst time, or nobody.
RATIONAL, WORST, NEVER = "rational", "worst", "never"
ASSIGNMENTS = (RATIONAL, WORST, NEVER)
# What binds an account: nothing, the strategy table of Regulation T, or the loss on a grid.
NO_MARGIN, REG_T, SCENARIOS = "none", "reg-t", "grid"
MARGINS = (NO_MARGIN, REG_T, SCENARIOS)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account starts with, pays and is held to.

    Attributes
    ----------
    cash
        At the start, in currency.
    fees
        By leg, with the minimum of each leg's order.
    max_age
        Quotes older than so many seconds are not traded; one of unknown age is.
    delay_ns
        Orders meet the first chain that is at least so much later; 0 is the chain that was seen.
    assignment
        RATIONAL, WORST or NEVER.
    margin
        NO_MARGIN, REG_T or SCENARIOS.
    has_interest
        Whether cash earns the lending rate by night, and debt pays the borrowing rate.
    holds
        Whether packages are held to settlement whatever happens: one that was assigned early is
        kept as it is, and stock that is left when its last options settle is traded in that
        closing auction, at the price at which they settle. Otherwise both are closed at the touch
        of the next chain.
    exercise_at
        How far in the money an option is exercised by exception when it expires, per share.
    """

    cash: float = 100_000.0
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    max_age: float = 300.0
    delay_ns: int = 0
    assignment: str = RATIONAL
    margin: str = REG_T
    has_interest: bool = False
    holds: bool = False
    exercise_at: float = 0.01

    def __post_init__(self) -> None:
        if not 0.0 < self.cash < inf:
            raise ValueError(f"the cash at the start must be positive, not {self.cash}")
        if not self.max_age >= 0.0 or self.delay_ns < 0:
            raise ValueError("the greatest age of a quote and the delay must not be negative")
        if self.assignment not in ASSIGNMENTS or self.margin not in MARGINS:
            raise ValueError(f"{self.assignment!r} or {self.margin!r} is not known")
        if not (isfinite(self.exercise_at) and self.exercise_at >= 0.0):
            raise ValueError(f"options cannot be exercised {self.exercise_at} in the money")
