"""The rows of a proof: every first move of the market, with what then follows, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from engine.proof.claims import Position
from engine.proof.game import Game
from engine.proof.holdings import Assigned, Held, Told
from engine.proof.settlement import Answer, Settlement
from engine.proof.states import State
from engine.proof.timeline import AFTER_EXPIRY, DAY, EVE, EX, EXPIRY, TODAY, Moment

# The table is cut after this many rows.
MOST_ROWS = 60

_WHEN = {
    TODAY: "today",
    DAY: "on {}",
    EVE: "on the eve of {}",
    EX: "on ex-date {}",
    AFTER_EXPIRY: "after expiry {}",
}


def state_rows(game: Game, spot_now: float) -> Iterator[State]:
    """Yield the states of `game`, present values per package before its cost.

    Nothing may be assigned until the first settlement: then a row for each of its levels. Or a
    set of legs is assigned first at some moment: a row with the worst that follows. Of the days
    on which nothing else happens, each set of legs has a row for the worst one only.
    """
    position = game.position
    held = game.held(tuple(claim.quantity for claim in position.claims), position.stock)
    value = 0.0
    story: list[str] = []
    quiet: dict[Assigned, tuple[float, int]] = {}
    for i, moment in enumerate(game.moments):
        value += game.waiting(i, held.stock)
        if moment.kind == EXPIRY:
            for legs, (pv, k) in quiet.items():
                yield _first_move(game, k, held, legs, story, pv)
            settlement = game.settlement(i, held)
            for level in grid(position, settlement, spot_now):
                kept = _kept(game, i, settlement, level)
                event = ", ".join([*story, f"expiry {moment.day}", *kept])
                game.tried += 1
                pv = value + moment.present(settlement.amount(level))
                yield State(event, position.spot(level), pv)
            if settlement.falls_without_limit():
                event = ", ".join([*story, f"expiry {moment.day}", "without limit"])
                yield State(event, position.spot(math.inf), -math.inf)
            return
        if held.is_short:
            for legs in game.assignments(i, held):
                pv = value + game.answer(i, held, legs).value
                if moment.kind != DAY:
                    yield _first_move(game, i, held, legs, story, pv)
                elif legs not in quiet or pv < quiet[legs][0]:
                    quiet[legs] = pv, i
        else:
            answer = game.exercise(i, held)
            if answer.exercised:
                story.append(f"exercised {_names(game, answer.exercised)} {_when(moment)}")
                held = answer.held
                value += answer.value - game.reach(i + 1, held)


def _first_move(
    game: Game, i: int, held: Held, legs: Assigned, story: list[str], pv: float
) -> State:
    """Return the state in which `legs` are assigned at moment `i`, before anything else."""
    answer = game.answer(i, held, legs)
    first = _assigned(game, game.moments[i], held, legs, answer)
    then, spot = _follow(game, i + 1, answer.held)
    return State(", ".join([*story, first, *then]), spot, pv)


def grid(position: Position, settlement: Settlement, spot_now: float) -> list[float]:
    """Return the levels a table shows: the kinks, the middles between them, far above, and now."""
    kinks = settlement.levels()
    shown = set(kinks)
    shown.update(0.5 * (a + b) for a, b in pairwise(kinks))
    shown.add(2.0 * kinks[-1])
    if spot_now > 0.0:
        shown.add(position.level(spot_now))
    return sorted(shown) if settlement.lines else []


def _follow(game: Game, i: int, held: Held) -> Told:
    """Return the worst continuation from moment `i` in words, and the spot where it ends.

    Different first moves come to hold the same: what is told once is kept.
    """
    passed: list[tuple[int, Held, list[str], float]] = []
    told: Told = (), math.nan
    for k in range(i, len(game.moments)):
        if k in held.told:
            told = held.told[k]
            break
        words, spot, following = _next(game, k, held)
        passed.append((k, held, words, spot))
        if following is None:
            break
        held = following
    for k, held, words, spot in reversed(passed):
        if words or not math.isnan(spot):
            told = (*words, *told[0]), told[1] if math.isnan(spot) else spot
        held.told[k] = told
    return told


def _next(game: Game, k: int, held: Held) -> tuple[list[str], float, Held | None]:
    """Return moment `k` of the worst continuation: in words, where it settles, what is held then.

    Nothing is held after a fall without limit.
    """
    moment = game.moments[k]
    if moment.kind == EXPIRY:
        settlement = game.settlement(k, held)
        level = settlement.worst(settlement.levels())[0]
        spot = game.position.spot(level)
        if level == math.inf:
            return ["without limit"], spot, None
        return _kept(game, k, settlement, level), spot, settlement.best_line(level).answer.held
    if held.is_short:
        waits = worst = game.reach(k + 1, held)
        for legs in game.assignments(k, held):
            answer = game.answer(k, held, legs)
            if answer.value < worst:
                worst, chosen, reply = answer.value, legs, answer
        if worst < waits:
            return [_assigned(game, moment, held, chosen, reply)], math.nan, reply.held
        return [], math.nan, held
    answer = game.exercise(k, held)
    if not answer.exercised:
        return [], math.nan, answer.held
    words = [f"exercised {_names(game, answer.exercised)} {_when(moment)}"]
    return words, math.nan, answer.held


def _assigned(game: Game, moment: Moment, held: Held, legs: Assigned, answer: Answer) -> str:
    short = " and ".join(
        game.position.claims[k].name + ("" if -held.legs[k] == count else f" ({count:g} of them)")
        for k, count in legs
    )
    words = f"short {short} assigned {_when(moment)}"
    if answer.exercised:
        words += f", exercised {_names(game, answer.exercised)} late"
    return ", ".join([words, *_open(game, answer)])


def _kept(game: Game, i: int, settlement: Settlement, level: float) -> list[str]:
    """Return in words what the holder exercises and keeps after settlement `i`."""
    if i + 1 == len(game.moments):
        return []
    answer = settlement.best_line(level).answer
    words = [f"exercised {_names(game, answer.exercised)}"] if answer.exercised else []
    return words + _open(game, answer)


def _open(game: Game, answer: Answer) -> list[str]:
    stock = answer.held.stock
    if stock == 0.0:
        return []
    asset = "stock" if game.position.quoting.is_linear else "dollars"
    return [f"then {'long' if stock > 0 else 'short'} {abs(stock):g} {asset}"]


def _names(game: Game, legs: tuple[int, ...]) -> str:
    return " and ".join(game.position.claims[k].name for k in legs)


def _when(moment: Moment) -> str:
    return _WHEN[moment.kind].format(moment.day)
