"""The embedded default source: a seeded synthetic exchange, no network, no account.

Its chains are quoted around one arbitrage-free model (`demo_model`), then a few quotes are moved.
Each chain comes with labels, mappings with the keys

``kind``
    "arbitrage" or "decoy".
``family``, ``grade``
    As a scan should report it; a decoy has no grade.
``cause``
    ``right, strike, expiry`` (ISO date) of the quote, and the ``side`` ("bid" or "ask") at fault.
``legs``
    What to trade: ``kind`` ("option", "stock", "future"), ``side``, ``ratio``, and for options
    the contract. Where only the best cover of a sold quote is reported, it is that one.
``edge``
    Worst case per share after fees, under the feed's carry and the default fees (Deribit's for
    coins), by formulas of the demo's own (`demo_packages`).
``reason``, ``seeming``
    Of decoys: what is wrong ("age", "size", "crossed", "CARRY", "dividend", "borrow") and the
    edge that a scan sees which does not look.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from random import Random

from engine.errors import NoInputError
from engine.feeds.demo_choice import choose_families
from engine.feeds.demo_decoys import natural_decoys, plant_decoys
from engine.feeds.demo_listing import KINDS, list_symbol
from engine.feeds.demo_plants import Label, Planter
from engine.feeds.demo_quotes import Book, quote_symbol
from engine.feeds.demo_worth import Worth
from engine.feeds.protocol import Loaded, is_within
from engine.nearest import hint

# Where in the list of their families the American chains start: together they plant all of it.
_ROTATION = {"ZDIV": 0, "ZGRO": 4, "ZHTB": 8}


class DemoFeed:
    """Whole chains, arbitrage-free until arbitrages and decoys are planted, each with a label.

    The same seed gives the same chains to the last bit on every runtime. `symbols` restricts the
    underlyings; `compact` makes chains of 4 expiries and 11 strikes for quick tests; without
    `planted` they stay arbitrage-free.

    Raises
    ------
    NoInputError
        If one of `symbols` is not listed.
    """

    def __init__(
        self,
        seed: int = 0,
        symbols: Sequence[str] | None = None,
        *,
        compact: bool = False,
        planted: bool = True,
    ) -> None:
        self.seed = seed
        self.compact = compact
        self.planted = planted
        self._symbols = tuple(sorted(KINDS if symbols is None else symbols))
        for symbol in self._symbols:
            _check(symbol)

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of this feed, sorted."""
        return self._symbols

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the one chain of `symbol`, if its instant is in the range.

        Raises
        ------
        NoInputError
            If the demo exchange does not list `symbol`; the message names the nearest it does.
        """
        _check(symbol)
        rng = Random(zlib.crc32(f"{self.seed}:{symbol}".encode()))
        listing = list_symbol(symbol, rng, compact=self.compact)
        book = quote_symbol(listing, rng, compact=self.compact)
        labels = _plant(book, self.seed, rng, self.compact) if self.planted else ()
        chain = book.chain()
        if is_within(chain.ts_ns, since, until):
            yield Loaded(chain, listing.carry, labels=labels)


def _plant(book: Book, seed: int, rng: Random, compact: bool) -> tuple[Label, ...]:
    listing = book.listing
    planter = Planter(book, Worth(listing, book.spot.bid), rng)
    plants, moved = (3, 1) if compact else (6, 3)
    rotation = seed + _ROTATION.get(listing.symbol, 0)
    planter.plant(choose_families(book, plants, rotation))
    decoys = plant_decoys(planter, moved=moved, rotation=rotation) + natural_decoys(planter)
    return (*planter.labels(), *decoys)


def _check(symbol: str) -> None:
    if symbol not in KINDS:
        raise NoInputError(f"the demo source has no {symbol!r}: {_meant(symbol)}")


def _meant(symbol: str) -> str:
    """Say which symbol, or which source, was meant: files are scanned by naming a source."""
    suffix = symbol.rpartition(".")[2].lower()
    kinds = {"csv": "csv", "gz": "csv", "txt": "csv", "json": "json", "parquet": "parquet"}
    if "." in symbol and suffix in kinds:
        return f"a file is scanned with --source {kinds[suffix]}:{symbol}"
    return f"{hint(symbol, KINDS)}; quotes of yours: --source csv:FILE"
