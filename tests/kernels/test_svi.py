"""SVI against SciPy's fits, published slices and the density of its own prices; implied carry.

`tests/oracles/svi.csv` has slices with and without noise and what `scipy.optimize.least_squares`
makes of them.
"""

from __future__ import annotations

import math
from array import array
from random import Random

import pytest

from engine.backend import Backend
from tests.kernels.americans import zeros
from tests.oracles.tables import read

TABLE = read("svi.csv")
FIVE = ("a", "b", "rho", "m", "sigma")
VOGT = (-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
Five = tuple[float, ...]


def column(cell: str) -> array[float]:
    return array("d", [float(value) for value in cell.split()])


def fitted(
    backend: Backend, k: array[float], w: array[float], weight: array[float]
) -> tuple[Five, float, int, array[float]]:
    residual, *work = [zeros(len(k)) for _ in range(4)]
    *five, rmse, n = backend.load("svi_fit").svi_fit(k, w, weight, residual, *work)
    return tuple(five), rmse, n, residual


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row['name']} {row['noise']}")
def test_the_fit_is_no_worse_than_scipys(backend: Backend, row: dict[str, str]) -> None:
    k, w, weight = (column(row[name]) for name in ("k", "variance", "weight"))
    five, rmse, n, residual = fitted(backend, k, w, weight)
    assert n == len(k)
    # SciPy's may have a negative least variance, which ours may not.
    assert rmse <= 1.001 * float(row["rmse"]) + 1e-13
    mean = math.fsum(s * r * r for s, r in zip(weight, residual, strict=True)) / math.fsum(weight)
    assert math.sqrt(mean) == pytest.approx(rmse, rel=1e-6, abs=1e-15)
    variance = backend.load("svi").svi_variance
    for i in range(n):
        assert residual[i] == pytest.approx(variance(k[i], *five) - w[i], abs=1e-15)
    if row["noise"] == "0.0":
        assert five == pytest.approx([float(row[name]) for name in FIVE], abs=1e-8)
    elif row["name"] != "flat":
        # Long flat slices have no one answer: m and sigma may run together.
        assert five == pytest.approx([float(row[f"fit_{name}"]) for name in FIVE], abs=1e-6)


def test_noise_moves_the_fit_by_about_as_much(backend: Backend) -> None:
    for row in TABLE:
        if row["noise"] != "0.0":
            noise, w = float(row["noise"]), column(row["variance"])
            rmse = fitted(backend, column(row["k"]), w, column(row["weight"]))[1]
            # The noise is relative to volatility: twice that of variance.
            assert 0.1 * noise * min(w) < rmse < 4.0 * noise * max(w)


def test_rows_without_a_weight_do_not_count(backend: Backend) -> None:
    row = TABLE[1]
    k, w, weight = (column(row[name]) for name in ("k", "variance", "weight"))
    five, rmse, n, _ = fitted(backend, k, w, weight)
    bad = (math.nan, math.inf, 0.0, -1.0)
    more_k, more_w = k + array("d", [0.1] * 8), w + array("d", [9.0] * 4 + list(bad))
    more = weight + array("d", list(bad) + [1.0] * 4)
    five2, rmse2, n2, residual = fitted(backend, more_k, more_w, more)
    assert (five, rmse, n) == (five2, rmse2, n2)
    assert [math.isnan(value) for value in residual] == [False] * n + [True] * 8
    for size in (0, 1, 4):
        five, rmse, used, _ = fitted(backend, k[:size], w[:size], weight[:size])
        assert used == size
        assert all(math.isnan(value) for value in (*five, rmse))
    same = array("d", [0.1] * len(k))
    assert math.isnan(fitted(backend, same, w, weight)[1])


def test_the_wings_of_a_fit_keep_lees_bound(backend: Backend) -> None:
    """Variances steeper than any smile without arbitrage: the fit stops at the bound."""
    for side in (1.0, -1.0):
        k = array("d", [-1.0 + 0.1 * i for i in range(21)])
        w = array("d", [0.04 + max(0.0, 3.0 * side * x) for x in k])
        (a, b, rho, _, sigma), _, _, _ = fitted(backend, k, w, array("d", [1.0] * 21))
        assert 1.99 < b * (1.0 + abs(rho)) <= 2.0 + 1e-12
        assert a + b * sigma * math.sqrt(max(0.0, 1.0 - rho * rho)) >= -1e-15


