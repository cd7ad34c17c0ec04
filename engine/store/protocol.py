"""What a store can do, whichever database keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from engine.store.address import Address

Row = tuple[Any, ...]


class Store(Protocol):
    """One connection to a database. Not for several threads at once.

    SQL is written once for both dialects, its parameters as ``?``, never pasted into the text.
    """

    address: Address

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Execute one statement and return all its rows; outside `transaction` it is one.

        Raises
        ------
        EngineError
            What went wrong in one line, with an exit code.
        """
        ...

    def pages(self, sql: str, size: int) -> Iterator[list[Row]]:
        """Yield the rows of a query, `size` at a time: no more of them are in memory."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit what is run inside as one, or nothing of it where it raises."""
        ...

    def lock(self) -> None:
        """Keep other changes of the schema waiting until the transaction ends."""
        ...

    def copy(self, table: str, rows: Sequence[Row]) -> int:
        """Append `rows` to `table`, the columns in the order of `engine.store.tables`, as one.

        Return how many. O(n), by the fastest way the database has.
        """
        ...

    def merge(self, table: str, rows: Sequence[Row]) -> int:
        """Append those of `rows` whose key is not there yet and return how many those were."""
        ...

    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Return the columns of every table of ours that is there."""
        ...

    def claim(self, name: str) -> None:
        """Keep `name` for this connection until it closes; wait for one that is dying.

        Raises
        ------
        NotPermittedError
            If another connection goes on keeping it.
        """
        ...

    def drop_days(self, table: str, before_ns: int) -> bool:
        """Drop the partitions of whole days before `before_ns`; False where there are none."""
        ...

    def compact(self) -> None:
        """Give back the room of what was removed."""
        ...

    def verify(self) -> list[str]:
        """Return what the database itself finds wrong with its files, one line each."""
        ...

    def size(self) -> int:
        """Return the bytes that it takes on disk."""
        ...

    def close(self) -> None:
        """Close the connection; it may be closed again."""
        ...

    def __enter__(self) -> Store: ...

    def __exit__(self, *error: object) -> None: ...
