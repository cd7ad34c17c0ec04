"""Figures and validation against the libraries that people know, where conventions match.

Where they do not, the difference is asserted, so that docs/PERFORMANCE_FIGURES.md stays true.
"""

from __future__ import annotations

import math
import warnings
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

empyrical = pytest.importorskip("empyrical", reason="the leg `anchors` installs empyrical")
quantstats = pytest.importorskip("quantstats", reason="the leg `anchors` installs quantstats")
arch = pytest.importorskip("arch.bootstrap", reason="the leg `anchors` installs arch")
purgedcv = pytest.importorskip("purgedcv", reason="the leg `anchors` installs purgedcv")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from engine.performance.benchmark import compare  # noqa: E402
from engine.performance.drawdowns import list_drawdowns  # noqa: E402
from engine.performance.figures import Figures, figures  # noqa: E402
from engine.performance.months import monthly  # noqa: E402
from engine.performance.overfitting import overfitting  # noqa: E402
from engine.performance.returns import moments, simple_returns  # noqa: E402
from engine.performance.rolling import rolling_sharpe  # noqa: E402
from engine.performance.snooping import from_resamples, long_run_variance  # noqa: E402
from engine.performance.splits import (  # noqa: E402
    combinatorial_folds,
    paths,
    purged_k_fold,
    walk_forward,
)
from engine.performance.validation import (  # noqa: E402
    deflated_sharpe,
    least_returns,
    least_years,
    probabilistic_sharpe,
)
from engine.report.tear_sheet import quantstats_csv  # noqa: E402
from tests.performance.results import result, walk  # noqa: E402

DAYS, RATE = 252.0, 0.03
SEEDS = range(4)


def close(value: float) -> Any:
    return pytest.approx(value, rel=1e-12, abs=1e-14)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def series(seed: int, n: int = 700) -> tuple[array[float], Any]:
    """Return an equity column, and its returns as the libraries take them."""
    equity = walk(seed, n)
    days = pd.bdate_range("2020-01-02", periods=n)[1:]
    return equity, pd.Series(list(simple_returns(equity)), index=days)


def found(equity: array[float], rate: float = 0.0) -> Figures:
    return figures(result(equity), DAYS, rate)


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_are_those_of_empyrical(seed: int) -> None:
    equity, returns = series(seed)
    plain, ours = found(equity), found(equity, RATE)
    assert plain.total_return == close(empyrical.cum_returns_final(returns))
    assert plain.cagr == close(empyrical.annual_return(returns))
    assert plain.volatility == close(empyrical.annual_volatility(returns))
    assert ours.sharpe == close(empyrical.sharpe_ratio(returns, risk_free=RATE / DAYS))
    assert ours.sortino == close(empyrical.sortino_ratio(returns, required_return=RATE / DAYS))
    assert plain.calmar == close(empyrical.calmar_ratio(returns))
    assert -plain.max_drawdown == close(empyrical.max_drawdown(returns))
    assert plain.var == close(empyrical.value_at_risk(returns))
    assert plain.cvar == close(empyrical.conditional_value_at_risk(returns))
    assert plain.tail_ratio == close(empyrical.tail_ratio(returns))


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_are_those_of_quantstats(seed: int) -> None:
    equity, returns = series(seed)
    plain, ours, stats = found(equity), found(equity, RATE), quantstats.stats
    assert plain.total_return == close(stats.comp(returns))
    assert plain.cagr == close(stats.cagr(returns))
    assert plain.volatility == close(stats.volatility(returns))
    assert plain.sharpe == close(stats.sharpe(returns))
    assert plain.sortino == close(stats.sortino(returns))
    assert plain.calmar == close(stats.calmar(returns))
    assert -plain.max_drawdown == close(stats.max_drawdown(returns))
    assert plain.skew == close(stats.skew(returns))
    assert plain.kurtosis == close(stats.kurtosis(returns))
    assert plain.tail_ratio == close(stats.tail_ratio(returns))
    # A riskless rate is taken off by compounding there, by division here.
    compounded = DAYS * ((1.0 + RATE) ** (1.0 / DAYS) - 1.0)
    assert found(equity, compounded).sharpe == close(stats.sharpe(returns, rf=RATE))
    assert abs(ours.sharpe - stats.sharpe(returns, rf=RATE)) > 1e-4


