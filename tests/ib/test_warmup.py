"""A warm-up walks the way of a real order: the same messages, the same events, and no errors."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import IbScene, play
from client_time import keep_clock_out

from engine.execution.broker import Acked, Ended, Fee, Fill, Warned
from engine.ib import rehearsal, warmup
from engine.ib.warmup import warm_up


def test_every_order_is_heard_of_and_nothing_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept: list[Any] = []
    make = warmup._broker

    def keep(events: Any, clock: Any) -> Any:
        kept.append(make(events, clock))
        sink = kept[0].sink
        kept[0].sink = lambda event: (kept.append(event), sink(event))
        return kept[0]

    monkeypatch.setattr(warmup, "_broker", keep)
    with caplog.at_level(logging.ERROR):
        warmth = asyncio.run(warm_up(20))
    assert caplog.records == []
    broker, *events = kept
    of_kind = {kind: [e for e in events if isinstance(e, kind)] for kind in (
        Acked, Fill, Fee, Ended, Warned,
    )}  # fmt: skip
    # Four in five are filled, three legs and the whole; the others are cancelled.
    assert {kind.__name__: len(found) for kind, found in of_kind.items()} == {
        "Acked": 20, "Fill": 64, "Fee": 48, "Ended": 20, "Warned": 4,
    }  # fmt: skip
    assert warmth.n_orders == 20
    assert warmth.n_events == len(events) == 156
    assert [e.filled for e in of_kind[Ended]] == [1, 1, 1, 1, 0] * 4
    assert {fill.contract for fill in of_kind[Fill]} == {
        "", "WARM", "WARM260417C105", "WARM260417P105",
    }  # fmt: skip
    assert broker.n_failures == 0
    assert not broker.link.ib.client.isConnected()


def test_others_on_the_loop_have_their_turn() -> None:
    turns = 0

    async def main() -> None:
        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await warm_up(100)
        task.cancel()

    asyncio.run(main())
    assert turns >= 10


def fields_of(data: bytes) -> list[list[str]]:
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        found.append(data[4 : 4 + length].decode("ascii").split("\0")[:-1])
        data = data[4 + length :]
    return found


def test_its_messages_are_those_of_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)
    heard = bytearray()

    async def story(scene: IbScene) -> None:
        client = scene.broker.link.ib.client
        take = client.conn.hasData
        take.connect(lambda data: heard.extend(data), keep_ref=True)
        assert scene.broker.place(scene.order(scene.conversion()))
        await scene.until(Fee, 3)
        await scene.wait()

    play("ib", story)
    said = {
        "id": 1, "ref": "parity-x", "client": 1, "permanent": 7, "account": "DU1", "symbol": "ZETF",
    }  # fmt: skip
    ours = fields_of(b"".join(rehearsal.bought(**said)))
    theirs = [m for m in fields_of(bytes(heard)) if m[0] in ("5", "3", "11", "59")]
    shapes = {(m[0], len(m)) for m in theirs}
    assert {(m[0], len(m)) for m in ours} == shapes
    assert len(shapes) == 4
    assert [m[0] for m in ours] == ["5", "3", "11", "11", "11", "11", "5", "3", "59", "59", "59"]
