"""Which contracts get a market data line, where there are more contracts than lines.

A line is worth what it can tell. The underlying always has one; so do contracts that are asked for
by name, the legs of what is open. The unit of the rest is a row: the call and the put of a strike,
since nearly every position has both. A row that is close to an edge, as the box of the scan says,
is worth more than one that is far from any; and a row that nobody has looked at for long may have
come close. So a share of the lines goes round.

Pure: it says what should be open, `engine.ib.subscriptions` opens it.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.market.book import Book

Bounds = tuple["array[float]", "array[float]"]
"""The highest bid and the lowest ask of each quote at which there is no candidate."""
UNDERLYING = -1
Line = tuple[str, int]
"""Symbol and quote index, `UNDERLYING` for the underlying."""
_EXPLORED = 0.2
_DWELL_S = 15.0
# Where there is no box there may be candidates: their rows stay longer.
_DWELL_WITHOUT_BOX_S = 60.0
_MOST_MOVES = 8
_BETWEEN_S = 5.0


@dataclass(slots=True)
class Rows:
    """What the budget knows of a symbol: its rows, and when each was last looked at.

    `order` are the rows by how near they are to the money, the nearest first.
    """

    symbol: str
    book: Book
    order: list[int] = field(default_factory=list)
    pinned: set[int] = field(default_factory=set)
    seen_s: array[float] = field(default_factory=lambda: array("d"))
    held: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = self.book.listing.n_rows
        self.seen_s = array("d", [-math.inf]) * n
        self.order = list(range(n))

    def near(self, spot: float) -> None:
        """Order the rows by their distance from the spot, in all expiries alike."""
        strike = self.book.listing.strike
        if spot > 0.0:
            self.order = sorted(range(len(strike)), key=lambda row: (abs(strike[row] - spot), row))

    def quotes(self, row: int) -> Iterable[int]:
        """Yield the quote indices of a row that the broker lists."""
        listing = self.book.listing
        ids = listing.contract_ids
        for quote in (row, row + listing.n_rows):
            if not ids or ids[quote]:
                yield quote

    def distance(self, row: int, bounds: Bounds) -> float:
        """Return how far a row is from an edge, in its own spreads; inf where it is not quoted."""
        book, (most_bid, least_ask) = self.book, bounds
        best = math.inf
        for quote in self.quotes(row):
            bid, ask = book.bid[quote], book.ask[quote]
            if not 0.0 < bid < ask:
                continue
            gap = min(most_bid[quote] - bid, ask - least_ask[quote])
            best = min(best, max(gap, 0.0) / (ask - bid))
        return best


class LineBudget:
    """At most `most` lines over all symbols; `choose` says which should be open now.

    It moves a few rows every few seconds at most, and none that has been open for less than a
    while, so that lines do more than come and go.
    """

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.rows: dict[str, Rows] = {}
        self.n_moves = 0
        self._moved_s = -math.inf

    def add(self, symbol: str, book: Book, spot: float = math.nan) -> None:
        """Let a symbol have lines."""
        rows = self.rows[symbol] = Rows(symbol, book)
        rows.near(spot)

    def remove(self, symbol: str) -> None:
        """Let a symbol have none."""
        self.rows.pop(symbol, None)

    def pin(self, symbol: str, quotes: Iterable[int]) -> None:
        """Keep lines for these quotes, and for no others because of an earlier call."""
        if symbol in self.rows:
            self.rows[symbol].pinned = set(quotes)

    def choose(self, bounds: Mapping[str, Bounds | None], now_s: float) -> list[Line]:
        """Return the lines that should be open, the most important first.

        `bounds` are the boxes of symbols, None while one has none. O(rows log rows).
        """
        chosen: dict[Line, None] = {}
        for symbol in self.rows:
            self._take(chosen, [(symbol, UNDERLYING)])
        for symbol, rows in self.rows.items():
            self._take(chosen, [(symbol, quote) for quote in sorted(rows.pinned)])
        wanted = self._ranked(bounds, now_s)
        for symbol, row in wanted:
            self._take(chosen, [(symbol, q) for q in self.rows[symbol].quotes(row)])
        self._note(chosen, now_s)
        return list(chosen)

    def _take(self, chosen: dict[Line, None], lines: list[Line]) -> None:
        new = [line for line in lines if line not in chosen]
        if len(chosen) + len(new) <= self.most:
            chosen.update(dict.fromkeys(new))

    def _ranked(self, bounds: Mapping[str, Bounds | None], now_s: float) -> list[Line]:
        """Return (symbol, row) in the order in which they deserve lines."""
        n_rows = sum(len(rows.order) for rows in self.rows.values())
        room = max((self.most - len(self.rows)) // 2, 0)
        near = {
            symbol: {row: place for place, row in enumerate(rows.order)}
            for symbol, rows in self.rows.items()
        }
        every = [(symbol, row) for symbol, rows in self.rows.items() for row in rows.order]
        if n_rows <= room:
            return every
        held = [(s, row) for s, rows in self.rows.items() for row in rows.held]
        if not held:
            return sorted(every, key=lambda one: (near[one[0]][one[1]], one))
        distance = {
            (s, row): math.inf if (box := bounds.get(s)) is None
            else self.rows[s].distance(row, box)
            for s, row in held
        }  # fmt: skip
        dwell = {
            symbol: _DWELL_WITHOUT_BOX_S if bounds.get(symbol) is None else _DWELL_S
            for symbol in self.rows
        }
        # Who may go: the farthest from an edge first, the longest held first among equals.
        may_go = sorted(
            (one for one in held if now_s - self.rows[one[0]].held[one[1]] >= dwell[one[0]]),
            key=lambda one: (-distance[one], self.rows[one[0]].held[one[1]], one),
        )
        n_explored = max(int(_EXPLORED * room), 1)
        if now_s - self._moved_s < _BETWEEN_S:
            may_go = []
        gone = set(may_go[: min(_MOST_MOVES, n_explored)])
        stay = sorted((one for one in held if one not in gone), key=lambda one: distance[one])
        waiting = sorted(
            (one for one in every if one not in set(held)),
            key=lambda one: (self.rows[one[0]].seen_s[one[1]], near[one[0]][one[1]], one),
        )
        if gone:
            self.n_moves += len(gone)
            self._moved_s = now_s
        # Those that go come last: they stay where nobody waits.
        return [*stay, *waiting[: max(room - len(stay), 0)], *may_go]

    def _note(self, chosen: Iterable[Line], now_s: float) -> None:
        n_rows = {symbol: rows.book.listing.n_rows for symbol, rows in self.rows.items()}
        open_rows: dict[str, set[int]] = {symbol: set() for symbol in self.rows}
        for symbol, quote in chosen:
            if quote != UNDERLYING:
                open_rows[symbol].add(quote % n_rows[symbol])
        for symbol, rows in self.rows.items():
            for row in rows.held:
                rows.seen_s[row] = now_s
            rows.held = {row: rows.held.get(row, now_s) for row in sorted(open_rows[symbol])}
