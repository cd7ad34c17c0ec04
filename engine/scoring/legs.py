"""From a candidate row to legs a person can read and a verifier can price."""

from __future__ import annotations

import math

from engine.config import FAMILIES
from engine.market.chain import OptionChain
from engine.scoring.opportunity import FUTURE, OPTION, STOCK, Leg
from engine.strategies.candidates import Columns
from engine.strategies.view import View


def family_of(table: Columns, row: int) -> str:
    """Return the family name of a candidate."""
    return FAMILIES[table.family[row]]


def legs_of(view: View, table: Columns, row: int) -> tuple[Leg, ...]:
    """Return the legs of a candidate: options as found, then stock or the coin's future."""
    legs = [option_leg(view, quote, ratio) for quote, ratio in table.legs(row)]
    stock = table.stock[row]
    if view.chain.is_inverse:
        future = _future_leg(view, family_of(table, row), legs, stock)
        return tuple(legs) if future is None else (*legs, future)
    if stock:
        legs.append(stock_leg(view, stock))
    return tuple(legs)


def option_leg(view: View, quote: int, ratio: int) -> Leg:
    """Return the leg that trades `ratio` contracts (negative sells) of a quote."""
    chain = view.chain
    row = chain.row_of(quote)
    expiry = chain.expiries[chain.expiry_of(row)]
    buys = ratio > 0
    price = chain.ask[quote] if buys else chain.bid[quote]
    fee = view.pay[quote] - price if buys else price - view.receive[quote]
    return Leg(
        kind=OPTION, side=1 if buys else -1, ratio=abs(ratio), price=price, fee=fee,
        right=chain.right_of(quote), strike=chain.strike[row], expiry=expiry.date,
        settles_ns=expiry.settles_ns, bid=chain.bid[quote], ask=chain.ask[quote],
        size=(chain.ask_size if buys else chain.bid_size)[quote],
        age=(chain.ask_age if buys else chain.bid_age)[quote], quote=quote,
    )  # fmt: skip


def stock_leg(view: View, stock: int) -> Leg:
    """Return the stock leg of `stock` multiples of the multiplier; its size is in contracts."""
    spot = view.chain.underlying
    buys = stock > 0
    price = spot.ask if buys else spot.bid
    size = spot.ask_size if buys else spot.bid_size
    return Leg(
        kind=STOCK, side=1 if buys else -1, ratio=abs(stock), price=price,
        fee=view.fees.stock_fee(price), bid=spot.bid, ask=spot.ask,
        size=size / view.chain.multiplier, age=spot.ask_age if buys else spot.bid_age,
    )  # fmt: skip


def _future_leg(view: View, family: str, legs: list[Leg], stock: int) -> Leg | None:
    """Return the inverse future that fixes what a strike is worth in coins."""
    if family == "box":
        strikes = sorted({leg.strike for leg in legs})
        is_long = any(
            leg.right == "C" and leg.strike == strikes[0] and leg.side > 0 for leg in legs
        )
        side, notional = (1, strikes[1] - strikes[0]) if is_long else (-1, strikes[1] - strikes[0])
    elif stock:
        side, notional = stock, legs[0].strike
    else:
        return None
    chain = view.chain
    expiry = chain.expiry_of(chain.row_of(legs[0].quote))
    price = (chain.forward_ask if side > 0 else chain.forward_bid)[expiry]
    return Leg(
        kind=FUTURE, side=side, ratio=1, price=price, expiry=legs[0].expiry,
        settles_ns=legs[0].settles_ns, bid=chain.forward_bid[expiry],
        ask=chain.forward_ask[expiry], notional=notional,
    )  # fmt: skip


def cost(legs: tuple[Leg, ...], unit: int) -> float:
    """Return what the legs cost per share, fees included (a future costs nothing today)."""
    total = 0.0
    for leg in legs:
        if leg.kind != FUTURE:
            total += leg.ratio * (leg.side * leg.price + leg.fee)
    return total / unit


def strike_spacing(chain: OptionChain, legs: tuple[Leg, ...]) -> tuple[float, float]:
    """Return the lowest and the highest strike of the option legs (nan, nan without any)."""
    strikes = [leg.strike for leg in legs if leg.kind == OPTION]
    return (min(strikes), max(strikes)) if strikes else (math.nan, math.nan)
