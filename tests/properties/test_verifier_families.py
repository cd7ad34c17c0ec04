"""The verifier against the families' formulas, written out from the design, on random terms."""

from __future__ import annotations

import math
from random import Random

import pytest
from oracles.verifier_cash_flows import sessions
from oracles.verifier_desk import NOW, chain, cost, stock

from engine.clock import NS_PER_DAY, years_between
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, EUROPEAN
from engine.market.combo import Leg
from engine.proof.verifier import reproduces
from tests.properties.random_positions import (
    DAYS,
    EXACT,
    box,
    butterfly,
    conversion,
    leg,
    prove,
    random_carry,
    reversal,
    strikes,
    upper_bound,
    vertical,
)


class Terms:
    """Discounts and dividend values of one carry, by days."""

    def __init__(self, terms: Carry) -> None:
        self.carry = terms

    def db(self, days: float) -> float:
        return self.carry.borrow.discount(days / 365)

    def dl(self, days: float) -> float:
        return self.carry.lend.discount(days / 365)

    def dividends(self) -> list[tuple[int, float, float]]:
        """(ex day, value received, value paid)."""
        today = chain().ts_ns
        found = []
        for one in self.carry.dividends:
            ex, pay = ((d - _date(today)).days for d in (one.ex_date, one.pay_date))
            kept = one.amount * (1 - self.carry.withholding)
            found.append((ex, kept * self.db(pay), one.amount * self.dl(pay)))
        return found

    def received(self, start: float, end: float) -> float:
        return sum(value for ex, value, _ in self.dividends() if start < ex <= end)

    def paid(self, start: float, end: float) -> float:
        return sum(value for ex, _, value in self.dividends() if start < ex <= end)

    def fee(self, days: float) -> float:
        return self.carry.borrow_fee * 100.0 * days / 365

    def apart(self, days: int) -> float:
        """The most that a dollar paid up to then is worth more than one received before it."""
        least, worst = 1.0, 0.0
        for day in range(days + 1):
            least = min(least, self.db(day))
            worst = max(worst, self.dl(day) - least)
        return worst


def _date(ts_ns: int):  # type: ignore[no-untyped-def]
    from engine.market.calendar import US

    return US.session_date(ts_ns)


def collar_edge(legs: list[Leg], t: Terms, is_american: bool) -> float:
    put, call = legs[1].strike, legs[2].strike
    worst = t.db(DAYS) * put + t.received(0, DAYS)
    for ex, _, _ in t.dividends() if is_american else []:
        worst = min(worst, t.db(ex) * call + t.received(0, ex - 1))
    return worst - cost(legs)


def reverse_collar_edge(legs: list[Leg], t: Terms, is_american: bool) -> float:
    put, call = legs[1].strike, legs[2].strike
    worst = t.dl(DAYS) * call + t.paid(0, DAYS) + t.fee(DAYS)
    if is_american:
        nodes = [days for days in t.carry.lend.days if days < DAYS]
        opens = [years_between(NOW, at) * 365 for at, *_ in sessions(NOW, NOW + DAYS * NS_PER_DAY)]
        for at in [0, *[ex for ex, _, _ in t.dividends()], *nodes, *opens, DAYS]:
            worst = max(worst, t.dl(at) * put + t.paid(0, at) + t.fee(at))
    return -worst - cost(legs)


@pytest.mark.parametrize("style", [EUROPEAN, AMERICAN])
def test_stock_families_are_tight(style: str) -> None:
    random = Random(f"stock families {style}")
    for _ in range(150):
        terms = random_carry(random)
        for shape, edge in ((conversion, collar_edge), (reversal, reverse_collar_edge)):
            legs = shape(random)
            expected = edge(legs, Terms(terms), style == AMERICAN)
            assert prove(style, legs, terms).minimum == pytest.approx(expected, abs=EXACT)


