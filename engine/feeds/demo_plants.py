"""Planting: one quote moved just so far that one position becomes an arbitrage, with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from engine.feeds.demo_choice import best_cover, propose
from engine.feeds.demo_listing import between, pick
from engine.feeds.demo_packages import Package, edge
from engine.feeds.demo_quotes import Book, Key
from engine.feeds.demo_worth import Worth
from engine.market.chain import COIN, INDEX
from engine.values import dataclass, field, replace

ARBITRAGE = "arbitrage"
DECOY = "decoy"

Label = Mapping[str, object]

_TRIES = 200


@dataclass(slots=True)
class Planter:
    """One chain being planted. Positions never share a quote."""

    book: Book
    worth: Worth
    rng: Random
    taken: set[Key] = field(default_factory=set)
    _planted: list[tuple[Package, Key]] = field(default_factory=list)

    def plant(self, families: Sequence[str]) -> None:
        """Plant one arbitrage of each of `families`, as far as there is room."""
        for family in families:
            moved = self.move(family)
            if moved is not None:
                self._planted.append(moved)

    def labels(self) -> list[Label]:
        """Return the labels of what was planted, with edges at the quotes as they are now."""
        labels: list[Label] = []
        for package, cause in self._planted:
            best = best_cover(self.book, self.worth, package)
            if all(key != cause for key, _ in best.legs):
                best = package
            labels.append(
                {
                    "kind": ARBITRAGE,
                    "family": best.family,
                    "grade": best.grade,
                    "edge": edge(self.book, best),
                    **describe(self.book, best, cause),
                }
            )
        return labels

    def move(self, family: str, *, must_cross: bool = False) -> tuple[Package, Key] | None:
        """Move one quote so that a position of `family` pays; None if no try worked out.

        With `must_cross` the moved bid ends above its own ask, which stays.
        """
        for attempt in range(_TRIES):
            try:
                package, which = propose(self.book, self.worth, family, self.rng)
            except LookupError:
                continue
            keys = {key for key, _ in package.legs}
            # At first keep to expiries of which nothing is taken.
            crowded = {key[0] for key in keys} & {key[0] for key in self.taken}
            keys |= set(package.rivals)
            if keys & self.taken or (crowded and attempt < _TRIES // 2):
                continue
            key, ratio = package.legs[which]
            if must_cross and ratio > 0:
                continue
            before = replace(self.book.quotes[key])
            if self._move_quote(package, key, ratio, must_cross=must_cross):
                self.taken |= keys
                self._show_sizes(package)
                # The share of a wing is a quarter or more: this makes up for the move.
                rise = 4.0 * (self.book.quotes[key].bid - before.bid)
                for rival in package.rivals:
                    quote = self.book.quotes[rival]
                    quote.ask = self.book.tick_ceil(quote.ask + rise)
                return package, key
            self.book.quotes[key] = before
        return None

    def _move_quote(self, package: Package, key: Key, ratio: int, *, must_cross: bool) -> bool:
        book, quote = self.book, self.book.quotes[key]
        width = quote.ask - quote.bid
        target = self._target(package)
        wanted = (target - edge(book, package)) * package.unit / abs(ratio)
        if must_cross:
            wanted = max(wanted, 1.5 * width)
        if wanted <= 0.0 or quote.bid <= 0.0:
            return False
        # A higher fee tier may eat a little of the move.
        for extra in (0.0, 0.5, 1.0, 2.0, 4.0):
            by = wanted + extra * width
            if ratio < 0:
                bid = book.tick_ceil(quote.bid + by)
                ask = quote.ask if must_cross or quote.ask > bid else book.tick_ceil(bid + width)
            else:
                ask = book.tick_floor(quote.ask - by)
                bid = quote.bid if quote.bid < ask else book.tick_floor(ask - width)
            if ask <= 0.0 or bid <= 0.0:
                return False
            book.quotes[key] = replace(quote, bid=bid, ask=ask)
            if edge(book, package) >= target:
                break
        else:
            return False
        legs = [leg for leg in package.legs if not (must_cross and leg[0] == key)]
        return all(book.is_usable(*leg) for leg in legs)

    def _target(self, package: Package) -> float:
        """Return an edge that pays for the order minimums and for the spreads it rests on."""
        book = self.book
        kind = book.listing.kind.kind
        spreads = 0.0
        for key, ratio in package.legs:
            quote = book.quotes[key]
            spreads += abs(ratio) * (quote.ask - quote.bid) / package.unit
        if kind == COIN:
            return max(between(self.rng, 0.0008, 0.003), 0.5 * spreads)
        if package.stock:
            spreads += book.spot.ask - book.spot.bid
        least = between(self.rng, 0.08, 0.35) * (5.0 if kind == INDEX else 1.0)
        return max(least, 0.5 * spreads)

    def _show_sizes(self, package: Package) -> None:
        """Show enough of every leg for a few lots; for the programme, the same of each."""
        if package.rivals:
            lots = 5 + pick(self.rng, 16)
            for key, ratio in package.legs:
                quote = self.book.quotes[key]
                quote.ask_size = quote.bid_size = float(abs(ratio) * lots)
            return
        for key, ratio in package.legs:
            quote = self.book.quotes[key]
            enough = float(abs(ratio) * (5 + pick(self.rng, 16)))
            if ratio > 0:
                quote.ask_size = max(quote.ask_size, enough)
            else:
                quote.bid_size = max(quote.bid_size, enough)


def describe(book: Book, package: Package, cause: Key) -> dict[str, object]:
    """Return the parts of a label that say where: the cause and the legs."""
    moved = dict(package.legs)[cause]
    legs = [
        {**_contract(book, key), "side": 1 if r > 0 else -1, "ratio": abs(r)}
        for key, r in package.legs
    ]
    if package.stock:
        kind = "future" if book.listing.kind.kind == COIN else "stock"
        side, ratio = (1 if package.stock > 0 else -1), abs(package.stock)
        legs.append({"kind": kind, "side": side, "ratio": ratio})
    return {
        "cause": {**_contract(book, cause), "side": "ask" if moved > 0 else "bid"},
        "legs": legs,
    }


def _contract(book: Book, key: Key) -> dict[str, object]:
    e, strike, right = key
    return {
        "kind": "option",
        "right": right,
        "strike": strike,
        "expiry": book.listing.expiries[e].date.isoformat(),
    }
