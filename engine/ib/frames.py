"""The frames of a connection, read beside ib_async: in time proportional to the bytes.

ib_async cuts its whole buffer once for each message, which in a backlog costs more than everything
else. This reader is attached from outside, to the library's own event for bytes. Until the session
is ready it hands whole frames to the library's reader, which does the greeting; after that it hands
ticks to whoever takes them and everything else to the library's decoder.

A stream that cannot be read any further is given up: the account is compared again after that.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any, Protocol

LONGEST = 16 << 20
MOST_FIELDS = 1_000_000

_length = Struct(">I").unpack_from


class TickTaker(Protocol):
    """Takes ticks out of what is read."""

    def take(self, payload: bytes) -> bool:
        """Take a message; return whether it was one of its own."""
        ...

    def read(self) -> None:
        """Take note that everything that was read at once has been taken."""
        ...


class FrameReader:
    """Frames of one `ib_async` client, over all its sessions.

    Attributes
    ----------
    ticks
        Who takes ticks, None where ib_async does.
    n_frames, n_bytes, n_bad
        Since the start; bad ones were left out.
    """

    def __init__(
        self, client: Any, give_up: Callable[[str], None],
        failure: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self.ticks: TickTaker | None = None
        self.n_frames = self.n_bytes = self.n_bad = 0
        self._client = client
        self._give_up, self._failure = give_up, failure
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 4
        self._greet = client._onSocketHasData
        client.conn.hasData -= client._onSocketHasData
        client.conn.hasData.connect(self.feed, keep_ref=True)
        client.conn.disconnected.connect(self._forget, keep_ref=True)

    def _forget(self, _: str = "") -> None:
        self._parts.clear()
        self._have, self._need = 0, 4

    def feed(self, data: bytes) -> None:
        """Take bytes as they come; O(bytes).

        What our own code raises goes to ``failure``, and ends the session where bytes are lost.
        """
        try:
            self._feed(data)
        except Exception as error:  # the library would only log it
            self._break(f"an error of our own: {' '.join(str(error).split())[:80]}")
            self._failure(error)

    def _feed(self, data: bytes) -> None:
        client = self._client
        self.n_bytes += len(data)
        client._numBytesRecv += len(data)
        if self._parts:
            self._have += len(data)
            self._parts.append(data)
            if self._have < self._need:
                return
            data = b"".join(self._parts)
        self._parts.clear()
        ticks = self.ticks
        take = ticks.take if ticks is not None else _nobody
        is_told = False
        at, n = 0, len(data)
        while n - at >= 4:
            start = at + 4
            end = start + _length(data, at)[0]
            if end > n:
                if end - start > LONGEST:
                    self._break(f"a message of {end - start} bytes: more than {LONGEST}")
                    return
                break
            payload = data[start:end]
            at = end
            self.n_frames += 1
            if not client._apiReady:
                if not self._greeted(payload):
                    return
                continue
            if take(payload):
                continue
            if not is_told:
                is_told = True
                client.wrapper.tcpDataArrived()
            self._hand_on(payload)
            if client.connState == client.DISCONNECTED:
                return  # whatever that message led to, this session is over
        if at < n:
            self._parts.append(data[at:] if at else data)
            self._have = n - at
            self._need = 4 + _length(data, at)[0] if n - at >= 4 else 4
        if is_told:
            client.wrapper.tcpDataProcessed()
        if ticks is not None:
            try:
                ticks.read()
            except Exception as error:  # no byte is lost by it
                self._failure(error)

    def _greeted(self, payload: bytes) -> bool:
        """Let the library greet; return whether the stream goes on."""
        client = self._client
        if len(payload) == 0:
            self.n_bad += 1
            return True
        try:
            self._greet(len(payload).to_bytes(4, "big") + payload)
        except Exception as error:  # the greeting is read without a net
            self._break(f"a greeting that cannot be read: {' '.join(str(error).split())[:80]}")
            return False
        client._numBytesRecv -= 4 + len(payload)
        return bool(client.connState != client.DISCONNECTED)

    def _hand_on(self, payload: bytes) -> None:
        client = self._client
        client._numMsgRecv += 1
        if not payload.endswith(b"\0") or payload.count(b"\0") > MOST_FIELDS:
            self.n_bad += 1
            return
        client.decoder.interpret(payload[:-1].decode(errors="backslashreplace").split("\0"))

    def _break(self, reason: str) -> None:
        self.n_bad += 1
        self._forget()
        self._give_up(reason)


def _nobody(_: bytes) -> bool:
    return False
