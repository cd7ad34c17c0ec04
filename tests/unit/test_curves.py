"""Implied curves: what was put into the prices comes out, and the bands are those of trades."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import pytest
from unit import chains

from engine.clock import NS_PER_DAY
from engine.market.carry import Carry, Dividend
from engine.market.chain import AMERICAN, COIN, EUROPEAN, INDEX, Expiry, OptionChain
from engine.scoring.curves import CurvePoint, curves
from tests.unit.model_chains import NOW, TAU, US, black, chain_of, flat, model_chain


def only(chain: OptionChain, carry: Carry) -> CurvePoint:
    (point,) = curves(chain, carry)
    return point


def test_without_spreads_the_model_comes_back() -> None:
    rate, fee = 0.045, 0.02
    discount = math.exp(-rate * TAU)
    forward = 100.0 * (1.0 - fee * TAU) / discount
    point = only(model_chain(forward, discount), flat(rate))
    assert point.n_pairs == 7
    assert point.days == pytest.approx(TAU * 365.0)
    assert point.forward_bid == pytest.approx(forward, abs=1e-9)
    assert point.forward_ask == pytest.approx(forward, abs=1e-9)
    assert point.forward == pytest.approx(forward, abs=1e-9)
    assert point.borrow_bid == pytest.approx(fee, abs=1e-9)
    assert point.borrow_ask == pytest.approx(fee, abs=1e-9)
    for implied in (point.box_lend, point.box_borrow, point.box_mid):
        assert implied == pytest.approx(rate, abs=1e-9)
    assert point.carry_bid == pytest.approx(100.0 / discount)
    assert not point.is_approximate


def test_dividends_leave_no_borrow_fee_behind() -> None:
    rate = 0.03
    discount = math.exp(-rate * TAU)
    dividend = Dividend(date(2026, 5, 8), date(2026, 5, 15), 0.8)
    pay = (US.open_ns(date(2026, 5, 15)) - NOW) / NS_PER_DAY / 365.0
    forward = (100.0 - 0.8 * math.exp(-rate * pay)) / discount
    point = only(model_chain(forward, discount), flat(rate, dividends=(dividend,)))
    assert point.borrow_bid == pytest.approx(0.0, abs=1e-9)
    assert point.borrow_ask == pytest.approx(0.0, abs=1e-9)
    forgotten = only(model_chain(forward, discount), flat(rate))
    assert forgotten.borrow_bid == pytest.approx(0.8 * math.exp(-rate * pay) / 100.0 / TAU)


def test_an_index_shows_its_yield_given_or_not() -> None:
    rate, dividend_yield = 0.04, 0.015
    discount = math.exp(-rate * TAU)
    forward = 100.0 * math.exp((rate - dividend_yield) * TAU)
    for given in (0.0, dividend_yield, 0.03):
        chain = model_chain(forward, discount, kind=INDEX)
        point = only(chain, flat(rate, index_yield=given))
        # The band counts simply, the yield compounds: they part at the second order in time.
        assert point.borrow_bid == pytest.approx(dividend_yield, abs=3e-4)
        assert point.borrow_bid == pytest.approx(point.borrow_ask, abs=1e-9)


def random_chain(rng: random.Random) -> OptionChain:
    discount = math.exp(-rng.uniform(0.0, 0.06) * TAU)
    forward = rng.uniform(95.0, 106.0)
    quotes = {}
    for strike in rng.sample(range(70, 131, 2), rng.randint(2, 12)):
        for right in "CP":
            worth = black(forward, float(strike), discount, 0.3, right)
            low, high = worth - rng.uniform(0, 0.2), worth + rng.uniform(0, 0.2)
            quotes[float(strike), right] = (low if rng.random() < 0.95 else 0.0, high)
    return chain_of(quotes, bid=99.9, ask=100.1)


@pytest.mark.parametrize("seed", range(40))
def test_bands_are_where_the_trades_break_even(seed: int) -> None:
    """Below the lower fee some reversal pays and above it none; so with conversions and boxes."""
    rng = random.Random(seed)
    chain = random_chain(rng)
    lend, borrow = 0.03, 0.04
    point = only(chain, flat(lend, borrow))
    d_lend, d_borrow = math.exp(-lend * TAU), math.exp(-borrow * TAU)
    pairs = []
    for row in range(chain.n_rows):
        put = chain.n_rows + row
        if chain.bid[row] > 0 and chain.bid[put] > 0:
            pairs.append(
                (chain.strike[row], chain.bid[row], chain.ask[row], chain.bid[put], chain.ask[put])
            )
    assert point.n_pairs == len(pairs)
    near = sorted(pairs, key=lambda pair: abs(pair[0] - 100.0))[:9]

    def reversal(fee: float) -> float:
        """Edge of the best reversal whose premium is lent or borrowed to expiry."""
        best = -math.inf
        for strike, _, call_ask, put_bid, _ in near:
            cost = call_ask - put_bid
            later = strike + (cost / d_borrow if cost > 0 else cost / d_lend)
            best = max(best, 99.9 - fee * 99.9 * TAU - d_lend * later)
        return best

    def conversion(earned: float) -> float:
        best = -math.inf
        for strike, call_bid, _, _, put_ask in near:
            credit = call_bid - put_ask
            later = strike + (credit / d_borrow if credit > 0 else credit / d_lend)
            best = max(best, d_borrow * later - 100.1 + earned * 100.1 * TAU)
        return best

    if not pairs:
        assert math.isnan(point.forward_bid)
        assert math.isnan(point.borrow_bid)
        return
    assert reversal(point.borrow_bid) == pytest.approx(0.0, abs=1e-9)
    assert conversion(point.borrow_ask) == pytest.approx(0.0, abs=1e-9)
    boxes = [(high[0] - low[0], low, high) for low in pairs for high in pairs if high[0] > low[0]]
    if boxes:
        grown = math.exp(point.box_lend * TAU)
        debit = max(w - grown * (lo[2] - hi[1] + hi[4] - lo[3]) for w, lo, hi in boxes)
        assert debit == pytest.approx(0.0, abs=1e-7)
        grown = math.exp(point.box_borrow * TAU)
        credit = max(grown * (lo[1] - hi[2] + hi[3] - lo[4]) - w for w, lo, hi in boxes)
        assert credit == pytest.approx(0.0, abs=1e-7)
        assert point.box_lend <= point.box_mid + 1e-12 or point.box_lend > point.box_borrow


def test_your_own_forward_pays_for_the_stock() -> None:
    """S 100.00/100.02, f_s 0.005, r 4.5/5.5 %, 60 days, 0.50 at 20 days, borrow fee 1 %."""
    quotes = {(60, 100.0, "C"): (3.0, 3.02), (60, 100.0, "P"): (2.9, 2.92)}
    on = chains.chain(quotes, style=EUROPEAN)
    terms = chains.carry(chains.dividend(20, 0.5), borrow_fee=0.01)
    (point,) = curves(on, terms, chains.GOLDEN_FEES)
    ex = (chains.US.open_ns(chains.TODAY + timedelta(days=20)) - chains.NOW_NS) / NS_PER_DAY / 365
    tau = 60 / 365
    owed = 0.5 * math.exp(-0.045 * ex) + 0.01 * 100.0 * tau
    assert point.carry_bid == pytest.approx((100.0 - 0.005 - owed) * math.exp(0.045 * tau))
    assert point.carry_bid == pytest.approx(100.0693, abs=5e-5)
    received = 0.5 * math.exp(-0.055 * ex)
    assert point.carry_ask == pytest.approx((100.02 + 0.005 - received) * math.exp(0.055 * tau))
    (free,) = curves(on, terms)
    assert free.carry_bid == pytest.approx(100.0744, abs=5e-5)
    # What the quotes say needs no stock.
    assert (free.forward_bid, free.borrow_bid) == (point.forward_bid, point.borrow_bid)


def test_golden_box_of_the_specification() -> None:
    """G3 without its fees: debit 9.85 and credit 9.60 for a width of 10 in 90 days."""
    settles = NOW + 90 * NS_PER_DAY
    expiry = Expiry(settles, date(2026, 3, 4) + timedelta(days=90))
    quotes = {
        (95.0, "C"): (8.00, 8.10), (105.0, "C"): (1.90, 1.95),
        (105.0, "P"): (6.00, 6.05), (95.0, "P"): (2.40, 2.45),
    }  # fmt: skip
    point = only(chain_of(quotes, expiry=expiry), flat(0.045, 0.055))
    years = 90.0 / 365.0
    assert point.box_lend == pytest.approx(math.log(10.0 / 9.85) / years)
    assert point.box_borrow == pytest.approx(math.log(10.0 / 9.60) / years)
    assert point.box_mid == pytest.approx(math.log(10.0 / 9.725) / years)


def test_a_coin_chain_is_read_in_dollars_per_coin() -> None:
    quotes = {}
    for strike in (1800.0, 2000.0, 2200.0, 2600.0):
        for right in "CP":
            worth = black(2241.65, strike, 1.0, 0.6, right) / 2241.65
            quotes[strike, right] = (worth, worth)
    chain = chain_of(quotes, bid=2222.0, ask=2222.0, kind=COIN, future=(2241.0, 2242.3))
    point = only(chain, flat(0.0))
    assert point.forward_bid == pytest.approx(2241.65, abs=1e-6)
    assert point.forward_ask == pytest.approx(2241.65, abs=1e-6)
    assert (point.carry_bid, point.carry_ask) == (2241.0, 2242.3)
    assert point.box_mid == pytest.approx(0.0, abs=1e-9)
    assert math.isnan(point.borrow_bid)


def test_what_cannot_be_told_is_nan() -> None:
    calls_only = only(chain_of({(100.0, "C"): (2.0, 2.1), (105.0, "C"): (1.0, 1.1)}), flat(0.04))
    assert calls_only.n_pairs == 0
    assert all(map(math.isnan, (calls_only.forward_bid, calls_only.forward, calls_only.box_lend)))
    one = only(chain_of({(100.0, "C"): (2.0, 2.1), (100.0, "P"): (1.5, 1.6)}), flat(0.04))
    assert one.n_pairs == 1
    assert one.forward_bid < one.forward_ask
    assert math.isnan(one.box_mid)
    crossed = only(chain_of({(100.0, "C"): (2.2, 2.1), (100.0, "P"): (1.5, 1.6)}), flat(0.04))
    assert crossed.n_pairs == 0
    dark = chain_of({(100.0, "C"): (2.0, 2.1), (100.0, "P"): (1.5, 1.6)}, bid=math.nan)
    assert math.isnan(only(dark, flat(0.04)).carry_bid)
    assert only(dark, flat(0.04)).forward_bid == one.forward_bid


def test_a_free_box_lends_at_any_rate_and_american_chains_are_marked() -> None:
    quotes = {
        (95.0, "C"): (1.0, 1.1), (105.0, "C"): (1.9, 1.95),
        (105.0, "P"): (6.0, 6.05), (95.0, "P"): (7.4, 7.45),
    }  # fmt: skip
    point = only(chain_of(quotes, style=AMERICAN), flat(0.04))
    assert point.box_lend == math.inf
    assert point.is_approximate


def test_crossed_forwards_fall_back_to_the_median() -> None:
    chain = model_chain(101.0, 0.99, half=0.01)
    chain.bid[chain.quote_index(3, "C")] += 3.0
    chain.ask[chain.quote_index(3, "C")] += 3.0
    point = only(chain, flat(-math.log(0.99) / TAU))
    assert point.forward_bid > point.forward_ask
    assert point.forward == pytest.approx(101.0, abs=0.01)
