"""The profit programme and its packages on chains solved by hand."""

from __future__ import annotations

import math
from array import array
from datetime import date

import pytest

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import (
    AMERICAN,
    EUROPEAN,
    INDEX,
    ChainBuilder,
    Expiry,
    OptionChain,
    Underlying,
)
from engine.market.fees import FREE, FeeSchedule
from engine.market.quoting import IN_COIN
from engine.market.terms import chain_terms
from engine.strategies.package import integer_package, whole_package, worst_value
from engine.strategies.programme import ProgrammeResult, solve_programme
from engine.strategies.scratch import Scratch
from engine.strategies.view import View, days_by_row, net_prices

TS_NS = 1_709_308_800_000_000_000  # 2024-03-01, 16:00 UTC
IN_60_DAYS = Expiry(TS_NS + 60 * NS_PER_DAY, date(2024, 4, 30))
RATES = Carry(RateCurve.flat(0.045), RateCurve.flat(0.055))
FLAT_FEE = FeeSchedule(tiers=((0.0, 0.7),), exchange=0.0)

Row = tuple[float, str, float, float, float]


def chain_of(
    rows: list[Row], style: str = EUROPEAN, kind: str = "equity", bid: float = 99.98
) -> OptionChain:
    """Rows are (strike, right, bid, ask, size of both sides)."""
    builder = ChainBuilder("XYZ", TS_NS, Underlying("XYZ", bid, 100.02, 2000.0, 2000.0, kind=kind))
    for strike, right, low, high, size in rows:
        builder.add(IN_60_DAYS, strike, right, low, high, size, size)
    return builder.build(style=style)


def view_of(
    chain: OptionChain, backend: Backend, carry: Carry = RATES, fees: FeeSchedule = FREE
) -> View:
    receive, pay = net_prices(chain, fees, backend, Scratch())
    terms = chain_terms(chain, carry, fees)
    return View(chain, terms, fees, backend, receive, pay, days_by_row(chain, backend, Scratch()))


def solve(view: View, *, allow_short: bool = True, shortable: float = math.nan) -> ProgrammeResult:
    result = solve_programme(view, 0, allow_short=allow_short, shortable=shortable)
    assert result is not None
    return result


def test_conversion_of_the_specification(backend: Backend) -> None:
    """G1, 0.6595 a share, for the ten contracts that are shown."""
    carry = Carry(RATES.lend, RATES.borrow, (Dividend(date(2024, 3, 21), date(2024, 3, 21), 0.50),))
    chain = chain_of([(100.0, "C", 3.20, 3.30, 10.0), (100.0, "P", 2.00, 2.10, 10.0)])
    view = view_of(chain, backend, carry, FLAT_FEE)
    result = solve(view, allow_short=False)
    assert result.value == pytest.approx(10 * 0.6595, abs=2e-3)
    assert result.positions == ((0, pytest.approx(-10.0)), (1, pytest.approx(10.0)))
    assert result.stock == pytest.approx(10.0)
    assert result.lend == 0.0
    assert result.borrow > 0.0
    package = integer_package(view, result)
    assert package is not None
    assert (package.legs, package.stock, package.lots) == (((0, -1), (1, 1)), 1, 10)
    assert package.value == pytest.approx(result.value / 10.0, rel=1e-12)


def test_stock_limits_what_a_conversion_pays(backend: Backend) -> None:
    chain = chain_of([(100.0, "C", 3.50, 3.60, 50.0), (100.0, "P", 2.00, 2.10, 50.0)])
    # 2 000 shares are offered: 20 contracts.
    result = solve(view_of(chain, backend), allow_short=False)
    assert result.stock == pytest.approx(20.0)


def test_reversal_needs_shares_to_borrow(backend: Backend) -> None:
    chain = chain_of([(100.0, "C", 1.00, 1.10, 30.0), (100.0, "P", 2.50, 2.60, 30.0)])
    view = view_of(chain, backend)
    assert solve(view).stock == pytest.approx(-20.0)
    assert solve(view, shortable=700.0).stock == pytest.approx(-7.0)
    for refused in (solve(view, allow_short=False), solve(view, shortable=0.0)):
        assert refused.value == 0.0
        assert refused.positions == ()


def test_butterfly_in_whole_lots(backend: Backend) -> None:
    """G5: 2/-3/1 on 95/100/110, of which ten bodies make three packages."""
    chain = chain_of(
        [(95.0, "C", 7.1, 7.2, 9.0), (100.0, "C", 5.3, 5.4, 10.0), (110.0, "C", 1.0, 1.1, 9.0)],
        kind=INDEX,
    )
    view = view_of(chain, backend, Carry())
    result = solve(view)
    assert result.value == pytest.approx(10 * 0.4 / 3.0, rel=1e-9)
    package = integer_package(view, result)
    assert package is not None
    assert (package.legs, package.stock, package.lots) == (((0, 2), (1, -3), (2, 1)), 0, 3)
    assert package.value == pytest.approx(0.4, rel=1e-9)


def test_two_families_pay_at_once(backend: Backend) -> None:
    chain = chain_of(
        [
            (90.0, "C", 10.0, 10.9, 5.0), (90.0, "P", 0.1, 0.2, 5.0),
            (100.0, "C", 3.5, 3.6, 5.0), (100.0, "P", 2.0, 2.1, 5.0),
            (110.0, "C", 0.1, 0.9, 5.0), (110.0, "P", 9.0, 9.9, 5.0),
        ]
    )  # fmt: skip
    view = view_of(chain, backend, Carry())
    conversion = worst_value(view, 0, ((1, -5.0), (4, 5.0)), 5.0)
    vertical = worst_value(view, 0, ((4, -5.0), (5, 5.0)), 0.0)
    assert conversion > 0.0
    assert solve(view).value > conversion > vertical


