"""What a chain's quotes say about carry: implied forward, implied borrow, box-implied rates.

Everything is before any gate, and all but your own forward before fees: a reading of the market,
not a trade. Parity holds for European options; on an American chain the right to exercise early is
in the prices, so the forward is read near the money only and the rates are upper bounds to be
taken with care (`CurvePoint.is_approximate`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.market.carry import Carry
from engine.market.chain import INDEX, Expiry, OptionChain
from engine.market.combo import FUTURE, STOCK, Leg
from engine.market.fees import FREE, FeeSchedule
from engine.market.terms import Terms, chain_terms
from engine.strategies.family import cost, no_rate
from engine.strategies.registry import family_named
from engine.strategies.view import View

NEAREST = 9  # strikes about the money from which a forward is read


@dataclass(frozen=True, slots=True)
class Parity:
    """One strike with both rights quoted on both sides: what its synthetic costs and brings."""

    strike: float
    cost: float
    credit: float

    @property
    def mid(self) -> float:
        """The middle of call less put."""
        return 0.5 * (self.cost + self.credit)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One expiry of the implied curves. nan wherever the quotes do not tell.

    Attributes
    ----------
    n_pairs
        Strikes with call and put quoted on both sides.
    forward_bid, forward_ask, forward
        Implied forward per share at settlement: the best of the synthetics about the money, and
        their middle. Bid above ask means they are not consistent (stale quotes, or an
        arbitrage): the middle is then the median over the strikes.
    carry_bid, carry_ask
        The forward that the underlying's quote, your rates, the dividends and the fees of the
        stock make.
    borrow_bid, borrow_ask
        Implied fee of short stock per year: below the first a reversal pays, above the second
        a conversion does (it earns the fee by lending the stock out). For an index it is
        the implied dividend yield.
    box_lend, box_borrow, box_mid
        Rate per year at which the best long box lends and the best short box borrows, and the
        median over the middles of all boxes.
    lend, borrow
        Your own rates for the term.
    """

    expiry: Expiry
    days: float
    n_pairs: int
    forward_bid: float
    forward_ask: float
    forward: float
    carry_bid: float
    carry_ask: float
    borrow_bid: float
    borrow_ask: float
    box_lend: float
    box_borrow: float
    box_mid: float
    lend: float
    borrow: float
    is_approximate: bool


def curves(chain: OptionChain, carry: Carry, fees: FeeSchedule = FREE) -> tuple[CurvePoint, ...]:
    """Return one point for each expiry of `chain`. O(strikes squared) for each.

    Projected dividends are counted in full: these are estimates, not promises. Of `fees` only
    those of the stock count, in what holding it makes of the forward.

    Source: Stoll 1969 (parity); van Binsbergen, Diamond and Grotteria 2022 (box rates, by
    regression; here the median of pairwise slopes).
    """
    terms = chain_terms(chain, carry, fees, count_projected=True)
    return tuple(_point(chain, carry, terms, e) for e in range(len(chain.expiries)))


def parities(chain: OptionChain, e: int) -> list[Parity]:
    """Return the strikes of expiry `e` whose four quotes are there and not crossed."""
    found = []
    for row in chain.rows(e):
        put = chain.n_rows + row
        call_bid, call_ask = chain.bid[row], chain.ask[row]
        put_bid, put_ask = chain.bid[put], chain.ask[put]
        if 0.0 < call_bid <= call_ask and 0.0 < put_bid <= put_ask:
            found.append(Parity(chain.strike[row], call_ask - put_bid, call_bid - put_ask))
    return found


def closing_fee(view: View, family: str, legs: tuple[Leg, ...]) -> float:
    """Return the yearly fee of short stock at which a reversal has no edge; nan for others.

    The least over the dates on which its strike may be paid, as listed in the terms. A reversal
    that stays in the quotes usually is this fee, known to those who quote.
    """
    is_short = any(leg.kind == STOCK and leg.side < 0 for leg in legs)
    # Of those that short stock only a reversal borrows at a rate.
    borrows = is_short and family_named(family).rate is not no_rate
    if not borrows or not view.chain.quoting.has_carry:
        return math.nan
    strike, bid, dates = legs[0].strike, view.chain.underlying.bid, view.terms.payments
    e = view.chain.expiry_of(view.chain.row_of(legs[0].quote))
    credit, least = -cost(legs, 1), math.inf
    for k in range(dates.first[e], dates.first[e + 1]):
        if dates.order[k] > 0.0:
            left = credit - dates.discount[k] * strike - dates.owed[k]
            least = min(least, left / (bid * dates.order[k]))
    return view.terms.stock_borrow[e] / (bid * view.terms.tau[e]) + least


