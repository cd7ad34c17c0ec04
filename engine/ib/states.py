"""The states of a session with TWS, and the only moves between them.

Rules
-----
1. Orders are sent in READY alone.
2. Nothing becomes READY but through RECONCILING: whatever was interrupted is compared first.
3. A socket that is up proves nothing. 1100 and 2110 (LINK_LOST) leave it open and end READY; so
   does a heartbeat without an answer.
4. 1101 and 1102 both reconcile; after 1101, a broken farm and a new session, quotes are subscribed
   again as well.
5. A farm is about quotes: it never touches the state that orders depend on.
6. What is not in the table changes nothing.

The table is pure: `engine.ib.connection` carries out what it says.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class State(Enum):
    """How far a session is."""

    DOWN = "down"  # no connection; another attempt is due, or none is wanted
    CONNECTING = "connecting"  # the socket, and the greeting
    SYNCING = "syncing"  # the library fetches what the account has
    RECONCILING = "reconciling"  # what we know is compared with that
    READY = "ready"
    SILENT = "silent"  # a heartbeat has no answer yet
    DEGRADED = "degraded"  # the gateway has lost IB


class Signal(Enum):
    """What happens."""

    START = "start"
    GREETED = "greeted"  # the gateway has said who we are
    SYNCED = "synced"
    RECONCILED = "reconciled"
    FAILED = "failed"  # an attempt, a synchronisation or a reconciliation
    SOCKET_LOST = "socket lost"
    LINK_LOST = "link lost"
    RESTORED = "restored"
    RESTORED_DATA_LOST = "restored, data lost"
    UNANSWERED = "unanswered"  # a heartbeat
    ANSWERED = "answered"
    DEAD = "dead"  # so many heartbeats unanswered, or a stream that cannot be read
    FARM_BROKEN = "farm broken"
    FARM_OK = "farm ok"
    COMPETING = "competing session"
    STOP = "stop"


class Action(Enum):
    """What is to be done about it, in order."""

    CONNECT = "connect"
    RETRY = "retry"  # later, under the same client id
    HANG_UP = "hang up"
    RECONCILE = "reconcile"
    STALE = "stale"  # no quote is proven any more
    SUBSCRIBE = "subscribe"  # what was subscribed to before, again
    ALERT = "alert"  # a person should know


class Move(NamedTuple):
    """The state after a signal, and what to do."""

    state: State
    actions: tuple[Action, ...] = ()


_S, _A = State, Action
_AGAIN = (_A.STALE, _A.HANG_UP, _A.RETRY)
_UP = (_S.RECONCILING, _S.READY, _S.SILENT, _S.DEGRADED)
_RECONCILE = Move(_S.RECONCILING, (_A.RECONCILE,))

TABLE: dict[tuple[State, Signal], Move] = {
    (_S.DOWN, Signal.START): Move(_S.CONNECTING, (_A.CONNECT,)),
    (_S.CONNECTING, Signal.GREETED): Move(_S.SYNCING),
    (_S.SYNCING, Signal.SYNCED): Move(_S.RECONCILING, (_A.RECONCILE, _A.SUBSCRIBE)),
    # A gateway that has no IB cannot tell what the account has: begin again.
    **{(s, Signal.LINK_LOST): Move(_S.DOWN, _AGAIN) for s in (_S.CONNECTING, _S.SYNCING)},
    (_S.RECONCILING, Signal.RECONCILED): Move(_S.READY),
    (_S.RECONCILING, Signal.LINK_LOST): Move(_S.DEGRADED, (_A.STALE,)),
    (_S.READY, Signal.LINK_LOST): Move(_S.DEGRADED, (_A.STALE, _A.ALERT)),
    (_S.SILENT, Signal.LINK_LOST): Move(_S.DEGRADED, (_A.STALE,)),
    (_S.DEGRADED, Signal.LINK_LOST): Move(_S.DEGRADED, (_A.STALE,)),
    # 1101 and 1102 may also come without 1100 before them.
    **{(s, Signal.RESTORED): Move(_S.RECONCILING, (_A.STALE, _A.RECONCILE, _A.SUBSCRIBE))
       for s in _UP},
    **{(s, Signal.RESTORED_DATA_LOST):
       Move(_S.RECONCILING, (_A.STALE, _A.RECONCILE, _A.SUBSCRIBE)) for s in _UP},
    **{(s, Signal.UNANSWERED): Move(_S.SILENT, (_A.STALE,)) for s in (_S.RECONCILING, _S.READY)},
    (_S.SILENT, Signal.ANSWERED): Move(_S.RECONCILING, (_A.RECONCILE,)),
    **{(s, Signal.DEAD): Move(_S.DOWN, (_A.ALERT, *_AGAIN)) for s in (_S.CONNECTING, _S.SYNCING,
                                                                     *_UP)},
    **{(s, Signal.FAILED): Move(_S.DOWN, _AGAIN)
       for s in (_S.CONNECTING, _S.SYNCING, _S.RECONCILING)},
    **{(s, Signal.SOCKET_LOST): Move(_S.DOWN, _AGAIN) for s in (_S.CONNECTING, _S.SYNCING, *_UP)},
    **{(s, Signal.FARM_BROKEN): Move(s, (_A.STALE,)) for s in _UP},
    **{(s, Signal.FARM_OK): Move(s, (_A.SUBSCRIBE,)) for s in _UP},
    **{(s, Signal.COMPETING): Move(s, (_A.STALE, _A.ALERT)) for s in _UP},
    **{(s, Signal.STOP): Move(_S.DOWN, (_A.STALE, _A.HANG_UP)) for s in State},
}  # fmt: skip


def move(state: State, signal: Signal) -> Move:
    """Return where a signal leads from a state, and what is to be done; O(1).

    >>> move(State.READY, Signal.LINK_LOST).state
    <State.DEGRADED: 'degraded'>
    >>> move(State.READY, Signal.SYNCED)
    Move(state=<State.READY: 'ready'>, actions=())
    """
    return TABLE.get((state, signal)) or Move(state)
