"""American options: the lattice and the spectral form against QuantLib's table and each other.

`tests/oracles/american.csv` holds the references and our errors as they were when it was made, per
100 of spot: an error may not grow. The bounds on them below are those of docs/KERNELS.md.
"""

from __future__ import annotations

import math
from array import array
from random import Random
from statistics import median

import pytest

from engine.backend import Backend
from tests.kernels.americans import Fast, columns, on_lattice, zeros
from tests.oracles.tables import read

TABLE = read("american.csv")
ROUNDING = 1e-9
Option = tuple[float, float, float, float, float, float, int]


def option_of(row: dict[str, str]) -> Option:
    days = int(row["days"])
    rate, div, vol = (float(row[name]) for name in ("rate", "div", "vol"))
    return float(row["spot"]), float(row["strike"]), days / 365.0, rate, div, vol, int(row["right"])


def paid(row: dict[str, str]) -> tuple[array[float], array[float]]:
    pairs = [pair.split(":") for pair in row["dividends"].split(";") if pair]
    return columns([int(day) / 365.0 for day, _ in pairs], [float(amount) for _, amount in pairs])


@pytest.fixture(scope="module")
def fast(backend: Backend) -> Fast:
    return Fast(backend, 8, 12, 24, 8)


@pytest.mark.parametrize(
    ("column", "kind", "typical", "greatest"),
    [
        ("fast_error", "one boundary", 1e-6, 1e-4),
        ("lattice_100_error", "one boundary", 3e-4, 6e-2),
        ("lattice_500_error", "one boundary", 3e-5, 2e-2),
        ("lattice_8000_error", "one boundary", 1e-6, 1e-3),
        ("lattice_500_error", "two boundaries", 2e-4, 3e-4),
        ("lattice_100_error", "dividends", 1e-3, 5e-3),
        ("lattice_500_error", "dividends", 2e-4, 4e-3),
        ("lattice_8000_error", "dividends", 3e-5, 2e-4),
    ],
)
def test_recorded_errors_are_as_documented(
    column: str, kind: str, typical: float, greatest: float
) -> None:
    errors = [float(row[column]) for row in TABLE if row["kind"] == kind]
    assert len(errors) >= 16
    assert median(errors) <= typical
    assert max(errors) <= greatest


def test_the_fast_form_is_quantlibs_price(fast: Fast) -> None:
    rows = [row for row in TABLE if row["kind"] == "one boundary"]
    assert len(rows) == 240
    for row in rows:
        error = abs(fast(*option_of(row))[0] - float(row["price"]))
        assert error <= 1.01 * float(row["fast_error"]) + ROUNDING, row


def test_the_lattice_is_quantlibs_price(backend: Backend) -> None:
    for k, row in enumerate(TABLE):
        for steps in (100, 500) if k % 40 == 0 else (100,):
            price = on_lattice(backend, option_of(row), steps, *paid(row))[0]
            error = abs(price - float(row["price"]))
            assert error <= 1.01 * float(row[f"lattice_{steps}_error"]) + ROUNDING, row


def drawn(seed: str, n: int) -> list[Option]:
    """Return options with one boundary, of usual terms."""
    draw, found = Random(seed), []
    for _ in range(n):
        near, far = sorted((draw.uniform(0.005, 0.1), draw.uniform(-0.02, 0.1)))
        right = draw.choice((1, -1))
        rate, div = (near, far) if right > 0 else (far, near)
        found.append(
            (draw.uniform(80, 125), 100.0, draw.uniform(0.05, 1.5), rate, div,
             draw.uniform(0.15, 0.6), right)
        )  # fmt: skip
    return found


def test_bounds_and_order(backend: Backend, fast: Fast) -> None:
    for option in drawn("bounds", 60):
        spot, strike, tau, rate, div, vol, right = option
        european = backend.pricing.bs_price(*option)
        longer = (spot, strike, 1.3 * tau, rate, div, vol, right)
        for value, later, slack in (
            (fast(*option)[0], fast(*longer)[0], 1e-4),
            (on_lattice(backend, option, 60)[0], on_lattice(backend, longer, 60)[0], 2e-2),
        ):
            assert value >= european * (1.0 - 1e-12)
            assert value >= right * (spot - strike)
            assert value <= (spot if right > 0 else strike) * math.exp(max(0.0, -rate) * tau)
            assert later >= value - slack, option


def test_a_call_is_a_put_with_all_exchanged(backend: Backend, fast: Fast) -> None:
    for spot, strike, tau, rate, div, vol, _ in drawn("symmetry", 60):
        call = (spot, strike, tau, rate, div, vol, 1)
        put = (strike, spot, tau, div, rate, vol, -1)
        assert fast(*call)[0] == pytest.approx(fast(*put)[0], rel=1e-12)
        values = on_lattice(backend, call, 100)[0], on_lattice(backend, put, 100)[0]
        assert values[0] == pytest.approx(values[1], abs=2e-2)
        double = (2.0 * spot, 2.0 * strike, tau, rate, div, vol, 1)
        assert fast(*double)[0] == pytest.approx(2.0 * fast(*call)[0], rel=1e-12)


