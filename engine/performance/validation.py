"""Is a Sharpe ratio more than luck: probabilistic and deflated ratios, and how long is enough.

Ratios here are per bar, mean over the deviation of the returns as a whole (divided by their
number); skewness and excess kurtosis are those of a sample. `Figures.bar_sharpe`, `skew` and
`kurtosis` are these. The riskless rate is 0.

The more strategies were tried, the higher the best of them stands by luck alone. The deflated ratio
asks whether the best stands above that.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, e, inf, isfinite, nan, sqrt
from typing import TYPE_CHECKING

from engine.performance.normal import normal_quantile
from engine.performance.returns import moments
from kernels_pure.normal import norm_cdf

if TYPE_CHECKING:
    from engine.performance.figures import Figures

_EULER = 0.5772156649015329


def probabilistic_sharpe(
    sharpe: float, n: int, skew: float, kurtosis: float, target: float = 0.0
) -> float:
    """Return the probability that the true ratio lies above `target`, given one of `n` returns.

    nan below two returns, or where the moments are too extreme for the approximation.

    Source: Bailey and Lopez de Prado 2012, equation 7; variance of the ratio by Mertens 2002.

    >>> probabilistic_sharpe(0.1, 401, 0.0, 0.0) > 0.97
    True
    """
    variance = _variance_factor(sharpe, skew, kurtosis)
    if n < 2 or not variance > 0.0:
        return nan
    return norm_cdf((sharpe - target) * sqrt(n - 1.0) / sqrt(variance))


def expected_best(n_trials: int, variance: float) -> float:
    """Return the ratio that the best of `n_trials` has by luck, their ratios having `variance`.

    0 for one trial: nothing was chosen.

    Source: Bailey and Lopez de Prado 2014, equation 1.

    Raises
    ------
    ValueError
        If there is no trial, or the variance is below 0.
    """
    if not variance >= 0.0:
        raise ValueError(f"a variance must not be negative: {variance}")
    return sqrt(variance) * best_of(n_trials)


def best_of(n_trials: int) -> float:
    """Return about the expected greatest of `n_trials` standard normal numbers; 0 for one.

    Source: Bailey and Lopez de Prado 2014, from the theorem of Fisher, Tippett and Gnedenko.
    """
    if n_trials < 1:
        raise ValueError(f"at least one trial was made, not {n_trials}")
    if n_trials == 1:
        return 0.0
    return (1.0 - _EULER) * normal_quantile(1.0 - 1.0 / n_trials) + _EULER * normal_quantile(
        1.0 - 1.0 / (n_trials * e)
    )


def deflated_sharpe(
    sharpe: float, n: int, skew: float, kurtosis: float, n_trials: int, variance: float
) -> float:
    """Return the probability that the true ratio lies above what luck gives the best of the trials.

    `variance` is that of the ratios of all trials, per bar. Above 0.95 the choice is hardly luck.

    Source: Bailey and Lopez de Prado 2014, equation 2.
    """
    if not isfinite(variance):
        return nan
    return probabilistic_sharpe(sharpe, n, skew, kurtosis, expected_best(n_trials, variance))


def deflate(trials: Sequence[Figures], n_trials: int | None = None) -> list[float]:
    """Return the deflated ratio of each of `trials`, chosen among all of them.

    A trial without a ratio counts as tried and has no share in the variance. `n_trials` is how many
    were made, where these are not all.
    """
    known = [one.bar_sharpe for one in trials if isfinite(one.bar_sharpe)]
    count = max(1, len(trials)) if n_trials is None else n_trials
    variance = sharpe_variance(known)
    return [
        deflated_sharpe(one.bar_sharpe, one.n_returns, one.skew, one.kurtosis, count, variance)
        for one in trials
    ]


def sharpe_variance(ratios: Sequence[float]) -> float:
    """Return the variance of ratios, as a sample; 0 below two of them."""
    shape = moments(ratios)
    return shape.second * shape.n / (shape.n - 1) if shape.n > 1 else 0.0


def least_returns(
    sharpe: float, skew: float, kurtosis: float, target: float = 0.0, confidence: float = 0.95
) -> float:
    """Return the number of returns from which such a ratio is above `target` with `confidence`.

    The minimum track record length; inf where the ratio is not above the target.

    Source: Bailey and Lopez de Prado 2012, equation 11.

    Raises
    ------
    ValueError
        Unless ``0 < confidence < 1``.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"a confidence lies between 0 and 1, not at {confidence}")
    if sharpe <= target:
        return inf
    variance = _variance_factor(sharpe, skew, kurtosis)
    z = normal_quantile(confidence)
    if not variance > 0.0:
        return nan
    if z <= 0.0:
        return 2.0
    needed = z * sqrt(variance) / (sharpe - target)
    return float(ceil(needed * needed) + 1)


def least_years(n_trials: int, target: float = 1.0) -> float:
    """Return the years below which luck gives the best of `n_trials` an annual ratio of `target`.

    The minimum backtest length. 0 for one trial.

    Source: Bailey, Borwein, Lopez de Prado and Zhu 2014, theorem 1.

    Raises
    ------
    ValueError
        If there is no trial, or the target is not above 0.
    """
    if not target > 0.0:
        raise ValueError(f"a ratio to be reached by luck must be positive, not {target}")
    years = best_of(n_trials) / target
    return years * years


def _variance_factor(sharpe: float, skew: float, kurtosis: float) -> float:
    """Return the variance of an estimated ratio, times the returns less one."""
    return 1.0 - skew * sharpe + 0.25 * (kurtosis + 2.0) * sharpe * sharpe
