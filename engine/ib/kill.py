"""The kill switch: a connection that is kept idle, so that nothing waits before a global cancel.

A client of ib_async sends 45 messages a second and queues the rest in one line, in which a cancel
waits too. This connection has nothing in that line; and even if it had, the message is written past
it.
"""

from __future__ import annotations

from random import Random
from typing import Any

from engine.clock import Clock
from engine.ib.connection import Hooks, Link, LinkSettings

# reqGlobalCancel: its number and its version, framed.
_IN_USE = "326:"
_GLOBAL_CANCEL = b"\0\0\0\x0558\x001\0"


class KillSwitch:
    """Cancels every open order of every client of the account; `link` is its connection."""

    def __init__(
        self, settings: LinkSettings, clock: Clock, random: Random | None, hooks: Hooks
    ) -> None:
        self.link = Link(settings, hooks, clock=clock, random=random)
        self.n_pulled = 0
        # After 1102 the library would ask for all values of the account: here nothing is asked for.
        self.link.ib.errorEvent.disconnect(self.link.ib._onError)

    def start(self) -> None:
        """Begin to connect; return at once. It comes back by itself when the connection drops."""
        self.link.start()

    @property
    def is_taken(self) -> bool:
        """Whether its client id is in use: another engine holds what is one engine's."""
        return not self.link.is_up and self.link.last_error.startswith(_IN_USE)

    async def stop(self) -> None:
        """Hang up."""
        await self.link.stop()

    def pull(self) -> bool:
        """Send the global cancel now; False if there is no connection to send it on."""
        if not pull_by(self.link.ib):
            return False
        self.n_pulled += 1
        return True


def pull_by(ib: Any) -> bool:
    """Write a global cancel on any client's socket, past everything that it has queued."""
    client = ib.client
    transport = client.conn.transport
    if not client.isReady() or transport is None or transport.is_closing():
        return False
    client.conn.sendMsg(_GLOBAL_CANCEL)
    return True
