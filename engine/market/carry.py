"""What it costs to hold cash, stock and short stock: rates, dividends, borrow."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

DECLARED = "declared"
PROJECTED = "projected"

# What a distribution is. For the middle two an exchange adjusts its contracts.
ORDINARY, SPECIAL, SPIN_OFF, UNKNOWN = "ordinary", "special", "spin-off", "unknown"
DIVIDEND_KINDS = (ORDINARY, SPECIAL, SPIN_OFF, UNKNOWN)


@dataclass(frozen=True, slots=True)
class RateCurve:
    """A term structure of continuously compounded zero rates.

    `days` rise strictly, `rates` are per year (0.045 is 4.5 %). Between nodes the *zero rate*
    is linear in days; outside it is flat. One node makes a flat curve.
    """

    days: tuple[float, ...] = (0.0,)
    rates: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        if not self.days or len(self.days) != len(self.rates):
            raise ValueError("a rate curve needs as many rates as days, at least one")
        if any(b <= a for a, b in pairwise(self.days)):
            raise ValueError("the days of a rate curve must rise")
        if not all(map(math.isfinite, self.days + self.rates)):
            raise ValueError("the days and rates of a rate curve must be finite")

    @classmethod
    def flat(cls, rate: float) -> RateCurve:
        """Return the curve that has `rate` at every term."""
        return cls((0.0,), (float(rate),))

    @property
    def is_plain(self) -> bool:
        """Whether the curve is flat and not negative: then discounts fall and are convex."""
        return len(self.days) == 1 and self.rates[0] >= 0.0

    def rate(self, tau: float) -> float:
        """Return the zero rate for `tau` years."""
        day = tau * 365.0
        days, rates = self.days, self.rates
        if day <= days[0]:
            return rates[0]
        for k in range(1, len(days)):
            if day <= days[k]:
                weight = (day - days[k - 1]) / (days[k] - days[k - 1])
                return rates[k - 1] + weight * (rates[k] - rates[k - 1])
        return rates[-1]

    def discount(self, tau: float) -> float:
        """Return ``exp(-rate(tau) * tau)``."""
        rate = self.rates[0] if len(self.rates) == 1 else self.rate(tau)
        return math.exp(-rate * tau)

    def discounts(self, taus: Iterable[float]) -> list[float]:
        """Return the discount for each of `taus`, the same to the last bit."""
        if len(self.rates) > 1:
            return [self.discount(tau) for tau in taus]
        rate, exp = self.rates[0], math.exp
        return [exp(-rate * tau) for tau in taus]

    def shifted(self, shift: float) -> RateCurve:
        """Return the curve with `shift` added to every rate."""
        return RateCurve(self.days, tuple(rate + shift for rate in self.rates))


@dataclass(frozen=True, slots=True)
class Dividend:
    """A distribution per share. `status` is DECLARED or PROJECTED, `kind` what it is.

    For a special dividend the exchange lowers the strikes by its amount, for a spin-off or a
    split it changes what is delivered: neither moves put-call parity.
    """

    ex_date: date
    pay_date: date
    amount: float
    status: str = DECLARED
    kind: str = ORDINARY

    def __post_init__(self) -> None:
        if self.status not in (DECLARED, PROJECTED):
            raise ValueError(f"dividend status {self.status!r} is not declared or projected")
        if self.kind not in DIVIDEND_KINDS:
            known = ", ".join(DIVIDEND_KINDS)
            raise ValueError(f"dividend kind {self.kind!r} is none of {known}")
        if not (math.isfinite(self.amount) and self.amount >= 0.0):
            raise ValueError(f"dividend amount {self.amount!r} is not a finite number >= 0")
        if self.pay_date < self.ex_date:
            raise ValueError(f"dividend pays on {self.pay_date}, before its ex-date {self.ex_date}")

    @property
    def is_adjusted_for(self) -> bool:
        """Whether the contracts are adjusted for it, so that no edge depends on it."""
        return self.kind in (SPECIAL, SPIN_OFF)


@dataclass(frozen=True, slots=True)
class Carry:
    """Everything the edges need besides quotes.

    Attributes
    ----------
    lend, borrow
        The two ends of your funding, ``lend <= borrow`` at every term.
    dividends
        Cash dividends in order of ex-date (equities).
    withholding
        Fraction of a received dividend that is withheld, in [0, 1].
    borrow_fee
        Fee of short stock per year, as a fraction of the price.
    shortable
        Shares that can be borrowed now; nan is not known.
    index_yield
        Continuous dividend yield of an index, a *projected* stream; 0 for equities.
    as_of_ns
        When the rates were read; 0 is not known.
    """

    lend: RateCurve = field(default_factory=RateCurve)
    borrow: RateCurve = field(default_factory=RateCurve)
    dividends: tuple[Dividend, ...] = ()
    withholding: float = 0.0
    borrow_fee: float = 0.0
    shortable: float = math.nan
    index_yield: float = 0.0
    as_of_ns: int = 0

    def __post_init__(self) -> None:
        for day in sorted(set(self.lend.days + self.borrow.days)):
            tau = day / 365.0
            if self.lend.rate(tau) > self.borrow.rate(tau) + 1e-15:
                raise ValueError(
                    f"you would lend at {self.lend.rate(tau):.4%} and borrow at "
                    f"{self.borrow.rate(tau):.4%} for {day:g} days: lend must not exceed borrow"
                )
        if not 0.0 <= self.withholding <= 1.0:
            raise ValueError(f"withholding {self.withholding!r} is not in [0, 1]")
        if not (math.isfinite(self.borrow_fee) and self.borrow_fee >= 0.0):
            raise ValueError(f"borrow fee {self.borrow_fee!r} is not a finite number >= 0")
        if any(b.ex_date < a.ex_date for a, b in pairwise(self.dividends)):
            object.__setattr__(
                self, "dividends", tuple(sorted(self.dividends, key=lambda d: d.ex_date))
            )

    def without_rates(self) -> Carry:
        """Return the same carry with every rate 0: what naive formulas assume."""
        return Carry(
            RateCurve(), RateCurve(), self.dividends, self.withholding, self.borrow_fee,
            self.shortable, self.index_yield, self.as_of_ns,
        )  # fmt: skip

    def rate_age_days(self, ts_ns: int) -> float:
        """Return the age of the rates in days at `ts_ns`; nan when not known."""
        if self.as_of_ns == 0:
            return math.nan
        return (ts_ns // 1000 - self.as_of_ns // 1000) / 1_000_000 / 86_400.0
