"""The rows of a scan as they compete for quotes: what a lot uses up, and which quote makes which.

In columns, for all that passed the gates; nothing becomes an object but the rows chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

from engine.config import ScanSettings
from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.proof.verifier import reproduces
from engine.scoring.gating import edge_usd
from engine.scoring.legs import future_leg, future_of
from engine.scoring.opportunity import Group, Opportunity, Scarce, Selection
from engine.scoring.proposal import Ranked, usd_of
from engine.scoring.ranking import Ranking
from engine.scoring.selection import Choice, Want, choose
from engine.scoring.sharing import groups_of
from engine.strategies.candidates import Columns
from engine.strategies.view import View

Quote = tuple[str, int, int]
"""What is used up: kind, quote index (of a future its expiry, of stock -1), +1 bought, -1 sold."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A quote that several rows rest on, and which of them, by their numbers in the competition."""

    quote: Quote
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Competition:
    """All rows that passed, in the order of the table, then the packages.

    Attributes
    ----------
    wants, room
        What `engine.scoring.selection.choose` takes.
    worth
        What so many lots of a row pay in currency after order minimums; 0 where the gates would
        refuse them.
    rows
        The table row of each; of a package -1 less its number among the packages.
    groups
        The quotes that rows have in common, most rows first.
    """

    wants: tuple[Want, ...]
    room: dict[Hashable, float]
    worth: Callable[[int, int], float]
    rows: tuple[int, ...]
    groups: tuple[Sharing, ...]

    def choose(self, view: View, capital: float = math.inf) -> Choice:
        """Return which rows to take together."""
        return choose(self.wants, self.room, view.backend, self.worth, capital)


def compete(
    view: View, found: Columns, ranking: Ranking, others: Sequence[Ranked], settings: ScanSettings
) -> Competition:
    """Return the competition of the ranked rows and the `others`. O(rows)."""
    chain = view.chain
    wants: list[Want] = []
    rows: list[int] = []
    room: dict[Hashable, float] = {}
    is_for_coins = chain.quoting.hedge == FUTURE
    for row in range(found.count):
        if not ranking.lots[row] >= 1.0:
            continue
        uses = [(("option", q, 1 if ratio > 0 else -1), float(abs(ratio)))
                for q, ratio in found.legs(row)]  # fmt: skip
        stock = found.stock[row]
        if is_for_coins:
            uses += _future(chain, future_of(chain, found, row))
        elif stock:
            uses.append((("stock", -1, 1 if stock > 0 else -1), float(abs(stock))))
        wants.append(_want(view, uses, room, settings, found.edge[row] * found.unit[row],
                           ranking.lots[row], ranking.capital[row]))  # fmt: skip
        rows.append(row)
    for number, one in enumerate(others):
        uses = [_leg_use(leg) for leg in one.position.legs if leg.kind != FUTURE]
        wants.append(_want(view, uses, room, settings, one.position.edge * one.position.unit,
                           one.position.lots, one.capital))  # fmt: skip
        rows.append(-1 - number)

    known: dict[tuple[int, int], float] = {}

    def worth(number: int, lots: int) -> float:
        if (number, lots) not in known:
            row = rows[number]
            if row < 0:
                usd = usd_of(view, others[-1 - row].position, lots, settings)
            else:
                stock = 0 if is_for_coins else found.stock[row]
                usd = edge_usd(view, found.legs(row), stock, found.unit[row], found.edge[row],
                               lots, settings)  # fmt: skip
            is_enough = lots >= settings.gates.lots and usd >= settings.gates.min_edge_usd
            known[number, lots] = usd if is_enough else 0.0
        return known[number, lots]

    groups = groups_of([[what for what, _ in want.uses] for want in wants])
    named = tuple(Sharing(_quote(what), tuple(numbers)) for what, numbers in groups)
    return Competition(tuple(wants), room, worth, tuple(rows), named)


def _quote(what: Hashable) -> Quote:
    assert isinstance(what, tuple)
    kind, index, side = what
    return str(kind), int(index), int(side)


def _want(
    view: View,
    uses: Iterable[tuple[Quote, float]],
    room: dict[Hashable, float],
    settings: ScanSettings,
    edge: float,
    lots: float,
    capital: float,
) -> Want:
    """Return a row's want; a size that is not known limits nothing."""
    kept: dict[Hashable, float] = {}
    for quote, need in uses:
        if quote not in room:
            room[quote] = _size(view.chain, quote, settings)
        if room[quote] < math.inf:
            kept[quote] = kept.get(quote, 0.0) + need
    return Want(edge * view.chain.contract_value, int(lots), capital, tuple(kept.items()))


