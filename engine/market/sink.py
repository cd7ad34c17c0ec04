"""What looks at quotes as they are written to a book."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Protocol

from engine.market.book import Book


class Sink(Protocol):
    """What looks at the quotes of a symbol: a `Watch`, or what looks at nothing."""

    book: Book

    def changed(self, sides: Sequence[tuple[int, int]], has_stock: bool, ts_ns: int) -> bool:
        """Take what the book has new since the last call, all of one instant.

        `sides` are (quote index, +1 for its ask, -1 for its bid).
        """
        ...

    def refresh(self, now_ns: int) -> bool:
        """Look again after anything else that was done to the book."""
        ...

    def rest(self) -> None:
        """Do what may wait until whoever acts on the quotes has acted."""
        ...

    @property
    def bounds(self) -> tuple[array[float], array[float]] | None:
        """The highest bid and the lowest ask of each quote without a candidate, None if unknown."""
        ...


class Quiet:
    """A sink that looks at nothing: its book is written all the same."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def changed(self, sides: Sequence[tuple[int, int]], has_stock: bool, ts_ns: int) -> bool:
        """Do nothing: nobody looks."""
        return False

    def refresh(self, now_ns: int) -> bool:
        """Do nothing: nobody looks."""
        return False

    def rest(self) -> None:
        """Do nothing: nothing waits."""

    @property
    def bounds(self) -> None:
        """Nothing is known of edges here."""
        return None
