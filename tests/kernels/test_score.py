"""A score is what the backtest and the statistics say one after the other, bit for bit."""

from __future__ import annotations

from array import array
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure import score as names

PER_YEAR = 8760.0
FREE = array("d", [0.0] * names.N_FLOORS)
REGULATION_T = array("d", [0.5, 0.3, 1.0, 0.25])


def market(seed: int, n: int = 300, step: float = 0.01) -> tuple[array[float], array[float]]:
    draw, price = Random(seed), 100.0
    opens, closes = array("d"), array("d")
    for _ in range(n):
        opens.append(price * (1.0 + draw.gauss(0.0, step / 4.0)))
        price *= 1.0 + draw.gauss(0.0, step)
        closes.append(price)
    return opens, closes


def targets(seed: int, n: int, *, least: float = -1.0) -> array[float]:
    draw, target, column = Random(seed), 0.0, array("d")
    for _ in range(n):
        if draw.random() < 0.1:
            target = draw.choice((1.0, 0.0, 0.5, least, float("nan")))
        column.append(target)
    return column


ACCOUNTS = {
    "whole equity": [10_000.0, 0.0, 0.001, 0.0, 0.0, 0.0005, 0.0],
    "units": [10_000.0, 10.0, 0.0, 0.005, 1.0, 0.0, 0.01],
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_score_has_the_bits_of_its_parts(seed: int, account: str, backend: Backend) -> None:
    bars, equity, score = (backend.load(name) for name in ("bars", "equity", "score"))
    opens, closes = market(seed)
    n, terms = len(opens), array("d", ACCOUNTS[account])
    wanted, out = targets(seed, n), array("d", [0.0] * names.N_SCORES)
    cash, position, curve = (array("d", [0.0] * n) for _ in range(3))
    end, orders, trips, wins, gained, lost = bars.backtest(
        opens, closes, wanted, terms, cash, position, curve
    )
    assert score.score_targets(opens, closes, wanted, terms, FREE, PER_YEAR, out) == 1
    growth = equity.growth_rate(terms[0], end, (n - 1) / PER_YEAR)
    depth = equity.max_drawdown(curve)[0]
    assert orders > 10
    # The cash between two flat moments is what the trade moved, but for rounding.
    assert out[names.PROFIT_FACTOR] == pytest.approx(equity.profit_factor(gained, lost), rel=1e-9)
    assert list(out)[: names.PROFIT_FACTOR] == [
        end / terms[0] - 1.0,
        growth,
        equity.sharpe(curve, PER_YEAR, 0.0),
        equity.sortino(curve, PER_YEAR, 0.0),
        equity.calmar(growth, depth),
        depth,
        trips,
        equity.win_rate(wins, trips),
    ]
    assert out[names.ORDERS] == orders


def test_a_short_that_rises_by_more_than_half_is_not_kept(backend: Backend) -> None:
    score, out = backend.load("score"), array("d", [0.0] * names.N_SCORES)
    terms, wanted = array("d", [1000.0] + [0.0] * 6), array("d", [-1.0] * 4)
    # Two thousand of cash beside a short of 1,000; at 15.38 equity is 30 % of it.
    for last, is_kept in ((15.3, 1), (15.4, 0)):
        prices = array("d", [10.0, 10.0, 10.0, last])
        found = score.score_targets(prices, prices, wanted, terms, REGULATION_T, PER_YEAR, out)
        assert found == is_kept
        assert score.score_targets(prices, prices, wanted, terms, FREE, PER_YEAR, out) == 1


def test_more_units_than_the_cash_pays_for_are_not_kept(backend: Backend) -> None:
    score, out = backend.load("score"), array("d", [0.0] * names.N_SCORES)
    prices, wanted = array("d", [10.0] * 4), array("d", [1.0] * 4)
    for units, is_kept in ((100.0, 1), (101.0, 0)):
        terms = array("d", [1000.0, units] + [0.0] * 5)
        found = score.score_targets(prices, prices, wanted, terms, REGULATION_T, PER_YEAR, out)
        assert found == is_kept


def test_an_account_that_is_lost_is_not_kept(backend: Backend) -> None:
    score, out = backend.load("score"), array("d", [0.0] * names.N_SCORES)
    terms, wanted = array("d", [1000.0, 200.0] + [0.0] * 5), array("d", [1.0] * 4)
    prices = array("d", [10.0, 10.0, 4.0, 4.0])
    assert score.score_targets(prices, prices, wanted, terms, FREE, PER_YEAR, out) == 0