def _size(chain: OptionChain, quote: Quote, settings: ScanSettings) -> float:
    """Return what there is of a side of a quote; inf where nobody says."""
    kind, index, side = quote
    if kind == FUTURE:
        return 1.0
    if kind == OPTION:
        size = (chain.ask_size if side > 0 else chain.bid_size)[index]
    else:
        spot = chain.underlying
        size = (spot.ask_size if side > 0 else spot.bid_size) / chain.multiplier
        if side < 0 and settings.carry.shortable >= 0.0:
            lent = settings.carry.shortable / chain.multiplier
            size = min(size, lent) if size == size else lent
    return size if size == size else math.inf


def _leg_use(leg: Leg) -> tuple[Quote, float]:
    index = -1 if leg.kind == STOCK else leg.quote
    return (leg.kind, index, leg.side), float(leg.ratio)


def _future(
    chain: OptionChain, found: tuple[int, int, float] | None
) -> list[tuple[Quote, float]]:  # fmt: skip
    """Return the share that a package takes of a future's size."""
    if found is None:
        return []
    size = future_leg(chain, *found).size
    return [((FUTURE, found[0], found[1]), 1.0 / size)] if size > 0.0 else []


def marks_of(
    chain: OptionChain, competition: Competition, choice: Choice
) -> dict[int, tuple[int, str]]:
    """Return by table row how many lots are taken, and in words the quote that it shares."""
    rests_on = {
        number: quote_words(chain, group.quote)
        for group in competition.groups
        for number in group.rows
    }
    return {
        row: (choice.take[number], rests_on.get(number, ""))
        for number, row in enumerate(competition.rows)
    }


def selection_of(
    chain: OptionChain, competition: Competition, choice: Choice, orders: Iterable[Opportunity]
) -> Selection:
    """Return a choice in words and dollars; what the verifier refuses of `orders` is left out."""
    sound = [one for one in orders if one.proof and reproduces(one.edge, one.proof)]
    sound.sort(key=lambda one: (-one.edge_usd, one.family, one.key))
    return replace(
        sum_of(chain, competition, choice, [(one.edge_usd, one.capital) for one in sound]),
        orders=tuple(sound),
    )  # fmt: skip


def sum_of(
    chain: OptionChain,
    competition: Competition,
    choice: Choice,
    taken: Sequence[tuple[float, float]],
) -> Selection:
    """Return a choice without its orders; `taken` has dollars and capital of each."""
    room, wants = competition.room, competition.wants
    scarce = [
        Scarce(quote_words(chain, _quote(what)), room[what], price)
        for what, price in choice.prices.items()
    ]
    worth = [competition.worth(number, want.lots) for number, want in enumerate(wants)]
    groups = tuple(
        Group(
            quote_words(chain, group.quote), quote_price(chain, group.quote),
            room[group.quote], len(group.rows), max(worth[number] for number in group.rows),
        )
        for group in competition.groups
    )  # fmt: skip
    return Selection(
        value=math.fsum([usd for usd, _ in taken]), bound=choice.bound,
        capital=math.fsum([capital for _, capital in taken]), limit=choice.limit,
        listed=math.fsum(worth), rows=len(wants),
        scarce=tuple(sorted(scarce, key=lambda one: (-one.worth, one.quote))), groups=groups,
        n_orders=len(taken),
    )  # fmt: skip


def quote_words(chain: OptionChain, quote: Quote) -> str:
    """Return a side of a quote for people: ``bid of C 5830 2026-03-06 SPXW``."""
    kind, index, side = quote
    word = "ask" if side > 0 else "bid"
    if kind == STOCK:
        return f"{word} of the stock"
    if kind == FUTURE:
        return f"{word} of the future {chain.expiries[index].date}"
    row = chain.row_of(index)
    expiry = chain.expiries[chain.expiry_of(row)]
    series = f" {expiry.trading_class}" if expiry.trading_class not in ("", chain.symbol) else ""
    return f"{word} of {chain.right_of(index)} {chain.strike[row]:.10g} {expiry.date}{series}"


def quote_price(chain: OptionChain, quote: Quote) -> float:
    """Return the price of a side of a quote."""
    kind, index, side = quote
    if kind == OPTION:
        return (chain.ask if side > 0 else chain.bid)[index]
    if kind == FUTURE:
        return (chain.forward_ask if side > 0 else chain.forward_bid)[index]
    return chain.underlying.ask if side > 0 else chain.underlying.bid
