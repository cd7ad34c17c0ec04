"""What the journal tells of strategies: their orders, money and gains, and no word of an edge."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from story_journal import Writer, a_day

from engine.cli.main import main
from engine.execution import entries
from engine.execution.broker import Ended, Fee, Fill
from engine.execution.days import day_of
from engine.execution.single import Side, limit_of, plan_of
from engine.live.folder import folder_of
from engine.market.fees import FREE

Out = pytest.CaptureFixture[str]
SIDE = Side(99.98, 100.0, 500.0, 0.25)


def trade(writer: Writer, name: str, units: int, filled: int, price: float, fee: float) -> str:
    """Write an order of a strategy for `units` shares, of which `filled` trade at `price`."""
    touch = SIDE.ask if units > 0 else SIDE.bid
    limit = limit_of(units, touch, 0.05, 0.0)
    plan = plan_of("XYZ", units, SIDE, limit, FREE, writer.clock.now, name)
    package = writer.plan(plan)
    ref = writer.intent(package, plan)
    if filled:
        writer.n_fills += 1
        execution = f"y{writer.n_fills}.01"
        writer.event(Fill(ref, execution, "XYZ", filled if units > 0 else -filled, price))
        writer.event(Fee(execution, fee))
    writer.event(Ended(ref, filled, "Filled" if filled == abs(units) else "Cancelled"))
    writer.phase(package, "COMPLETE" if filled else "FLAT")
    return package


def told(writer: Writer, start: dict[str, float], now: dict[str, float]) -> None:
    """Write what strategies have gained."""
    day = day_of(writer.clock.now).isoformat()
    writer.journal.append(entries.GAINS, {"day": day, "start": start, "now": now})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a folder in which `quick` bought 300, sold 100 and missed 50, and `slow` bought 10."""
    writer = Writer(folder_of(tmp_path, "sim", "DU1").make().journal)
    writer.start()
    trade(writer, "quick", 300, 300, 100.02, 1.5)
    trade(writer, "quick", -100, 100, 99.97, 0.5)
    trade(writer, "quick", 50, 0, 0.0, 0.0)
    trade(writer, "slow", 10, 10, 100.0, 0.25)
    told(writer, {"quick": 5.0, "slow": 0.0}, {"quick": -15.0, "slow": 0.0})
    told(writer, {"quick": 5.0, "slow": 0.0}, {"quick": -16.5, "slow": -0.25})
    writer.close()
    return tmp_path


def said(capsys: Out, state: Path, *words: str) -> str:
    assert main([*words, "--journal", str(state)]) == 0
    return capsys.readouterr().out


def test_status_tells_what_each_strategy_did_and_holds(state: Path, capsys: Out) -> None:
    text = said(capsys, state, "status")
    for line in (
        "quick: gain of the day -21.50 USD; 3 orders, 2 filled, 0 open",
        "bought 30,006.00, sold 9,997.00, slippage 7.00, fees 2.00 USD",
        "holds +200 XYZ",
        "slow: gain of the day -0.25 USD; 1 order, 1 filled, 0 open",
        "holds +10 XYZ",
    ):
        assert f"{line}\n" in text, text
    assert "edge" not in text
    assert "package" not in text
    found = json.loads(said(capsys, state, "status", "--json"))
    quick, slow = found["strategies"]
    assert quick == {
        "strategy": "quick", "orders": 3, "open": 0, "filled": 2, "bought": 30_006.0,
        "sold": 9_997.0, "slippage": pytest.approx(7.0), "fees": 2.0, "gain": -21.5,
        "positions": {"XYZ": 200.0},
    }  # fmt: skip
    assert (slow["gain"], slow["positions"]) == (-0.25, {"XYZ": 10.0})
    assert found["today"]["packages"] == 0


def test_positions_name_the_strategies_that_hold(state: Path, capsys: Out) -> None:
    (row,) = json.loads(said(capsys, state, "positions", "--json"))["positions"]
    assert row == {
        "contract": "XYZ", "quantity": 210.0, "packages": [], "strategies": ["quick", "slow"],
    }  # fmt: skip
    assert "quick slow" in said(capsys, state, "positions")


def test_an_order_of_a_strategy_is_explained_without_an_edge(state: Path, capsys: Out) -> None:
    orders = json.loads(said(capsys, state, "orders", "--json"))["orders"]
    text = said(capsys, state, "explain", orders[1]["package"])
    for part in (
        "quick sells 100 XYZ, complete", "99.98    100.00      500   0.25 s   99.98 (bid)",
        "price: at least 99.93", "sold 100 XYZ at 99.97",
        "order parity-9-0.0: sells 100 at 99.93 DAY, filled, 100 filled",
        "average price                            99.9700",
        "slippage from the touch, USD                1.00",
        "fees, USD                                   0.50",
    ):  # fmt: skip
        assert part in text, text
    for word in ("edge", "floor", "proof", "worst", "capital"):
        assert word not in text, word
    text = said(capsys, state, "explain", orders[0]["ref"])
    assert "price: at most 100.05" in text
    assert "average price" not in text


def test_the_report_has_a_part_for_each_strategy(state: Path, tmp_path: Path, capsys: Out) -> None:
    found = json.loads(said(capsys, state, "report", "--json"))
    assert found["packages"] == []
    quick = found["strategies"][0]
    assert [one["side"] for one in quick["trades"]] == ["buy", "sell", "buy"]
    assert [one["paid"] for one in quick["trades"]] == [pytest.approx(100.02), 99.97, None]
    text = said(capsys, state, "report")
    for words in ("quick", "100.0200", "300/300", "0/50", "gain -21.50", "holds +10 XYZ"):
        assert words in text, text
    page = tmp_path / "r.html"
    said(capsys, state, "report", "--html", str(page))
    html = page.read_text()
    assert "<h1>quick</h1>" in html
    assert ">99.9700<" in html
    for shown in (text, html):
        assert "edge" not in shown.lower()


def test_a_day_without_orders_tells_only_what_is_held(state: Path, capsys: Out) -> None:
    found = json.loads(said(capsys, state, "report", "--day", "2020-01-01", "--json"))
    quick = found["strategies"][0]
    assert (quick["orders"], quick["gain"], quick["positions"]) == (0, None, {"XYZ": 200.0})
    found = json.loads(said(capsys, state, "report", "--day", "all", "--json"))
    assert found["strategies"][0]["gain"] == -16.5
    assert "gain not known" in said(capsys, state, "report", "--day", date(2020, 1, 1).isoformat())


def test_arbitrages_beside_strategies_are_told_apart(tmp_path: Path, capsys: Out) -> None:
    journal = folder_of(tmp_path, "sim", "DU1").make().journal
    a_day(journal)
    writer = Writer(journal)
    trade(writer, "slow", 10, 10, 100.0, 0.25)
    writer.close()
    found = json.loads(said(capsys, tmp_path, "report", "--json"))
    assert [one["id"] for one in found["packages"]] == ["3", "g", "10"]
    assert found["total"]["packages"] == 3
    assert [one["strategy"] for one in found["strategies"]] == ["slow"]
    text = said(capsys, tmp_path, "status")
    assert "packages of the day: 3" in text
    assert "slow: gain of the day not known; 1 order" in text
