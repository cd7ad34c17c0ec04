"""The broker's margins: asked beside the path to the order, kept, and asked anew in time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from engine.execution.facts import WhatIf
from engine.execution.limits import Limits
from engine.execution.orders import Order
from engine.execution.risk import Risk
from engine.live.margins import REF, Margins
from tests.execution.plans import CONVERSION, EXPOSURE, FACTS, NOW


class Said(NamedTuple):
    initial: float = math.nan
    refusal: str = ""
    is_said: bool = True


class HandClock:
    def __init__(self) -> None:
        self.mono = 10**9

    def now_ns(self) -> int:
        return NOW + self.mono

    def monotonic_ns(self) -> int:
        return self.mono


class Asked:
    """A broker that is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.orders: list[tuple[Order, float]] = []
        self.answers: list[asyncio.Future[Said]] = []

    async def __call__(self, order: Order, timeout_s: float) -> Said:
        self.orders.append((order, timeout_s))
        self.answers.append(asyncio.get_running_loop().create_future())
        return await self.answers[-1]


def play(story: Callable[..., Any]) -> None:
    async def work() -> None:
        ask, clock, told = Asked(), HandClock(), []
        margins = Margins(
            ask, "DU1", clock, timeout_s=2.0, max_age_s=600.0, answered=told.append,
            failed=told.append,
        )  # fmt: skip
        await story(margins, ask, clock, told)
        await margins.close()

    asyncio.run(work())


async def turn() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


def test_nobody_waits_for_an_answer_and_it_is_asked_once() -> None:
    async def story(margins: Margins, ask: Asked, clock: HandClock, told: list[object]) -> None:
        assert margins.of(CONVERSION) is None
        assert ask.orders == []  # not before the order has gone
        await turn()
        assert margins.of(CONVERSION) is None
        await turn()
        ((order, timeout_s),) = ask.orders
        assert (order.ref, order.account, order.combo) == (REF, "DU1", CONVERSION.combo)
        assert (order.lots, order.limit, timeout_s) == (CONVERSION.lots, CONVERSION.limit, 2.0)
        ask.answers[0].set_result(Said(1_500.0))
        await turn()
        assert told == ["XYZ"]
        assert margins.of(CONVERSION) == WhatIf(CONVERSION.lots, 1_500.0, clock.now_ns())
        # Other lots are another question.
        assert margins.of(replace(CONVERSION, lots=1)) is None
        await turn()
        assert ask.orders[1][0].lots == 1

    play(story)


def test_what_grows_old_is_asked_anew_and_kept_meanwhile() -> None:
    async def story(margins: Margins, ask: Asked, clock: HandClock, told: list[object]) -> None:
        margins.of(CONVERSION)
        await turn()
        ask.answers[0].set_result(Said(1_500.0))
        await turn()
        clock.mono += 299 * 10**9
        margins.of(CONVERSION)
        await turn()
        assert len(ask.orders) == 1
        clock.mono += 10**9
        old = margins.of(CONVERSION)
        assert old is not None
        await turn()
        ask.answers[1].set_result(Said(1_700.0))
        await turn()
        new = margins.of(CONVERSION)
        assert new is not None
        assert (old.margin_usd, new.margin_usd) == (1_500.0, 1_700.0)
        assert told == ["XYZ"]  # nothing waited for the second

    play(story)


def test_silence_is_no_answer_and_is_not_asked_again_at_once() -> None:
    async def story(margins: Margins, ask: Asked, clock: HandClock, told: list[object]) -> None:
        margins.of(CONVERSION)
        await turn()
        ask.answers[0].set_result(Said(refusal="no answer within 2 s", is_said=False))
        await turn()
        clock.mono += 4 * 10**9
        assert margins.of(CONVERSION) is None
        await turn()
        assert len(ask.orders) == 1
        clock.mono += 10**9
        margins.of(CONVERSION)
        await turn()
        assert len(ask.orders) == 2
        assert told == []

    play(story)


def test_what_the_broker_would_not_take_is_refused() -> None:
    async def story(margins: Margins, ask: Asked, clock: HandClock, told: list[object]) -> None:
        margins.of(CONVERSION)
        await turn()
        ask.answers[0].set_result(Said(refusal="201: margin"))
        await turn()
        said = margins.of(CONVERSION)
        facts = replace(FACTS, what_if=replace(said, ts_ns=NOW)) if said else FACTS
        refusals = Risk(Limits()).check(CONVERSION, EXPOSURE, NOW, facts)
        assert [str(one) for one in refusals] == [
            "margin: the broker would not take it: 201: margin"
        ]

    play(story)


def test_a_question_that_breaks_is_told() -> None:
    async def story(margins: Margins, ask: Asked, clock: HandClock, told: list[object]) -> None:
        margins.of(CONVERSION)
        await turn()
        ask.answers[0].set_exception(KeyError("x"))
        await turn()
        assert [type(one) for one in told] == [KeyError]

    play(story)


def test_the_gateway_says_margins_and_what_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")
    from broker_scene import ACCOUNT
    from broker_scene import play as play_scene
    from client_time import keep_clock_out

    keep_clock_out(monkeypatch)
    told: list[object] = []

    async def story(scene: Any) -> None:
        order = scene.order(scene.conversion(), 2)
        plan = replace(CONVERSION, combo=order.combo, lots=2, limit=order.limit)
        margins = Margins(
            scene.broker.what_if, ACCOUNT, scene.world.clock, timeout_s=2.0, max_age_s=600.0,
            answered=told.append, failed=told.append,
        )  # fmt: skip
        assert margins.of(plan) is None
        await scene.wait(1.0)
        said = margins.of(plan)
        assert said is not None
        assert (said.lots, said.refusal, told) == (2, "", ["XYZ"])
        assert said.margin_usd > 0.0
        assert scene.live() == []
        assert scene.broker.available_usd() == pytest.approx(1_000_000.0)
        assert scene.broker.place(scene.order(scene.conversion(), 5))
        await scene.wait(200.0)
        values = {tag: value for tag, value, _ in scene.world.gateway.books.values(scene.books)}
        assert scene.broker.available_usd() == float(values["AvailableFunds"]) < 1_000_000.0
        await margins.close()

    play_scene("ib", story)
