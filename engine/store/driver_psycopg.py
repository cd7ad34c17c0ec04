"""PostgreSQL by psycopg 3, in its pure form where nothing compiled is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from ctypes.util import find_library
from typing import Any, TypeVar

import psycopg
from psycopg import sql as composed

from engine.store.address import Address
from engine.store.binary_copy import chunks
from engine.store.drivers import DriverError
from engine.store.protocol import Row

_T = TypeVar("_T")


def _libpq_by_cffi() -> tuple[Any, Any]:
    """Return cffi and libpq through it; (None, None) where there is no cffi.

    psycopg's pure form hands bytes to libpq by ctypes, which on PyPy copies them one by one: 26 ns
    each, four fifths of a COPY.
    """
    try:
        from cffi import FFI
    except ImportError:
        return None, None
    ffi = FFI()
    ffi.cdef("int PQputCopyData(void *conn, const char *buffer, int nbytes);")
    try:
        return ffi, ffi.dlopen(find_library("pq"))
    except OSError:
        return None, None


_ffi, _libpq = _libpq_by_cffi()


def connect(address: Address, seconds: float) -> PsycopgDriver:
    """Return a connection to `address`."""
    return PsycopgDriver(address, seconds)


class PsycopgDriver:
    """One psycopg connection; transactions are ours, so it runs in autocommit."""

    name = "psycopg"

    def __init__(self, address: Address, seconds: float) -> None:
        self._statements: dict[str, str] = {}
        parts: dict[str, Any] = {"host": address.host, "port": address.port}
        if address.user:
            parts["user"] = address.user
        if address.password:
            parts["password"] = address.password
        self._connection: Any = _told(
            lambda: psycopg.connect(
                dbname=address.database,
                connect_timeout=max(2, round(seconds)),
                autocommit=True,
                **parts,
            )
        )

    def run(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Execute one statement and return its rows."""
        text = self._statements.get(sql)
        if text is None:
            text = self._statements[sql] = sql.replace("%", "%%").replace("?", "%s")

        def rows() -> list[Row]:
            with self._connection.cursor() as cursor:
                cursor.execute(text, parameters, binary=True)
                return cursor.fetchall() if cursor.description else []

        return _told(rows)

    def copy(
        self, table: str, columns: Sequence[str], kinds: Sequence[str], rows: Sequence[Row]
    ) -> None:
        """Append rows by COPY in its binary form."""
        statement = composed.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            composed.Identifier(table), composed.SQL(", ").join(map(composed.Identifier, columns))
        )

        def write() -> None:
            with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
                stream = chunks(kinds, rows)
                copy.write(next(stream))  # or psycopg adds a head of its own
                if _libpq is None:
                    for chunk in stream:
                        copy.write(chunk)
                else:
                    self._put(stream)

        _told(write)

    def _put(self, stream: Iterable[bytes]) -> None:
        """Give `stream` to libpq itself, which waits for the server where it has to."""
        handle: Any = self._connection.pgconn
        pointer = _ffi.cast("void *", handle.pgconn_ptr)
        handle.nonblocking = 0
        try:
            for chunk in stream:
                if _libpq.PQputCopyData(pointer, _ffi.from_buffer(chunk), len(chunk)) != 1:
                    raise psycopg.OperationalError(handle.get_error_message())
        finally:
            handle.nonblocking = 1

    def close(self) -> None:
        """Close the connection."""
        with suppress(psycopg.Error, OSError):
            self._connection.close()


def _told(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except psycopg.Error as error:
        words = str(error) or type(error).__name__
        raise DriverError(_state(error, words), words) from None
    except (TypeError, ValueError, OverflowError) as error:
        raise DriverError("22000", str(error)) from None
    except OSError as error:
        raise DriverError("", str(error)) from None


def _state(error: psycopg.Error, words: str) -> str:
    """Return the SQLSTATE; libpq has none for what a server said before the connection stood."""
    if error.sqlstate:
        return str(error.sqlstate)
    if not isinstance(error, psycopg.OperationalError):
        return "22000"
    if "authentication failed" in words or "no password supplied" in words:
        return "28P01"
    return "3D000" if 'database "' in words and "does not exist" in words else ""