def test_boxes_are_tight_when_european_and_bounded_when_american() -> None:
    random = Random("boxes")
    for _ in range(100):
        legs, terms = box(random), random_carry(random)
        t, width = Terms(terms), legs[1].strike - legs[0].strike
        is_long = legs[0].side > 0
        payoff = t.db(DAYS) * width if is_long else -t.dl(DAYS) * width
        european = prove(EUROPEAN, legs, terms).minimum
        assert european == pytest.approx(payoff - cost(legs), abs=EXACT)
        american = prove(AMERICAN, legs, terms)
        late = max((paid for _, _, paid in t.dividends()), default=0.0)
        night = legs[0].strike * math.expm1(terms.borrow.rate(4 / 365) * 4 / 365)
        if is_long:
            assert reproduces(european - late - t.fee(4) - night, american)
        else:
            assert american.minimum < -width - t.dl(DAYS) * width - cost(legs) + EXACT


def test_verticals_and_butterflies_bear_out_their_edges() -> None:
    random = Random("one right")
    for _ in range(150):
        terms = random_carry(random)
        t = Terms(terms)
        late = max((paid for _, _, paid in t.dividends()), default=0.0)
        week = math.expm1(terms.borrow.rate(4 / 365) * 4 / 365)
        legs = vertical(random)
        width = legs[1].strike - legs[0].strike
        is_call = legs[0].right == "C"
        sold = legs[0] if legs[0].side < 0 else legs[1]
        cautious = late + t.fee(4) if is_call else sold.strike * week
        is_bounded_below = (legs[0].side > 0) == is_call
        flow = 0.0 if is_bounded_below else -width
        european = prove(EUROPEAN, legs, terms)
        assert european.minimum == pytest.approx(flow * t.dl(DAYS) - cost(legs), abs=EXACT)
        edge = flow - cautious - cost(legs)
        assert reproduces(edge, prove(AMERICAN, legs, terms))

        legs = butterfly(random)
        sold_count = legs[1].ratio
        european = prove(EUROPEAN, legs, terms, sold_count)
        assert european.minimum == pytest.approx(-cost(legs) / sold_count, abs=EXACT)
        american = prove(AMERICAN, legs, terms, sold_count)
        low, body, high = (one.strike for one in legs)
        apart = (body - low) * (high - body) / (high - low) * t.apart(DAYS)
        cautious = late + t.fee(4) if legs[1].right == "C" else body * week
        assert reproduces(european.minimum - cautious - apart, american)
        # One dividend is lost at least, whatever else.
        assert legs[1].right == "P" or american.minimum <= european.minimum - late + EXACT


def test_intrinsic_and_upper_bounds_bear_out_their_edges() -> None:
    random = Random("bounds")
    for _ in range(150):
        terms = random_carry(random)
        t, strike = Terms(terms), strikes(random, 1)[0]
        ex_days = [ex for ex, _, _ in t.dividends()]
        call = [stock(-1, 100.0), leg(random, 1, 1, "C", strike)]
        held = -t.dl(DAYS) * strike - t.paid(0, DAYS) - t.fee(DAYS)
        assert prove(EUROPEAN, call, terms).minimum == pytest.approx(held - cost(call), abs=EXACT)
        best = max(
            [held, -strike] + [-t.dl(ex) * strike - t.paid(0, ex - 1) - t.fee(ex) for ex in ex_days]
        )
        american = prove(AMERICAN, call, terms)
        assert american.minimum == pytest.approx(best - cost(call), abs=EXACT)
        put = [stock(1, 100.02), leg(random, 1, 1, "P", strike)]
        held = t.db(DAYS) * strike + t.received(0, DAYS)
        best = max([held, strike] + [t.db(ex) * strike + t.received(0, ex) for ex in ex_days])
        assert prove(EUROPEAN, put, terms).minimum == pytest.approx(held - cost(put), abs=EXACT)
        american = prove(AMERICAN, put, terms)
        assert american.minimum == pytest.approx(best - cost(put), abs=EXACT)

        covered = upper_bound(random)
        if covered[0].right == "P":
            european = -t.dl(DAYS) * covered[0].strike - cost(covered)
            american = prove(AMERICAN, covered, terms)
            assert american.minimum == pytest.approx(-covered[0].strike - cost(covered), abs=EXACT)
        else:
            european = t.received(0, DAYS) - cost(covered)
            assert reproduces(-cost(covered), prove(AMERICAN, covered, terms))
        assert prove(EUROPEAN, covered, terms).minimum == pytest.approx(european, abs=EXACT)


NEAR, FAR = 30, 90


