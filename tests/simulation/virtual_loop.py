"""An asyncio loop in virtual time without a file descriptor, and a network in memory.

Time passes when nobody has anything to do. Bytes arrive late, in order, and cut anywhere; a
connection can be reset from either end. Everything is drawn from one generator.
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections.abc import Callable
from random import Random
from typing import Any

_MOST_STILL = 1_000


class _NoSelector:
    """Lets time pass instead of waiting for descriptors."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._n_still = 0

    def select(self, timeout: float | None = None) -> tuple[()]:
        if timeout is None:
            raise RuntimeError(f"nothing is due ever after {self._loop.time():.6f}")
        self._loop.now += max(timeout, 0.0)
        # The client waits until *more* than a second has passed: no clock stands still for it.
        self._n_still = 0 if timeout > 0.0 else self._n_still + 1
        if self._n_still > _MOST_STILL:
            self._loop.now += 1e-6
        return ()

    def close(self) -> None:
        pass


class VirtualLoop(base_events.BaseEventLoop):
    """The loop; `errors` are what was raised inside callbacks and tasks."""

    def __init__(self, rng: Random) -> None:
        super().__init__()
        self.now = 0.0
        self.rng = rng
        self.errors: list[str] = []
        self.servers: dict[int, Callable[[], asyncio.Protocol]] = {}
        self._clock_resolution = 1e-9
        self._selector = _NoSelector(self)
        self.set_exception_handler(self._note)

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.errors.append(repr(context.get("exception") or context["message"]))

    def time(self) -> float:
        return self.now

    def _process_events(self, event_list: object) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        pass

    async def create_connection(  # type: ignore[override]
        self, factory: Callable[[], asyncio.Protocol], host: str = "", port: int = 0, **_: object
    ) -> tuple[Pipe, asyncio.Protocol]:
        await asyncio.sleep(0.0005)
        if port not in self.servers:
            raise ConnectionRefusedError(111, "refused")
        near, far = Pipe(self), Pipe(self)
        near.peer, far.peer = far, near
        near.protocol, far.protocol = factory(), self.servers[port]()
        far.protocol.connection_made(far)
        if far.is_closing():
            raise ConnectionRefusedError(111, "refused")
        near.protocol.connection_made(near)
        return near, near.protocol


class Pipe(asyncio.Transport):
    """One end of a connection in memory."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop
        self.peer: Pipe
        self.protocol: asyncio.Protocol
        self._is_closed = False
        self._last = 0.0

    def write(self, data: Any) -> None:
        loop, rng = self._loop, self._loop.rng
        left = bytes(data)
        while left and not self._is_closed:
            size = len(left) if rng.random() < 0.7 else 1 + int(rng.random() * len(left))
            due = max(self._last, loop.now + 0.0001 + 0.002 * rng.random())
            loop.call_at(due, self.peer._deliver, left[:size])
            self._last, left = due + 1e-7, left[size:]

    def _deliver(self, data: bytes) -> None:
        if not self._is_closed:
            self.protocol.data_received(data)

    def _lose(self, error: Exception | None) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._loop.call_soon(self.protocol.connection_lost, error)

    def close(self) -> None:
        if not self._is_closed:
            self._lose(None)
            self._loop.call_at(max(self._last, self._loop.now) + 0.001, self.peer._lose, None)

    def abort(self) -> None:
        self._lose(ConnectionResetError("reset"))
        self.peer._lose(ConnectionResetError("reset"))

    def is_closing(self) -> bool:
        return self._is_closed

    def write_eof(self) -> None:
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def get_write_buffer_size(self) -> int:
        return 0
