"""The owner of one connection to TWS or IB Gateway through ib_async.

It carries out the table of `engine.ib.states`: connects, synchronises, watches with heartbeats,
hangs up, and comes back under the same client id. Quotes and orders have one each: bulk requests
of the one never delay the other. The library is used as it is; what it gets wrong is dealt with
here: a client id in use, a socket that is half open, order ids that are given out twice.

Everything happens on the running asyncio loop; clock and chance are handed in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any

from engine.clock import SYSTEM, Clock
from engine.errors import load_extra
from engine.ib.broker_clock import BrokerClock
from engine.ib.codes import Kind, code_of
from engine.ib.frames import FrameReader
from engine.ib.link_settings import Counters, Hooks, LinkSettings
from engine.ib.pace import Backoff, Bucket
from engine.ib.states import Action, Signal, State, move

__all__ = ["Hooks", "Link", "LinkSettings", "new_client"]

_SIGNALS = {
    Kind.LINK_LOST: Signal.LINK_LOST, Kind.RESTORED: Signal.RESTORED,
    Kind.RESTORED_DATA_LOST: Signal.RESTORED_DATA_LOST, Kind.FARM_BROKEN: Signal.FARM_BROKEN,
    Kind.FARM_OK: Signal.FARM_OK, Kind.COMPETING: Signal.COMPETING,
    Kind.CLIENT_IN_USE: Signal.FAILED, Kind.VERSION: Signal.FAILED,
}  # fmt: skip
_REFUSALS = (Kind.CLIENT_IN_USE, Kind.VERSION)
_UP = (State.RECONCILING, State.READY, State.SILENT, State.DEGRADED)
_PACING_PAUSE_S = 2.0
_MOST_CODES = 256


class Link:
    """One connection: `state`, `is_ready`, and `ib`, which others use for requests alone.

    Attributes
    ----------
    clock
        The broker's (`BrokerClock`).
    bucket
        Tokens for messages; await `turn` before each request.
    frames
        The reader of everything that comes; its `ticks` may take quotes out of it.
    session
        Counts connections: request ids of another session are void.
    last_error
        Why the last attempt failed, or the last session ended; "" if nothing has.
    is_refused
        Whether the last attempt was turned away, by the machine or by the gateway: then the next
        one will hardly do better. False where only time ran out, or the connection broke.
    round_trip_s
        Of the last heartbeat.
    """

    def __init__(
        self,
        settings: LinkSettings,
        hooks: Hooks | None = None,
        *,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        ib: Any = None,
    ) -> None:
        self.settings = settings
        self.hooks = hooks or Hooks()
        self.ib = ib if ib is not None else new_client()
        self.clock = BrokerClock(clock)
        self.state = State.DOWN
        self.session = 0
        self.last_error = ""
        self.is_refused = False
        self.round_trip_s = 0.0
        self.counters = Counters()
        self.bucket = Bucket()
        self._backoff = Backoff(random or Random(), settings.first_retry_s, settings.most_retry_s)
        self._next_id = 0
        self._unanswered = 0
        self._is_stopped = True
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        ib, client = self.ib, self.ib.client
        self.frames = FrameReader(client, self.give_up, self._fault)
        # Kept by the library itself: of a bound method it would keep a weak reference. What they
        # raise it would only log.
        for event, what in (
            (ib.errorEvent, self._on_error), (client.apiStart, self._on_greeted),
            (client.apiError, self._on_api_error),
            (client.conn.disconnected, self._on_disconnected),
        ):  # fmt: skip
            event.connect(partial(self._told, what), keep_ref=True)

    @property
    def is_ready(self) -> bool:
        """Whether orders may be sent: in state READY, with nothing queued before them."""
        return self.state is State.READY and not self.ib.client._isThrottling

    @property
    def is_up(self) -> bool:
        """Whether there is a session, though perhaps not a good one."""
        return self.state in _UP

    def start(self) -> None:
        """Begin to connect; return at once. It goes on trying until `stop`."""
        self._is_stopped = False
        self.signal(Signal.START)

    async def stop(self) -> None:
        """Hang up, and wait until nothing of ours runs any more."""
        self._is_stopped = True
        self.signal(Signal.STOP)
        for name in list(self._tasks):
            self._drop(name)
        while self._leaving:
            await asyncio.wait(list(self._leaving))

    async def wait_until(self, *states: State, timeout_s: float) -> bool:
        """Return whether the state becomes one of `states` in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while self.state not in states:
            if loop.time() >= end:
                return False
            await asyncio.sleep(0.01)
        return True

    async def turn(self, n: int = 1) -> None:
        """Wait until `n` messages may be sent."""
        seconds = self.bucket.wait(asyncio.get_running_loop().time(), n)
        if seconds > 0.0:
            await asyncio.sleep(seconds)

    def keep_ids_above(self, order_id: int) -> None:
        """Never give out `order_id` or a lower one, whatever the gateway says next time."""
        self._next_id = max(self._next_id, order_id + 1)
        self.ib.client.updateReqId(self._next_id)

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` for as long as this link lives; one of each name, the newest.

        What it raises goes to ``hooks.failure``.
        """
        self._drop(name)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[name] = task
        task.add_done_callback(lambda done: self._done(name, done))

    def give_up(self, reason: str) -> None:
        """End this session as one that cannot be used, and begin another."""
        self.last_error = reason
        self.signal(Signal.DEAD)

    def signal(self, signal: Signal) -> None:
        """Take what has happened: move, and do what the table says."""
        before = self.state
        self.state, actions = move(before, signal)
        if self.state is not before:
            if self.state is State.DOWN:
                for name in ("attempt", "reconcile", "heartbeat", "retry"):
                    self._drop(name)
            self._told(self.hooks.state, before, self.state, signal)
        for action in actions:
            self._do(action, signal)

    # what the table asks for

    def _do(self, action: Action, signal: Signal) -> None:
        hooks = self.hooks
        if action is Action.CONNECT:
            self.spawn("attempt", self._attempt())
        elif action is Action.RETRY:
            if not self._is_stopped:
                self.spawn("retry", self._retry(self._backoff.after_failure()))
        elif action is Action.HANG_UP:
            self._hang_up()
        elif action is Action.RECONCILE:
            self.spawn("reconcile", self._reconcile())
        elif action is Action.STALE:
            self._told(hooks.stale)
        elif action is Action.SUBSCRIBE:
            self._told(hooks.subscribe)
        elif not hooks.is_planned():
            self._told(hooks.alert, f"{signal.value}: {self.last_error or self.state.value}")

    async def _attempt(self) -> None:
        settings = self.settings
        self.counters.attempts += 1
        extra: dict[str, Any] = {}
        if settings.is_for_quotes:
            extra = {"readonly": True, "fetchFields": _fetch_nothing()}
        try:
            await self.ib.connectAsync(
                settings.host, settings.port, settings.client_id, timeout=settings.timeout_s,
                raiseSyncErrors=True, **extra,
            )  # fmt: skip
            # Whoever is told that we are ready relies on the clock. At a start everybody is slow.
            await self._hear_time(settings.timeout_s)
        except Exception as error:  # whatever a stranger's bytes make the library raise
            self.last_error = _words(error)
            self.is_refused = _is_refusal(error)
            self.signal(Signal.FAILED)
            return
        if self.state is State.SYNCING:
            self.session += 1
            self.counters.sessions += 1
            self._unanswered = 0
            self.last_error, self.is_refused = "", False
            self._backoff.succeeded()
            self.spawn("heartbeat", self._beat())
        self.signal(Signal.SYNCED)

    async def _retry(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.signal(Signal.START)

    async def _reconcile(self) -> None:
        if self.hooks.reconcile is not None:
            try:
                await asyncio.wait_for(self.hooks.reconcile(), self.settings.reconcile_s)
            except (asyncio.TimeoutError, OSError) as error:
                self.last_error = f"reconciling: {_words(error)}"
                self.signal(Signal.FAILED)
                return
            except Exception as error:  # of our own: told, and tried on a new connection
                self.last_error = f"reconciling: {_words(error)}"
                self._fault(error)
                self.signal(Signal.FAILED)
                return
        self.signal(Signal.RECONCILED)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.settings.heartbeat_s)
            try:
                await self._hear_time(self.settings.answer_s)
            except asyncio.TimeoutError:
                self._unheard()
                if self.state is State.DOWN:
                    return
                continue
            except ConnectionError:
                self.signal(Signal.SOCKET_LOST)
                return
            self._unanswered = 0
            self._keep_ids()
            self.signal(Signal.ANSWERED)
            self._told(self.hooks.alive)

    async def _hear_time(self, timeout_s: float) -> None:
        """Ask for the broker's time; one at a time, for the library has one future for all."""
        loop = asyncio.get_running_loop()
        sent = loop.time()
        now = await asyncio.wait_for(self.ib.reqCurrentTimeAsync(), timeout_s)
        self.round_trip_s = loop.time() - sent
        self.clock.heard(int(now.timestamp()))

    def _unheard(self) -> None:
        self._unanswered += 1
        self.counters.unanswered += 1
        most = self.settings.most_unanswered * (10 if self.state is State.DEGRADED else 1)
        if self._unanswered >= most:
            self.give_up(f"{self._unanswered} heartbeats without an answer")
        else:
            self.signal(Signal.UNANSWERED)

    def _hang_up(self) -> None:
        ib = self.ib
        self._keep_ids()
        transport = ib.client.conn.transport
        if ib.client.isReady():
            ib.disconnect()
        else:
            ib.client.disconnect()
            ib.wrapper.reset()
        if transport is not None:
            # A half-open socket would wait for ever until what it has written is taken.
            transport.abort()

    # what the library says

    def _on_greeted(self) -> None:
        self.ib.client.updateReqId(self._next_id)
        self.signal(Signal.GREETED)

    def _on_error(self, about: int, number: int, text: str, _: object) -> None:
        code = code_of(number)
        codes = self.counters.codes
        if number in codes or len(codes) < _MOST_CODES:
            codes[number] += 1
        if code.kind is Kind.PACING:
            self.bucket.pause(asyncio.get_running_loop().time(), _PACING_PAUSE_S)
        self._told(self.hooks.code, about, code, text)
        signal = _SIGNALS.get(code.kind)
        if signal is not None:
            if signal is not Signal.FARM_OK:
                self.last_error = f"{number}: {code.text}"
            self.is_refused = self.is_refused or code.kind in _REFUSALS
            self.signal(signal)

    def _on_api_error(self, text: str) -> None:
        self._keep_ids()
        if self.state in (State.CONNECTING, State.SYNCING) and not self.last_error:
            self.last_error = text

    def _on_disconnected(self, text: str) -> None:
        if self.state is not State.DOWN and not self.last_error:
            self.last_error = text or "the gateway closed the connection"
        self.signal(Signal.SOCKET_LOST)

    def _keep_ids(self) -> None:
        """Note the next id while there is one: the gateway may give out lower ones again."""
        client = self.ib.client
        if client.isReady():
            self._next_id = max(self._next_id, client.getReqId())

    # tasks

    def _drop(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None and task is not _current():
            self._leaving.add(task)
            task.cancel()

    def _done(self, name: str, task: asyncio.Task[None]) -> None:
        self._leaving.discard(task)
        if self._tasks.get(name) is task:
            del self._tasks[name]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.last_error = f"{name}: {_words(error)}"
            self._fault(error)

    def _told(self, what: Callable[..., None], *said: object) -> None:
        """Call what is not this link's business: what it raises is told, and stops nothing here."""
        try:
            what(*said)
        except Exception as error:  # whatever it is: trading must stop
            self._fault(error)

    def _fault(self, error: BaseException) -> None:
        self.counters.failures += 1
        self.hooks.failure(error)


def new_client() -> Any:
    """Return an `ib_async.IB`.

    Raises
    ------
    UnavailableError
        If ib_async is not installed.
    """
    return load_extra("ib_async", "ib", "ib_async is not installed").IB()


def _fetch_nothing() -> Any:
    from ib_async.ib import StartupFetch

    return StartupFetch(0)


def _current() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # called back by the loop, from no task
        return None


def _is_refusal(error: Exception) -> bool:
    """Tell whether nobody listens there, or no way leads there."""
    is_broken = isinstance(error, (ConnectionError, TimeoutError, asyncio.TimeoutError))
    return isinstance(error, ConnectionRefusedError) or (
        isinstance(error, OSError) and not is_broken
    )


def _words(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return text or type(error).__name__
