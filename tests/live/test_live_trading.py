"""Live trading from end to end; the ledger of the simulated gateway is the judge."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from live_desk import ACCOUNT, CASH, Desk, folder, market, request, story, unarmed
from live_process import parity, until
from served_gateway import Served

from engine.cli.main import main
from engine.errors import NoInputError, NotPermittedError, UnavailableError
from engine.execution.broker import BrokerEvent, Evidence
from engine.execution.limits import SIMULATED
from engine.execution.modes import Mode
from engine.execution.trader import Trader
from engine.gateway.faults import Rule
from engine.live.latch import read_latch, set_latch
from engine.live.lease import lock_folder, only_writer

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")


def complete(journal: Path, count: int) -> bool:
    done = [p for p in story(journal).packages.values() if p.phase == "COMPLETE"]
    return len(done) >= count


def ledger(served: Served) -> tuple[float, dict[str, float]]:
    """Return the cash and the positions that the gateway has of the account."""

    def read() -> tuple[float, dict[str, float]]:
        gateway = served.gateway
        account = gateway.accounts[ACCOUNT]
        held: dict[str, float] = {}
        for index, position in account.positions.items():
            if position.quantity:
                row = gateway.listing.instruments[index]
                day = row.expiry[2:]
                strike = repr(float(row.strike)).removesuffix(".0")
                name = f"{row.trading_class}{day}{row.right}{strike}" if row.right else row.symbol
                held[name] = position.quantity
        return account.cash, held

    return served.call(read)


def live_orders(served: Served) -> int:
    gateway = served.gateway
    return served.call(lambda: sum(not order.is_final for order in gateway.desk.every))


def check_books(served: Served, journal: Path, *, is_proof_due: bool = True) -> None:
    """Compare the journal with the gateway: cash and fees to the cent, and positions.

    Of what was sent just before the end no proof was made.
    """
    told = story(journal)
    cash, held = ledger(served)
    packages = list(told.packages.values())
    ours = math.fsum(told.executions.cash(p.refs) - told.executions.fees(p.refs) for p in packages)
    assert cash - CASH == pytest.approx(ours, abs=0.005)
    assert {k: v for k, v in told.executions.positions().items() if v} == held
    for package in packages:
        money = told.money(package)
        plan = package.planned.plan
        assert money.n_unpaid == 0
        assert money.is_whole
        # What is locked in, by its definition: cash, fees and the worst outcome of what is held.
        worst = plan.edge_usd + plan.touch * plan.multiplier * plan.lots + plan.fees_usd
        own = told.executions.cash(package.refs) - money.fees + worst * money.held / plan.lots
        assert money.locked == pytest.approx(own, abs=0.005)
        captured = money.detected - money.unfilled - money.slippage - money.fees_more
        assert money.locked == pytest.approx(captured, abs=0.005)
        assert package.proof is not None or not is_proof_due
        assert package.proof is None or package.proof["is_good"]


def test_a_planted_arbitrage_is_found_traded_and_booked_to_the_cent(tmp_path: Path) -> None:
    with market() as served:
        desk = Desk(request(tmp_path, served.port))
        lines = desk.run(lambda: complete(tmp_path, 2))
        assert desk.code == 0
        assert f"sim at 127.0.0.1:{served.port}, account {ACCOUNT}, armed" in lines[0]
        assert any("COMPLETE" in line for line in lines)
        check_books(served, tmp_path)
        assert live_orders(served) == 0
        refs = served.call(lambda: [order.placed.ref for order in served.gateway.desk.every])
        assert len(set(refs)) == len(refs)
        assert set(refs) == set(story(tmp_path).orders)
        # It is started again: nothing is sent before the account is compared, and it goes on.
        n_before = len(refs)
        again = Desk(request(tmp_path, served.port))
        again.run(lambda: complete(tmp_path, n_before + 1))
        check_books(served, tmp_path)
        told = story(tmp_path)
        assert told.differences == ()
        assert told.halted == ""
        assert len(told.orders) > n_before


def test_where_the_broker_must_say_the_margin_it_is_asked_and_then_traded(tmp_path: Path) -> None:
    with market() as served:
        limits = replace(SIMULATED, needs_what_if=True)
        desk = Desk(request(tmp_path, served.port, limits=limits))
        desk.run(lambda: complete(tmp_path, 1))
        assert story(tmp_path).refusals["margin"] > 0
        check_books(served, tmp_path)
        # What was only asked about was not placed.
        refs = served.call(lambda: [order.placed.ref for order in served.gateway.desk.every])
        assert set(refs) == set(story(tmp_path).orders)


@pytest.mark.long
def test_without_arm_it_shows_and_sends_nothing(tmp_path: Path) -> None:
    with market() as served:
        desk = Desk(unarmed(request(tmp_path, served.port)))
        lines = desk.run(lambda: story(tmp_path).refusals["not-armed"] > 0)
        assert "not armed (read-only)" in lines[0]
        assert served.call(lambda: served.gateway.desk.every) == []
        assert any("refused=not-armed" in line for line in lines)


def test_a_kill_stops_it_stays_and_is_lifted_with_a_reason(tmp_path: Path) -> None:
    state = ["--journal", str(tmp_path)]

    def killed() -> bool:
        return main(["kill", "--reason", "too hot", *state]) == 0

    with market() as served:
        desk = Desk(request(tmp_path, served.port))
        lines = desk.run(lambda: complete(tmp_path, 1), killed)
        assert any("HALTED" in line for line in lines)
        assert live_orders(served) == 0
        n_orders = len(story(tmp_path).orders)
        again = Desk(request(tmp_path, served.port))
        lines = again.run(lambda: len(again.lines) > 0)
        assert "halted" in lines[0]
        assert "too hot" in lines[0]
        assert len(story(tmp_path).orders) == n_orders

        def resumed() -> bool:
            return main(["resume", "--reason", "cooled down", *state]) == 0

        third = Desk(request(tmp_path, served.port))
        third.run(
            lambda: len(third.lines) > 0, resumed, lambda: len(story(tmp_path).orders) > n_orders
        )
        assert read_latch(folder(tmp_path)) is None
        check_books(served, tmp_path)


@pytest.mark.long
def test_a_resume_while_nothing_runs_is_heard_at_the_next_start(tmp_path: Path) -> None:
    state = ["--journal", str(tmp_path)]

    def killed() -> bool:
        return main(["kill", *state]) == 0

    with market() as served:
        Desk(request(tmp_path, served.port)).run(lambda: len(story(tmp_path).orders) > 0, killed)
        n_orders = len(story(tmp_path).orders)
        assert main(["resume", "--reason", "looked at it", *state]) == 0
        again = Desk(request(tmp_path, served.port))
        lines = again.run(lambda: len(story(tmp_path).orders) > n_orders)
        assert story(tmp_path).halted == ""
        # What the first engine said is not said again.
        assert (
            len([line for line in lines if " sent " in line])
            <= len(story(tmp_path).orders) - n_orders
        )


def test_shot_between_order_and_fill_it_knows_everything_when_it_starts_again(
    tmp_path: Path,
) -> None:
    with market() as served:
        with parity(tmp_path, "live", "--plain", "--port", str(served.port)) as process:
            until(process, "sent")
            process.kill()
            process.wait()
        n_before = len(story(tmp_path).orders)
        assert n_before >= 1
        again = Desk(request(tmp_path, served.port))
        again.run(lambda: complete(tmp_path, n_before + 1))
        told = story(tmp_path)
        assert (told.differences, told.halted) == ((), "")
        check_books(served, tmp_path, is_proof_due=False)
        refs = served.call(lambda: [order.placed.ref for order in served.gateway.desk.every])
        assert len(set(refs)) == len(refs)
        assert set(refs) == {ref for ref, one in told.orders.items() if one.state != "NOT THERE"}


def test_a_latch_is_heeded_before_the_account_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    on_event = Trader.on_event

    def watched(trader: Trader, event: BrokerEvent) -> None:
        if isinstance(event, Evidence):
            modes.append(trader.mode)
        on_event(trader, event)

    monkeypatch.setattr(Trader, "on_event", watched)
    set_latch(folder(tmp_path).make(), "killed while nobody ran", "a test")
    with market() as served:
        desk = Desk(request(tmp_path, served.port))
        desk.run(lambda: len(desk.lines) > 0)
    # What is half filled goes on as soon as the account agrees: by then it must be known.
    assert modes
    assert set(modes) == {Mode.HALTED}


def test_a_kill_reaches_orders_that_an_engine_has_left_behind(tmp_path: Path) -> None:
    state = ["--journal", str(tmp_path)]
    with market(rules=(Rule("partial", every=1, times=0, fraction=0.0),)) as served:
        asked = request(tmp_path, served.port, on_exit="leave", fill_window=300.0)
        Desk(asked).run(lambda: live_orders(served) > 0)
        assert live_orders(served) > 0
        assert main(["kill", *state]) == 0
        assert live_orders(served) == 0


def test_a_second_engine_is_refused_by_the_account_by_the_gateway_and_by_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = iter(tmp_path / f"machine-{k}" for k in range(9))

    def on_another_machine() -> None:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(next(runtime)))

    def refuses(words: str, journal: Path, **said: object) -> None:
        second = Desk(request(journal, served.port, **said))
        with pytest.raises(NotPermittedError, match=words):
            second.run(lambda: False)

    with market() as served:
        on_another_machine()
        desk = Desk(request(tmp_path, served.port))

        def refused() -> bool:
            # A journal and client ids of its own do not help: the account is traded here.
            refuses("by another engine already, on this machine", tmp_path / "own", client_id=90)
            on_another_machine()
            refuses("by another engine through 127", tmp_path / "own", client_id=90)
            on_another_machine()
            refuses(r"client id 7[12] is in use", tmp_path / "own")
            on_another_machine()
            refuses("by another engine already", tmp_path, client_id=90)
            return True

        desk.run(lambda: len(desk.lines) > 0, refused)
        assert desk.code == 0


def test_a_folder_of_locks_that_is_not_ones_own_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parity-engine").symlink_to("/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(NotPermittedError, match="another user's"):
        lock_folder()
    with only_writer("ib-U1", tmp_path), only_writer("ib-U2", tmp_path):
        second = only_writer("ib-U1", tmp_path)
        with pytest.raises(NotPermittedError, match="account ib-U1 is traded"):
            second.__enter__()
    with only_writer("ib-U1", tmp_path):  # it goes with its holder
        pass


def test_nobody_there_and_no_such_symbol_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no TWS or gateway at 127\.0\.0\.1:1: "):
        Desk(request(tmp_path, 1)).run(lambda: False)
    with market() as served:
        asked = replace(request(tmp_path, served.port), symbols=("ZZZZ",))
        with pytest.raises(NoInputError, match="ZZZZ"):
            Desk(asked).run(lambda: False)
