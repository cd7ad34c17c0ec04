"""Where quotes come from: what a live engine asks of any market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.clock import Clock
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.sink import Sink
from engine.report.live_screen import Link

MakeSink = Callable[[Book], Sink]
OnRead = Callable[[Sequence[str], int], None]
Failed = Callable[[BaseException], None]


class Source(Protocol):
    """A market. `on_read` is called after each batch of quotes: whose changed, and the time.

    `failed` takes what a task of it has raised: trading must stop. `alert` takes what a person
    should know.

    `place` is what it is, in a word or an address.
    """

    place: str
    on_read: OnRead
    failed: Failed | None
    alert: Callable[[str], None] | None

    @property
    def clock(self) -> Clock:
        """The market's clock: a simulated one has a day of its own."""
        ...

    async def start(self) -> None:
        """Connect; on return the clock is right."""
        ...

    async def open(self, symbol: str, make_sink: MakeSink) -> Sink:
        """Return a sink that is fed with the quotes of `symbol` from now on."""
        ...

    async def stop(self) -> None:
        """End."""
        ...

    def carry(self, symbol: str) -> Carry | None:
        """Return what it knows of rates, dividends and borrow; None if nothing."""
        ...

    def renew(self, symbol: str) -> None:
        """Make the sink of a symbol anew on the book that it has: a day has passed."""
        ...

    def links(self) -> tuple[Link, ...]:
        """Return its connections as a person reads them."""
        ...

    def doubt(self) -> None:
        """Say that time was lost: no quote is proven until it is heard again."""
        ...
