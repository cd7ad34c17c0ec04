"""Gates asked of whole scans: days of each leg, absent and locked quotes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from unit.chains import NOW_NS, TODAY, carry, chain, settings

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.market.chain import Expiry
from engine.scanner.pipeline import scan_chain

CONVERSION = {(30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.0, 1.02)}
REVERSAL = {(30, 100.0, "C"): (1.0, 1.02), (30, 100.0, "P"): (3.0, 3.02)}


@pytest.mark.parametrize(("left", "passed"), [(0.1, 0), (0.99, 0), (1.01, 1)])
def test_the_near_leg_needs_a_day_too(left: float, passed: int, backend: Backend) -> None:
    on = chain({(1, 100.0, "C"): (3.0, 3.02), (60, 100.0, "C"): (2.0, 2.02)})
    near = Expiry(NOW_NS + int(left * NS_PER_DAY), TODAY)
    on = replace(on, expiries=(near, on.expiries[1]))
    result = scan_chain(on, settings(carry(), families=("calendar",)), backend)
    assert result.funnel.candidates == 1
    assert result.funnel.passed == passed
    if not passed:
        assert result.funnel.rejected == {"days": 1}
        (miss, *_) = result.near_misses
        assert miss.amount == pytest.approx(1.0 - left)


def test_a_far_leg_beyond_the_limit_fails_as_before(backend: Backend) -> None:
    on = chain({(30, 100.0, "C"): (3.0, 3.02), (500, 100.0, "C"): (2.0, 2.02)})
    result = scan_chain(on, settings(carry(), families=("calendar",)), backend)
    assert result.funnel.passed == 0


@pytest.mark.parametrize(("spot", "is_locked"), [((100.0, 100.02), False), ((100.0, 100.0), True)])
def test_a_locked_stock_market_is_flagged(
    spot: tuple[float, float], is_locked: bool, backend: Backend
) -> None:
    result = scan_chain(
        chain(CONVERSION, spot), settings(carry(), families=("conversion",)), backend
    )
    (conversion,) = result.opportunities
    assert ("locked-market" in conversion.flags) is is_locked


@pytest.mark.parametrize("ask", [0.0, math.nan])
def test_a_sold_leg_without_an_ask_has_no_quote(ask: float, backend: Backend) -> None:
    quotes = {**CONVERSION, (30, 100.0, "C"): (3.0, ask)}
    result = scan_chain(chain(quotes), settings(carry(), families=("conversion",)), backend)
    assert result.funnel.rejected == {"quote": 1}
    (miss, *_) = result.near_misses
    assert miss.change == "a quote on every leg"


@pytest.mark.parametrize(
    ("shortable", "lots"), [(math.nan, 100), (1e9, 100), (1250.0, 12), (100.0, 1), (99.0, 0)]
)
def test_no_more_is_sold_short_than_can_be_borrowed(
    shortable: float, lots: int, backend: Backend
) -> None:
    """100 contracts are shown; each needs 100 shares."""
    terms = replace(carry(), shortable=shortable)
    result = scan_chain(chain(REVERSAL), settings(terms, families=("reversal",)), backend)
    assert [one.lots for one in result.opportunities] == [lots] * (lots > 0)
    if not lots:
        assert result.funnel.rejected == {"size": 1}
        (miss, *_) = result.near_misses
        assert miss.change == "1 more shares to borrow"
        assert miss.amount == 1.0


def test_stock_that_is_bought_need_not_be_borrowed(backend: Backend) -> None:
    terms = replace(carry(), shortable=0.0)
    result = scan_chain(chain(CONVERSION), settings(terms, families=("conversion",)), backend)
    assert [one.lots for one in result.opportunities] == [100]


@pytest.mark.parametrize(("bid", "ask"), [(0.15, 0.20), (0.25, 0.30), (1.90, 2.10), (3.80, 4.20)])
def test_a_spread_exactly_at_the_limit_passes(bid: float, ask: float, backend: Backend) -> None:
    """0.05, or a tenth of the middle, as decimals; in binary some differ by a last digit."""
    wide = [0.1 * (bid + ask) * 0.5, 0.05]
    assert ask - bid == pytest.approx(max(wide), rel=1e-12)
    quotes = {(30, 100.0, "C"): (bid, ask), (30, 105.0, "C"): (ask + 1.0, ask + 1.01)}
    wanted = settings(carry(), families=("vertical",), near_misses=0)
    result = scan_chain(chain(quotes), wanted, backend)
    assert (result.funnel.candidates, result.funnel.rejected) == (1, {})


def test_a_spread_above_the_limit_fails_alone(backend: Backend) -> None:
    """The other leg stands exactly at its limit: the near miss must not name it."""
    quotes = {(30, 100.0, "C"): (0.15, 0.20), (30, 105.0, "C"): (1.20, 1.33)}
    result = scan_chain(chain(quotes), settings(carry(), families=("vertical",)), backend)
    assert result.funnel.rejected == {"spread": 1}
    (miss, *_) = result.near_misses
    # 0.13 is 0.0035 more than a tenth of 1.265, and a lower ask lowers the middle by half.
    assert miss.amount == pytest.approx(0.0035 / 0.95)
    assert "C 105" in miss.change
    assert "C 100" not in miss.change
