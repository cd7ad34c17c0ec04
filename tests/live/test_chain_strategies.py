"""Strategies over chains at a broker: the gateway's own ledger is the judge of their packages."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from live_desk import CASH, Desk, folder, market, request, story
from test_days import MONDAY_AFTER, desk_of
from test_handler_faults import held
from virtual_desk import VirtualDesk

from engine.backtesting.options.choosing import choose
from engine.backtesting.options.entries import parse_entry
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.orders import ASSIGNMENT, EXERCISE, EXPIRY
from engine.backtesting.strategy import Strategy
from engine.cli.main import main
from engine.clock import NS_PER_SECOND
from engine.errors import HALTED
from engine.execution.entries import SENT
from engine.execution.limits import SIMULATED
from engine.execution.modes import Mode
from engine.feeds.demo_market import Rates
from engine.gateway.faults import Rule
from engine.live.seats import Place, Strategies
from engine.market.bars import Bar
from engine.market.chain import OptionChain
from engine.paper.broker_chains import BrokerHost
from engine.session.journal import Journal, read_journal
from engine.session.records import PROCESS

MOVING = Rates(spot_every=0.5, flicks=5.0, plant_every=1e9)
START_CASH = 100_000.0
LIMITS = replace(
    SIMULATED, max_hedge_loss_usd=20_000.0, max_unhedged_s=600.0, max_unhedged_delta=1e9,
    collar_market=10.0, max_day_loss_usd=1e7, ex_dividend_sessions=0, pin_days=-1,
    min_days_to_expiry=0,
)  # fmt: skip


class Strangle(ChainStrategy):
    """Sells two strangles, and buys them back some chains later."""

    entry, chains, lots = "short strangle 5-90d 0.30", 3, 2

    def start(self) -> None:
        self.wanted, self.seen, self.since = parse_entry(self.entry), 0, 0

    def on_chain(self, chain: OptionChain) -> None:
        self.seen += 1
        if not self.packages() and not self.account.waiting(chain.symbol):
            found = choose(self.wanted, self.sight())
            if not isinstance(found, str):
                self.enter(found, self.lots, label="strangle")
                self.since = self.seen
        elif self.seen - self.since >= self.chains:
            for package in self.packages():
                self.leave(package)


class Keeps(Strangle):
    """Holds a strangle in the money until it settles, whatever comes."""

    entry, chains, lots = "short strangle 1-20d 0.60", 10**9, 1


class Holds(Strategy):
    """Buys ten shares, once."""

    def on_bar(self, bar: Bar) -> None:
        if not self.position() and not self.orders():
            self.buy(10.0)


class Twice(Strangle):
    """Opens two packages at once, and no more."""

    def on_chain(self, chain: OptionChain) -> None:
        found = choose(self.wanted, self.sight())
        if not self.seen and not isinstance(found, str):
            self.seen = 1
            self.enter(found)
            self.enter(found)


class Breaks(Strangle):
    """Fails at the third chain."""

    def on_chain(self, chain: OptionChain) -> None:
        super().on_chain(chain)
        if self.seen == 3:
            raise ZeroDivisionError("planted")


def asked(kind: type[Strategy], seconds: float = 2.0) -> Strategies:
    interval = int(seconds * NS_PER_SECOND)
    return Strategies((Place("mine", kind),), interval, START_CASH, is_over_chains=True)


def desk_with(
    patch: pytest.MonkeyPatch, journal: Path, kind: type[Strategy], *rules: Rule, **settings: Any
) -> VirtualDesk:
    desk = VirtualDesk(
        patch, journal, rates=MOVING, world={"rules": rules}, **{"limits": LIMITS, **settings}
    )
    desk.request = replace(desk.request, strategies=asked(kind))
    return desk


def host_of(desk: VirtualDesk) -> BrokerHost:
    (seat,) = desk.engine.seats  # type: ignore[attr-defined]
    host = seat.walk.host
    assert isinstance(host, BrokerHost)
    return host


def agrees(desk: VirtualDesk) -> None:
    """Positions and cash of the strategy are what the gateway's ledger says."""
    host = host_of(desk)
    ours: dict[str, float] = defaultdict(float)
    for package in host.open:
        for contract, quantity in package.lines():
            ours[contract.name] += quantity
    assert {name: n for name, n in ours.items() if n} == held(desk)
    assert host.cash - START_CASH == pytest.approx(
        float(desk.books.cash) - CASH, abs=0.02 * (1 + len(host.fills))
    )


def closed(count: int) -> Callable[[VirtualDesk], Awaitable[None]]:
    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: len(host_of(desk).closed) >= count, 600.0)

    return tell