@pytest.mark.parametrize("seed", SEEDS)
def test_figures_are_those_of_pyfolio(seed: int) -> None:
    timeseries = pytest.importorskip(
        "pyfolio.timeseries", reason="the leg `anchors` installs pyfolio-reloaded"
    )
    equity, returns = series(seed)
    ours, theirs = found(equity), timeseries.perf_stats(returns)
    for name, value in (
        ("Annual return", ours.cagr), ("Cumulative returns", ours.total_return),
        ("Annual volatility", ours.volatility), ("Sharpe ratio", ours.sharpe),
        ("Calmar ratio", ours.calmar), ("Max drawdown", -ours.max_drawdown),
        ("Sortino ratio", ours.sortino), ("Tail ratio", ours.tail_ratio),
    ):  # fmt: skip
        assert value == close(theirs[name]), name
    table = timeseries.gen_drawdown_table(returns, 5)
    stamps = [int(day.value) for day in [returns.index[0] - pd.Timedelta("1D"), *returns.index]]
    drawdowns = list_drawdowns(equity, stamps)[:5]
    for own, (_, row) in zip(drawdowns, table.iterrows(), strict=True):
        assert 100.0 * own.depth == pytest.approx(float(row["Net drawdown in %"]), rel=1e-12)
        assert own.trough_ns == row["Valley date"].value
        is_open = pd.isna(row["Recovery date"])
        assert (own.recovered_ns is None) == is_open
        if not is_open:
            assert own.recovered_ns == row["Recovery date"].value


@pytest.mark.parametrize("seed", SEEDS)
def test_conventions_that_differ_differ_by_just_that(seed: int) -> None:
    equity, returns = series(seed)
    ours, n = found(equity), len(returns)
    # pyfolio takes skewness and kurtosis of the returns as a whole, not as a sample.
    from scipy import stats

    shrink = (n - 2.0) / math.sqrt(n * (n - 1.0))
    assert ours.skew * shrink == close(stats.skew(returns))
    whole = (ours.kurtosis * (n - 2.0) * (n - 3.0) / (n - 1.0) - 6.0) / (n + 1.0)
    assert whole == close(stats.kurtosis(returns))
    # quantstats' value at risk is that of a normal distribution with the same two moments.
    normal = returns.mean() + returns.std() * stats.norm.ppf(0.05)
    assert quantstats.stats.value_at_risk(returns) == pytest.approx(normal, rel=1e-12)
    assert abs(ours.var / normal - 1.0) > 1e-3
    # Its historical shortfall has the returns up to the quantile; so has ours.
    historical = quantstats.stats.conditional_value_at_risk(returns, method="historical")
    assert ours.cvar == close(historical)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_benchmark_is_that_of_the_libraries(seed: int) -> None:
    (equity, returns), (other, market) = series(seed), series(seed + 100)
    ours = compare(simple_returns(equity), simple_returns(other), DAYS)
    assert ours.beta == close(empyrical.beta(returns, market))
    theirs = quantstats.stats.greeks(returns, market)
    assert (ours.beta, ours.alpha) == (close(theirs["beta"]), close(theirs["alpha"]))
    # empyrical compounds alpha over the year; both information ratios there are per bar.
    per_bar = ours.alpha / DAYS
    assert (1.0 + per_bar) ** DAYS - 1.0 == pytest.approx(empyrical.alpha(returns, market), 1e-9)
    ratio = ours.information_ratio / math.sqrt(DAYS)
    assert ratio == close(empyrical.excess_sharpe(returns, market))
    assert ratio == close(quantstats.stats.information_ratio(returns, market))


