"""PostgreSQL by asyncpg, one connection on an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from engine.store.address import Address
from engine.store.drivers import DriverError
from engine.store.protocol import Row

_T = TypeVar("_T")
_PING_SECONDS = 5.0


def connect(address: Address, seconds: float) -> AsyncpgDriver:
    """Return a connection to `address`."""
    return AsyncpgDriver(address, seconds)


class AsyncpgDriver:
    """One asyncpg connection, called as if it were not asynchronous.

    The loop runs only while a call waits: a store is used by one thread, which has no loop of its
    own. Where a loop runs already, `engine.store.writer` keeps the store in a thread.
    """

    name = "asyncpg"

    def __init__(self, address: Address, seconds: float) -> None:
        self._loop = asyncio.new_event_loop()
        # A connection that is lost between two calls is told by the next call, not by the loop.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._statements: dict[str, str] = {}
        try:
            self._connection: Any = self._wait(
                asyncpg.connect(
                    host=address.host,
                    port=address.port,
                    user=address.user or None,
                    password=address.password or None,
                    database=address.database,
                    timeout=seconds,
                )
            )
        except BaseException:
            self._loop.close()
            raise

    def run(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Execute one statement and return its rows."""
        if not parameters:
            return [tuple(row) for row in self._wait(self._connection.fetch(sql))]
        text = self._statements.get(sql)
        if text is None:
            text = self._statements[sql] = numbered(sql)
        return [tuple(row) for row in self._wait(self._connection.fetch(text, *parameters))]

    def copy(
        self, table: str, columns: Sequence[str], kinds: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Append rows by COPY; asyncpg asks the server for the types."""
        self._wait(
            self._connection.copy_records_to_table(table, records=rows, columns=list(columns))
        )

    def close(self) -> None:
        """Close the connection and its loop."""
        if self._loop.is_closed():
            return
        with suppress(DriverError):
            self._wait(self._connection.close(timeout=_PING_SECONDS))
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._loop.is_closed():
            work.close()
            raise DriverError("", "the connection is closed")
        try:
            return self._loop.run_until_complete(work)
        except asyncpg.PostgresError as error:
            raise DriverError(error.sqlstate or "XX000", str(error)) from None
        except (OSError, asyncio.TimeoutError, asyncpg.InterfaceError) as error:
            words = str(error) or type(error).__name__
            is_data = isinstance(error, asyncpg.DataError)
            raise DriverError("22000" if is_data else "", words) from None
        except (TypeError, ValueError, OverflowError) as error:
            raise DriverError("22000", str(error)) from None
        except (asyncpg.InternalClientError, BufferError) as error:
            raise DriverError("XX000", str(error)) from None


def numbered(sql: str) -> str:
    """Return `sql` with its ``?`` as ``$1``, ``$2``, ...; our SQL has no other question mark.

    >>> numbered("SELECT ? + ?")
    'SELECT $1 + $2'
    """
    first, *rest = sql.split("?")
    return first + "".join(f"${k}{part}" for k, part in enumerate(rest, 1))
