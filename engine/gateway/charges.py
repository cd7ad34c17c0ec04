"""Commissions: per contract and share, with a minimum for each contract of an order."""

from __future__ import annotations

from engine.gateway.listing import Instrument
from engine.gateway.order import Order
from engine.market.fees import FeeSchedule


def charge(fees: FeeSchedule, order: Order, row: Instrument, quantity: int, price: float) -> float:
    """Return what is due for a fill; what a minimum asks is due with the first of them."""
    if row.right:
        fee = fees.option_fee(price, row.multiplier) * row.multiplier
        due, least = fee * quantity, fees.order_minimum
    else:
        due, least = fees.stock_fee(price) * quantity, fees.stock_minimum
    earned, paid = order.fees.get(row.index, (0.0, 0.0))
    earned += due
    now = max(earned, least) - paid
    order.fees[row.index] = (earned, paid + now)
    return round(now, 6)
