"""Where events are kept: SQLite with nothing installed, PostgreSQL where there is one.

``open_store("sqlite:")`` is one file under the user's data directory.
"""

from __future__ import annotations

from engine.store.address import Address, read_address
from engine.store.protocol import Store


def open_store(address: str | Address | None = None, *, must_exist: bool = False) -> Store:
    """Return the store at `address`, its schema as it is found (`engine.store.schema`).

    Parameters
    ----------
    address
        ``sqlite:PATH``, ``sqlite:`` for the user's own, ``postgresql://USER@HOST:PORT/NAME``, or
        one that was read; None is ENGINE_STORE, else the user's own.
    must_exist
        Whether an SQLite file that is not there is refused instead of made.

    Raises
    ------
    UsageError
        If `address` is none.
    UnavailableError
        If its driver is not installed; the message names the command that installs it.
    EngineError
        If it cannot be opened: what and why, never with a password.
    """
    where = read_address(address) if not isinstance(address, Address) else address
    if where.kind == "sqlite":
        from engine.store.sqlite import SqliteStore

        return SqliteStore(where, must_exist=must_exist)
    from engine.store.postgres import PostgresStore

    return PostgresStore(where)
