"""Which distributions of a source are believed to be ordinary dividends.

A file of adjustment factors knows how much a share lost on a day, not why. A spin-off looks like a
large dividend there, and if it is counted as one every conversion seems to lock its amount; in
truth the contracts are adjusted and nothing is locked. Two things tell: how large it is for the
name, and what the chain itself says, since its calls and puts would be apart by it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from engine.market.calendar import calendar_named
from engine.market.carry import PROJECTED, SPIN_OFF, UNKNOWN, Carry, Dividend
from engine.market.chain import OptionChain

# A quarter's dividend is rarely more, and if it is, the others of the name are like it.
LARGE = 0.025
TIMES_THE_USUAL = 3.0
# Of strikes around the spot, in which the parity of an expiry is read.
_STRIKES = 5
# What the chain shows of a dividend must be less than this part of it to contradict it, and be
# known better than the other part.
_SHOWN, _BLURRED = 0.35, 0.25


def is_large_for(fraction: float, others: Sequence[float]) -> bool:
    """Return whether a distribution of `fraction` of the price stands out from the `others`.

    >>> is_large_for(0.046, [0.003, 0.0035, 0.004]), is_large_for(0.03, [0.03, 0.028])
    (True, False)
    """
    usual = median([other for other in others if other > 0.0] or [0.0])
    return fraction > LARGE and fraction > TIMES_THE_USUAL * usual


def believed(chain: OptionChain, carry: Carry) -> Carry:
    """Return `carry` with its distributions as the chain's own put-call parity shows them.

    What parity contradicts is taken for a spin-off; what cannot be told apart stays as it is.
    O(dividends x expiries).
    """
    if not carry.dividends or not chain.quoting.has_carry:
        return carry
    # The largest first: once it is known for what it is, it clouds the others no more.
    for dividend in sorted(carry.dividends, key=lambda one: -one.amount):
        found = _checked(chain, carry, dividend)
        if found is not dividend:
            kept = tuple(found if one is dividend else one for one in carry.dividends)
            carry = replace(carry, dividends=kept)
    return carry


def _checked(chain: OptionChain, carry: Carry, dividend: Dividend) -> Dividend:
    if dividend.is_adjusted_for or not dividend.amount > 0.0:
        return dividend
    ex_ns = calendar_named(chain.calendar).open_ns(dividend.ex_date)
    before, after = math.nan, math.nan
    blur = 0.0
    for e, expiry in enumerate(chain.expiries):
        shown, spread = _paid_until(chain, carry, e, dividend)
        if shown != shown:
            continue
        if expiry.settles_ns < ex_ns:
            before, blur = shown, spread
        else:
            after, blur = shown, blur + spread
            break
    if after != after or blur > _BLURRED * dividend.amount:
        return dividend
    step = after - (before if before == before else 0.0)
    if step < _SHOWN * dividend.amount:
        return replace(dividend, status=PROJECTED, kind=SPIN_OFF)
    return dividend


def _paid_until(chain: OptionChain, carry: Carry, e: int, apart: Dividend) -> tuple[float, float]:
    """Return what parity says of the dividends until expiry `e`, and half its spread.

    The other dividends of `carry` are taken off. nan where the quotes do not say.
    """
    tau, spot = chain.tau(e), chain.underlying
    calendar = calendar_named(chain.calendar)
    discount = 0.5 * (carry.lend.discount(tau) + carry.borrow.discount(tau))
    pairs = []
    for row in chain.rows(e):
        put = chain.n_rows + row
        sides = (chain.bid[row], chain.ask[row], chain.bid[put], chain.ask[put])
        if min(sides) > 0.0 and sides[0] <= sides[1] and sides[2] <= sides[3]:
            strike = chain.strike[row]
            forward = 0.5 * (sides[0] + sides[1] - sides[2] - sides[3])
            spread = 0.5 * (sides[1] - sides[0] + sides[3] - sides[2])
            shown = spot.mid - strike * discount - forward
            pairs.append((abs(strike - spot.mid), shown, spread))
    nearest = [pair for pair in sorted(pairs) if pair[1] == pair[1]][:_STRIKES]
    if len(nearest) < 2:
        return math.nan, math.nan
    others = math.fsum(
        other.amount
        for other in carry.dividends
        if other is not apart
        and not other.is_adjusted_for
        and chain.ts_ns < calendar.open_ns(other.ex_date) <= chain.expiries[e].settles_ns
    )
    return median(pair[1] for pair in nearest) - others, median(pair[2] for pair in nearest)


def notes_of(chain: OptionChain, carry: Carry) -> tuple[str, ...]:
    """Return one note for each distribution that is not counted as an ordinary dividend."""
    notes = []
    for dividend in carry.dividends:
        if dividend.kind not in (SPIN_OFF, UNKNOWN):
            continue
        what = f"the distribution of {dividend.amount:g} of {chain.symbol} on {dividend.ex_date}"
        if dividend.kind == SPIN_OFF:
            why = (
                "is not in the prices of its own options, so it is taken for a spin-off, for "
                "which contracts are adjusted, and left out"
            )
        else:
            why = "is large for the name and may be a spin-off: paid in full, never received"
        notes.append(f"{what} {why} (--dividends says what it is)")
    return tuple(notes)
