"""The rows of a proof: every first move of the market, with what then follows, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from engine.scoring.claims import Position
from engine.scoring.game import Game, is_short
from engine.scoring.opportunity import State
from engine.scoring.settlement import Answer, Holdings, Settlement
from engine.scoring.timeline import AFTER_EXPIRY, DAY, EVE, EX, EXPIRY, NODE, TODAY, Moment

# More rows than this nobody reads.
MOST_ROWS = 60

_WHEN = {
    TODAY: "today",
    NODE: "on {}",
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
    holdings: Holdings = tuple(claim.quantity for claim in position.claims)
    stock = position.stock
    value = 0.0
    story: list[str] = []
    quiet: dict[tuple[int, ...], tuple[float, int]] = {}
    for i, moment in enumerate(game.moments):
        value += game.waiting(i, stock)
        if moment.kind == EXPIRY:
            for legs, (pv, k) in quiet.items():
                yield _first_move(game, k, holdings, stock, legs, story, pv)
            settlement = game.settlement(i, holdings, stock)
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
        if is_short(holdings):
            for legs in game.assignments(i, holdings):
                pv = value + game.answer(i, holdings, stock, legs).value
                if moment.kind != DAY:
                    yield _first_move(game, i, holdings, stock, legs, story, pv)
                elif legs not in quiet or pv < quiet[legs][0]:
                    quiet[legs] = pv, i
        else:
            answer = game.exercise(i, holdings, stock)
            if answer.exercised:
                story.append(f"exercised {_names(game, answer.exercised)} {_when(moment)}")
                holdings, stock = answer.holdings, answer.stock
                value += answer.value - game.reach(i + 1, holdings, stock)


def _first_move(
    game: Game,
    i: int,
    holdings: Holdings,
    stock: float,
    legs: tuple[int, ...],
    story: list[str],
    pv: float,
) -> State:
    """Return the state in which `legs` are assigned at moment `i`, before anything else."""
    answer = game.answer(i, holdings, stock, legs)
    first = _assigned(game, game.moments[i], legs, answer)
    then, spot = _follow(game, i + 1, answer.holdings, answer.stock)
    return State(", ".join([*story, first, *then]), spot, pv)


def grid(position: Position, settlement: Settlement, spot_now: float) -> list[float]:
    """Return the levels a table shows: the kinks, the middles between them, far above, and now."""
    kinks = settlement.levels()
    shown = set(kinks)
    shown.update(0.5 * (a + b) for a, b in pairwise(kinks))
    shown.add(2.0 * kinks[-1])
    if spot_now > 0.0:
        shown.add(1.0 / spot_now if position.is_inverse else spot_now)
    return sorted(shown) if settlement.lines else []


def _follow(game: Game, i: int, holdings: Holdings, stock: float) -> tuple[list[str], float]:
    """Return the worst continuation from moment `i` in words, and the spot where it ends."""
    told: list[str] = []
    spot = math.nan
    for k in range(i, len(game.moments)):
        moment = game.moments[k]
        if moment.kind == EXPIRY:
            settlement = game.settlement(k, holdings, stock)
            level = settlement.worst(settlement.levels())[0]
            spot = game.position.spot(level) if math.isnan(spot) else spot
            if level == math.inf:
                return [*told, "without limit"], spot
            told += _kept(game, k, settlement, level)
            answer = settlement.best_line(level).answer
            holdings, stock = answer.holdings, answer.stock
        elif is_short(holdings):
            worst = game.reach(k + 1, holdings, stock)
            for legs in game.assignments(k, holdings):
                answer = game.answer(k, holdings, stock, legs)
                if answer.value < worst:
                    worst, chosen, reply = answer.value, legs, answer
            if worst < game.reach(k + 1, holdings, stock):
                told.append(_assigned(game, moment, chosen, reply))
                holdings, stock = reply.holdings, reply.stock
        else:
            answer = game.exercise(k, holdings, stock)
            if answer.exercised:
                told.append(f"exercised {_names(game, answer.exercised)} {_when(moment)}")
            holdings, stock = answer.holdings, answer.stock
    return told, spot


def _assigned(game: Game, moment: Moment, legs: tuple[int, ...], answer: Answer) -> str:
    words = f"short {_names(game, legs)} assigned {_when(moment)}"
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
    if answer.stock == 0.0:
        return []
    asset = "dollars" if game.position.is_inverse else "stock"
    return [f"then {'long' if answer.stock > 0 else 'short'} {abs(answer.stock):g} {asset}"]


def _names(game: Game, legs: tuple[int, ...]) -> str:
    return " and ".join(game.position.claims[k].name for k in legs)


def _when(moment: Moment) -> str:
    return _WHEN[moment.kind].format(moment.day)
