"""The gateway in a loop of virtual time: its end of each connection in memory."""

from __future__ import annotations

import asyncio
from typing import Any

from virtual_loop import Pipe, VirtualLoop

from engine.clock import NS_PER_SECOND
from engine.gateway.gateway import Gateway
from engine.gateway.session import Session


class Port(asyncio.Protocol):
    """The gateway's end of a connection in memory."""

    def __init__(self, gateway: Gateway, loop: VirtualLoop) -> None:
        self._gateway = gateway
        self._loop = loop
        self._pipe: Any = None
        self._session: Session | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, Pipe)
        self._pipe = transport
        self._session = self._gateway.connect(self)
        if self._session is None:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._session is not None:
            self._gateway.advance(int(self._loop.now * NS_PER_SECOND))
            self._session.data(data)
            self._gateway.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._session is not None:
            self._session.lost()

    def write(self, data: bytes) -> None:
        self._pipe.write(data)

    def close(self) -> None:
        self._pipe.close()

    def backlog(self) -> int:
        return 0
