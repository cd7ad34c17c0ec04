"""Probabilistic and deflated ratios: published numbers, and how often they are wrong."""

from __future__ import annotations

import math
from random import Random
from statistics import NormalDist, variance

import pytest

from engine.performance.figures import Figures, figures
from engine.performance.normal import normal_quantile
from engine.performance.returns import moments
from engine.performance.validation import (
    best_of,
    deflate,
    deflated_sharpe,
    expected_best,
    least_returns,
    least_years,
    probabilistic_sharpe,
)
from tests.performance.results import normal, result, walk


@pytest.mark.parametrize(
    "part", [1e-300, 1e-16, 1e-9, 0.003, 0.05, 0.0749, 0.0751, 0.3, 0.5, 0.7, 0.95, 1.0 - 1e-12]
)
def test_the_quantile_is_that_of_the_library(part: float) -> None:
    assert normal_quantile(part) == pytest.approx(NormalDist().inv_cdf(part), rel=1e-15, abs=1e-16)


def test_the_ends_of_the_quantile() -> None:
    assert (normal_quantile(0.0), normal_quantile(1.0)) == (-math.inf, math.inf)
    assert all(map(math.isnan, map(normal_quantile, (-0.1, 1.1, math.nan))))


def test_the_ratios_of_the_paper() -> None:
    """Bailey and Lopez de Prado 2014, section 'A numerical example'.

    An annual ratio of 2.5 over 5 years of days, 100 trials whose annual ratios have a variance of
    0.5, skewness -3 and kurtosis 10: the paper has 0.1132 for the bar, and 0.9004.
    """
    ratio = 2.5 / math.sqrt(250.0)
    bar = expected_best(100, 0.5 / 250.0)
    assert bar == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(ratio, 1250, -3.0, 7.0, 100, 0.5 / 250.0) == pytest.approx(
        0.9004, abs=5e-5
    )


def test_the_best_of_trials_is_that_of_a_draw() -> None:
    rng, means = Random(5), {}
    for n in (10, 100):
        best = [max(normal(rng) for _ in range(n)) for _ in range(400)]
        means[n] = math.fsum(best) / len(best)
    assert best_of(1) == 0.0
    for n, mean in means.items():
        assert best_of(n) == pytest.approx(mean, abs=0.1)


def test_one_trial_is_not_deflated() -> None:
    plain = probabilistic_sharpe(0.08, 500, -0.4, 1.5)
    assert deflated_sharpe(0.08, 500, -0.4, 1.5, 1, 0.3) == plain
    assert plain > deflated_sharpe(0.08, 500, -0.4, 1.5, 2, 0.001)


def test_skew_and_tails_count_against_a_ratio() -> None:
    plain = probabilistic_sharpe(0.1, 300, 0.0, 0.0)
    assert probabilistic_sharpe(0.1, 300, -1.0, 0.0) < plain
    assert probabilistic_sharpe(0.1, 300, 0.0, 5.0) < plain
    assert probabilistic_sharpe(0.1, 300, 0.0, 0.0, 0.1) == 0.5


def test_as_many_returns_as_are_needed() -> None:
    n = least_returns(0.1, -0.5, 2.0, 0.02, 0.9)
    assert probabilistic_sharpe(0.1, int(n), -0.5, 2.0, 0.02) >= 0.9
    assert probabilistic_sharpe(0.1, int(n) - 1, -0.5, 2.0, 0.02) < 0.9
    assert least_returns(0.1, 0.0, 0.0, 0.1) == math.inf
    assert least_returns(0.1, 0.0, 0.0, 0.05, 0.4) == 2.0