def test_why_not(backend: Backend) -> None:
    """Without a profit the state prices fit every quote, the stock and both rates."""
    chain = chain_of(
        [
            (95.0, "C", 7.0, 7.4, 5.0), (95.0, "P", 1.6, 1.8, 5.0),
            (105.0, "C", 1.9, 2.1, 5.0), (105.0, "P", 6.2, 6.6, 5.0),
        ]
    )  # fmt: skip
    view = view_of(chain, backend)
    result = solve(view)
    assert result.value == 0.0
    assert result.positions == ()
    assert integer_package(view, result) is None
    assert view.terms.borrow[0] <= result.discount <= view.terms.lend[0]
    assert 99.98 - 1e-9 <= result.stock_value <= 100.02 + 1e-9
    assert 7.0 - 1e-9 <= result.call_value(95.0) <= 7.4 + 1e-9
    assert 6.2 - 1e-9 <= result.put_value(105.0) <= 6.6 + 1e-9
    assert result.states == (0.0, 95.0, 105.0)


def test_rounding_down_keeps_what_still_pays(backend: Backend) -> None:
    """Ratios of 17 to 3: no whole scale below one body, so nothing; with more, the exact one."""
    rows = [
        (90.0, "C", 11.0, 11.1, 20.0),
        (107.0, "C", 5.9, 6.0, 1.0),
        (110.0, "C", 1.9, 2.0, 20.0),
    ]
    view = view_of(chain_of(rows, kind=INDEX), backend, Carry())
    result = solve(view)
    assert result.value > 0.0
    assert integer_package(view, result) is None
    rows[1] = (107.0, "C", 5.9, 6.0, 45.0)
    view = view_of(chain_of(rows, kind=INDEX), backend, Carry())
    result = solve(view)
    package = integer_package(view, result)
    assert package is not None
    assert dict(package.legs).keys() == {0, 1, 2}
    assert 0.0 < package.value * package.lots <= result.value


def test_a_fractional_optimum_is_solved_again_in_whole_contracts(backend: Backend) -> None:
    """The optimum replaces 11.27 of 13 shares by a synthetic one: no rounding of it pays."""
    rows = [
        (97.5, "P", 1.80, 1.82, 13.0), (102.5, "C", 3.16, 3.20, 26.0),
        (107.5, "C", 0.69, 0.72, 13.0), (112.5, "C", 0.21, 0.23, 39.0),
        (112.5, "P", 11.98, 12.04, 182.0),
    ]  # fmt: skip
    rates = Carry(RateCurve.flat(0.0316), RateCurve.flat(0.0438))
    view = view_of(chain_of(rows), backend, rates)
    result = solve(view, allow_short=False)
    assert any(abs(x - round(x)) > 0.1 for _, x in result.positions)
    assert integer_package(view, result) is None
    package = whole_package(view, 0, allow_short=False, shortable=math.nan, unknown_size=1.0)
    assert package is not None
    assert 0.99 * result.value <= package.lots * package.value <= result.value
    held = [(q, float(n)) for q, n in package.legs]
    assert worst_value(view, 0, held, float(package.stock)) == package.value
    # Not more than is shown, and the package that was in it all along would have paid less.
    assert all(abs(n) * package.lots <= view.chain.bid_size[q] for q, n in package.legs)
    plain = worst_value(view, 0, ((1, -26.0), (2, 13.0), (4, 13.0)), 13.0)
    assert 0.0 < plain < package.lots * package.value


def test_worst_value_of_a_naked_call_is_unbounded(backend: Backend) -> None:
    view = view_of(chain_of([(100.0, "C", 3.0, 3.1, 5.0)]), backend)
    assert worst_value(view, 0, ((0, -1.0),), 0.0) == -math.inf
    assert worst_value(view, 0, (), 0.0) == 0.0


def test_american_chains_are_not_judged(backend: Backend) -> None:
    chain = chain_of([(100.0, "C", 3.0, 3.1, 5.0)], style=AMERICAN)
    with pytest.raises(ValueError, match="American"):
        solve_programme(view_of(chain, backend), 0)


def test_coin_expiry_without_a_future_is_not_judged(backend: Backend) -> None:
    builder = ChainBuilder("ETH", TS_NS, Underlying("ETH", 2000.0, 2001.0, kind="coin"))
    builder.add(IN_60_DAYS, 2000.0, "C", 0.05, 0.06)
    later = Expiry(TS_NS + 90 * NS_PER_DAY, date(2024, 5, 30))
    builder.add(later, 2000.0, "C", 0.05, 0.06)
    builder.add(later, 2000.0, "P", 0.07, 0.08)
    builder.set_forward(later, 2010.0, 2011.0)
    chain = builder.build(style=EUROPEAN, quoting=IN_COIN, multiplier=1.0, calendar="crypto")
    view = view_of(chain, backend, Carry())
    assert solve_programme(view, 0) is None
    # C - P = 1 - K/F = 0.005 in coins; -0.01 is asked for the synthetic: reversal.
    result = solve_programme(view, 1)
    assert result is not None
    assert result.value == pytest.approx((0.07 - 0.06) + 1.0 - 2000.0 / 2010.0, rel=1e-9)
    assert array("d", result.state_prices)[0] >= 0.0