def test_packages_are_those_of_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_with(monkeypatch, tmp_path, Strangle)
    desk.run(closed(4))
    assert desk.code == 0
    agrees(desk)
    host = host_of(desk)
    for package in host.closed:
        assert (package.n_lots, package.label, package.reason) == (2, "strangle", "strategy")
        assert package.premium < 0.0 < package.fees
    assert desk.trader.state.halts == []
    # Each package is one order that opens and one that closes.
    orders = [one.intent.order for one in desk.story().orders.values()]
    assert {len(order.combo.legs) for order in orders} == {2}
    assert len(orders) in (2 * len(host.closed), 2 * len(host.closed) + 1)
    text = desk.out.getvalue()
    assert "mine opened package 1 strangle" in text
    assert "mine closed package 1 strangle" in text
    assert "edge" not in text
    assert "mine: " in text.splitlines()[-1]
    capsys.readouterr()
    words = ["--journal", str(tmp_path)]
    assert main(["report", "--json", *words]) == 0
    (one,) = json.loads(capsys.readouterr().out)["strategies"]
    assert [trade["side"] for trade in one["trades"][:4]] == ["open", "close", "open", "close"]
    assert one["gain"] == pytest.approx(fsum(p.gain for p in (*host.closed, *host.open)), abs=0.5)
    assert main(["explain", one["trades"][1]["id"], *words]) == 0
    told = capsys.readouterr().out
    assert "mine closes 2 ZETF " in told
    assert "(closes 1, strangle)" in told
    assert main(["report", *words]) == 0
    assert "close" in capsys.readouterr().out


@pytest.mark.parametrize(
    "rules",
    [
        (Rule("partial", every=1, fraction=0.5),),
        (Rule("partial", every=2, fraction=0.5), Rule("fill_after_cancel", every=3, seconds=0.6)),
        (Rule("no_ack", every=2), Rule("slow", every=1, seconds=0.3)),
        (),
    ],
    ids=["parts", "late", "unheard", "cut"],
)
def test_whatever_the_gateway_does_it_adds_up(
    rules: tuple[Rule, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(monkeypatch, tmp_path, Strangle, *rules, fill_window=1.0)

    async def tell(desk: VirtualDesk) -> None:
        await closed(1)(desk)
        if not rules:  # the gateway goes while an order is on its way
            for _ in range(3):
                n = len(desk.gateway.desk.every)
                await desk.until(lambda n=n: len(desk.gateway.desk.every) > n, 60.0)
                desk.world.act("restart", seconds=3.0, count=5)
        await closed(3)(desk)
        await desk.until(lambda: desk.trader.is_quiet, 60.0)

    desk.run(tell)
    assert desk.raised is None
    agrees(desk)


@pytest.mark.parametrize("kind", [Strangle, Holds])
def test_the_broker_is_asked_what_margin_it_takes(
    kind: type[Strategy], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(LIMITS, needs_what_if=True)
    desk = desk_with(monkeypatch, tmp_path, kind, limits=limits)
    wanted = replace(asked(kind), is_over_chains=issubclass(kind, ChainStrategy))
    desk.request = replace(desk.request, strategies=wanted)

    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.story().orders, 10.0)

    desk.run(tell)
    assert set(desk.story().refusals) == {"margin"}


def test_time_ends_options_as_the_broker_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(monkeypatch, tmp_path, 5_760.0, 1e9, 4.0)
    settings = replace(desk.request.settings, limits=LIMITS)
    desk.request = replace(desk.request, settings=settings, strategies=asked(Keeps, 900.0))

    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.gateway.stamp_text() > MONDAY_AFTER + " 16:00:00", 600.0)
        await desk.until(lambda: desk.trader.mode is Mode.READY, 30.0)
        await desk.until(lambda: desk.trader.is_quiet, 30.0)

    desk.run(tell)
    assert desk.trader.state.halts == []
    host = host_of(desk)
    ends = {entry.what for one in (*host.closed, *host.open) for entry in one.entries}
    assert ends & {EXPIRY, ASSIGNMENT, EXERCISE}, ends
    ours: dict[str, float] = defaultdict(float)
    for package in host.open:
        for contract, quantity in package.lines():
            ours[contract.name] += quantity
    assert {name: n for name, n in ours.items() if n} == held(desk)
    # Stock that an assignment left is sold again, and its package is over.
    delivered = [one for one in host.closed if one.was_delivered]
    assert all(not one.is_open for one in delivered)


def test_an_error_of_the_strategy_halts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_with(monkeypatch, tmp_path, Breaks)

    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.trader.mode is Mode.HALTED, 60.0)

    desk.run(tell)
    assert desk.code == HALTED
    assert "ZeroDivisionError: planted (strategy mine)" in desk.story().halted


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"max_open_packages": 0}, "open-packages"), ({"max_order_usd": 10.0}, "notional"),
        ({"max_open_usd": 10.0}, "open-notional"), ({"max_capital_usd": 10.0}, "capital"),
        ({"max_lots": 1}, "quantity"), ({"restricted": ("ZETF",)}, "restricted"),
        ({"min_days_to_expiry": 400}, "expiry"), ({"max_quote_age_s": -1.0}, "stale-quote"),
    ],
)  # fmt: skip
def test_limits_hold_and_say_why(
    limits: dict[str, Any], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(monkeypatch, tmp_path, Strangle, limits=replace(LIMITS, **limits))

    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.story().refusals, 60.0)

    if code == "stale-quote":  # the account itself does not trade what is too old
        desk.run(lambda desk: desk.until(lambda: desk.runner and refused_of(desk), 60.0))
    else:
        desk.run(tell)
        assert set(desk.story().refusals) == {code}
        assert "mine open 2 " in desk.out.getvalue()
    assert desk.gateway.desk.every == []


