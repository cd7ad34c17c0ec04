"""What time has done to contracts of ours: expired, exercised or assigned, told by positions alone.

A broker says nothing of it but what the account holds afterwards: options are gone, and stock has
come or gone. That is explained where one level of the stock at each expiry accounts for all of it:
then every call below the level and every put above it became stock at its strike, and the others
were worth nothing. Of options that have not expired only sold ones can go by themselves: they were
assigned. What pays in cash leaves no stock. Whatever is not explained whole is not explained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from typing import NamedTuple

from engine.execution.days import day_of
from engine.execution.reconcile import Difference
from engine.market.calendar import calendar_named
from engine.market.contract import OPTION, Contract

EXPIRED, EXERCISED, ASSIGNED = "expired", "exercised", "assigned"
_NEAR = 1e-6
_MOST_LEVELS = 20_000


class Booking(NamedTuple):
    """What became of `quantity` of a contract (negative: sold), and the stock that came of it."""

    contract: str
    quantity: float
    what: str
    stock: str = ""
    shares: float = 0.0
    strike: float = 0.0

    def __str__(self) -> str:
        """Return it as a phrase."""
        text = f"{self.quantity:+g} {self.contract} {self.what}"
        return f"{text}: {self.shares:+g} {self.stock} at {self.strike:g}" if self.shares else text


class Explained(NamedTuple):
    """What is booked, and where stock differs in a way that nothing explains."""

    bookings: tuple[Booking, ...] = ()
    unexplained: tuple[Difference, ...] = ()


class _Gone(NamedTuple):
    """Options of ours that the broker has no more; `shares` if they became stock."""

    contract: Contract
    quantity: float
    shares: float
    has_expired: bool

    def booking(self, *, is_stock: bool) -> Booking:
        name, strike = self.contract.name, self.contract.strike
        if not is_stock:
            return Booking(name, self.quantity, EXPIRED)
        what = EXERCISED if self.quantity > 0.0 else ASSIGNED
        return Booking(name, self.quantity, what, self.contract.symbol, self.shares, strike)


def has_expired(contract: Contract, now_ns: int, calendar: str = "us") -> bool:
    """Tell whether a contract trades no more: the close of its last day has passed."""
    if contract.expiry is None:
        return False
    today = day_of(now_ns, calendar)
    if contract.expiry != today:
        return contract.expiry < today
    return now_ns >= calendar_named(calendar).close_ns(today)


def explain(
    contracts: Iterable[tuple[Contract, float]], ours: Mapping[str, float],
    baseline: Mapping[str, float], broker: Mapping[str, float], now_ns: int,
    spot_of: Callable[[str], float], pays_cash: Callable[[str], bool],
) -> Explained:  # fmt: skip
    """Return what has become of options of ours that the account holds no more.

    `contracts` are those of our packages with shares per contract. Where several levels of the
    stock explain the same, the nearest to `spot_of` is taken. Options of a symbol that `pays_cash`
    leave no stock and are not assigned early. O(levels of all expiries).
    """
    gone: dict[str, list[_Gone]] = {}
    lost: dict[str, None] = {}
    for contract, multiplier in contracts:
        held, there = ours.get(contract.name, 0.0), broker.get(contract.name, 0.0)
        quantity = held - there
        if contract.kind != OPTION or abs(quantity) < _NEAR or baseline.get(contract.name):
            continue
        ended = has_expired(contract, now_ns)
        is_ours = quantity * held > 0.0 and abs(quantity) < abs(held) + _NEAR
        may_go = ended or (held < 0.0 and not pays_cash(contract.symbol))
        if not is_ours or not may_go:
            lost[contract.symbol] = None
            continue
        sign = 1.0 if contract.right == "C" else -1.0
        one = _Gone(contract, quantity, sign * quantity * multiplier, ended)
        gone.setdefault(contract.symbol, []).append(one)
    bookings: list[Booking] = []
    unexplained = []
    for symbol, ones in gone.items():
        here = ours.get(symbol, 0.0) + baseline.get(symbol, 0.0)
        there = broker.get(symbol, 0.0)
        found: list[Booking] | None = None
        if pays_cash(symbol):
            found = [one.booking(is_stock=False) for one in ones]
        elif symbol not in lost:
            found = _match(ones, there - here, spot_of(symbol))
        if found is None:
            unexplained.append(Difference(symbol, here, there))
        else:
            bookings += found
    return Explained(tuple(bookings), tuple(unexplained))


def _match(ones: list[_Gone], change: float, spot: float) -> list[Booking] | None:
    """Return the bookings that change the stock by `change`, None if there are none."""
    fixed = [one for one in ones if not one.has_expired]
    days = sorted({one.contract.expiry for one in ones if one.has_expired and one.contract.expiry})
    expired = [[o for o in ones if o.has_expired and o.contract.expiry == day] for day in days]
    choices = [_levels(of_day) for of_day in expired]
    if math.prod(len(levels) for levels in choices) > _MOST_LEVELS:
        return None
    assigned = math.fsum(one.shares for one in fixed)
    best: tuple[float, list[Booking]] | None = None
    for levels in product(*choices):
        total, distance = [assigned], 0.0
        bookings = [one.booking(is_stock=True) for one in fixed]
        for of_day, (low, high) in zip(expired, levels, strict=True):
            distance += max(0.0, low - spot, spot - high) if spot == spot else 0.0
            for one in of_day:
                is_call = one.contract.right == "C"
                strike = one.contract.strike
                is_stock = strike <= low if is_call else strike >= high
                total.append(one.shares if is_stock else 0.0)
                bookings.append(one.booking(is_stock=is_stock))
        if abs(math.fsum(total) - change) < _NEAR and (best is None or distance < best[0]):
            best = distance, bookings
    return best[1] if best is not None else None


def _levels(ones: list[_Gone]) -> list[tuple[float, float]]:
    """Return the stretches between the strikes at which the stock may have been."""
    strikes = sorted({one.contract.strike for one in ones})
    return list(zip([0.0, *strikes], [*strikes, math.inf], strict=True))