def jump_wings(five: Five) -> Five:
    """Return the jump-wing parameters at one year (Gatheral and Jacquier 2014, equation 3.5)."""
    a, b, rho, m, sigma = five
    root = math.sqrt(m * m + sigma * sigma)
    v = a + b * (root - rho * m)
    w = math.sqrt(v)
    return (v, 0.5 * b / w * (rho - m / root), b * (1 - rho) / w, b * (1 + rho) / w,
            a + b * sigma * math.sqrt(1 - rho * rho))  # fmt: skip


def raw(v: float, psi: float, p: float, c: float, least: float) -> Five:
    """Return the raw parameters of jump wings at one year (their lemma 3.2)."""
    w = math.sqrt(v)
    b = 0.5 * w * (c + p)
    rho = 1.0 - p * w / b
    beta = rho - 2.0 * psi * w / b
    alpha = math.copysign(math.sqrt(1.0 / (beta * beta) - 1.0), beta)
    low = math.sqrt(1.0 - rho * rho)
    m = (v - least) / (
        b * (math.copysign(math.sqrt(1.0 + alpha * alpha), alpha) - rho - alpha * low)
    )
    return least - b * alpha * m * low, b, rho, m, alpha * m


def test_vogts_smile_has_butterflies_and_its_neighbour_none(backend: Backend) -> None:
    svi = backend.load("svi")
    # As printed by Gatheral and Jacquier, section 5.1.
    printed = (0.01742625, -0.1752111, 0.6997381, 1.316798, 0.0116249)
    assert jump_wings(VOGT) == pytest.approx(printed, rel=1e-6)
    assert svi.svi_variance(0.0, *VOGT) == pytest.approx(printed[0], rel=1e-6)
    status, least, place = svi.svi_check(*VOGT, -1.5, 1.5, 601)
    assert status == 3
    assert least == pytest.approx(-0.0329, abs=2e-4)
    assert 0.8 < place < 0.95
    # Their mended one: c and the least variance changed as they say.
    mended = raw(0.01742625, -0.1752111, 0.6997381, 0.3493158, 0.01548182)
    assert svi.svi_check(*mended, -1.5, 1.5, 601)[0] == 0


@pytest.mark.parametrize("five", [VOGT, (0.02, 0.2, -0.5, 0.05, 0.15), (0.01, 0.5, 0.2, -0.1, 0.3)])
def test_g_is_the_density_of_the_prices(backend: Backend, five: Five) -> None:
    svi, price = backend.load("svi"), backend.pricing.black_price

    def call(strike: float) -> float:
        variance = svi.svi_variance(math.log(strike), *five)
        return price(1.0, strike, 1.0, math.sqrt(variance), 1)

    for k in (-0.6, -0.2, 0.0, 0.1, 0.4, 0.9):
        strike, h = math.exp(k), 1e-3
        density = (call(strike + h) - 2.0 * call(strike) + call(strike - h)) / (h * h)
        variance = svi.svi_variance(k, *five)
        d2 = -k / math.sqrt(variance) - 0.5 * math.sqrt(variance)
        normal = backend.normal.norm_pdf(d2) / (strike * math.sqrt(variance))
        assert svi.svi_density(k, *five) * normal == pytest.approx(density, rel=2e-3, abs=1e-6)
        first, second = svi.svi_slopes(k, *five)[1:]
        up, down = svi.svi_slopes(k + 1e-5, *five), svi.svi_slopes(k - 1e-5, *five)
        assert first == pytest.approx((up[0] - down[0]) / 2e-5, abs=1e-9)
        assert second == pytest.approx((up[1] - down[1]) / 2e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("five", "status"),
    [
        ((0.04, 0.1, -0.3, 0.0, 0.2), 0),
        ((0.04, -0.1, -0.3, 0.0, 0.2), 1),
        ((0.04, 0.1, -1.3, 0.0, 0.2), 1),
        ((0.04, 0.1, -0.3, 0.0, 0.0), 1),
        ((-0.04, 0.1, -0.3, 0.0, 0.2), 1),
        ((math.nan, 0.1, -0.3, 0.0, 0.2), 1),
        ((0.04, 1.9, -0.3, 0.0, 2.0), 2),
    ],
)
def test_statuses_of_a_slice(backend: Backend, five: Five, status: int) -> None:
    assert backend.load("svi").svi_check(*five, -1.0, 1.0, 101)[0] == status


