"""Figures of small runs, worked out by hand."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from statistics import mean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.clock import NS_PER_DAY
from engine.market.calendar import CRYPTO, US
from engine.performance.drawdowns import Drawdown
from engine.performance.figures import curve, figures
from engine.performance.years import periods_per_year
from tests.performance.results import FIRST_NS, result, trade, walk

# Returns of +10 %, -50 %, +100 %, -10 %, +10 %, +20 %.
HAND = [100.0, 110.0, 55.0, 110.0, 99.0, 108.9, 130.68]
RETURNS = [0.1, -0.5, 1.0, -0.1, 0.1, 0.2]
BITS: list[list[str]] = [
    [
        "0x1.899552c15bf89p+0",
        "-0x1.4a2aac4b1f6e9p-2",
        "-0x1.59eb5862d170bp-6",
        "0x1.3c48d80119e4ap+1",
    ],
    [
        "0x1.45a538dab30fep-1",
        "-0x1.03ef3aa4e5209p-4",
        "-0x1.8a2e3812cbd0bp-6",
        "0x1.d01ca6c69e18ep-1",
    ],
    [
        "0x1.490b356bc8a34p+0",
        "-0x1.ba532ae776d39p-3",
        "-0x1.9acbe897a6473p-6",
        "0x1.f020745cc7e15p+0",
    ],
    [
        "0x1.6b5532c0ca96ap-3",
        "0x1.49cc83e2de181p-4",
        "-0x1.8db465e6284abp-6",
        "0x1.055b24b0dcbbcp-2",
    ],
    [
        "0x1.c676ab1d9d3bep-2",
        "0x1.83e467cd3a4d8p-3",
        "-0x1.740d8968c85efp-6",
        "0x1.516273c8d2a11p-1",
    ],
]


def day(n: int) -> int:
    return FIRST_NS + n * NS_PER_DAY


def test_the_returns_of_a_run() -> None:
    found = figures(result(HAND), 3.0)
    assert (found.n_returns, found.years, found.periods_per_year) == (6, 2.0, 3.0)
    assert found.total_return == found.high_return == pytest.approx(0.3068, abs=1e-15)
    assert found.cagr == pytest.approx(math.sqrt(1.3068) - 1.0, rel=1e-14)
    assert found.volatility == pytest.approx(stdev(RETURNS) * math.sqrt(3.0), rel=1e-14)


def test_the_ratios_of_a_run() -> None:
    found = figures(result(HAND), 3.0, rate=0.06)
    excess = mean(RETURNS) - 0.02
    assert found.sharpe == pytest.approx(excess / stdev(RETURNS) * math.sqrt(3.0), rel=1e-14)
    below = math.sqrt((0.52**2 + 0.12**2) / 6.0)
    assert found.sortino == pytest.approx(excess / below * math.sqrt(3.0), rel=1e-14)
    assert found.calmar == pytest.approx((math.sqrt(1.3068) - 1.0) / 0.5, rel=1e-14)


def test_the_worst_drawdown_has_its_dates() -> None:
    found = figures(result(HAND), 252.0)
    assert found.max_drawdown == 0.5
    assert found.drawdown == Drawdown(0.5, day(1), day(2), day(3), 2.0)


def test_a_drawdown_that_lasts_runs_to_the_end() -> None:
    found = figures(result([100.0, 120.0, 90.0, 96.0]), 252.0)
    assert found.drawdown == Drawdown(0.25, day(1), day(2), None, 2.0)


def test_what_never_falls_has_no_drawdown() -> None:
    found = figures(result([100.0, 100.0, 120.0]), 252.0)
    assert (found.max_drawdown, found.drawdown) == (0.0, None)
    assert math.isnan(found.calmar)


def test_a_loss_of_the_first_bar_counts() -> None:
    run = result([80.0, 100.0], start_cash=100.0)
    equity, stamps = curve(run)
    assert (list(equity), list(stamps)) == ([100.0, 80.0, 100.0], [day(0), day(0), day(1)])
    found = figures(run, 252.0)
    assert (found.n_returns, found.total_return, found.max_drawdown) == (2, 0.0, 1.0 - 0.8)
    assert found.drawdown == Drawdown(1.0 - 0.8, day(0), day(0), day(1), 1.0)


def test_the_better_account_has_the_same_rows() -> None:
    run = result([100.0, 90.0], high_equity=array("d", [101.0, 90.0]))
    low, high = curve(run), curve(run, is_high=True)
    assert (list(low[0]), list(high[0])) == ([100.0, 100.0, 90.0], [100.0, 101.0, 90.0])
    assert low[1] == high[1]


def test_the_interval_of_what_bars_do_not_tell() -> None:
    run = result(HAND, high_equity=array("d", [*HAND[:6], 150.0]), n_ambiguous=2)
    found, high = figures(run, 3.0), figures(result([*HAND[:6], 150.0]), 3.0)
    assert found.total_return == pytest.approx(0.3068, abs=1e-15)
    assert (found.high_return, found.n_ambiguous) == (0.5, 2)
    assert found.high_sharpe == high.sharpe != found.sharpe


def test_the_shape_of_returns() -> None:
    found = figures(result(HAND), 3.0)
    n, m = len(RETURNS), mean(RETURNS)
    second, third, fourth = (sum((r - m) ** k for r in RETURNS) / n for k in (2, 3, 4))
    g1, g2 = third / second**1.5, fourth / second**2 - 3.0
    assert found.skew == pytest.approx(g1 * math.sqrt(30.0) / 4.0, rel=1e-12)
    assert found.kurtosis == pytest.approx((7.0 * g2 + 6.0) * 5.0 / 12.0, rel=1e-12)
    # Sorted: -0.5, -0.1, 0.1, 0.1, 0.2, 1.0; 5 % lies a quarter of the way from the worst.
    assert found.var == pytest.approx(-0.4, rel=1e-14)
    assert found.cvar == pytest.approx(-0.5, rel=1e-14)
    assert found.tail_ratio == pytest.approx(0.8 / 0.4, rel=1e-14)


def test_the_shortfall_is_a_mean_of_several() -> None:
    equity = [100.0]
    for k in range(40):
        equity.append(equity[-1] * (1.0 + (k - 20) / 1000.0))
    found = figures(result(equity), 252.0)
    assert found.cvar == pytest.approx((-0.020 - 0.019) / 2.0, rel=1e-12)
    assert found.var == pytest.approx(-0.020 + 0.95 * 0.001 + 0.001, rel=1e-12)


def test_exposure_and_costs() -> None:
    run = result(
        [100.0, 110.0, 120.0, 160.0], invested=array("d", [0.0, 0.5, 1.5, 0.0]),
        fees=15.0, borrow_fees=5.0, dividends=3.0, n_orders=4,
    )  # fmt: skip
    found = figures(run, 252.0)
    assert (found.exposure, found.mean_invested) == (0.5, 0.5)
    assert (found.fees, found.borrow_fees, found.dividends, found.n_orders) == (15.0, 5.0, 3.0, 4)
    assert found.fees_share == 20.0 / 80.0


def test_the_figures_of_trades() -> None:
    gains = [30.0, -10.0, 50.0, -20.0, 0.0]
    trades = tuple(trade(gain, days) for gain, days in zip(gains, (1, 2, 3, 4, 5), strict=True))
    found = figures(result(HAND, trades=trades), 252.0).trades
    assert (found.n, found.n_wins, found.win_rate) == (5, 2, 0.4)
    assert found.profit_factor == 80.0 / 30.0
    assert (found.average, found.average_win, found.average_loss) == (10.0, 40.0, -15.0)
    assert found.expectancy == 10.0 / 15.0
    assert found.average_return == pytest.approx(0.01)
    assert (found.best, found.worst, found.days) == (50.0, -20.0, 3.0)


def test_the_return_of_a_short_is_on_its_amount() -> None:
    found = figures(result(HAND, trades=(trade(50.0, units=-10.0),)), 252.0).trades
    assert found.average_return == pytest.approx(0.05)


def test_without_trades_and_movement_there_is_nothing_to_tell() -> None:
    found = figures(result([100.0] * 5), 252.0)
    assert (found.total_return, found.cagr, found.volatility, found.max_drawdown) == (0, 0, 0, 0)
    nameless = (found.sharpe, found.sortino, found.skew, found.kurtosis, found.tail_ratio)
    assert all(map(math.isnan, (*nameless, found.trades.win_rate, found.trades.average)))


@pytest.mark.parametrize("rows", [[], [100.0]])
def test_a_run_too_short_to_judge(rows: list[float]) -> None:
    found = figures(result(rows), 252.0)
    assert (found.n_returns, found.total_return) == (0, 0.0)
    assert all(map(math.isnan, (found.sharpe, found.cagr, found.var, found.cvar)))


def test_an_account_that_is_lost_is_worth_nothing() -> None:
    found = figures(result([100.0, 50.0, -10.0, -10.0, 20.0]), 252.0)
    assert found.total_return == -0.8
    assert found.max_drawdown == 1.1
    assert all(map(math.isnan, (found.sharpe, found.sortino, found.var, found.volatility)))


@pytest.mark.parametrize("periods", [0.0, -252.0, math.nan])
def test_the_bars_of_a_year_are_positive(periods: float) -> None:
    with pytest.raises(ValueError, match="bars per year must be positive"):
        figures(result(HAND), periods)


@pytest.mark.parametrize("seed", range(5))
def test_the_same_bits_on_every_runtime(seed: int) -> None:
    """As written once on CPython: the sums are exact, so there is no other answer."""
    found = figures(result(walk(seed, 300)), 252.0)
    bits = [value.hex() for value in (found.sharpe, found.kurtosis, found.cvar, found.sortino)]
    assert bits == BITS[seed]


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=60), st.sampled_from([0.25, 4.0]))
def test_the_currency_changes_nothing_but_money(steps: list[float], rate: float) -> None:
    """At a power of two to the bit: nothing but a product is rounded."""
    equity = [1000.0]
    for step in steps:
        equity.append(equity[-1] * step)
    own = figures(result(equity, fees=10.0), 252.0)
    other = figures(result([value * rate for value in equity], fees=10.0 * rate), 252.0)
    assert repr(other) == repr(replace(own, fees=own.fees * rate))


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=60))
def test_what_figures_must_be(steps: list[float]) -> None:
    equity = [1000.0]
    for step in steps:
        equity.append(equity[-1] * step)
    found = figures(result(equity), 252.0)
    assert 0.0 <= found.max_drawdown < 1.0
    assert (
        found.cvar <= found.var <= max(equity[k + 1] / equity[k] - 1.0 for k in range(len(steps)))
    )
    assert found.total_return >= -1.0
    if found.drawdown is not None:
        assert found.drawdown.peak_ns < found.drawdown.trough_ns
        assert found.drawdown.days > 0.0
    if not math.isnan(found.sharpe) and abs(found.sharpe) > 1e-6:
        assert (found.sharpe > 0.0) == (found.bar_sharpe > 0.0)
        assert math.isnan(found.sortino) or (found.sortino > 0.0) == (found.sharpe > 0.0)


def test_the_bars_of_a_year() -> None:
    minute, hour = NS_PER_DAY // 1440, NS_PER_DAY // 24
    assert [periods_per_year(k, US) for k in (minute, 5 * minute, hour, NS_PER_DAY)] == [
        98_280.0, 19_656.0, 1_764.0, 252.0,
    ]  # fmt: skip
    assert [periods_per_year(k, CRYPTO) for k in (minute, hour, 4 * hour, NS_PER_DAY)] == [
        525_600.0, 8_760.0, 2_190.0, 365.0,
    ]  # fmt: skip
    assert [periods_per_year(k * NS_PER_DAY, US) for k in (7, 30, 365, 1000)] == [52, 12, 1, 1]
    with pytest.raises(ValueError, match="interval must be positive"):
        periods_per_year(0, US)