def test_the_years_that_trials_need() -> None:
    """Bailey et al. 2014: with 5 years, 45 independent trials reach a ratio of 1 by luck."""
    assert least_years(45) == pytest.approx(5.0, abs=0.1)
    assert (least_years(1), least_years(45, 2.0)) == (0.0, least_years(45) / 4.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: best_of(0), "at least one trial"), (lambda: least_years(3, 0.0), "positive"),
        (lambda: expected_best(3, -1.0), "negative"),
        (lambda: least_returns(0.1, 0.0, 0.0, 0.0, 1.0), "between 0 and 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(call: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()  # type: ignore[operator]


def test_what_is_not_defined_is_nan() -> None:
    assert math.isnan(probabilistic_sharpe(0.1, 1, 0.0, 0.0))
    assert math.isnan(probabilistic_sharpe(2.0, 100, 5.0, 0.0))
    assert math.isnan(probabilistic_sharpe(math.nan, 100, 0.0, 0.0))
    assert math.isnan(least_returns(2.0, 5.0, 0.0))
    assert math.isnan(deflated_sharpe(0.1, 100, 0.0, 0.0, 5, math.nan))


def test_trials_are_deflated_together() -> None:
    trials = [figures(result(walk(seed, 250)), 252.0) for seed in range(8)]
    flat = figures(result([100.0] * 250), 252.0)
    found = deflate([*trials, flat])
    assert math.isnan(found[-1])
    spread = variance(one.bar_sharpe for one in trials)
    assert found[:-1] == [_deflated(one, 9, spread) for one in trials]
    many = deflate(trials, 1000)[0]
    assert many == _deflated(trials[0], 1000, spread)
    assert many < found[0]
    assert deflate([]) == []
    assert deflate(trials[:1]) == [_deflated(trials[0], 1, 0.0)]


def _deflated(one: Figures, n_trials: int, spread: float) -> float:
    return pytest.approx(  # type: ignore[no-any-return]
        deflated_sharpe(one.bar_sharpe, one.n_returns, one.skew, one.kurtosis, n_trials, spread),
        rel=1e-12,
    )


def ratio_of(returns: list[float]) -> tuple[float, int, float, float]:
    shape = moments(returns)
    return shape.mean / shape.population_deviation, shape.n, shape.skew, shape.kurtosis


def test_without_an_edge_the_probability_is_uniform() -> None:
    rng = Random(11)
    found = []
    for _ in range(400):
        found.append(probabilistic_sharpe(*ratio_of([normal(rng) for _ in range(120)])))
    # Kolmogorov: beyond 1.36 / sqrt(400) in one of twenty.
    gap = max(abs(p - (k + 0.5) / 400) for k, p in enumerate(sorted(found)))
    assert gap < 1.36 / 20.0


def test_the_best_of_strategies_without_an_edge_is_deflated() -> None:
    """The plain ratio calls the best of 50 genuine in most searches, the deflated one in few."""
    rng, plain, deflated = Random(12), 0, 0
    for _ in range(60):
        trials = [ratio_of([normal(rng) for _ in range(60)]) for _ in range(50)]
        best = max(trials)
        plain += probabilistic_sharpe(*best) > 0.95
        deflated += deflated_sharpe(*best, 50, variance(trial[0] for trial in trials)) > 0.95
    assert plain >= 50
    assert deflated <= 6


@pytest.mark.long
def test_the_deflated_ratio_of_the_best_is_about_uniform() -> None:
    """Of searches without an edge one of twenty is above 0.95, near enough: the bar is a mean."""
    rng, found = Random(14), []
    for _ in range(1500):
        trials = [ratio_of([normal(rng) for _ in range(80)]) for _ in range(30)]
        best = max(trials)
        found.append(deflated_sharpe(*best, 30, variance(trial[0] for trial in trials)))
    assert 0.4 < math.fsum(found) / len(found) < 0.6
    assert sum(value > 0.95 for value in found) / len(found) < 0.05
    assert sum(value > 0.5 for value in found) / len(found) == pytest.approx(0.45, abs=0.1)


def test_a_planted_edge_is_found_among_many() -> None:
    rng = Random(13)
    trials = [ratio_of([normal(rng) for _ in range(250)]) for _ in range(50)]
    edge = ratio_of([0.35 + normal(rng) for _ in range(250)])
    spread = variance(trial[0] for trial in [*trials, edge])
    assert max([*trials, edge]) == edge
    assert deflated_sharpe(*edge, 51, spread) > 0.95