@pytest.mark.parametrize(
    ("rate", "div", "right"),
    [(0.05, 0.0, 1), (0.0, -0.02, 1), (-0.01, 0.0, -1), (-0.01, -0.01, -1)],
)
def test_what_is_never_exercised_early_is_european(
    backend: Backend, fast: Fast, rate: float, div: float, right: int
) -> None:
    for spot in (60.0, 99.0, 101.0, 160.0):
        option = (spot, 100.0, 0.7, rate, div, 0.3, right)
        european = backend.pricing.bs_price(*option)
        assert fast(*option)[0] == on_lattice(backend, option, 50)[0] == european
        greeks = backend.pricing.bs_greeks(*option)
        theirs = (greeks[0], greeks[1], greeks[3])
        assert on_lattice(backend, option, 50)[1:] == pytest.approx(theirs, rel=1e-12)
        assert fast(*option)[1:] == theirs


def test_greeks_are_slopes_of_the_price(backend: Backend) -> None:
    fast = Fast(backend, 8, 12, 40, 10)
    checked = 0
    for option in drawn("greeks", 16):
        spot, strike, tau, rate, _, vol, right = option
        price, delta, gamma, theta = fast(*option)
        # Beside the boundary gamma jumps: a difference across it is of something else.
        if price - right * (spot - strike) < 0.3:
            continue
        checked += 1
        h = 1e-3 * spot
        up, down = (fast(spot + s, *option[1:])[0] for s in (h, -h))
        assert delta == pytest.approx((up - down) / (2.0 * h), abs=2e-5)
        assert gamma == pytest.approx((up - 2.0 * price + down) / (h * h), rel=2e-2, abs=1e-5)
        sooner, later = (fast(spot, strike, tau + s, *option[3:])[0] for s in (1e-3, -1e-3))
        assert theta == pytest.approx((later - sooner) / 2e-3, rel=2e-3, abs=5e-3)
        tree = on_lattice(backend, option, 200)
        assert tree[1] == pytest.approx(delta, abs=2e-3)
        assert tree[2] == pytest.approx(gamma, rel=3e-2, abs=2e-4)
        assert tree[3] == pytest.approx(theta, rel=3e-2, abs=5e-2)
        vega, rho = on_lattice(backend, option, 100, name="american_sensitivities")[:2]
        wide, slim = (fast(*option[:5], vol + s, right)[0] for s in (1e-3, -1e-3))
        assert vega == pytest.approx((wide - slim) / 2e-3, rel=1e-2, abs=0.5)
        rich, poor = (fast(*option[:3], rate + s, *option[4:])[0] for s in (1e-4, -1e-4))
        assert rho == pytest.approx((rich - poor) / 2e-4, rel=3e-2, abs=0.5)
        kernel = backend.load("american").american_vega_rho
        sharp = kernel(*option, *fast.sizes, *fast.rule, *fast.work)
        assert sharp == pytest.approx((vega, rho), rel=3e-2, abs=0.5)
        assert sharp == pytest.approx(
            ((wide - slim) / 2e-3, (rich - poor) / 2e-4), rel=1e-4, abs=1e-3
        )
    assert checked >= 10


def test_a_whole_chain_is_the_single_form_row_by_row(backend: Backend, fast: Fast) -> None:
    options = drawn("chain", 12)
    chain = [array("d", column) for column in list(zip(*options, strict=True))[:6]]
    right, out = array("b", [option[6] for option in options]), [zeros(12) for _ in range(4)]
    backend.load("american").american_chain(
        *chain, right, *fast.sizes, *fast.rule, *fast.work, *out
    )
    assert list(zip(*out, strict=True)) == [fast(*option) for option in options]


def test_exercise_is_best_beyond_the_boundary(backend: Backend, fast: Fast) -> None:
    for option in ((60.0, 100.0, 1.0, 0.08, 0.0, 0.2, -1), (170.0, 100.0, 1.0, 0.0, 0.09, 0.2, 1)):
        intrinsic, right = abs(option[0] - option[1]), option[6]
        assert fast(*option) == (intrinsic, right, 0.0, 0.0)
        tree = on_lattice(backend, option, 100)
        assert tree == pytest.approx((intrinsic, right, 0.0, 0.0), abs=1e-9)


