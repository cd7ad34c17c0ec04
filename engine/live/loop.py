"""The event loop of a live engine: what runs on it, what ends it, and with which exit code.

SIGTERM drains and ends with 0, Ctrl-C the same with a summary and 130; either of them again ends
at once. Draining takes at most `DRAIN_SECONDS`. A journal that cannot be written ends with 74.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any

from engine.errors import HALTED, INTERRUPTED, OK, InputOutputError
from engine.live.engine import Engine

TICK_SECONDS = 0.05
DRAIN_SECONDS = 8.0
LAST_SECONDS = 1.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """What ends the loop: a signal or a time. `signal` is which, 0 for a time."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.again = asyncio.Event()
        self.signal = 0

    def listen(self) -> None:
        """Take the signals."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.caught, number)

    def deaf(self) -> None:
        """Leave the signals alone again."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)

    def caught(self, number: int) -> None:
        """Take a signal; the second one ends everything at once."""
        (self.again if self.event.is_set() else self.event).set()
        self.signal = number


async def run_until(
    stop: Stop, engine: Engine[Any], seconds: float | None, show: Callable[[], None], every: float
) -> None:
    """Let time pass until `stop`, `seconds` or something fatal; `show` what there is to see."""
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    shown = 0.0
    while not stop.event.is_set() and engine.fatal is None:
        if end is not None and loop.time() >= end:
            return
        engine.on_tick()
        if loop.time() - shown >= every:
            shown = loop.time()
            try:
                show()
            except BrokenPipeError:  # nobody looks any more
                return
            except Exception as error:
                engine.failed(error)
        try:
            await asyncio.wait_for(stop.event.wait(), TICK_SECONDS)
        except asyncio.TimeoutError:
            continue


async def drain(stop: Stop, engine: Engine[Any], policy: str, show: Callable[[], None]) -> bool:
    """End every order by `policy`; return whether all came to its end in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + DRAIN_SECONDS
    is_late = False
    try:
        engine.trader.drain(policy)
        while not engine.trader.is_quiet and policy != "leave":
            if stop.again.is_set() or engine.fatal is not None:
                break
            if loop.time() > end:
                if is_late:
                    break
                # What is half filled stays so, but no order works on while nobody looks.
                is_late, end = True, end + LAST_SECONDS
                engine.trader.cancel_working()
            engine.on_tick(is_idle=False)
            with suppress(Exception):  # what works is ended, whether it can be shown or not
                show()
            await asyncio.sleep(TICK_SECONDS / 2)
        engine.trader.stop(policy)
    except Exception as error:
        engine.failed(error)
        return False
    return engine.trader.is_quiet


def exit_code(stop: Stop, engine: Engine[Any]) -> int:
    """Return the exit code of an engine that has ended.

    Raises
    ------
    InputOutputError, Exception
        What was fatal.
    """
    if engine.fatal is not None:
        if isinstance(engine.fatal, InputOutputError):
            raise InputOutputError(
                f"{engine.fatal}; orders were cancelled and trading is halted: make room, then "
                "parity resume --reason TEXT"
            )
        raise engine.fatal
    if stop.signal == signal.SIGINT:
        return INTERRUPTED
    return HALTED if engine.trader.state.halts else OK


def run(main: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `main` on a new loop, uvloop's where it is installed on CPython; return its code."""
    loop = _new_loop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main())
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    if sys.implementation.name == "cpython":
        try:
            fast: asyncio.AbstractEventLoop = import_module("uvloop").new_event_loop()
        except ImportError:
            pass
        else:
            return fast
    return asyncio.new_event_loop()
