"""The door through which chains come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.market.carry import Carry
from engine.market.chain import OptionChain


@dataclass(frozen=True, slots=True)
class Loaded:
    """One chain as a feed gives it.

    `carry` is what the source itself knows (dividends, rates), None if nothing; `problems` are the
    rows that were refused, one line each: file, line, column, what was expected. `notes` are what
    a person should know of how the rest was read. `knows_dividends` says whether the source says
    anything of dividends, if only that there are none; None is whether it has a carry.
    """

    chain: OptionChain
    carry: Carry | None = None
    problems: tuple[str, ...] = ()
    labels: tuple[Mapping[str, object], ...] = field(default=())
    notes: tuple[str, ...] = ()
    knows_dividends: bool | None = None


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """How a source is to be read; each source takes the ones that mean something to it.

    Attributes
    ----------
    strict
        Whether one bad row refuses the whole input.
    as_of_ns
        The instant of interest in UTC nanoseconds; None is the last one the source has.
    mapping
        Our column names to the file's, for ``csv``.
    seed
        Of the ``demo`` exchange.
    kinds
        What a symbol is, where its name does not say: "share", "index" or "coin", by symbol in
        capitals, "" for every other.
    max_bytes
        How much one input may be once unpacked; 0 is the usual cap.
    layout
        The name of the layout of a file, for ``csv``; "" is the one that its header tells.
    decimal
        The decimal mark of a file, for ``csv``: "," or "."; the other one then groups thousands.
        "" is a point, and no groups.
    delimiter
        What parts the columns of a file, for ``csv``; "" is read off its header.
    rows
        Paths to the rows, for ``json``; "" is where they are found.
    window
        Seconds within which rows with times of their own are one snapshot, for ``csv`` and
        ``json``; 0 is none.
    """

    strict: bool = False
    as_of_ns: int | None = None
    mapping: Mapping[str, str] | None = None
    seed: int | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 0
    layout: str = ""
    decimal: str = ""
    delimiter: str = ""
    rows: str = ""
    window: float = 0.0


class Feed(Protocol):
    """A source of chains: whole snapshots, read when asked for."""

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols this feed has, sorted."""
        ...

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the chains of `symbol`, oldest first, those of ``since <= instant <= until``.

        Both are UTC nanoseconds; None leaves that end open. Without either, a source that was
        opened for one instant gives the chain of that instant.

        Raises
        ------
        NoInputError
            If the feed does not have `symbol`; the message names the nearest one it has.
        BadDataError
            If the input is not what its format promises (any bad row, when strict).
        """
        ...


def is_within(ts_ns: int, since: int | None, until: int | None) -> bool:
    """Return whether an instant lies in a range with open ends."""
    return (since is None or since <= ts_ns) and (until is None or ts_ns <= until)