def test_escrowed_dividends(backend: Backend) -> None:
    option = (100.0, 95.0, 0.5, 0.04, 0.01, 0.3)
    none = on_lattice(backend, (*option, 1), 200)
    assert on_lattice(backend, (*option, 1), 200, *columns([0.6, 0.0], [3.0, 3.0])) == none
    dated = columns([0.4, 0.1], [1.0, 2.0])
    reverse = columns([0.1, 0.4], [2.0, 1.0])
    for right in (1, -1):
        price, delta, _, theta = on_lattice(backend, (*option, right), 200, *dated)
        assert (price, delta) == on_lattice(backend, (*option, right), 200, *reverse)[:2]
        assert right * (price - on_lattice(backend, (*option, right), 200)[0]) < 0.0
        values = []
        for wait in (-0.002, 0.002):
            sooner = columns([0.4 - wait, 0.1 - wait], [1.0, 2.0])
            later = (*option[:2], 0.5 - wait, *option[3:], right)
            values.append(on_lattice(backend, later, 400, *sooner)[0])
        assert theta == pytest.approx((values[1] - values[0]) / 0.004, rel=2e-2)
    # Too late to wait: the holder takes a large dividend the moment before it is paid.
    deep = (150.0, 100.0, 0.5, 0.04, 0.0, 0.2, 1)
    taken = on_lattice(backend, deep, 200, *columns([0.25], [20.0]))[0]
    assert taken == pytest.approx(150.0 - 100.0 * math.exp(-0.04 * 0.25), abs=2e-3)


def test_a_european_put_with_dividends_and_no_interest(backend: Backend) -> None:
    dated = columns([0.2], [2.0])
    price = on_lattice(backend, (100.0, 95.0, 0.5, 0.0, 0.0, 0.3, -1), 100, *dated)[0]
    assert price == backend.pricing.bs_price(98.0, 95.0, 0.5, 0.0, 0.0, 0.3, -1)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_outside_the_domain_all_is_nan(
    backend: Backend, fast: Fast, place: int, bad: float
) -> None:
    option: list[float] = [100.0, 100.0, 1.0, 0.05, 0.03, 0.2, -1]
    option[place] = 0 if place == 6 else math.nan if place in (3, 4) and bad == -1.0 else bad
    assert all(math.isnan(value) for value in fast(*option))
    assert all(math.isnan(value) for value in on_lattice(backend, option, 50))


def test_no_answer_where_none_is_sure(backend: Backend, fast: Fast) -> None:
    assert math.isnan(fast(100.0, 100.0, 1.0, -0.01, -0.04, 0.1, -1)[0])
    assert math.isnan(fast(100.0, 100.0, 1.0, -0.04, -0.01, 0.1, 1)[0])
    # A step's drift above its volatility; too few steps; dividends worth more than the share.
    assert math.isnan(on_lattice(backend, (100.0, 100.0, 1.0, 0.1, 0.0, 0.005, -1), 50)[0])
    assert math.isnan(on_lattice(backend, (100.0, 100.0, 1.0, 0.1, 0.0, 0.2, -1), 4)[0])
    huge = columns([0.5], [101.0])
    assert math.isnan(on_lattice(backend, (100.0, 100.0, 1.0, 0.0, 0.0, 0.2, -1), 50, *huge)[0])
    expired = (90.0, 100.0, 0.0, 0.05, 0.0, 0.2, -1)
    assert on_lattice(backend, expired, 50)[0] == fast(*expired)[0] == 10.0


def test_the_rule_integrates_and_interpolates(backend: Backend) -> None:
    quadrature = backend.load("quadrature")
    for n in (1, 2, 5, 24):
        rule = [quadrature.legendre_point(i, n) for i in range(n)]
        for power in range(2 * n):
            exact = 2.0 / (power + 1) if power % 2 == 0 else 0.0
            found = math.fsum(weight * math.prod([x] * power) for x, weight in rule)
            assert found == pytest.approx(exact, abs=4e-15)
    for k in range(101):
        x = math.pi * k / 100
        assert quadrature.cosine(x) == pytest.approx(math.cos(x), abs=4e-16)
    nodes, points, last = 6, 5, 16
    made = [zeros(nodes + 1), zeros(points + last), zeros(points + last), zeros((30 + last) * 7)]
    quadrature.american_rule(nodes, points, last, *made)
    node, reach, share, blend = made
    # The share is of ds = d(reach**2): the integral of s over the term is a half.
    assert math.fsum(share[points:]) == pytest.approx(1.0, abs=1e-14)
    moment = math.fsum(w * r * r for w, r in zip(share[points:], reach[points:], strict=True))
    assert moment == pytest.approx(0.5, abs=1e-14)
    for i in range(1, nodes + 1):
        for k in range(points):
            row = (i - 1) * points + k
            where = node[i] * math.sqrt(1.0 - reach[k] ** 2)
            value = math.fsum(blend[j * 30 + row] * node[j] ** 5 for j in range(nodes + 1))
            assert value == pytest.approx(where**5, abs=1e-14)


def test_the_boundary_of_a_put_that_lives_long(backend: Backend) -> None:
    exercise = backend.load("exercise")
    fast = Fast(backend, 12, 16, 24, 40)
    for rate, div, vol in ((0.06, 0.0, 0.3), (0.05, 0.02, 0.25), (0.03, 0.05, 0.2)):
        bend = fast.work[1]
        grid = fast.work[0]
        exercise.put_boundary(300.0, rate, div, vol, 12, 16, 40, *fast.rule, grid, bend)
        found = exercise.boundary_start(rate, div) * math.exp(-math.sqrt(bend[12]))
        # Merton's perpetual put, whose boundary is known.
        assert found == pytest.approx(exercise.boundary_end(rate, div, vol), rel=3e-3)
