"""What becomes of options when they settle, and of stock over a night or a split.

Every option of an instant settles at one price. One that is a cent in the money by it is exercised
by exception, or assigned where it was sold: it delivers stock at the strike, or pays cash where the
underlying cannot be traded.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

from engine.backtesting.options.fills import fee_of
from engine.backtesting.options.package import Entry, Holding, Package, stock_of
from engine.backtesting.orders import ASSIGNMENT, EXERCISE
from engine.market.contract import Contract
from engine.market.fees import FeeSchedule

EXPIRED, CASH_SETTLED, DIVIDEND, BORROW_FEE, SPLIT = (
    "expired", "cash_settled", "dividend", "borrow_fee", "split"
)  # fmt: skip
# Why a package was closed that nobody closed.
SETTLED = "settled"
_YEAR = 365.0
_ROUNDING = 1e-9
_HALF_CENT = 0.005  # the finest that the middle of a quote in cents is


class Level(NamedTuple):
    """The price at which options settle, and the band in which it might as well have been."""

    price: float
    low: float
    high: float


def settle(package: Package, until_ns: int, level: Level, *, is_cash: bool, least: float) -> None:
    """Settle every option of `package` that is due by `until_ns`; O(options of the package).

    What it brings is booked at the instant of settlement, though it may be known only later.
    """
    due = [one for one in package.holdings if one.settles_ns <= until_ns]
    if not due:
        return
    low, high = pin_range(due, level, is_cash=is_cash, least=least)
    package.pin_low += low
    package.pin_high += high
    package.n_pinned += low < 0.0 or high > 0.0
    for one in due:
        at_ns, price = one.settles_ns, level.price
        exercise(package, one, -one.quantity, at_ns, price, is_cash=is_cash, least=least)


def exercise(
    package: Package,
    one: Holding,
    quantity: float,
    at_ns: int,
    price: float,
    *,
    is_cash: bool,
    least: float,
    what: str = "",
) -> None:
    """End `-quantity` of an option: exercised or assigned if `least` in the money, or worthless."""
    contract = one.contract
    multiplier, ended = contract.multiplier, -quantity
    worth = one.intrinsic(price)
    package.hold(contract, quantity)
    if worth < least - _ROUNDING or worth <= 0.0:
        package.book(_entry(package, at_ns, EXPIRED, contract, quantity, 0.0, 0.0))
    elif is_cash:
        amount = ended * multiplier * worth
        package.book(_entry(package, at_ns, CASH_SETTLED, contract, quantity, worth, amount))
    else:
        name = what or (EXERCISE if ended > 0.0 else ASSIGNMENT)
        shares = ended * multiplier * (1.0 if contract.right == "C" else -1.0)
        package.book(_entry(package, at_ns, name, contract, quantity, 0.0, 0.0))
        package.hold(stock_of(package.symbol), shares)
        package.was_delivered = True
        amount, stock = -shares * contract.strike, stock_of(package.symbol)
        package.book(_entry(package, at_ns, name, stock, shares, contract.strike, amount))


def trade_at_close(package: Package, at_ns: int, price: float, fees: FeeSchedule) -> None:
    """Trade the stock that is left of a settlement in the closing auction, for the usual fee."""
    quantity, stock = -package.stock, stock_of(package.symbol)
    fee = fee_of(fees, stock, quantity, price)
    package.hold(stock, quantity)
    what = "buy" if quantity > 0.0 else "sell"
    amount = -quantity * price - fee
    package.book(Entry(at_ns, package.number, what, stock.name, quantity, price, amount, fee))


def pin_range(
    due: list[Holding], level: Level, *, is_cash: bool, least: float
) -> tuple[float, float]:
    """Return how much less and more `due` might have brought, were another level of the band taken.

    All options see one level. Stock that is delivered counts at the price itself.
    """
    levels = {level.low, level.high, level.price}
    for one in due:
        strike = one.contract.strike
        # At the strike nothing is exercised; a step beyond it something is, and just before not.
        for away in (0.0, least, least - _HALF_CENT):
            for near in (strike - away, strike + away):
                if level.low <= near <= level.high:
                    levels.add(near)

    def brings(at: float) -> float:
        amounts = []
        for one in due:
            worth = one.intrinsic(at)
            if worth < least - _ROUNDING or worth <= 0.0:
                continue
            if not is_cash:
                sign = 1.0 if one.contract.right == "C" else -1.0
                worth = sign * (level.price - one.contract.strike)
            amounts.append(one.quantity * one.contract.multiplier * worth)
        return math.fsum(amounts)

    base = brings(level.price)
    found = [brings(at) - base for at in sorted(levels)]
    return min(found), max(found)


def go_ex(package: Package, amount: float, withholding: float, pays_ns: int) -> None:
    """Let stock go ex-dividend: what is long will receive it, what is short will pay it."""
    if package.stock:
        kept = 1.0 - withholding if package.stock > 0.0 else 1.0
        package.receivable.append((pays_ns, package.stock * amount * kept))


def pay_dividends(package: Package, at_ns: int) -> None:
    """Book the dividends that are due by now."""
    due = [owed for owed in package.receivable if owed[0] <= at_ns]
    if not due:
        return
    package.receivable = [owed for owed in package.receivable if owed[0] > at_ns]
    stock = stock_of(package.symbol)
    for _, amount in due:
        package.dividends += amount
        package.book(_entry(package, at_ns, DIVIDEND, stock, 0.0, 0.0, amount))


def pay_borrow(package: Package, at_ns: int, fee: float, nights: int) -> None:
    """Charge stock sold short its fee for so many nights."""
    if package.stock < 0.0 and fee > 0.0:
        amount = package.stock * package.spot.mid * fee * nights / _YEAR
        package.borrow_fees -= amount
        stock = stock_of(package.symbol)
        package.book(_entry(package, at_ns, BORROW_FEE, stock, 0.0, 0.0, amount))


def split(package: Package, at_ns: int, ratio: float) -> None:
    """Give `ratio` shares for one: strikes are divided by it and rounded to cents.

    A whole ratio multiplies contracts; another changes the shares of each.
    """
    is_whole = ratio >= 1.0 and float(ratio).is_integer()
    for one in package.holdings:
        contract = one.contract
        package.book(_entry(package, at_ns, SPLIT, contract, -one.quantity, 0.0, 0.0))
        one.contract = split_contract(contract, ratio)
        if is_whole:
            one.quantity *= ratio
        one.bid, one.ask, one.mid = one.bid / ratio, one.ask / ratio, one.mid / ratio
        package.book(_entry(package, at_ns, SPLIT, one.contract, one.quantity, 0.0, 0.0))
    if package.stock:
        before, package.stock = package.stock, package.stock * ratio
        more, stock = package.stock - before, stock_of(package.symbol)
        package.book(_entry(package, at_ns, SPLIT, stock, more, 0.0, 0.0))
    spot = package.spot
    package.spot = spot._replace(bid=spot.bid / ratio, ask=spot.ask / ratio)


def split_contract(contract: Contract, ratio: float) -> Contract:
    """Return what a contract becomes: AAPL 645 after seven for one is 92.14.

    >>> from datetime import date
    >>> old = Contract("option", "AAPL", "AAPL", date(2014, 6, 13), "C", 645.0)
    >>> split_contract(old, 7.0).strike, split_contract(old, 1.5).multiplier
    (92.14, 150.0)
    """
    is_whole = ratio >= 1.0 and float(ratio).is_integer()
    multiplier = contract.multiplier if is_whole else contract.multiplier * ratio
    return replace(contract, strike=round(contract.strike / ratio, 2), multiplier=multiplier)


def _entry(
    package: Package, at_ns: int, what: str, contract: Contract, quantity: float, price: float,
    amount: float,
) -> Entry:  # fmt: skip
    return Entry(at_ns, package.number, what, contract.name, quantity, price, amount)
