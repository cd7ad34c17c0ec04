"""What a store can do, whichever database keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def size(self) -> int:
        """Return the bytes that it takes on disk."""
        ...

    def close(self) -> None:
        """Close the connection; it may be closed again."""
        ...

    def __enter__(self) -> Store: ...

    def __exit__(self, *error: object) -> None: ...
