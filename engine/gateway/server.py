"""The gateway on a socket: asyncio outside, everything else inside.

One task moves the clock; what clients send is handled as it comes, at the time of that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.clock import SYSTEM, Clock
from engine.gateway.gateway import Gateway
from engine.gateway.session import Session

# Seconds between two looks at the clock, and contracts priced ahead in one idle slice.
_STEP = 0.004
_AHEAD = 8


class Connection(asyncio.Protocol):
    """One client's socket."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session, or refuse it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._session = self._server.gateway.connect(self)
        if self._session is None:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what the client sends."""
        if self._session is not None:
            self._server.tick()
            self._session.data(data)
            self._server.gateway.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that the client has gone."""
        if self._session is not None:
            self._session.lost()

    def write(self, data: bytes) -> None:
        """Send `data`."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Close the socket when everything has been sent."""
        if self._transport is not None:
            self._transport.close()

    def backlog(self) -> int:
        """Return the bytes not yet taken by the kernel."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0


class Server:
    """A gateway that listens on loopback and moves with the clock."""

    def __init__(self, gateway: Gateway, *, clock: Clock = SYSTEM) -> None:
        self.gateway = gateway
        self._clock = clock
        self._start_ns = clock.monotonic_ns()
        self._task: asyncio.Task[None] | None = None
        self._server: asyncio.AbstractServer | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which is chosen for 0."""
        loop = asyncio.get_running_loop()
        self._start_ns = self._clock.monotonic_ns()
        self._server = await loop.create_server(lambda: Connection(self), host, port)
        self._task = loop.create_task(self._move())
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def tick(self) -> None:
        """Bring the gateway to the time of now."""
        self.gateway.advance(self._clock.monotonic_ns() - self._start_ns)

    async def _move(self) -> None:
        while True:
            before = self._clock.monotonic_ns()
            self.tick()
            spent = (self._clock.monotonic_ns() - before) / 1e9
            if spent < _STEP / 4:
                self.gateway.market.prepare(_AHEAD)
            await asyncio.sleep(max(_STEP - spent, 0.0))

    async def wait(self, report: Callable[[], None], every: float) -> None:
        """Run until cancelled or broken, and report now and then.

        Raises
        ------
        Exception
            What went wrong inside: a gateway that has stopped moving must not look alive.
        """
        assert self._task is not None
        while True:
            done, _ = await asyncio.wait({self._task}, timeout=every)
            if done:
                self._task.result()
            report()

    async def stop(self) -> None:
        """Close every connection and the socket."""
        if self._task is not None:
            self._task.cancel()
        for session in list(self.gateway.clients.values()):
            session.close()
        if self._server is not None:
            self._server.close()
