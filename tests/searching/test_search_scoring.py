"""Scores: a kernel's are those of the strategy bar by bar, and of the figures that are reported."""

from __future__ import annotations

from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backend import Backend
from engine.backtesting.data import Data, Split
from engine.backtesting.terms import Terms
from engine.errors import UsageError
from engine.market.bars import Bars
from engine.performance.figures import figures
from engine.searching.proposals import AtRandom
from engine.searching.scoring import SCORES, Scorer, mean_score, score_of
from engine.searching.task import Span
from engine.trading import SHIPPED
from tests.searching.markets import HOUR_NS, START_NS, strategy_file, task

WIDTH = len(SCORES)


class BarByBar(Scorer):
    """The same without kernels."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.has_kernel = self._rehearsed = False


@pytest.mark.parametrize("name", SHIPPED)
def test_a_kernel_scores_what_the_strategy_earns_bar_by_bar(name: str, backend: Backend) -> None:
    asked = task(name)
    scorer = Scorer(asked, backend.name)
    assert scorer.has_kernel
    columns = AtRandom(scorer.space, 12, seed=3).ask(12)
    assert columns is not None
    fast, slow = scorer.scores(0, columns), BarByBar(asked).scores(0, columns)
    assert fast.error == slow.error == ""
    assert fast.values.tobytes() == slow.values.tobytes()
    traded = fast.values[SCORES.index("orders") :: WIDTH]
    assert max(traded) > 5.0


def steep(after: float) -> Data:
    """Bars that hardly move, rise a little, so that the rule goes short, and then at once."""
    prices = [100.0, 101.0] * 30 + [104.0, 104.0] + [104.0 * after] * 3 + [100.0] * 20
    column = array("d", prices)
    times = array("l", [START_NS + row * HOUR_NS for row in range(len(prices))])
    volume = array("d", [1e6]) * len(prices)
    return Data({"S": Bars(times, column, column, column, column, volume)}, HOUR_NS, "test")


@pytest.mark.parametrize(
    ("terms", "after", "says"),
    [
        (Terms(), 1.7, "margin call"),  # of a short of the whole equity
        (Terms(), 1.3, ""),
        (Terms(units=150.0), 1.0, ""),  # half of 15,600 is needed, of 10,000
        (Terms(units=300.0), 1.0, " refused: "),
    ],
)
def test_a_margin_that_is_not_kept_is_scored_bar_by_bar(
    terms: Terms, after: float, says: str, backend: Backend
) -> None:
    asked = replace(task("mean_reversion", terms=terms), tests=(steep(after),))
    scorer = Scorer(asked, backend.name)
    row = (20.0, 2.0, 0.5, -1.0)
    (result,) = scorer.results(scorer.space.values(row), Span())
    notes = " ".join(result.notes)
    assert says in notes
    assert bool(notes) == bool(says)
    columns = [array("d", [number]) for number in row]
    fast = scorer.scores(0, columns)
    assert fast.values.tobytes() == BarByBar(asked).scores(0, columns).values.tobytes()


def test_more_than_the_cash_buys_is_scored_bar_by_bar(backend: Backend) -> None:
    asked = task("ma_crossover", n_tests=1, terms=Terms(units=120.0), fixed={"short": 0.0})
    scorer = Scorer(asked, backend.name)
    columns = [array("d", [3.0, 5.0]), array("d", [20.0, 10.0])]
    assert " refused: " in " ".join(
        scorer.results(scorer.space.values((3.0, 20.0)), Span())[0].notes
    )
    fast = scorer.scores(0, columns)
    assert fast.values.tobytes() == BarByBar(asked).scores(0, columns).values.tobytes()


def test_splits_and_dividends_are_run_bar_by_bar() -> None:
    asked = task("ma_crossover", n_tests=1)
    split = Split("S1", START_NS + 100 * HOUR_NS, 2.0)
    bent = replace(asked, tests=(replace(asked.tests[0], actions=(split,)),))
    assert not Scorer(bent).has_kernel
    columns = [array("d", [3.0]), array("d", [20.0]), array("d", [-1.0])]
    found = Scorer(bent).scores(0, columns).values
    assert found.tobytes() == BarByBar(bent).scores(0, columns).values.tobytes()
    assert found != Scorer(asked).scores(0, columns).values


@pytest.mark.parametrize(
    "terms",
    [Terms(lot=1.0), Terms(borrow_rate=0.1), Terms(can_short=False), Terms(participation=0.1)],
)
def test_terms_that_a_kernel_does_not_know_are_run_bar_by_bar(terms: Terms) -> None:
    assert not Scorer(task(terms=terms)).has_kernel


def test_a_strategy_of_a_file_whose_kernel_lies_is_refused(tmp_path: Path) -> None:
    text = """
