"""The margin of a paper account: that of the simulated gateway, order by order."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from broker_scene import ACCOUNT, PaperScene, play
from client_time import keep_clock_out

from engine.execution.paper_margin import initial_margin
from engine.market.contract import OPTION, STOCK, Contract


@pytest.fixture(autouse=True)
def _virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_clock_out(monkeypatch)


def test_it_is_what_the_gateway_would_ask_for_the_same_positions() -> None:
    async def story(scene: PaperScene) -> None:
        gateway = scene.world.gateway
        books = gateway.accounts[ACCOUNT]
        broker = scene.broker
        for legs in (scene.box(), scene.conversion(), scene.box(-1)):
            order = scene.order(legs, 1)
            extra: dict[int, int] = {}
            for leg, (_, contract) in enumerate(order.combo.legs):
                extra[scene.index_of[contract.name]] = int(order.quantity(leg))
            now, _, _ = books.margins(gateway.exchange.middle)
            then, _, _ = books.margins(gateway.exchange.middle, extra)
            assert broker.try_out(order) == pytest.approx(then - now)
            assert broker.place(order)
            await scene.wait(1.0)
            for i, quantity in extra.items():  # the same at the gateway, from its own quotes
                side = 1 if quantity > 0 else -1
                quote = gateway.market.quotes[i]
                books.trade(i, quantity, quote.ask if side > 0 else quote.bid)
            assert dict(broker.books.held()) == {
                name: float(books.quantity(i)) for name, i in scene.index_of.items()
                if books.quantity(i)
            }  # fmt: skip
        initial, _, equity = books.margins(gateway.exchange.middle)
        fees = math.fsum(fee.amount for fee in broker.books.fees)
        assert broker.available_usd() == pytest.approx(equity - initial - fees)

    play("paper", story)


def test_what_has_no_quote_is_not_known() -> None:
    stock = Contract(STOCK, "XYZ", multiplier=1.0)
    assert math.isnan(initial_margin([(stock, 100.0)], lambda _: math.nan))
    assert initial_margin([], lambda _: math.nan) == 0.0
    assert initial_margin([(stock, 100.0)], lambda _: 50.0) == pytest.approx(1_000.0)
    assert initial_margin([(stock, -100.0)], lambda _: 50.0) == pytest.approx(1_000.0)


def test_an_option_that_is_sold_needs_more_than_one_that_is_bought() -> None:
    stock = Contract(STOCK, "XYZ", multiplier=1.0)
    put = replace(stock, kind=OPTION, right="P", strike=50.0, multiplier=100.0)

    def price(contract: Any) -> float:
        return 2.0 if contract.kind == OPTION else 50.0

    assert initial_margin([(put, 1.0)], price) == pytest.approx(200.0)
    assert initial_margin([(put, -1.0)], price) == pytest.approx(1_000.0 - 200.0 + 50.0)
