"""How packages are filled: every leg at the touch, all legs or none, no more than is shown.

What is bought pays the ask and what is sold gets the bid. A leg without a quote on its side, with a
crossed or an old one, or with less shown than one lot needs, stops the whole package.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, fsum, inf

from engine.backtesting.options.board import Board, Quote
from engine.market.combo import OPTION, Combo, Leg
from engine.market.contract import STOCK, Contract
from engine.market.fees import FeeSchedule
from engine.scoring.cash import order_fees

# Why a package is not filled.
UNLISTED, NO_QUOTE, CROSSED, OLD, SIZE = "not listed", "no quote", "crossed", "old quote", "size"
HALTED, MARGIN = "halted", "margin"
REFUSALS = (HALTED, UNLISTED, NO_QUOTE, CROSSED, OLD, SIZE, MARGIN)

Lines = Sequence[tuple[Contract, float]]
"""Contracts and what one lot takes of them: above 0 is bought; stock in shares."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a package can be had for now.

    `lots` is how many are shown, `prices` by line; `cost` is what one lot costs at the touch and
    `mid_cost` at the middle, in currency: below 0 it brings money.
    """

    lots: int
    prices: tuple[float, ...]
    cost: float
    mid_cost: float


def offer(board: Board, lines: Lines, lots: int, max_age: float) -> Offer | str:
    """Return at what `lots` of `lines`, or as many as are shown, can be traded, else why not."""
    if board.chain.is_halted:
        return HALTED
    most: float = lots
    prices, mids, costs = [], [], []
    for contract, quantity in lines:
        side = 1 if quantity > 0.0 else -1
        quote = board.quote(contract)
        why = refused(board, contract, quote, side, max_age)
        if why:
            return why
        most = min(most, board.left(contract, side) / abs(quantity))
        price = quote.ask if side > 0 else quote.bid
        worth = quantity * contract.multiplier
        prices.append(price)
        costs.append(worth * price)
        mids.append(worth * quote.mid)
    # Parts of a contract come of rounding alone.
    whole = floor(most + 1e-9)
    if whole < 1:
        return SIZE
    return Offer(whole, tuple(prices), fsum(costs), fsum(mids))


def refused(board: Board, contract: Contract, quote: Quote, side: int, max_age: float) -> str:
    """Return why a quote cannot be traded on a side, "" if it can."""
    price, age = (quote.ask, quote.ask_age) if side > 0 else (quote.bid, quote.bid_age)
    if contract.kind == STOCK and not board.chain.underlying.is_tradable:
        return UNLISTED
    if contract.kind == OPTION and board.find(contract) < 0:
        return UNLISTED
    if not 0.0 < price < inf:
        return NO_QUOTE
    if quote.bid > quote.ask > 0.0:
        return CROSSED
    return OLD if age > max_age else ""


def fee_of(schedule: FeeSchedule, contract: Contract, quantity: float, price: float) -> float:
    """Return the fees of one leg's order in currency, at least its minimum."""
    fee = _fee(schedule, contract, price)
    leg = Leg(contract.kind, 1 if quantity > 0.0 else -1, 1, price, fee)
    return order_fees(leg, schedule, contract.multiplier, abs(quantity))


def closing_fee(
    schedule: FeeSchedule,
    contract: Contract,
    quantity: float,
    price: float,
    commissions: dict[Contract, float],
) -> float:
    """Return the fees of a fill that closes, in currency, and add it to `commissions`.

    These are what the same order has had by contract today, without the exchange's fees and before
    any minimum: a leg that is closed in parts pays the minimum once.
    """
    is_stock = contract.kind == STOCK
    beside = 0.0 if is_stock else schedule.exchange * abs(quantity)
    whole = _fee(schedule, contract, price) * contract.multiplier * abs(quantity)
    before = commissions.get(contract)
    after = commissions[contract] = (before or 0.0) + whole - beside
    if before is None:
        return fee_of(schedule, contract, quantity, price)
    least = schedule.stock_minimum if is_stock else schedule.order_minimum
    return beside + max(least, after) - max(least, before)


def _fee(schedule: FeeSchedule, contract: Contract, price: float) -> float:
    if contract.kind == STOCK:
        return schedule.stock_fee(price)
    return schedule.option_fee(price, contract.multiplier)


def lines_of(board: Board, combo: Combo) -> list[tuple[Contract, float]] | None:
    """Return what one lot of a combo takes; None where the chain does not list all of it.

    The ratio of stock counts round lots, as everywhere in combos.
    """
    lines = []
    for ratio, contract in combo.legs:
        if contract.kind == STOCK:
            lines.append((contract, ratio * board.chain.multiplier))
            continue
        if board.find(contract) < 0:
            return None
        lines.append((contract, float(ratio)))
    return lines


def settles_of(board: Board, contract: Contract) -> int:
    """Return when an option of a chain settles; 0 for stock."""
    quote = board.find(contract) if contract.kind != STOCK else -1
    if quote < 0:
        return 0
    chain = board.chain
    return chain.expiries[chain.expiry_of(chain.row_of(quote))].settles_ns
