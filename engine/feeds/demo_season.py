"""What is planted in one underlying of the moving market: for seconds, with a label, then gone."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.feeds.demo_choice import again, best_cover, families_of
from engine.feeds.demo_decoys import MOVED, SEEMS, SHAPES
from engine.feeds.demo_packages import Package, edge, fees_of
from engine.feeds.demo_plants import ARBITRAGE, DECOY, Label, Planter, describe
from engine.feeds.demo_quotes import Book, Key
from engine.feeds.demo_symbol import DemoSymbol, LiveQuote
from engine.feeds.demo_worth import Worth
from engine.market.chain import COIN

# Every so many plants one is a decoy.
_DECOY_EVERY = 5
# How many families are tried before there is no room for a plant.
_TRIES = 4
# The default gates of a scan that a package has to pass to stay labelled.
_LEAST_EDGE = 0.01
_LEAST_DOLLARS = 5.0
_MOST_SPREADS = 3.0
# A quote is moved by so much of the spot at most: one further away serves other families with
# edges that nobody believes.
_MOST_MOVED, _MOST_MOVED_INDEX, _MOST_MOVED_DOLLARS = 0.02, 0.003, 2.0


@dataclass(eq=False, slots=True)
class Plant:
    """One plant: `label` as it was at birth, `state` "live" or why it ended.

    `moved` are the quotes that were changed for it, the one at fault last; `held` all that keep
    their distance while it lives.
    """

    symbol: str
    number: int
    born_ns: int
    package: Package
    cause: Key
    label: Label
    moved: list[LiveQuote]
    held: list[LiveQuote] = field(default_factory=list)
    state: str = "live"

    @property
    def is_decoy(self) -> bool:
        """Whether it only seems to pay."""
        return self.label["kind"] == DECOY


class Season:
    """The plants of one underlying; at most one in an expiry at a time."""

    def __init__(self, symbol: DemoSymbol, rotation: int) -> None:
        self.symbol = symbol
        self.live: list[Plant] = []
        self.count = 0
        self._rotation = rotation

    def plant(self, now_ns: int, family: str = "") -> Plant | None:
        """Plant the next family in turn (or `family`), or a decoy; None if there is no room.

        The quotes of the book are changed when this returns; the caller sends ``moved``.
        """
        if not self.symbol.quotes:
            return None
        self.count += 1
        reason = ""
        names = families_of(self.symbol.book)
        if not family and self.count % _DECOY_EVERY == 0:
            kinds = [kind for kind in MOVED if kind != "age"]  # a stream has no old quotes
            reason = kinds[self._rotation % len(kinds)]
            names = tuple(name for name in SHAPES if name in names)
        for _ in range(1 if family else _TRIES):
            self._rotation += 1
            chosen = family or names[self._rotation % len(names)]
            plant = self._try(now_ns, chosen, reason)
            if plant is not None:
                return plant
        return None

    def _try(self, now_ns: int, family: str, reason: str) -> Plant | None:
        book = self.symbol.scratch(now_ns)
        worth = Worth(book.listing, book.spot.bid)
        planter = Planter(book, worth, self.symbol.rng, self._taken())
        found = planter.move(family, must_cross=reason == "crossed")
        if found is None:
            return None
        package, cause = found
        expiries = {key[0] for key, _ in package.legs}
        if any(key[0] in expiries for key in self._taken()):
            return None
        before, after = self.symbol.book.quotes[cause], book.quotes[cause]
        spot = book.listing.spot
        most = max(_MOST_MOVED_INDEX * spot, min(_MOST_MOVED * spot, _MOST_MOVED_DOLLARS))
        moved_by = max(abs(after.bid - before.bid), abs(after.ask - before.ask))
        if self.symbol.is_coin:
            most = 0.02
        if moved_by > most:
            return None
        seeming = edge(book, package)
        if reason == "size":
            if dict(package.legs)[cause] < 0:
                after.bid_size = 0.0
            else:
                after.ask_size = 0.0
        if reason and seeming <= (0.0 if self.symbol.is_coin else SEEMS):
            return None
        if not reason and not passes(book, package):
            return None
        label = label_of(book, worth, package, cause, reason, seeming)
        plant = Plant(
            self.symbol.symbol, self.count, now_ns, package, cause, label, self._apply(book, cause)
        )
        self._hold(plant)
        self.live.append(plant)
        return plant

    def end(self, plant: Plant, why: str) -> list[LiveQuote]:
        """Take `plant` away; return the quotes to send, back around V."""
        plant.state = why
        self.live.remove(plant)
        position = {id(quote): i for i, quote in enumerate(self.symbol.quotes)}
        for quote in plant.held:
            quote.hold = None
            if id(quote) in position:
                self.symbol.draw(position[id(quote)])
        return plant.held

    def planted_at(self, quote: LiveQuote) -> Plant | None:
        """Return the plant that `quote` is at fault for."""
        for plant in self.live:
            if plant.moved and plant.moved[-1] is quote:
                return plant
        return None

    def faded(self, now_ns: int) -> list[Plant]:
        """Return arbitrages whose package no longer passes the default gates."""
        if not self.live:
            return []
        book = self.symbol.scratch(now_ns)
        worth = Worth(book.listing, book.spot.bid)
        return [
            plant
            for plant in self.live
            if not plant.is_decoy and not passes(book, again(book, worth, plant.package))
        ]

    def label(self, plant: Plant, now_ns: int) -> Label:
        """Return the label of `plant` at the quotes and the time of now."""
        book = self.symbol.scratch(now_ns)
        worth = Worth(book.listing, book.spot.bid)
        package = again(book, worth, plant.package)
        reason = str(plant.label.get("reason", ""))
        return label_of(book, worth, package, plant.cause, reason, edge(book, package))

    def _taken(self) -> set[Key]:
        taken: set[Key] = set()
        for plant in self.live:
            taken.update(key for key, _ in plant.package.legs)
            taken.update(plant.package.rivals)
        return taken

    def _apply(self, book: Book, cause: Key) -> list[LiveQuote]:
        """Show in the live book what was moved in `book`; return it, the cause last."""
        changed = []
        for key, new in book.quotes.items():
            old = self.symbol.book.quotes[key]
            assert isinstance(old, LiveQuote)
            now = (new.bid, new.ask, new.bid_size, new.ask_size)
            if now != (old.bid, old.ask, old.bid_size, old.ask_size):
                old.bid, old.ask, old.bid_size, old.ask_size = now
                changed.append((key == cause, old))
        return [quote for _, quote in sorted(changed, key=lambda pair: pair[0])]

    def _hold(self, plant: Plant) -> None:
        symbol = self.symbol
        keys = [key for key, _ in plant.package.legs] + list(plant.package.rivals)
        for key in keys:
            i = symbol.position[key]
            quote, value = symbol.quotes[i], symbol.worth(i)
            below = quote.bid - value if quote.bid > 0.0 else math.nan
            quote.hold = (below, quote.ask - value)
            plant.held.append(quote)


def passes(book: Book, package: Package) -> bool:
    """Return whether `package` passes the default gates of a scan at the quotes of `book`."""
    if not all(book.is_usable(key, ratio) for key, ratio in package.legs):
        return False
    paid = edge(book, package)
    spreads = 0.0
    for key, ratio in package.legs:
        spreads += abs(ratio) * (book.quotes[key].ask - book.quotes[key].bid) / package.unit
    if book.listing.kind.kind == COIN:
        return spreads <= _MOST_SPREADS * paid and paid * book.spot.bid >= _LEAST_DOLLARS
    if package.stock:
        spreads += book.spot.ask - book.spot.bid
    least = fees_of(book).order_minimum * 4.0
    dollars = paid * 100.0 * package.unit
    return (
        paid >= _LEAST_EDGE
        and dollars >= _LEAST_DOLLARS + least
        and spreads <= _MOST_SPREADS * paid
    )


def label_of(
    book: Book, worth: Worth, package: Package, cause: Key, reason: str, seeming: float
) -> Label:
    """Return the label of `package` at the quotes of `book`, as `engine.feeds.demo` has them."""
    if reason:
        return {
            "kind": DECOY,
            "family": package.family,
            "grade": "",
            "reason": reason,
            "edge": edge(book, package),
            "seeming": seeming,
            **describe(book, package, cause),
        }
    best = best_cover(book, worth, package)
    if all(key != cause for key, _ in best.legs):
        best = package
    return {
        "kind": ARBITRAGE,
        "family": best.family,
        "grade": best.grade,
        "edge": edge(book, best),
        **describe(book, best, cause),
    }
