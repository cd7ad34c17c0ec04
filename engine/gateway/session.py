"""One client's connection: handshake, messages in, messages out, in order; no sockets here.

Whoever owns the socket calls `data` and `lost`; what is to be sent comes out of `Pipe.write`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from engine.gateway.errors import (
    BAD_MESSAGE,
    CLIENT_IN_USE,
    UNSUPPORTED_VERSION,
    BadFrameError,
    RequestError,
)
from engine.gateway.fields import Fields
from engine.gateway.frames import FrameReader, frame, split, versions
from engine.gateway.lines import LIVE, Line, TickLine

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway

LOWEST, HIGHEST = 157, 178
_START_API = 71
_SECOND = 1_000_000_000


class Pipe(Protocol):
    """Where bytes to a client go."""

    def write(self, data: bytes) -> None:
        """Send `data`."""
        ...

    def close(self) -> None:
        """Close the connection when everything has been sent."""
        ...

    def backlog(self) -> int:
        """Return how many bytes have not been taken yet."""
        ...


class Session:
    """A connection and what it has subscribed to. `version` is 0 before the handshake."""

    # Bytes not yet taken by the client, from which on quotes are only remembered.
    _SLOW = 1 << 20

    def __init__(self, gateway: Gateway, pipe: Pipe) -> None:
        self.gateway = gateway
        self.pipe = pipe
        self.version = 0
        self.client_id = -1
        self.is_open = True
        self.is_ready = False
        self.is_black = False
        self.is_slow = False
        self.delay_ns = 0
        self.quotes_stopped = False
        self.auto_bind = False
        self.data_type = LIVE
        self.lines: dict[int, Line] = {}
        self.late_lines: dict[int, Line] = {}
        self.tick_lines: dict[int, TickLine] = {}
        self.bar_lines: dict[int, int] = {}
        self.kept_bars: dict[int, tuple[int, int]] = {}
        self.wants_positions = False
        self.wants_account = ""
        self.multi: dict[int, str] = {}
        self.summaries: dict[int, tuple[str, ...]] = {}
        self.pnl: dict[int, tuple[str, int]] = {}
        self.fault_delay_ns = 0
        self._reader = FrameReader()
        self._out: list[bytes] = []
        self._recent: deque[int] = deque()
        self._violations = 0
        self._last_out_ns = 0

    # out

    def send(self, *fields: object) -> None:
        """Send one message."""
        self.write(frame(*fields))

    def write(self, data: bytes) -> None:
        """Send messages that are bytes already."""
        if not self.is_open or self.is_black:
            return
        gateway = self.gateway
        delay = self.fault_delay_ns
        if self.delay_ns:
            # Latencies are drawn for each write, and never change the order of messages.
            delay += int(self.delay_ns * 2.0 * gateway.faults.random.random())
        due = max(gateway.clock_ns + delay, self._last_out_ns)
        if due > gateway.clock_ns:
            self._last_out_ns = due
            gateway.later_ns(due, lambda: self._deliver(data))
        else:
            self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        if self.is_open and not self.is_black:
            self._out.append(data)
            if len(self._out) == 1:
                self.gateway.unflushed.append(self)

    def flush(self) -> None:
        """Hand what has gathered to the pipe, and see whether the client keeps up."""
        if self._out:
            data = b"".join(self._out)
            self._out.clear()
            if self.is_open:
                self.gateway.trace("G", self, data)
                self.pipe.write(data)
        self.is_slow = self.pipe.backlog() > self._SLOW
        if not self.is_slow and self.late_lines:
            late = list(self.late_lines.values())
            self.late_lines.clear()
            for line in late:
                line.update()

    def error(self, about: int, code: int, message: str) -> None:
        """Send an error message, or what IB sends as one."""
        fields: list[object] = [4, 2, about, code, message]
        if self.version >= 166:
            fields.append("")
        self.send(*fields)

    def close(self) -> None:
        """Close from this side, once what was sent is on its way."""
        if self.is_open:
            self.flush()
            self.is_open = False
            self.pipe.close()
            self.gateway.gone(self)

    def lost(self) -> None:
        """Take note that the client has gone away."""
        if self.is_open:
            self.is_open = False
            self.gateway.gone(self)

    # in

    def data(self, data: bytes) -> None:
        """Take what the client has sent; a message that cannot be read changes nothing."""
        if not self.is_open or self.is_black:
            return
        self.gateway.trace("C", self, data)
        try:
            for payload in self._reader.feed(data):
                if self.is_open and not self.is_black:
                    self._message(payload)
        except BadFrameError as error:
            self.error(-1, BAD_MESSAGE, f"{error}: the connection is closed")
            self.close()

    def _message(self, payload: bytes) -> None:
        if not self.version:
            self._greet(payload)
            return
        values = split(payload)
        if not self.is_ready:
            self._start(values)
            return
        if not self._paced():
            return
        try:
            self.gateway.requests.handle(self, values)
        except RequestError as error:
            about = -1 if error.about is None else error.about
            self.error(about, error.code, error.message)

    def _greet(self, payload: bytes) -> None:
        low, high = versions(payload)
        version = min(high, HIGHEST)
        if version < max(low, LOWEST):
            offered = f"{low}..{high}"
            self.version = HIGHEST
            text = f"Unsupported version: this gateway speaks {LOWEST}..{HIGHEST}, not {offered}"
            self.error(-1, UNSUPPORTED_VERSION, text)
            self.close()
            return
        self.version = version
        # Alone: old clients drop whatever follows in the same read.
        self.send(version, self.gateway.stamp_text() + " UTC")
        self.flush()

    def _start(self, values: list[str]) -> None:
        fields = Fields(values[1:])
        if values[0] != str(_START_API):
            raise BadFrameError("the first message is not startApi")
        try:
            fields.text()
            client_id = fields.integer()
        except RequestError as error:
            raise BadFrameError(error.message) from None
        if not 0 <= client_id <= 2**31 - 1 or client_id in self.gateway.clients:
            text = "Unable to connect as the client id is already in use. Retry with a unique one."
            self.error(-1, CLIENT_IN_USE, text)
            self.close()
            return
        self.client_id = client_id
        self.is_ready = True
        self.gateway.started(self)

    def _paced(self) -> bool:
        """Count messages; return whether this one may be handled."""
        now, recent = self.gateway.clock_ns, self._recent
        recent.append(now)
        while recent and recent[0] <= now - _SECOND:
            recent.popleft()
        limit = self.gateway.pacing
        if not limit or len(recent) <= limit:
            return True
        recent.clear()
        self._violations += 1
        self.error(-1, 100, f"Max rate of messages per second has been exceeded: {limit}")
        if self._violations >= 3:
            self.close()
            return False
        return True
