"""What the broker says packages would take as margin: asked off the path to the order, and kept.

A combo that is about to be traded is looked up; where nothing is kept, or what is kept grows old,
it is asked for beside, and whoever looked goes on without it. With `needs_what_if` such a package
is refused until the answer is there, and then looked at once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from engine.clock import NS_PER_SECOND, Clock
from engine.execution.facts import WhatIf
from engine.execution.orders import PREFIX, Plan
from engine.execution.orders import Order as Asked

REF = f"{PREFIX}-what-if"
"""The reference of every question; the broker places none of them."""
_MOST_KEPT = 500
_MOST_AT_ONCE = 2
_PAUSE_NS = 5 * NS_PER_SECOND


class Answer(Protocol):
    """What a broker answers, as `engine.ib.what_if.WhatIf` has it."""

    @property
    def initial(self) -> float:
        """The change of the initial margin; nan is not said."""
        ...

    @property
    def refusal(self) -> str:
        """Why there is no number, "" if there is one."""
        ...

    @property
    def is_said(self) -> bool:
        """Whether the broker has said it: silence is no answer."""
        ...


@dataclass(slots=True)
class _Kept:
    """An answer, None where there is none; when to ask again at the earliest (monotonic)."""

    answer: WhatIf | None = None
    again_ns: int = 0


class Margins:
    """The broker's margins by combo and lots.

    Parameters
    ----------
    ask
        Asks the broker about an order that is not placed, for so many seconds at most.
    timeout_s, max_age_s
        For how long an answer is waited for, and is kept. Half of that time on it is asked anew.
    answered
        Called with the symbol when an answer has come that was not there before.
    failed
        Takes what is raised.
    """

    def __init__(
        self, ask: Callable[[Asked, float], Awaitable[Answer]], account: str, clock: Clock, *,
        timeout_s: float, max_age_s: float,
        answered: Callable[[str], None], failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        self._ask, self._account, self._clock = ask, account, clock
        self._timeout_s, self._refresh_ns = timeout_s, round(0.5 * max_age_s * NS_PER_SECOND)
        self._answered, self._failed = answered, failed
        self._kept: dict[tuple[str, int], _Kept] = {}
        self._tasks: dict[tuple[str, int], asyncio.Task[None]] = {}
        self.n_asked = 0

    def of(self, plan: Plan) -> WhatIf | None:
        """Return what is kept of a plan's combo at its lots, and ask where that is due. O(1)."""
        key = plan.key, plan.lots
        kept = self._kept.get(key)
        now = self._clock.monotonic_ns()
        is_due = kept is None or now >= kept.again_ns
        if is_due and key not in self._tasks and len(self._tasks) < _MOST_AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._learn(key, plan))
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return kept.answer if kept is not None else None

    async def close(self) -> None:
        """Wait for nothing more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _learn(self, key: tuple[str, int], plan: Plan) -> None:
        order = Asked(
            REF, self._account, plan.combo, plan.lots, plan.limit, multiplier=plan.multiplier
        )
        self.n_asked += 1
        said = await self._ask(order, self._timeout_s)
        kept = self._kept.pop(key, None) or _Kept()
        self._kept[key] = kept
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        now, is_new = self._clock.monotonic_ns(), kept.answer is None
        kept.again_ns = now + (_PAUSE_NS if said.refusal else self._refresh_ns)
        if not said.is_said:
            return
        kept.answer = WhatIf(plan.lots, said.initial, self._clock.now_ns(), said.refusal)
        if is_new:
            self._answered(plan.symbol)

    def _done(self, key: tuple[str, int], task: asyncio.Task[None]) -> None:
        del self._tasks[key]
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            assert error is not None
            self._failed(error)