from engine.backtesting.kernel import Kernel
from engine.trading.momentum import Momentum

class Honest(Momentum):
    kernel = Kernel("momentum_targets", "close", "lag", "threshold", "short")

class Liar(Momentum):
    def on_bar(self, bar):
        return -super().on_bar(bar)
"""
    (tmp_path / "own.py").write_text(text)
    honest = Scorer(task(f"{tmp_path}/own.py:Honest"))
    assert honest.has_kernel
    honest.check_kernel()
    with pytest.raises(UsageError, match="the kernel of Liar does not do what its on_bar does"):
        Scorer(task(f"{tmp_path}/own.py:Liar")).check_kernel()


def test_a_score_is_that_of_the_figures() -> None:
    asked = task("breakout", n_tests=1)
    (result,) = Scorer(asked).results({}, Span())
    told = figures(result, asked.per_year)
    score = dict(zip(SCORES, score_of(result, asked.per_year), strict=True))
    assert score["sharpe"] == told.sharpe
    assert score["return"] == told.total_return
    assert score["drawdown"] == told.max_drawdown
    assert score["cagr"] == told.cagr
    assert score["sortino"] == told.sortino
    assert score["calmar"] == told.calmar
    assert score["trades"] == told.trades.n > 0
    assert score["win_rate"] == told.trades.win_rate
    assert score["orders"] == told.n_orders
    assert score["profit_factor"] == pytest.approx(told.trades.profit_factor, rel=1e-12)


def test_a_span_is_a_task_of_its_bars_alone(backend: Backend) -> None:
    middle = Span(START_NS + 50 * HOUR_NS, START_NS + 250 * HOUR_NS)
    whole = task("volatility", n_tests=1, spans=(Span(), middle))
    cut = whole.tests[0].bars["S1"]
    names = ("time_ns", "open", "high", "low", "close", "volume")
    part = type(cut)(*(getattr(cut, name)[50:250] for name in names))
    alone = replace(whole, tests=(replace(whole.tests[0], bars={"S1": part}),), spans=(Span(),))
    columns = AtRandom(whole.space(), 5, seed=2).ask(5)
    assert columns is not None
    for scorer in (Scorer, BarByBar):
        inside = scorer(whole).scores(1, columns).values
        assert inside.tobytes() == scorer(alone).scores(0, columns).values.tobytes()
        assert inside.tobytes() != scorer(whole).scores(0, columns).values.tobytes()
    assert Scorer(whole, backend.name).scores(1, columns).values.tobytes() == inside.tobytes()


def test_a_span_without_bars_has_no_ratio(backend: Backend) -> None:
    asked = task("breakout", n_tests=1, spans=(Span(end_ns=START_NS),))
    columns = AtRandom(asked.space(), 2, seed=2).ask(2)
    assert columns is not None
    empty = Scorer(asked, backend.name).scores(0, columns)
    assert empty.error == ""
    assert empty.values.tobytes() == BarByBar(asked).scores(0, columns).values.tobytes()
    assert empty.values[0] == 0.0


def test_a_trial_that_fails_is_nan_and_says_where(tmp_path: Path) -> None:
    scorer = Scorer(task(strategy_file(tmp_path), n_tests=1))
    columns = [array("d", [12.0, 13.0, 14.0]), array("d", [0.5] * 3), array("d", [1.0] * 3)]
    scores = scorer.scores(0, columns)
    assert scores.values[0] == scores.values[0]
    assert all(value != value for value in scores.values[WIDTH : 2 * WIDTH])
    assert scores.error.endswith(
        "steps.py:15: RuntimeError: thirteen (with every=13, size=0.5, side=short)"
    )


def test_the_mean_over_tests_has_no_number_where_one_has_none() -> None:
    assert list(mean_score([[1.0, 2.0], [3.0, 5.0]])) == [2.0, 3.5]
    infinite = float("inf")
    for pair in ([1.0, infinite], [infinite, -infinite], [1.7e308, 1.7e308], [0.0, float("nan")]):
        (found,) = mean_score([[value] for value in pair])
        assert found != found, pair


def test_equities_begin_at_one_and_end_at_the_return() -> None:
    scorer = Scorer(task("momentum"))
    columns = AtRandom(scorer.space, 3, seed=2).ask(3)
    assert columns is not None
    growth = scorer.equities(0, columns, 50).values
    returns = scorer.scores(0, columns).values[0::WIDTH]
    assert len(growth) == 150
    for row, gain in enumerate(returns):
        assert growth[row * 50] == 1.0
        assert growth[row * 50 + 49] == pytest.approx(1.0 + gain, rel=1e-12)
