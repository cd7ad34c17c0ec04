"""The proof of an opportunity: its worst outcome, found by brute force from its legs alone.

This shares no code with the kernels, the strategies or the terms they use; a family's edge and
this minimum agree because both are right, or the opportunity is a mismatch and is not shown.
docs/adr/0003-verifier.md states the rules; `game` plays them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.combo import Leg
from engine.proof.claims import Position, misquoted, position_of, recompute_cost
from engine.proof.game import Game
from engine.proof.settlement import Answer, Line, Settlement
from engine.proof.state_table import MOST_ROWS, grid, state_rows
from engine.proof.states import Proof, State
from engine.proof.timeline import Moment, timeline

__all__ = ["TOLERANCE", "recompute_cost", "reproduces", "verify"]

# Per share; what rounding may take from a sum of a few dozen terms, and where these are large, of
# the largest: a share of 600,000 dollars rounds in the tenth decimal.
TOLERANCE = 1e-9
RELATIVE_TOLERANCE = 1e-12


def verify(
    chain: OptionChain,
    legs: tuple[Leg, ...],
    unit: int,
    carry: Carry,
    *,
    count_projected: bool,
    may_carry: bool = False,
) -> Proof:
    """Return the least present value per share of `legs` over every state, prices and fees paid.

    Parameters
    ----------
    unit
        Shares (of the multiplier) the result is per: 1, or the short contracts of a butterfly.
    count_projected
        Whether projected dividends count when received; when paid they always do.
    may_carry
        Whether stock that an early assignment leaves bought or sold short may stay so, at its
        carry; a condition, so never for LOCKED. Without it, it is closed the next morning.

    Returns
    -------
    Proof
        `minimum` is -inf where losses have no limit, and where a leg is not to be had on `chain`
        at its price. `states` holds the worst row of each (event, spot), at most 60.

    Raises
    ------
    ValueError
        If the legs make no position: none that settles, an unknown kind, `unit` below 1.

    Notes
    -----
    O(moments x ways in which legs can be gone x strikes), moments being today, two per ex-date,
    one per rate node and one per expiry; one settlement of O(strikes x legs) for a European
    position of one expiry.
    """
    if unit < 1:
        raise ValueError(f"unit {unit!r} is not a positive count of shares")
    wrong = misquoted(chain, legs)
    if wrong:
        return Proof(-math.inf, (State(wrong, math.nan, -math.inf),), 1)
    position = position_of(chain, legs)
    if not position.settles_ns:
        raise ValueError("no leg settles: a position needs an option or a future")
    is_early = not chain.is_european
    is_tradable = chain.underlying.is_tradable
    is_certain = is_tradable and not is_early and _is_certain(position)
    moments = timeline(
        chain, position, carry,
        count_projected=count_projected, is_early=is_early, is_certain=is_certain,
    )  # fmt: skip
    game = Game(position, moments, is_tradable, is_early, may_carry)
    now = chain.underlying.mid
    rows = _certain_rows(game, now) if is_certain else state_rows(game, now)
    return replace(_proof(rows, position.cost, unit, game), scale=_scale(position, carry) / unit)


def reproduces(edge: float, proof: Proof) -> bool:
    """Return whether `proof` bears out `edge`: the minimum is no less, but for rounding."""
    return proof.minimum >= edge - max(TOLERANCE, RELATIVE_TOLERANCE * proof.scale)


def _scale(position: Position, carry: Carry) -> float:
    """Return the largest amount that is added up, per package."""
    amounts = [abs(position.cost)]
    amounts += [claim.strike * abs(claim.quantity) for claim in position.claims]
    held = max([abs(position.stock), *(abs(claim.quantity) for claim in position.claims)])
    amounts += [held * dividend.amount for dividend in carry.dividends]
    return max(amounts)


def _proof(rows: Iterable[State], cost: float, unit: int, game: Game) -> Proof:
    worst: dict[tuple[str, float], float] = {}
    for row in rows:
        key = (row.event, row.spot)
        pv = (row.pv - cost) / unit
        if not pv >= worst.get(key, math.inf):
            worst[key] = pv
    states = [State(event, spot, pv) for (event, spot), pv in worst.items()]
    states.sort(key=lambda state: (state.pv, state.event, state.spot))
    best = states[-1].pv
    return Proof(states[0].pv, tuple(states[:MOST_ROWS]), game.tried, best=best)


def _is_certain(position: Position) -> bool:
    """Return whether every call has its put: forwards of several dates, whose flows are known."""
    if len(position.settles_ns) < 2 or position.forwards:
        return False
    pairs: dict[tuple[int, float], float] = {}
    for claim in position.claims:
        key = (claim.series, claim.strike)
        pairs[key] = pairs.get(key, 0.0) + claim.quantity
    return all(total == 0.0 for total in pairs.values())


def _certain_rows(game: Game, spot_now: float) -> Iterator[State]:
    """Yield the states of forwards that deliver and receive the asset at several settlements.

    The asset is kept between them, so each net flow is the same at every level: it is known
    today, and each is valued at today's rates for its own date.
    """
    position, stock = game.position, game.position.stock
    holdings = tuple(claim.quantity for claim in position.claims)
    flows: list[tuple[Moment, Settlement, str]] = []
    total, least = 0.0, []
    for i, moment in enumerate(game.moments):
        total += game.waiting(i, stock)
        is_last = i + 1 == len(game.moments)
        delivered = math.fsum(
            claim.quantity for claim in position.claims
            if claim.series == moment.series and claim.right > 0
        )  # fmt: skip
        kept = 0.0 if is_last else stock + delivered
        line = Line(0.0, stock - kept, Answer(0.0, game.held((), kept)))
        settlement = Settlement.of(position, moment.series, holdings, (line,))
        event = f"expiry {moment.day}"
        if kept:
            event += f", then {'long' if kept > 0 else 'short'} {abs(kept):g} stock"
        flows.append((moment, settlement, event))
        least.append(moment.present(settlement.worst(settlement.levels())[1]))
        stock = kept
    total += math.fsum(least)
    for (moment, settlement, event), worst in zip(flows, least, strict=True):
        if worst == -math.inf:
            yield State(f"{event}, without limit", position.spot(math.inf), worst)
            continue
        for level in grid(position, settlement, spot_now):
            game.tried += 1
            pv = total - worst + moment.present(settlement.amount(level))
            yield State(event, position.spot(level), pv)