def test_packages_on_their_way_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(LIMITS, max_open_packages=1)
    desk = desk_with(monkeypatch, tmp_path, Twice, limits=limits)

    async def tell(desk: VirtualDesk) -> None:
        await desk.is_up()
        await desk.until(lambda: desk.story().refusals, 60.0)

    desk.run(tell)
    assert set(desk.story().refusals) == {"open-packages"}
    assert len(desk.gateway.desk.every) == 1


def refused_of(desk: VirtualDesk) -> int:
    if desk.runner is None or desk.runner.engine is None:
        return 0
    return sum(host_of(desk).refusals.values())


def test_packages_are_known_after_a_restart(tmp_path: Path) -> None:
    with market(MOVING) as served:

        def run(kind: type[Strategy], until: Callable[[], object]) -> list[str]:
            one = request(tmp_path, served.port, limits=LIMITS)
            return Desk(replace(one, strategies=asked(kind, 0.5))).run(until)

        def count(side: int) -> int:
            orders = story(tmp_path).orders.values()
            return sum(
                one.state == "FILLED" and one.intent.order.limit * side < 0 for one in orders
            )

        lines = run(Keeps, lambda: count(1) == 1)
        assert any("holds +1 strangle ZETF" in line for line in lines), lines
        # The next engine has it, and opens no other; the one after it closes it.
        ticks: list[int] = []
        lines = run(Keeps, lambda: len(ticks) > 40 or bool(ticks.append(1)))
        assert any("holds +1 strangle ZETF" in line for line in lines), lines
        assert count(1) == 1

        class Leaves(ChainStrategy):
            def on_chain(self, chain: OptionChain) -> None:
                for package in self.packages():
                    self.leave(package)

        lines = run(Leaves, lambda: count(-1) == 1)
        assert any("holds nothing" in line for line in lines), lines
        assert story(tmp_path).differences == ()


def forget_fills(path: Path) -> None:
    """Write the journal at `path` anew as it was when the first order had been sent."""
    written = list(read_journal(path))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with Journal(path, durability=PROCESS) as journal:
        for entry in written:
            assert journal.append(entry.kind, entry.data).seq == entry.seq
            if entry.kind == SENT:
                return


@pytest.mark.parametrize("kind", [Keeps, Holds])
def test_what_was_filled_as_an_engine_died_is_the_strategy_s(
    kind: type[Strategy], tmp_path: Path
) -> None:
    """The next engine hears of it, and its strategy decides after that: it opens no other."""
    is_over_chains = issubclass(kind, ChainStrategy)
    wanted = replace(asked(kind, 0.5), is_over_chains=is_over_chains)
    with market(MOVING) as served:

        def run(until: Callable[[], object]) -> list[str]:
            one = request(tmp_path, served.port, limits=LIMITS)
            return Desk(replace(one, strategies=wanted)).run(until)

        def n_filled() -> int:
            orders = story(tmp_path).orders.values()
            return sum(one.state == "FILLED" for one in orders)

        run(lambda: n_filled() == 1)
        forget_fills(folder(tmp_path).journal)
        assert n_filled() == 0
        ticks: list[int] = []
        lines = run(lambda: len(ticks) > 60 or bool(ticks.append(1)))
        assert n_filled() == 1
        assert any(" holds +1" in line for line in lines), lines
        assert len(served.call(lambda: served.gateway.desk.every)) == 1
        assert story(tmp_path).differences == ()


def test_chains_and_bars_do_not_run_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from engine.backtesting.options.strategy import ChainStrategy\n\n"
        "class Mine(ChainStrategy):\n    def on_chain(self, chain):\n        pass\n",
        encoding="utf-8",
    )
    assert main(["live", "--strategies", f"{path}:Mine,momentum"]) == 2
    assert "run them apart" in capsys.readouterr().err
    assert main(["live", "ZETF", "--broker", "ib", "--live", "--strategies", f"{path}:Mine"]) == 77
