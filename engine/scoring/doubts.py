"""What makes a found position doubtful although every gate let it pass: shown, and never locked.

An edge beyond a twentieth of the price of the underlying is a fault of the data in nearly every
case. A position in a share whose dividends are not known may owe one to whoever holds its calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from engine.config import ScanSettings
from engine.market.calendar import calendar_named
from engine.market.carry import SPECIAL, SPIN_OFF, Carry
from engine.market.chain import EQUITY, OptionChain
from engine.market.combo import Leg
from engine.market.contract import OPTION, STOCK
from engine.scoring.opportunity import Opportunity

IMPLAUSIBLE = "implausible"
DIVIDENDS = "dividends-unknown"
# The demo exchange plants edges of any size, and labels each: there is nothing to doubt.
SIMULATED = "demo"
# Of the price of the underlying.
MOST_EDGE = 0.05
TEXT = {
    IMPLAUSIBLE: "every quote is right, although the edge is more than 5 % of the price of the "
    "underlying",
    DIVIDENDS: "no dividend is paid, although nobody says so",
}
"""What each of these conditions says in full."""

_FLAGS = {SPECIAL: "special-dividend", SPIN_OFF: "spin-off"}
# So many of the rows have a quote in common before it is called the one they share.
_NEARLY_ALL = 0.9


def doubts(
    chain: OptionChain, legs: tuple[Leg, ...], edge: float, settings: ScanSettings
) -> list[str]:
    """Return the conditions under which alone a position is what it seems. O(legs)."""
    found = []
    if chain.source != SIMULATED and edge > MOST_EDGE * _price(chain, legs):
        found.append(IMPLAUSIBLE)
    if not settings.knows_dividends and _may_owe_dividends(chain, legs):
        found.append(DIVIDENDS)
    return found


def _price(chain: OptionChain, legs: tuple[Leg, ...]) -> float:
    middle = chain.underlying.mid
    if not middle > 0.0:
        middle = max((leg.strike for leg in legs if leg.kind == OPTION), default=0.0)
    return chain.quoting.spot(middle)


def _may_owe_dividends(chain: OptionChain, legs: tuple[Leg, ...]) -> bool:
    """Return whether a dividend could cost an American position something.

    It is owed on short stock, and through a sold call that is assigned on the eve where no stock
    is held against it; between two expiries stock may be short. A sold put brings stock, which
    only receives.
    """
    if chain.is_european or chain.underlying.kind != EQUITY or not chain.quoting.has_carry:
        return False
    held = sum(int(leg.side * leg.ratio) for leg in legs if leg.kind == STOCK)
    sold = sum(
        int(leg.ratio) for leg in legs if leg.kind == OPTION and leg.right == "C" and leg.side < 0
    )
    expiries = {leg.expiry for leg in legs if leg.kind == OPTION}
    return held < 0 or sold > max(held, 0) or len(expiries) > 1


def adjustment_flags(chain: OptionChain, legs: tuple[Leg, ...], carry: Carry) -> list[str]:
    """Return the names of distributions within a position's life that adjust its contracts."""
    last = max((leg.expiry for leg in legs if leg.expiry is not None), default=date.min)
    first = _day(chain)
    kinds = {one.kind for one in carry.dividends if first < one.ex_date <= last}
    return [_FLAGS[kind] for kind in (SPECIAL, SPIN_OFF) if kind in kinds]


def _day(chain: OptionChain) -> date:
    return calendar_named(chain.calendar).session_date(chain.ts_ns)


def shared_fault(found: Iterable[Opportunity]) -> str:
    """Return a sentence that names what all the implausible rows of `found` share, or ""."""
    rows = [one for one in found if IMPLAUSIBLE in one.conditions]
    if not rows:
        return ""
    share = f"{len(rows)} rows have edges" if len(rows) > 1 else "one row has an edge"
    head = f"{share} beyond {MOST_EDGE:.0%} of the price of {rows[0].symbol}"
    quotes = _shared([[_words(leg) for leg in _options(one)] for one in rows])
    if quotes:
        return f"{head}, and every one uses {' and '.join(quotes)}: is that quote right?"
    strikes = _shared(
        [[f"{leg.strike:g} of {leg.expiry}" for leg in _options(one)] for one in rows]
    )
    if strikes:
        return f"{head}, and every one uses strike {strikes[0]}: are its quotes right?"
    expiries = _shared([[f"{leg.expiry}" for leg in _options(one)] for one in rows])
    if expiries and len(rows) > 1:
        return f"{head}, all of the expiry {expiries[0]}: is it the right one?"
    return f"{head}: are strikes, prices and the underlying's price in one unit and of one time?"


def _options(one: Opportunity) -> list[Leg]:
    return [leg for leg in one.legs if leg.kind == OPTION]


def _words(leg: Leg) -> str:
    side = f"ask {leg.ask:g}" if leg.side > 0 else f"bid {leg.bid:g}"
    return f"the {side} of {leg.right} {leg.strike:g} {leg.expiry}"


def _shared(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return what (nearly) every row has, the most common first, at most two."""
    counts = Counter(name for row in rows for name in dict.fromkeys(row))
    least = max(1.0, _NEARLY_ALL * len(rows))
    found = [name for name, count in counts.most_common() if count >= least]
    return found[:2] if len(rows) > 1 else found[:4]
