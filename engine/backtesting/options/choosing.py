"""From a rule to contracts: the expiry and the strikes of a chain that an entry asks for."""

from __future__ import annotations

from engine.backtesting.options.entries import (
    ATM,
    DELTA,
    OFFSET,
    STRIKE,
    Days,
    EntryRule,
    StrikeChoice,
)
from engine.backtesting.options.package import stock_of
from engine.backtesting.options.sight import Sight
from engine.market.combo import Combo
from engine.market.contract import Contract

# A strike whose delta is further away than this is not what was asked for.
DELTA_REACH = 0.10
# So many strikes with the nearest European deltas are valued with early exercise.
_REFINED = 3


def choose(rule: EntryRule, sight: Sight) -> Combo | str:
    """Return the combo that `rule` asks for in a chain, else why there is none."""
    expiries: dict[Days, int] = {}
    legs: list[tuple[int, Contract]] = []
    before = -1.0
    for leg in rule.legs:
        if not leg.right:
            legs.append((leg.ratio, stock_of(sight.chain.symbol)))
            continue
        if leg.days not in expiries:
            expiries[leg.days] = sight.expiry_near(*leg.days)
        e = expiries[leg.days]
        if e < 0:
            return f"no expiry within {leg.days.least:g} to {leg.days.most:g} days"
        row = strike_row(sight, e, leg.right, leg.strike, before)
        if row < 0:
            return "no strike as asked for"
        before = sight.chain.strike[row]
        legs.append((leg.ratio, sight.board.listed(row, leg.right).contract))
    if len({contract for _, contract in legs}) < len(legs):
        return "two legs are the same contract"
    return Combo(sight.chain.symbol, tuple(sorted(legs, key=lambda leg: (leg[1].name, leg[0]))))


def strike_row(sight: Sight, e: int, right: str, choice: StrikeChoice, before: float) -> int:
    """Return the row of expiry `e` that `choice` means, -1 if none; `before` is the last strike."""
    chain = sight.chain
    rows, spot = chain.rows(e), chain.underlying.mid
    if choice.kind == DELTA:
        return delta_row(sight, e, right, choice.number)
    if choice.kind == STRIKE:
        return sight.board.row(e, choice.number)
    if choice.kind == OFFSET:
        step = choice.number
        beyond = [row for row in rows if step * (chain.strike[row] - before) > 0.0]
        if step == 0.0:
            return sight.board.row(e, before)
        wanted, reach = before + step, 0.5 * abs(step)
        near = [row for row in beyond if abs(chain.strike[row] - wanted) <= reach]
    else:
        wanted = spot if choice.kind == ATM else spot * (1.0 + choice.number)
        near = list(rows) if wanted == wanted else []
    return min(near, key=lambda row: (abs(chain.strike[row] - wanted), row), default=-1)


def delta_row(sight: Sight, e: int, right: str, wanted: float) -> int:
    """Return the row whose option has the delta nearest to `wanted`, its sign aside; -1 for none.

    Only options quoted on both sides count. Those nearest by the European delta are valued again
    with early exercise where it matters.
    """
    chain = sight.chain
    found = []
    for row in chain.rows(e):
        q = chain.quote_index(row, right)
        if 0.0 < chain.bid[q] <= chain.ask[q]:
            delta = sight.plain_delta(q)
            if delta == delta:
                found.append((abs(abs(delta) - wanted), row))
    refined = []
    for _, row in sorted(found)[:_REFINED]:
        delta = sight.delta(chain.quote_index(row, right))
        if delta == delta:
            refined.append((abs(abs(delta) - wanted), row))
    distance, row = min(refined, default=(1.0, -1))
    return row if distance <= DELTA_REACH else -1
