"""Which PostgreSQL driver: asyncpg on CPython, psycopg 3 on PyPy, behind one face.

asyncpg does not build on PyPy; psycopg's pure form needs libpq, which Debian calls libpq5.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from engine.errors import EngineError, UnavailableError, install_command
from engine.store.address import Address
from engine.store.protocol import Row


class DriverError(Exception):
    """What a driver says went wrong: `state` is the SQLSTATE, "" where the connection failed."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class Driver(Protocol):
    """One connection to PostgreSQL. It raises `DriverError` and nothing else of its own."""

    name: str

    def run(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Execute one statement, its parameters as ``?``, and return its rows."""
        ...

    def copy(
        self, table: str, columns: Sequence[str], kinds: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Append rows by COPY in its binary form."""
        ...

    def close(self) -> None:
        """Close the connection, whatever state it is in."""
        ...


# runtime: the module here, what it imports
_CHOICE = {
    "CPython": ("engine.store.driver_asyncpg", "asyncpg"),
    "PyPy": ("engine.store.driver_psycopg", "psycopg"),
}


def connect(address: Address, *, seconds: float = 10.0) -> Driver:
    """Return a connection to `address` by this runtime's driver.

    Raises
    ------
    UnavailableError
        If the driver is not installed.
    DriverError
        If the server cannot be reached or refuses.
    """
    module, package = _CHOICE.get(platform.python_implementation(), _CHOICE["CPython"])
    try:
        driver = import_module(module)
    except ImportError as error:
        raise _missing(package, error) from None
    connection: Driver = driver.connect(address, seconds)
    return connection


def _missing(package: str, error: ImportError) -> EngineError:
    if "libpq" in str(error):
        return UnavailableError(
            "PostgreSQL needs libpq beside psycopg: sudo apt-get install libpq5"
        )
    return UnavailableError(f"PostgreSQL needs {package}: {install_command('postgres')}")