def _point(chain: OptionChain, carry: Carry, terms: Terms, e: int) -> CurvePoint:
    tau = chain.tau(e)
    pairs = parities(chain, e)
    lend, borrow = carry.lend.discount(tau), carry.borrow.discount(tau)
    center = chain.underlying.mid
    if not center > 0.0 and pairs:
        center = min(pairs, key=lambda pair: abs(pair.mid)).strike
    near = sorted(pairs, key=lambda pair: abs(pair.strike - center))[:NEAREST]
    read = _forward if chain.quoting.is_linear else _coin_forward
    asks = [read(pair.strike, pair.cost, lend, borrow) for pair in near]
    bids = [read(pair.strike, pair.credit, lend, borrow) for pair in near]
    forward_bid, forward_ask = max(bids, default=math.nan), min(asks, default=math.nan)
    carry_bid, carry_ask = _carry_forward(chain, terms, e, lend, borrow)
    fees = (math.nan, math.nan)
    if chain.quoting.has_carry:
        spot = chain.underlying
        fees = (
            (spot.bid - terms.div_out[e] - lend * forward_ask) / (spot.bid * tau),
            (spot.ask - terms.div_in[e] - borrow * forward_bid) / (spot.ask * tau),
        )
        if spot.kind == INDEX and carry.index_yield:
            # The terms hold the yield you gave; what is implied is that plus what is left.
            fees = (fees[0] + carry.index_yield, fees[1] + carry.index_yield)
    future = chain.quoting.dollars(0.5 * (carry_bid + carry_ask))
    return CurvePoint(
        expiry=chain.expiries[e],
        days=tau * 365.0,
        n_pairs=len(pairs),
        forward_bid=forward_bid, forward_ask=forward_ask,
        forward=_middle(bids, asks),
        carry_bid=carry_bid, carry_ask=carry_ask,
        borrow_bid=fees[0], borrow_ask=fees[1],
        **_box_rates(pairs, tau, future),
        lend=carry.lend.rate(tau), borrow=carry.borrow.rate(tau),
        is_approximate=not chain.is_european,
    )  # fmt: skip


def _middle(bids: list[float], asks: list[float]) -> float:
    if not bids:
        return math.nan
    if max(bids) <= min(asks):
        return 0.5 * (max(bids) + min(asks))
    return _median([0.5 * (bid + ask) for bid, ask in zip(bids, asks, strict=True)])


def _median(numbers: list[float]) -> float:
    # The module `statistics` brings fractions and decimals with it.
    ordered, half = sorted(numbers), len(numbers) // 2
    if len(numbers) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2


def _forward(strike: float, cost: float, lend: float, borrow: float) -> float:
    """Return the forward at which a synthetic bought for `cost` (sold: its credit) is even."""
    return strike + cost / (borrow if cost > 0.0 else lend)


def _coin_forward(strike: float, cost: float, lend: float, borrow: float) -> float:
    """Return the same in dollars per coin from coin prices: ``C - P = D (1 - K / F)``."""
    left = 1.0 - cost / (borrow if cost > 0.0 else lend)
    return strike / left if left > 0.0 else math.inf


def _carry_forward(
    chain: OptionChain, terms: Terms, e: int, lend: float, borrow: float
) -> tuple[float, float]:
    if chain.quoting.hedge == FUTURE:
        if not chain.forward_bid:
            return math.nan, math.nan
        return chain.forward_bid[e], chain.forward_ask[e]
    held = terms.div_out[e] + terms.stock_borrow[e]
    return (
        (terms.stock_receive[e] - held) / lend,
        (terms.stock_pay[e] - terms.div_in[e]) / borrow,
    )


def _box_rates(pairs: list[Parity], tau: float, future: float) -> dict[str, float]:
    """Return the best rates of all boxes; `future` turns the width into what the box pays.

    A box is two synthetics: bought at K1, sold at K2. Its price per unit of width is a slope.
    """
    least, most = math.inf, -math.inf
    middles = []
    for i, low in enumerate(pairs):
        for high in pairs[i + 1 :]:
            width = (high.strike - low.strike) / future
            least = min(least, (low.cost - high.credit) / width)
            most = max(most, (low.credit - high.cost) / width)
            middles.append((low.mid - high.mid) / width)
    return {
        "box_lend": _rate(least, tau) if middles else math.nan,
        "box_borrow": _rate(most, tau) if middles else math.nan,
        "box_mid": _rate(_median(middles), tau) if middles else math.nan,
    }


def _rate(price: float, tau: float) -> float:
    """Return the rate at which `price` grows to 1; inf when it costs nothing."""
    return -math.log(price) / tau if price > 0.0 else math.inf
