"""From a candidate row to legs a person can read and a verifier can price."""

from __future__ import annotations

from engine.config import family_name
from engine.market.chain import FutureBook, OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.strategies.candidates import Columns
from engine.strategies.registry import family_named
from engine.strategies.view import View


def family_of(table: Columns, row: int) -> str:
    """Return the family name of a candidate."""
    return family_name(table.family[row])


def legs_of(view: View, table: Columns, row: int) -> tuple[Leg, ...]:
    """Return the legs of a candidate: options as found, then stock or the coin's future."""
    legs = [option_leg(view, quote, ratio) for quote, ratio in table.legs(row)]
    stock = table.stock[row]
    if view.chain.quoting.hedge == FUTURE:
        found = future_of(view.chain, table, row)
        return tuple(legs) if found is None else (*legs, future_leg(view.chain, *found))
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
        trading_class=expiry.trading_class or chain.symbol,
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


def future_of(chain: OptionChain, table: Columns, row: int) -> tuple[int, int, float] | None:
    """Return expiry, side and notional of the inverse future in a candidate, None without one.

    It fixes what a strike is worth in coins: in a box its width, beside a coin its strike.
    """
    legs, stock = table.legs(row), table.stock[row]
    options = [(chain.strike[chain.row_of(quote)], quote, ratio) for quote, ratio in legs]
    side, notional = stock, options[0][0]
    if family_named(family_of(table, row)).fixes_width:
        low, high = min(options)[0], max(options)[0]
        side = -1
        if any(k == low and chain.right_of(q) == "C" and ratio > 0 for k, q, ratio in options):
            side = 1
        notional = high - low
    if not side:
        return None
    return chain.expiry_of(chain.row_of(legs[0][0])), side, notional


def future_leg(chain: OptionChain, e: int, side: int, notional: float) -> Leg:
    """Return the leg of `future_of`; its size is in packages."""
    book = chain.futures[e] if chain.futures else FutureBook()
    price = (chain.forward_ask if side > 0 else chain.forward_bid)[e]
    size = book.ask_size if side > 0 else book.bid_size
    return Leg(
        kind=FUTURE, side=side, ratio=1, price=price, expiry=chain.expiries[e].date,
        settles_ns=chain.expiries[e].settles_ns, bid=chain.forward_bid[e],
        ask=chain.forward_ask[e], notional=notional,
        size=size * price / (notional * chain.multiplier),
        age=book.ask_age if side > 0 else book.bid_age,
    )  # fmt: skip


def future_book(chain: OptionChain, settles_ns: int) -> FutureBook:
    """Return what is known of the future that settles then; nothing where none is given."""
    for expiry, book in zip(chain.expiries, chain.futures, strict=False):
        if expiry.settles_ns == settles_ns:
            return book
    return FutureBook()
