"""Cancel every open order of a gateway, from a process that shares nothing with the engine.

A plain blocking connection with a client id of its own and an empty queue: it works while the
engine hangs or its queues are full. Five messages of the TWS API, written here, so that nothing has
to be imported or warmed up first.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass

from engine.errors import InputOutputError

# Message numbers of the TWS API.
_START_API, _OPEN_ORDERS, _GLOBAL_CANCEL = 71, 16, 58
_NEXT_ID, _ERROR, _OPEN_ORDER, _OPEN_END = b"9", b"4", b"5", b"53"
_PERMANENT = 25  # the field of an open order with the broker's own name of it
_VERSIONS = b"v157..178"
_MOST_FRAME = 16 * 1024 * 1024
_IN_USE = b"326"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How many orders were open before and after, and how long it took until none was."""

    n_before: int
    n_left: int
    seconds: float


def cancel_everything(
    host: str, port: int, client_id: int, *, seconds: float = 5.0, tries: int = 5
) -> Cancelled:
    """Send the global cancel, ask again until no order is open, and return what became of it.

    The cancel is sent before anything is asked. Where `client_id` is in use the next ids are tried.

    Raises
    ------
    InputOutputError
        If the gateway cannot be reached or does not speak the API.
    """
    until = time.perf_counter() + seconds
    start = time.perf_counter()
    for attempt in range(tries):
        wire = _Wire(host, port, until)
        try:
            if wire.begin(client_id + attempt):
                wire.send(_GLOBAL_CANCEL, 1)
                first = left = wire.open_orders()
                while left and time.perf_counter() < until:
                    time.sleep(0.02)
                    left = wire.open_orders()
                return Cancelled(first, left, time.perf_counter() - start)
        finally:
            wire.close()
    raise InputOutputError(
        f"{host}:{port}: client ids {client_id} to {client_id + tries - 1} are all in use"
    )


class _Wire:
    """A blocking connection to a TWS or gateway; every wait ends at one moment."""

    def __init__(self, host: str, port: int, until: float) -> None:
        self._name = f"{host}:{port}"
        self._until = until
        self._data = b""
        try:
            self._socket = socket.create_connection((host, port), self._left())
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            raise InputOutputError(f"{self._name}: {error.strerror or error}") from None

    def _left(self) -> float:
        return max(self._until - time.perf_counter(), 0.01)

    def begin(self, client_id: int) -> bool:
        """Shake hands; False if the id is in use."""
        self._send(b"API\0" + len(_VERSIONS).to_bytes(4, "big") + _VERSIONS)
        self._frame()
        self.send(_START_API, 2, client_id, "")
        while True:
            try:
                fields = self._frame()
            except EOFError:
                return False
            if fields[0] == _NEXT_ID:
                return True
            if fields[0] == _ERROR and _IN_USE in fields[:5]:
                return False

    def open_orders(self) -> int:
        """Return how many orders of all clients are open."""
        self.send(_OPEN_ORDERS, 1)
        orders = set()
        while True:
            fields = self._frame()
            if fields[0] == _OPEN_ORDER and len(fields) > _PERMANENT:
                orders.add(fields[_PERMANENT])
            elif fields[0] == _OPEN_END:
                return len(orders)

    def send(self, *fields: object) -> None:
        payload = b"".join(str(field).encode() + b"\0" for field in fields)
        self._send(len(payload).to_bytes(4, "big") + payload)

    def _send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(self._left())
            self._socket.sendall(data)
        except OSError as error:
            raise InputOutputError(f"{self._name}: {error.strerror or error}") from None

    def _frame(self) -> list[bytes]:
        """Return the fields of the next message.

        Raises
        ------
        EOFError
            If the other end has closed.
        """
        length = int.from_bytes(self._take(4), "big")
        if length > _MOST_FRAME:
            raise InputOutputError(f"{self._name}: a message of {length:,} bytes: not the TWS API")
        return self._take(length).split(b"\0") if length else [b""]

    def _take(self, count: int) -> bytes:
        while len(self._data) < count:
            try:
                self._socket.settimeout(self._left())
                part = self._socket.recv(65_536)
            except OSError as error:
                raise InputOutputError(f"{self._name}: {error.strerror or error}") from None
            if not part:
                raise EOFError(self._name)
            self._data += part
        found, self._data = self._data[:count], self._data[count:]
        return found

    def close(self) -> None:
        self._socket.close()
