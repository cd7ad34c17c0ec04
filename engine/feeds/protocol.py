"""The door through which chains come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Loaded:
    """One chain as a feed gives it.

    `carry` is what the source itself knows (dividends, rates), None if nothing; `problems` are the
    rows that were refused, one line each: file, line, column, what was expected.
    """

    chain: OptionChain
    carry: Carry | None = None
    problems: tuple[str, ...] = ()
    labels: tuple[Mapping[str, object], ...] = field(default=())


class Feed(Protocol):
    """A source of chains. Files are read at once; live feeds come with their own issue."""

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols this feed has, sorted."""
        ...

    def chains(self, symbol: str) -> Iterator[Loaded]:
        """Yield the chains of `symbol`, oldest first.

        Raises
        ------
        NoInputError
            If the feed does not have `symbol`; the message names the nearest one it has.
        BadDataError
            If the input is not what its format promises (any bad row, when strict).
        """
        ...
