"""The ranking of a candidate table in columns; objects are made of the rows that are shown."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.config import ScanSettings, family_code
from engine.market.chain import FutureBook, OptionChain
from engine.scoring.capital import forward_price, may_leave_stock
from engine.scoring.gating import Gated
from engine.scoring.profiles import ARBITRAGE, composite
from engine.scoring.proposal import Ranked, afford, passed
from engine.strategies.candidates import N_LEGS, Columns
from engine.strategies.family import Family
from engine.strategies.margins import no_margin, stock_margin
from engine.strategies.registry import REGISTRY
from engine.strategies.view import View
from kernels_pure import capital as margins
from kernels_pure import rank as slots


@dataclass(frozen=True, slots=True)
class Ranking:
    """What orders candidates, by candidate row.

    Attributes
    ----------
    lots
        Packages that sizes and capital allow; -1 where the candidate is not ranked.
    usd, capital, loss
        Edge, capital and leg-out loss of these in currency.
    fill, score
        The chance that all legs fill, and what orders the list; nan where not ranked.
    count, short
        How many candidates are ranked; how many passed the gates and lack capital.
    """

    lots: array[float]
    usd: array[float]
    capital: array[float]
    loss: array[float]
    fill: array[float]
    score: array[float]
    count: int = 0
    short: int = 0


def rank_candidates(view: View, found: Columns, gated: Gated, settings: ScanSettings) -> Ranking:
    """Return the ranking of the candidates that pass every gate. O(candidates)."""
    chain, n, rules = view.chain, found.count, _margin_rules()
    lots, usd, capital, loss, fill, score = (array("d", bytes(8 * n)) for _ in range(6))
    if not n:
        return Ranking(lots, usd, capital, loss, fill, score)
    count, short = view.backend.rank.rank_rows(
        n, gated.gate, gated.lots, gated.usd, found.edge, found.family, found.quote, found.ratio,
        found.stock, found.unit, found.days, rules, chain.first, chain.strike, view.terms.tau,
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
        view.receive, view.pay, _futures(chain), view.limits, _basis(view, settings),
        view.column("rank", slots.WORK), view.column("rank deltas", N_LEGS + 1),
        lots, usd, capital, loss, fill, score,
    )  # fmt: skip
    if min(rules) < margins.FREE:
        for row in range(n):
            if not gated.gate[row] and rules[found.family[row]] < margins.FREE:
                was_ranked = lots[row] >= 0.0
                position = passed(
                    view, found, row, gated.lots[row], gated.usd[row], gated.flags[row]
                )
                one = afford(view, position, settings)
                count += (one is not None) - was_ranked
                short += (one is None) - (not was_ranked)
                lots[row], score[row] = -1.0, math.nan
                if one is not None:
                    lots[row], usd[row] = one.position.lots, one.position.usd
                    capital[row], loss[row] = one.capital, one.loss
                    fill[row], score[row] = one.fill_probability, one.score
    return Ranking(lots, usd, capital, loss, fill, score, count, short)


def _margin_rules() -> array[int]:
    """Return by family which rule of the kernels gives its margin; -1 is one of its own."""
    families = tuple(REGISTRY.items())
    if not _RULES or _RULES[0][0] != families:  # compared one by one by what they are
        _RULES[:] = [(families, _rules_of(families))]
    return _RULES[0][1]


_RULES: list[tuple[tuple[tuple[str, Family], ...], array[int]]] = []


def _rules_of(families: tuple[tuple[str, Family], ...]) -> array[int]:
    codes = {name: family_code(name) for name, _ in families}
    rules = array("l", [margins.FREE]) * (1 + max(codes.values()))
    for name, family in families:
        rule = family.margin_code
        if rule is None and family.margin in (no_margin, stock_margin):
            rule = margins.FREE
        rules[codes[name]] = -1 if rule is None else rule
    return rules


def entry(view: View, found: Columns, gated: Gated, ranking: Ranking, row: int) -> Ranked:
    """Return one ranked candidate as an object."""
    position = passed(view, found, row, ranking.lots[row], ranking.usd[row], gated.flags[row])
    return Ranked(
        position, ranking.capital[row], ranking.loss[row], ranking.fill[row], ranking.score[row]
    )


def best(
    view: View,
    found: Columns,
    gated: Gated,
    ranking: Ranking,
    others: Sequence[Ranked],
    settings: ScanSettings,
    top: int,
    chosen: Mapping[int, tuple[int, str]] | None = None,
) -> list[Ranked]:
    """Return the `top` best of the ranked candidates and of the `others`, best first.

    By score, or by the composite of a named profile; the `others` (packages) come last among
    equals. `chosen` has for a row (of the others -1 less its number) how many lots are taken
    together with others, and the quote that it rests on: what is taken comes first, unless a
    profile was named. O(candidates x top).
    """
    k = min(top, ranking.count + len(others))
    if k <= 0:
        return []
    marks = chosen or {}
    others = [_marked(one, marks, -1 - n) for n, one in enumerate(others)]
    first: list[Ranked] = []
    score, edge = ranking.score, found.edge
    if settings.profile not in ARBITRAGE and any(take for take, _ in marks.values()):
        score = score[:]
        for row, (take, _) in marks.items():
            if take and row >= 0:
                first.append(_marked(entry(view, found, gated, ranking, row), marks, row))
                score[row] = math.nan
        first += [one for one in others if one.take]
        others = [one for one in others if not one.take]
        # What is taken of a row counts, not what there would be of it.
        first = sorted(
            first, key=lambda one: (-one.score * one.take / one.position.lots, *_place(one)[1:])
        )[:k]
        k -= len(first)
        if not k:
            return first
    if settings.profile in ARBITRAGE:
        score, others = _composites(view, found, gated, ranking, others, settings.profile)
    is_composite = settings.profile in ARBITRAGE
    if others:
        score = score + array("d", (one.score for one in others))
        edge = edge + array("d", (one.position.edge for one in others))
    order = array("l", bytes(8 * k))
    taken = view.backend.scoring.top_rows(score, edge, k, order)
    rest: list[Ranked] = []
    for row in order[:taken]:
        if row < found.count:
            one = _marked(entry(view, found, gated, ranking, row), marks, row)
            rest.append(replace(one, score=score[row]) if is_composite else one)
        else:
            rest.append(others[row - found.count])
    return [*first, *sorted(rest, key=_place)]


def one_by_one(
    view: View, found: Columns, gated: Gated, ranking: Ranking, settings: ScanSettings, top: int
) -> Iterator[Ranked]:
    """Yield the rows of `best` without others or marks, each made an object when it is asked for.

    Whoever takes the first waits for no more than those that are as good.
    """
    k = min(top, ranking.count)
    if k <= 0 or settings.profile in ARBITRAGE:
        yield from best(view, found, gated, ranking, (), settings, top)
        return
    order, score, edge = array("l", bytes(8 * k)), ranking.score, found.edge
    taken = view.backend.scoring.top_rows(score, edge, k, order)
    start = 0
    while start < taken:
        row, stop = order[start], start + 1
        while stop < taken and (score[order[stop]], edge[order[stop]]) == (score[row], edge[row]):
            stop += 1
        equals = [entry(view, found, gated, ranking, at) for at in order[start:stop]]
        yield from sorted(equals, key=_place) if len(equals) > 1 else equals
        start = stop


def _marked(one: Ranked, marks: Mapping[int, tuple[int, str]], row: int) -> Ranked:
    take, rests_on = marks.get(row, (0, ""))
    return replace(one, take=take, rests_on=rests_on) if row in marks else one


def _place(one: Ranked) -> tuple[object, ...]:
    """Return the key of the order of a list: score, edge, family, expiry, strike, right, legs."""
    position = one.position
    legs = [(leg.settles_ns, leg.strike, leg.right, leg.kind, leg.side) for leg in position.legs]
    return -one.score, -position.edge, family_code(position.family), sorted(legs)


def _composites(
    view: View,
    found: Columns,
    gated: Gated,
    ranking: Ranking,
    others: Sequence[Ranked],
    profile: str,
) -> tuple[array[float], list[Ranked]]:
    """Return the scores of a named profile: by candidate row, and in the `others`."""
    rows = [row for row in range(found.count) if ranking.lots[row] >= 0.0]

    def all_ranked() -> Iterator[Ranked]:
        for row in rows:
            yield entry(view, found, gated, ranking, row)
        yield from others

    gains = [one.position.usd / one.capital if one.capital > 0.0 else 0.0 for one in all_ranked()]
    top = max(gains, default=0.0)
    scores = [
        composite(view, profile, one.position.legs, one.position.days, gain, top)
        for one, gain in zip(all_ranked(), gains, strict=True)
    ]
    score = array("d", [math.nan]) * found.count
    for row, value in zip(rows, scores, strict=False):
        score[row] = value
    last = scores[len(rows) :]
    return score, [replace(one, score=value) for one, value in zip(others, last, strict=True)]


def _basis(view: View, settings: ScanSettings) -> array[float]:
    chain, fees, spot = view.chain, view.fees, view.chain.underlying
    return array(
        "d",
        (
            chain.quoting.spot(spot.mid), float(not chain.quoting.is_linear), chain.contract_value,
            chain.multiplier, settings.vol, settings.leg_gap, settings.fill_time,
            spot.bid, spot.ask, spot.bid_size,
            spot.ask_size, spot.bid_age, spot.ask_age, fees.stock_fee(spot.bid),
            fees.stock_fee(spot.ask), float(may_leave_stock(chain)),
        ),
    )  # fmt: skip


def _futures(chain: OptionChain) -> array[float]:
    """Return the futures of a coin-settled chain, `N_FUTURE` numbers by expiry; else nothing."""
    column = array("d")
    if chain.quoting.is_linear:
        return column
    absent = array("d", [math.nan]) * len(chain.expiries)
    bids, asks = chain.forward_bid or absent, chain.forward_ask or absent
    for e, expiry in enumerate(chain.expiries):
        book = chain.futures[e] if chain.futures else FutureBook()
        forward = forward_price(chain, expiry.settles_ns)
        column.extend((bids[e], asks[e], book.bid_size, book.ask_size, book.bid_age, book.ask_age,
                       forward))  # fmt: skip
    return column