def test_calendar_of_two_slices(backend: Backend) -> None:
    calendar = backend.load("svi").svi_calendar
    early, later = (0.02, 0.1, -0.3, 0.0, 0.2), (0.03, 0.1, -0.3, 0.0, 0.2)
    status, least, _ = calendar(*early, *later, -1.0, 1.0, 101)
    assert (status, round(least, 12)) == (0, 0.01)
    status, least, _ = calendar(*later, *early, -1.0, 1.0, 101)
    assert (status, round(least, 12)) == (1, -0.01)
    flat = (0.2, 0.08, -0.3, 0.0, 0.2)
    assert calendar(*early, *flat, -1.0, 1.0, 101)[0] == 2
    assert calendar(*early, *flat, -40.0, 40.0, 101)[0] == 1
    assert calendar(*early, math.nan, *later[1:], -1.0, 1.0, 101)[0] == 1


def test_the_line_of_parities(backend: Backend) -> None:
    kernels, draw = backend.load("implied_carry"), Random("parities")
    for _ in range(50):
        discount, forward = draw.uniform(0.9, 1.01), draw.uniform(80.0, 120.0)
        strike = array("d", sorted(draw.uniform(70.0, 130.0) for _ in range(15)))
        weight = array("d", [draw.uniform(0.1, 1.0) for _ in strike])
        gap = array("d", [discount * (forward - k) for k in strike])
        found = kernels.implied_line(strike, gap, weight)
        assert found[:2] == pytest.approx((discount, forward), rel=1e-12)
        assert found[2] < 1e-6
        noisy = array("d", [value + draw.gauss(0.0, 0.02) for value in gap])
        d, f, rmse, n = kernels.implied_line(strike, noisy, weight)
        assert n == 15
        # At the least, no other line is better, and the residuals are blind to both changes.
        misses = [g - d * (f - k) for g, k in zip(noisy, strike, strict=True)]
        pairs = list(zip(weight, misses, strike, strict=True))
        assert math.fsum(s * miss for s, miss, _ in pairs) == pytest.approx(0.0, abs=1e-10)
        assert math.fsum(s * miss * k for s, miss, k in pairs) == pytest.approx(0.0, abs=1e-8)
        mean = math.fsum(s * miss * miss for s, miss, _ in pairs) / math.fsum(weight)
        assert rmse == pytest.approx(math.sqrt(mean), rel=1e-6)


def test_a_line_needs_two_strikes_and_a_discount(backend: Backend) -> None:
    line = backend.load("implied_carry").implied_line
    one = array("d", [1.0, 1.0])
    assert math.isnan(line(array("d", [90.0]), array("d", [9.0]), one[:1])[0])
    assert math.isnan(line(array("d", [90.0, 90.0]), array("d", [9.0, 8.0]), one)[0])
    assert math.isnan(line(array("d", [90.0, 100.0]), array("d", [1.0, 8.0]), one)[0])
    holes = array("d", [math.nan, 9.8, 0.0, math.inf]), array("d", [1.0, 1.0, 1.0, 1.0])
    found = line(array("d", [80.0, 90.0, 100.0, 110.0]), *holes)
    assert found[3] == 2
    assert found[:2] == pytest.approx((0.98, 100.0))


def test_implied_borrow(backend: Backend) -> None:
    borrow = backend.load("implied_carry").implied_borrow
    for rate, fee, tau in ((0.05, 0.01, 0.5), (-0.01, 0.0, 2.0), (0.0, 0.3, 0.02)):
        forward = (100.0 - 1.5) * math.exp((rate - fee) * tau)
        assert borrow(100.0, forward, tau, rate, 1.5) == pytest.approx(fee, abs=1e-12)
    for bad in (
        (1.0, 100.0, 0.5, 0.0, 1.5),
        (100.0, -1.0, 0.5, 0.0, 0.0),
        (100.0, 99.0, 0.0, 0.0, 0.0),
    ):
        assert math.isnan(borrow(*bad))
