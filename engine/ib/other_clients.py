"""Cancelling what was sent under another client id than the one in use.

IB lets a client cancel its own orders alone. Orders of ours that an earlier engine sent under
another id are cancelled by a connection under that id, made for it and closed again. Where the id
is in use there, its engine lives: two of them trade the account, and that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from engine.clock import Clock
from engine.ib.codes import Code, Kind
from engine.ib.connection import Hooks, Link, LinkSettings
from engine.ib.states import Signal, State

# Until the gateway has taken what was sent; and how many ids are tried at once.
_LINGER_S = 1.0
_MOST_AT_ONCE = 4


class OtherClients:
    """Connections under other ids, each for as long as it has something to cancel.

    `taken` is called with an id that is in use; `failure` takes what our own code raises.
    """

    def __init__(
        self, settings: LinkSettings, clock: Clock, random: Random | None,
        *, taken: Callable[[int], None], failure: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self._settings = replace(settings, is_for_quotes=True)
        self._clock, self._random = clock, random
        self._taken, self._failure = taken, failure
        self._wanted: dict[int, dict[int, None]] = {}
        self._links: dict[int, Link] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def cancel(self, client_id: int, order_id: int) -> bool:
        """Cancel an order of another id, soon; False if too many ids are being tried."""
        if client_id not in self._links:
            if len(self._links) >= _MOST_AT_ONCE:
                return False
            self._connect(client_id)
        self._wanted.setdefault(client_id, {})[order_id] = None
        if self._links[client_id].state is State.READY:
            self._send(client_id)
        return True

    async def stop(self) -> None:
        """Hang up all of them."""
        for client_id in list(self._links):
            self._end(client_id)
        while self._ending:
            await asyncio.wait(list(self._ending))

    def _connect(self, client_id: int) -> None:
        def on_state(before: State, after: State, signal: Signal) -> None:
            if after is State.READY:
                self._send(client_id)
                asyncio.get_running_loop().call_later(_LINGER_S, self._end, client_id, link)

        def on_code(about: int, code: Code, text: str) -> None:
            if code.kind is Kind.CLIENT_IN_USE and client_id in self._links:
                self._end(client_id)
                self._taken(client_id)

        hooks = Hooks(state=on_state, code=on_code, failure=self._failure)
        link = Link(
            replace(self._settings, client_id=client_id), hooks, clock=self._clock,
            random=self._random,
        )  # fmt: skip
        self._links[client_id] = link
        link.start()

    def _send(self, client_id: int) -> None:
        client = self._links[client_id].ib.client
        try:
            for order_id in self._wanted.pop(client_id, ()):
                client.cancelOrder(order_id)
        except OSError:
            return  # whoever wants it cancelled sees that it lives, and asks again

    def _end(self, client_id: int, link: Link | None = None) -> None:
        if link is not None and self._links.get(client_id) is not link:
            return
        self._wanted.pop(client_id, None)
        task = asyncio.get_running_loop().create_task(self._links.pop(client_id).stop())
        self._ending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failure(error)
