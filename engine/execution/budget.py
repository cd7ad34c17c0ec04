"""What it may cost to complete or unwind a half-filled package, as the limit of each order.

Slippage is measured from a reference: of a leg that is completed its price in the plan, of one that
is unwound what it was opened at. An order never pays more than it is allowed beyond its reference,
and what all of a package's orders have lost or may still lose is at most its budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.execution.entries import Intent
from engine.execution.fills import Executions
from engine.execution.orders import Order
from engine.execution.plan import leg_of
from engine.execution.trade import Sent, Trade
from engine.market.combo import STOCK
from engine.market.contract import Contract
from engine.scoring.tickets import CENT, round_down

Quotes = Callable[[Contract, int], float]
"""The price at which a contract can be bought (side +1) or sold (-1) now; nan if it cannot."""


def no_quotes(contract: Contract, side: int) -> float:
    """Know no price: limits are then what the budget allows."""
    return math.nan


def slippage(sent: Sent, executions: Executions) -> float:
    """Return what an order lost against its reference so far, in currency; 0 if it gained."""
    intent = sent.intent
    if math.isnan(intent.reference):
        return 0.0
    contract = intent.order.combo.legs[0][1]
    per_price = 1.0 if contract.kind == STOCK else intent.order.multiplier
    lost = math.fsum(
        one.fill.quantity * (one.fill.price - intent.reference) * per_price
        for one in executions.of((intent.order.ref,))
        if one.fill.contract == contract.name
    )
    return max(0.0, lost)


def spent(trade: Trade, executions: Executions) -> float:
    """Return what a package's corrections lost, and what those that live may lose, in currency."""
    live = {sent.order.ref for sent in trade.live()}
    return math.fsum(
        sent.intent.allowed if ref in live else slippage(sent, executions)
        for ref, sent in trade.sent.items()
    )


def reference(trade: Trade, leg: int, side: int, executions: Executions) -> float:
    """Return the price per share that a correction of a leg is measured from."""
    planned = leg_of(trade.plan, leg).price
    if side > 0:
        return planned
    opened = [
        one.fill
        for sent in trade.sent.values()
        if sent.intent.leg == leg and sent.intent.side > 0
        for one in executions.of((sent.order.ref,))
        if one.fill.contract
    ]
    quantity = math.fsum(fill.quantity for fill in opened)
    if not quantity:
        return planned
    return math.fsum(fill.quantity * fill.price for fill in opened) / quantity


def price(order: Order, measured_from: float, allowed: float, touch: float) -> float:
    """Return the limit of a correction, in the sense of `Order.limit`.

    At the touch where there is one and it is allowed, else as far as `allowed` goes. Never a sale
    for less than a cent.
    """
    sign = 1 if order.combo.legs[0][0] > 0 else -1
    room = allowed / (abs(order.lots) * order.multiplier)
    if sign > 0:
        most = measured_from + room
        return round_down(min(touch, most) if touch == touch else most, CENT)
    least = max(measured_from - room, CENT)
    wanted = max(touch, least) if touch == touch else least
    return round_down(-wanted, CENT)


def intent_of(
    trade: Trade, order: Order, leg: int, side: int, lots: int, left: float,
    quotes: Quotes, executions: Executions, *, is_last: bool,
) -> Intent:  # fmt: skip
    """Return the intent of a correction that may lose `left`; the last attempt uses all of it."""
    contract = order.combo.legs[0][1]
    sign = 1 if order.combo.legs[0][0] > 0 else -1
    start = reference(trade, leg, side, executions)
    allowed = max(0.0, left)
    touch = math.nan if is_last else quotes(contract, sign)
    limit = price(order, start, allowed, touch)
    attempt = trade.next_attempt(leg)
    sized = Order(
        order.ref, order.account, order.combo, order.lots, limit, order.tif, order.multiplier
    )
    return Intent(sized, trade.id, leg, attempt, side, lots, start, allowed)
