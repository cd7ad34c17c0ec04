"""A recorded session as a feed: what was delivered then, in the order in which it came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadDataError, NoInputError
from engine.feeds.protocol import Loaded, is_within
from engine.feeds.recorded import loaded_of, symbol_of
from engine.nearest import hint
from engine.session.recording import SessionReader

_EVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Arrival:
    """A chain and when it arrived, UTC nanoseconds."""

    ts_recv: int
    loaded: Loaded


class SessionFeed:
    """Read the chains of a session file.

    Parameters
    ----------
    path
        The file.
    strict
        Whether a torn end is refused; else it is a problem of the last chain.
    since, until
        Only what arrived in ``since <= ts_recv < until``, UTC nanoseconds; None is no limit.

    Raises
    ------
    NoInputError, BadDataError
        If it is not there, or no session.
    """

    def __init__(
        self,
        path: str | Path,
        strict: bool = False,
        since: int | None = None,
        until: int | None = None,
    ) -> None:
        self.path = Path(path)
        self._strict = strict
        self._reader = SessionReader(
            path, since=-_EVER if since is None else since, until=_EVER if until is None else until
        )
        self._symbols: tuple[str, ...] | None = None

    @property
    def torn(self) -> str:
        """What of the file could not be read, "" if all of it was, or nothing was read yet."""
        return f"{self.path}: {self._reader.tear}" if self._reader.tear else ""

    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that have chains, sorted. O(file), once."""
        if self._symbols is None:
            found = {symbol_of(message) for message in self._reader}
            self._symbols = tuple(sorted(symbol for symbol in found if symbol is not None))
        return self._symbols

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        """Yield the chains of `symbol` as they arrived, those of ``since <= instant <= until``.

        Raises
        ------
        NoInputError
            If there is none; the message names the nearest symbol.
        BadDataError
            If a recorded chain is not one, or (strict) the file ends torn.
        """
        if symbol not in self.symbols():
            raise NoInputError(
                f"{self.path}: no chain of {symbol!r} in it: {hint(symbol, self.symbols())}"
            )
        for arrival in self.arrivals({symbol}):
            if is_within(arrival.loaded.chain.ts_ns, since, until):
                yield arrival.loaded

    def arrivals(self, symbols: set[str] | None = None) -> Iterator[Arrival]:
        """Yield every chain of `symbols` (None is all) in the order in which they arrived.

        Raises
        ------
        BadDataError
            As `chains`.
        """
        for message in self._reader:
            symbol = symbol_of(message)
            if symbol is not None and (symbols is None or symbol in symbols):
                yield Arrival(message.ts_recv, loaded_of(message))
        if self._strict and self.torn:
            raise BadDataError(self.torn)
