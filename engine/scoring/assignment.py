"""Which sold options are about to be assigned because their holders gain by it."""

from __future__ import annotations

import math

from engine.clock import years_between
from engine.market.calendar import calendar_named
from engine.market.carry import Carry
from engine.market.combo import Leg
from engine.strategies.view import View

# The share of the holder's break-even at which the alarm is raised.
ALARM = 0.8


def is_assignment_due(view: View, leg: Leg, carry: Carry) -> bool:
    """Return whether a sold option in the money comes near what makes its holder exercise.

    A call is exercised on the eve of an ex-date for a dividend above ``P + K (1 - exp(-r h))``, h
    the years left then. A put is exercised for interest ``K (1 - exp(-r h))`` above the call and
    the present value of the dividends still to come: now, or once an ex-date has passed. Options
    are taken at today's bid. Source: SCANNER section 7.
    """
    chain = view.chain
    row = chain.row_of(leg.quote)
    tau = chain.tau(chain.expiry_of(row))
    calendar = calendar_named(chain.calendar)
    dated = (
        (years_between(chain.ts_ns, calendar.open_ns(one.ex_date)), one) for one in carry.dividends
    )
    dividends = [(ex, one) for ex, one in dated if 0.0 < ex <= tau]
    other = chain.bid[chain.quote_index(row, "P" if leg.right == "C" else "C")]
    given_up = other if other > 0.0 else 0.0

    def threshold(option: float, left: float) -> float:
        rate = carry.lend.rate(left)
        return float(view.backend.scoring.exercise_threshold(option, leg.strike, rate, left))

    if leg.right == "C":
        return leg.strike < chain.underlying.mid and any(
            one.amount > ALARM * threshold(given_up, tau - ex) for ex, one in dividends
        )
    if leg.strike <= chain.underlying.mid:
        return False
    for start in (0.0, *(ex for ex, _ in dividends)):
        paid = math.fsum(
            one.amount * carry.lend.discount(ex) for ex, one in dividends if ex > start
        )
        if threshold(0.0, tau - start) > ALARM * (given_up + paid / carry.lend.discount(start)):
            return True
    return False
