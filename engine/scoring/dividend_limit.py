"""Up to which dividend a position holds whose stock pays none that anybody knows of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from engine.market.calendar import calendar_named
from engine.market.carry import Carry, Dividend
from engine.market.chain import ChainBuilder, OptionChain
from engine.market.combo import OPTION, Leg
from engine.market.fees import FeeSchedule
from engine.market.terms import chain_terms
from engine.strategies.family import Facts, cost
from engine.strategies.registry import family_named

# As a fraction of the spot: what no ordinary dividend exceeds, and how finely the limit is found.
MOST = 0.5
_STEPS, _FINE = 12, 1e-4


def dividend_limit(
    chain: OptionChain,
    family: str,
    legs: tuple[Leg, ...],
    unit: int,
    carry: Carry,
    fees: FeeSchedule,
) -> float:
    """Return the largest single dividend, ex on whatever day, at which the edge is not negative.

    Of the days, the next session and the last before each expiry are tried, and the middle: what a
    dividend takes is discounted, so it takes most on one of the ends. inf where half the spot still
    does no harm; nan where the edge is negative without any. O(steps x expiries).
    """
    small = _alone(chain, legs)
    options = [leg for leg in legs if leg.kind == OPTION]
    order = [one.settles_ns for one in small.expiries]
    expiry = tuple(order.index(leg.settles_ns) for leg in options)
    paid = cost(legs, unit)
    kind = family_named(family)

    def edge(amount: float, day: date) -> float:
        dividend = Dividend(day, day, amount)
        terms = chain_terms(small, replace(carry, dividends=(*carry.dividends, dividend)), fees)
        facts = Facts(legs, unit, terms, small.is_european, small.quoting, expiry)
        return math.fsum(amount for _, amount in kind.worth(facts)) - paid

    most = MOST * chain.underlying.mid
    least = math.inf
    for day in _days(chain, options):
        if edge(0.0, day) < 0.0:
            return math.nan
        low, high = 0.0, min(least, most)
        if edge(high, day) >= 0.0:
            continue
        above, below = edge(0.0, day), edge(high, day)
        for _ in range(_STEPS):
            # The edge falls in straight pieces, ever faster: no chord ends beyond the limit.
            guess = low + (high - low) * above / (above - below)
            if high - low < _FINE or guess - low < 0.1 * _FINE:
                break
            here = edge(guess, day)
            if here >= 0.0:
                low, above = guess, here
            else:
                high, below = guess, here
        least = low
    return least


def _days(chain: OptionChain, options: Iterable[Leg]) -> list[date]:
    """Return ex-dates that matter most: the next session, the last of each expiry, the middle."""
    calendar = calendar_named(chain.calendar)
    today = calendar.session_date(chain.ts_ns)
    ends = sorted({leg.expiry for leg in options if leg.expiry is not None})
    first = today + timedelta(days=1)
    wanted = {first, *ends}
    if ends:
        wanted.add(today + (ends[-1] - today) // 2)
    return sorted(day for day in wanted if first <= day)


def _alone(chain: OptionChain, legs: tuple[Leg, ...]) -> OptionChain:
    """Return a chain of nothing but the options of some legs."""
    builder = ChainBuilder(chain.symbol, chain.ts_ns, chain.underlying)
    for leg in legs:
        if leg.kind == OPTION:
            e = chain.expiry_of(chain.row_of(leg.quote))
            builder.add(chain.expiries[e], leg.strike, leg.right, leg.bid, leg.ask)
    return builder.build(
        style=chain.style, multiplier=chain.multiplier, currency=chain.currency,
        quoting=chain.quoting, tick=chain.tick, calendar=chain.calendar,
    )  # fmt: skip