def test_months_and_rolling_ratios_are_those_of_pandas() -> None:
    equity, returns = series(9)
    stamps = array("l", [int(returns.index[0].value) - 86_400 * 10**9])
    # Stamps at the end of the day: a bar of the last of a month closes before the next begins.
    stamps.extend(int(day.value) + 21 * 3600 * 10**9 for day in returns.index)
    theirs = (1.0 + returns).groupby([returns.index.year, returns.index.month]).prod() - 1.0
    own = [
        month for year in monthly(equity, stamps) for month in year.months if not math.isnan(month)
    ]
    assert own == [close(value) for value in theirs]
    window = returns.rolling(63)
    rolled = (window.mean() / window.std() * math.sqrt(DAYS)).dropna()
    ours = [v for v in rolling_sharpe(list(returns), 63, DAYS) if not math.isnan(v)]
    assert ours == [pytest.approx(value, rel=1e-9) for value in rolled]


def test_quantstats_reads_what_is_written_for_it(tmp_path: Path) -> None:
    runs = [result(walk(seed, 300), strategy=f"run {seed}") for seed in range(2)]
    path = tmp_path / "returns.csv"
    path.write_text(quantstats_csv(runs), encoding="utf-8")
    table = pd.read_csv(path, index_col=0, parse_dates=True)
    for one in runs:
        assert figures(one, DAYS).sharpe == close(quantstats.stats.sharpe(table[one.strategy]))
        assert figures(one, DAYS).cagr == close(quantstats.stats.cagr(table[one.strategy]))


def columns(seed: int, n: int = 300, k: int = 20) -> Any:
    """Return returns of `k` strategies with memory; one has an edge, one is hopeless."""
    drawn = np.random.default_rng(seed).normal(0.0002, 0.01, (n, k))
    drawn[1:] += 0.2 * drawn[:-1]
    drawn[:, 3] += 0.0008
    drawn[:, 5] -= 0.004
    return drawn


@pytest.mark.parametrize("seed", SEEDS)
def test_probabilities_are_those_of_purgedcv(seed: int) -> None:
    returns = columns(seed)[:, 3]
    shape = moments(list(returns))
    own = (shape.mean / shape.population_deviation, shape.n, shape.skew, shape.kurtosis)
    assert probabilistic_sharpe(*own, 0.02) == close(
        purgedcv.probabilistic_sharpe_ratio(returns, 0.02)
    )
    for n_trials in (1, 2, 50, 10_000):
        theirs = purgedcv.deflated_sharpe_ratio(returns, n_trials, 0.003)
        assert deflated_sharpe(*own, n_trials, 0.003) == close(theirs)
        assert least_years(n_trials, 1.5) == close(purgedcv.minimum_backtest_length(n_trials, 1.5))
    theirs = purgedcv.min_track_record_length(0.1, 0.01, 0.05, own[2], own[3] + 3.0)
    assert least_returns(0.1, own[2], own[3], 0.01, 0.95) == theirs


def drawn_by(bootstrap: Any, count: int) -> list[list[tuple[int, int]]]:
    """Return the stretches of rows that a bootstrap of arch draws."""
    found = []
    for _ in bootstrap.bootstrap(count):
        stretches: list[tuple[int, int]] = []
        for row in map(int, bootstrap.index):
            if stretches and stretches[-1][1] == row:
                stretches[-1] = (stretches[-1][0], row + 1)
            else:
                stretches.append((row, row + 1))
        found.append(stretches)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_tests_of_the_best_are_those_of_arch(seed: int) -> None:
    """On the same resamples the p-values are the same.

    arch 8.0.0 asks for ``studentize`` and does not divide by it: its test is Hansen's only on
    columns that have been divided by their deviations before, and White's as it stands.
    """
    block, count, returns = 7, 200, columns(seed)
    nothing = np.zeros(len(returns))
    plain = arch.SPA(nothing, -returns, block_size=block, reps=count, seed=seed)
    drawn = drawn_by(
        arch.SPA(nothing, -returns, block_size=block, reps=count, seed=seed).bootstrap, count
    )
    plain.compute()
    own = [[float(value) for value in column] for column in returns.T]
    variances = [
        long_run_variance(column, math.fsum(column) / len(column), block) for column in own
    ]
    assert variances == [pytest.approx(float(v), rel=1e-11) for v in plain._loss_diff_var]
    scaled = arch.SPA(
        nothing, -returns / np.sqrt(variances), block_size=block, reps=count, seed=seed
    )
    scaled.compute()
    ours = from_resamples(own, drawn, block)
    assert ours.reality == plain.pvalues["upper"]
    assert [ours.lower, ours.consistent, ours.upper] == list(scaled.pvalues)
    assert list(plain.pvalues) != list(scaled.pvalues)