def test_jelly_rolls_are_tight() -> None:
    random = Random("jelly rolls")
    for _ in range(100):
        terms = random_carry(random, FAR)
        t, strike, side = Terms(terms), strikes(random, 1)[0], random.choice((1, -1))
        legs = [
            leg(random, side, 1, "C", strike, FAR), leg(random, -side, 1, "P", strike, FAR),
            leg(random, -side, 1, "C", strike, NEAR), leg(random, side, 1, "P", strike, NEAR),
        ]  # fmt: skip
        if side > 0:
            flows = strike * (t.db(NEAR) - t.dl(FAR)) - t.paid(NEAR, FAR) - t.fee(FAR - NEAR)
        else:
            flows = -strike * (t.dl(NEAR) - t.db(FAR)) + t.received(NEAR, FAR)
        assert prove(EUROPEAN, legs, terms).minimum == pytest.approx(flows - cost(legs), abs=EXACT)


def test_calendars_are_tight() -> None:
    random = Random("calendars")
    for _ in range(150):
        terms = random_carry(random, FAR)
        t, near, far = Terms(terms), *random.choices(strikes(random, 4), k=2)
        calls = [leg(random, -1, 1, "C", near, NEAR), leg(random, 1, 1, "C", far, FAR)]
        forward = t.dl(FAR) / t.dl(NEAR)
        short = forward * far + t.paid(NEAR, FAR) / t.dl(NEAR) + t.fee(FAR - NEAR)
        edge = -t.dl(NEAR) * max(0.0, short - near) - cost(calls)
        assert prove(EUROPEAN, calls, terms).minimum == pytest.approx(edge, abs=EXACT)
        puts = [leg(random, -1, 1, "P", near, NEAR), leg(random, 1, 1, "P", far, FAR)]
        forward = t.db(FAR) / t.db(NEAR)
        long = forward * far + t.received(NEAR, FAR) / t.db(NEAR)
        edge = -t.dl(NEAR) * max(0.0, near - long) - cost(puts)
        assert prove(EUROPEAN, puts, terms).minimum == pytest.approx(edge, abs=EXACT)
        is_raw_call, is_raw_put = far <= near, far >= near
        late = max((paid for ex, _, paid in t.dividends() if ex <= NEAR), default=0.0)
        week = math.expm1(terms.borrow.rate(4 / 365) * 4 / 365)
        if is_raw_call:
            assert reproduces(-cost(calls) - late - t.fee(4), prove(AMERICAN, calls, terms))
        if is_raw_put:
            assert reproduces(-cost(puts) - near * week, prove(AMERICAN, puts, terms))


def test_calendar_butterflies_bear_out_their_edges() -> None:
    random = Random("calendar butterflies")
    for _ in range(60):
        terms = random_carry(random, FAR)
        t, (low, middle, high) = Terms(terms), strikes(random, 3)
        divisor = math.gcd(int(middle - low), int(high - middle))
        a, b = int(high - middle) // divisor, int(middle - low) // divisor
        late_day = random.choice((FAR, FAR - 20))
        legs = [
            leg(random, a, 1, "C", low, FAR),
            leg(random, -1, a + b, "C", middle, NEAR),
            leg(random, 1, b, "C", high, late_day),
        ]
        legs[0] = leg(random, 1, a, "C", low, FAR)
        raw = -cost(legs) / (a + b)
        late = max((paid for ex, _, paid in t.dividends() if ex <= NEAR), default=0.0)
        apart = (middle - low) * (high - middle) / (high - low) * t.apart(NEAR)
        cautious = late + t.fee(4) + apart
        assert reproduces(raw - cautious, prove(AMERICAN, legs, terms, a + b))
        # Shorting one share per sold call at T1 pays each bought strike when its term is up.
        short = sum(
            share * (t.dl(day) * strike + t.paid(NEAR, day) + t.dl(NEAR) * t.fee(day - NEAR))
            for share, day, strike in ((a, FAR, low), (b, late_day, high))
        ) / (a + b)
        edge = raw - max(0.0, short - t.dl(NEAR) * middle)
        european = prove(EUROPEAN, legs, terms, a + b)
        assert reproduces(edge, european)
        assert european.minimum <= raw + EXACT
