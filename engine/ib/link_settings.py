"""How a connection is made and watched, what its owner does about it, and what has happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from engine.ib.codes import Code
from engine.ib.states import Signal, State


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """How to reach a gateway, and how patient to be; times in seconds.

    Attributes
    ----------
    host, port, client_id
        The only things that differ between the simulated gateway, paper and live.
    timeout_s
        Of the greeting and of each part of a synchronisation.
    is_for_quotes
        Whether nothing of the account but positions is fetched.
    heartbeat_s, answer_s
        Between heartbeats, and until one counts as unanswered.
    most_unanswered
        In a row, before the connection is given up; while the gateway has lost IB, so many times
        ten.
    reconcile_s
        Until a reconciliation counts as failed.
    first_retry_s, most_retry_s
        Waits between attempts, doubled in between.
    """

    host: str = "127.0.0.1"
    port: int = 4002
    client_id: int = 1
    timeout_s: float = 10.0
    is_for_quotes: bool = False
    heartbeat_s: float = 2.0
    answer_s: float = 2.0
    most_unanswered: int = 3
    reconcile_s: float = 30.0
    first_retry_s: float = 0.5
    most_retry_s: float = 30.0


def _nothing(*_: object) -> None:
    pass


@dataclass(slots=True)
class Hooks:
    """What the owner of a connection wants to do; each may be left out.

    `state` is called with the states before and after and the signal; `code` with (request or order
    id, the code, its text); `stale` when no quote is proven any more, `subscribe` when
    subscriptions are to be made again (for those that are up, this changes nothing); `reconcile` is
    awaited before READY; `alive` after each answered heartbeat; `failure` takes what a task of ours
    has raised: trading must stop then; `is_planned` says whether an outage now is one that is
    expected, such as the nightly reset: nobody is alerted then, all else is the same.
    """

    state: Callable[[State, State, Signal], None] = _nothing
    code: Callable[[int, Code, str], None] = _nothing
    stale: Callable[[], None] = _nothing
    subscribe: Callable[[], None] = _nothing
    reconcile: Callable[[], Awaitable[None]] | None = None
    alive: Callable[[], None] = _nothing
    alert: Callable[[str], None] = _nothing
    failure: Callable[[BaseException], None] = _nothing
    is_planned: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class Counters:
    """What has happened since the start."""

    attempts: int = 0
    sessions: int = 0
    unanswered: int = 0
    failures: int = 0
    codes: Counter[int] = field(default_factory=Counter)