@pytest.mark.parametrize("seed", SEEDS)
def test_overfitting_is_that_of_purgedcv(seed: int) -> None:
    returns = columns(seed, 200, 8).T
    theirs = purgedcv.probability_of_backtest_overfitting(returns, 8)
    ours = overfitting([[float(value) for value in row] for row in returns], 8)
    assert ours.probability == theirs.pbo
    assert ours.logits == tuple(close(float(value)) for value in theirs.logits)
    assert ours.slope == pytest.approx(theirs.slope, rel=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_folds_are_those_of_purgedcv(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(12, 60)), int(rng.integers(2, 7))
    n_test, embargo = int(rng.integers(1, k)), int(rng.integers(0, 5))
    ends = [row + int(rng.choice([1, 1, 3, 7])) for row in range(n)]
    day = pd.Timestamp("2024-01-01")
    times: dict[str, Any] = {
        "prediction_times": day + pd.to_timedelta(np.arange(n), unit="D"),
        "evaluation_times": day + pd.to_timedelta(np.array(ends), unit="D"),
        # An embargo is closed at its end there, and of so many rows here.
        "embargo": pd.Timedelta(hours=24 * embargo - 12) if embargo else None,
    }
    splitter = purgedcv.CombinatorialPurgedCV(n_splits=k, n_test_groups=n_test, **times)
    theirs = [(list(a), list(b)) for a, b in splitter.split(np.zeros((n, 1)))]
    folds = list(combinatorial_folds(ends, k, n_test, embargo=embargo))
    assert [(fold.train_rows(), fold.test_rows()) for fold in folds] == theirs
    splitter = purgedcv.PurgedKFold(n_splits=k, **times)
    theirs = [(list(a), list(b)) for a, b in splitter.split(np.zeros((n, 1)))]
    folds_of_one = purged_k_fold(ends, k, embargo=embargo)
    assert [(fold.train_rows(), fold.test_rows()) for fold in folds_of_one] == theirs
    tests = [np.array(fold.test_rows()) for fold in folds]
    predicted = [np.full(len(rows), float(j)) for j, rows in enumerate(tests)]
    whole = purgedcv.reconstruct_paths(predicted, tests, k, n_test, n)
    starts = [j * (n // k) + min(j, n % k) for j in range(k)]
    assert [[int(row[start]) for start in starts] for row in whole] == [
        [fold for fold, _ in path] for path in paths(k, n_test)
    ]


@pytest.mark.parametrize(("n", "k", "size", "gap"), [(40, 4, 5, 0), (41, 3, 7, 2), (30, 5, 3, 1)])
def test_walks_are_those_of_sklearn(n: int, k: int, size: int, gap: int) -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    for longest in (None, 6):
        splitter = selection.TimeSeriesSplit(k, test_size=size, gap=gap, max_train_size=longest)
        theirs = [(list(a), list(b)) for a, b in splitter.split(np.zeros((n, 1)))]
        train = longest or n - k * size - gap
        skipped = n - k * size - gap - train
        folds = walk_forward(n - skipped, train, size, gap=gap, is_anchored=longest is None)
        shifted = [
            ([row + skipped for row in fold.train_rows()],
             [row + skipped for row in fold.test_rows()])
            for fold in folds
        ]  # fmt: skip
        assert shifted == theirs
