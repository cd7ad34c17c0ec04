"""What is said of runs that were tried together, figure by figure."""

from __future__ import annotations

import math
from array import array

from engine.performance.figures import figures
from engine.performance.intervals import bar_intervals, trade_intervals
from engine.performance.judgement import judge
from engine.performance.overfitting import overfitting
from engine.performance.returns import simple_returns
from engine.performance.snooping import snooping
from engine.performance.validation import deflate, least_returns, probabilistic_sharpe
from tests.performance.results import FIRST_NS, result, trade, walk

RUNS = [
    result(walk(seed, 200, mean=0.002), trades=tuple(trade(10.0 * k - 30.0) for k in range(9)))
    for seed in range(3)
]
FIGURES = [figures(one, 252.0) for one in RUNS]


def test_each_run_is_judged_by_its_own_figures() -> None:
    found, _ = judge(RUNS, FIGURES, 50, seed=4)
    deflated = deflate(FIGURES, 50)
    for k, (run, one) in enumerate(zip(RUNS, FIGURES, strict=True)):
        own = (one.bar_sharpe, one.n_returns, one.skew, one.kurtosis)
        assert found[k].probabilistic == probabilistic_sharpe(*own)
        assert found[k].deflated == deflated[k]
        assert found[k].n_trials == 50
        assert found[k].least_returns == least_returns(one.bar_sharpe, one.skew, one.kurtosis)
        assert found[k].bars == bar_intervals(simple_returns(run.equity), 252.0, seed=4)
        gains = [one.gain for one in run.trades]
        assert found[k].trades == trade_intervals(gains, run.start_cash, seed=4)


def test_all_runs_are_judged_together() -> None:
    _, selection = judge(RUNS, FIGURES, seed=4)
    columns = [simple_returns(run.equity) for run in RUNS]
    assert selection.snooping == snooping(columns, seed=4)
    assert selection.overfitting == overfitting(columns)


def test_at_least_the_runs_were_tried() -> None:
    for n_trials in (None, 1, 3):
        found, _ = judge(RUNS, FIGURES, n_trials)
        assert found[0].n_trials == 3
    assert judge(RUNS[:1], FIGURES[:1])[0][0].n_trials == 1


def test_runs_that_cannot_be_compared_are_not() -> None:
    later = array("l", [FIRST_NS + 5 + k for k in range(200)])
    other = result(walk(9, 200), time_ns=later)
    lost = result([100.0, 50.0, -1.0, *[-1.0] * 197])
    short = [result(walk(seed, 50)) for seed in range(2)]
    for runs in ([*RUNS, other], [RUNS[0], lost], RUNS[:1], [result([1.0]), result([2.0])]):
        _, selection = judge(runs, [figures(one, 252.0) for one in runs])
        assert (selection.snooping, selection.overfitting) == (None, None)
    _, selection = judge(short, [figures(one, 252.0) for one in short])
    assert selection.snooping is not None
    assert selection.overfitting is None


def test_a_run_that_does_not_move_has_no_probability() -> None:
    flat = result([100.0] * 50)
    (found,), _ = judge([flat], [figures(flat, 252.0)])
    assert all(map(math.isnan, (found.probabilistic, found.deflated, found.least_returns)))
