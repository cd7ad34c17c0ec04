"""The verifier against forward cash flows, and against the families' formulas of the design."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from oracles.verifier_cash_flows import follow, instants, schedules, sessions
from oracles.verifier_desk import NOW, carry, chain, cost, dividend, option, stock

from engine.clock import NS_PER_DAY, years_between
from engine.market.carry import Carry, RateCurve
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scoring.opportunity import Leg, Proof
from engine.scoring.verifier import reproduces, verify

EXACT = 1e-9
DAYS = 60


def prove(style: str, legs: list[Leg], terms: Carry, unit: int = 1) -> Proof:
    return verify(chain(style), tuple(legs), unit, terms, count_projected=False)


def random_carry(random: Random, days: int = DAYS, most: int = 3) -> Carry:
    """Rates that rise with the term (so that discounts fall), dividends paid days after ex."""
    lend = random.uniform(0.0, 0.06)
    slope, gap = random.uniform(0.0, 0.02), random.uniform(0.0, 0.03)
    nodes = (0.0, float(random.randrange(5, days)), 400.0)
    curve = RateCurve(nodes, (lend, lend + slope, lend + 2 * slope))
    ex_days = sorted(random.sample(range(1, days), random.randrange(0, most + 1)))
    paid = tuple(dividend(ex, random.uniform(0.05, 3.0), ex + random.randrange(0, 20))
                 for ex in ex_days)  # fmt: skip
    return Carry(
        curve, curve.shifted(gap), paid, random.choice((0.0, 0.15)), random.choice((0.0, 0.02))
    )


def strikes(random: Random, count: int) -> list[float]:
    return sorted(random.sample([float(k) for k in range(70, 131, 5)], count))


def leg(random: Random, side: int, ratio: int, right: str, strike: float, days: int = DAYS) -> Leg:
    return option(side, ratio, right, strike, round(random.uniform(0.05, 12.0), 2), days)


# Shapes of single-expiry positions; prices do not matter to a proof, only what they sum to.


def conversion(random: Random) -> list[Leg]:
    low, high = sorted(random.choices(range(70, 131, 5), k=2))
    return [stock(1, 100.02), leg(random, 1, 1, "P", low), leg(random, -1, 1, "C", high)]


def reversal(random: Random) -> list[Leg]:
    low, high = sorted(random.choices(range(70, 131, 5), k=2))
    return [stock(-1, 100.0), leg(random, -1, 1, "P", low), leg(random, 1, 1, "C", high)]


def box(random: Random) -> list[Leg]:
    low, high = strikes(random, 2)
    side = random.choice((1, -1))
    return [
        leg(random, side, 1, "C", low), leg(random, -side, 1, "C", high),
        leg(random, side, 1, "P", high), leg(random, -side, 1, "P", low),
    ]  # fmt: skip


def vertical(random: Random) -> list[Leg]:
    low, high = strikes(random, 2)
    right, side = random.choice("CP"), random.choice((1, -1))
    return [leg(random, side, 1, right, low), leg(random, -side, 1, right, high)]


def butterfly(random: Random) -> list[Leg]:
    low, middle, high = strikes(random, 3)
    right = random.choice("CP")
    divisor = math.gcd(int(middle - low), int(high - middle))
    buy_low, buy_high = int(high - middle) // divisor, int(middle - low) // divisor
    return [
        leg(random, 1, buy_low, right, low),
        leg(random, -1, buy_low + buy_high, right, middle),
        leg(random, 1, buy_high, right, high),
    ]


def upper_bound(random: Random) -> list[Leg]:
    strike = strikes(random, 1)[0]
    if random.random() < 0.5:
        return [stock(1, 100.02), leg(random, -1, 1, "C", strike)]
    return [leg(random, -1, 1, "P", strike)]


def several(random: Random) -> list[Leg]:
    """Any two or three options, now and then with stock."""
    legs = [
        leg(random, random.choice((1, -1)), random.randrange(1, 4), random.choice("CP"), strike)
        for strike in strikes(random, random.randrange(2, 4))
    ]
    if random.random() < 0.5:
        side = random.choice((1, -1))
        legs.append(stock(side, 100.02 if side > 0 else 100.0, random.randrange(1, 4)))
    return legs


SHAPES = (conversion, reversal, box, vertical, butterfly, upper_bound, several)


def ends(legs: list[Leg]) -> list[float]:
    kinks = sorted({leg.strike for leg in legs if leg.strike == leg.strike})
    middles = [0.5 * (a + b) for a, b in pairwise(kinks)]
    return [0.0, 0.5 * kinks[0], *kinks, *middles, 3.0 * kinks[-1], 1e4]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_european_minimum_is_the_worst_end(shape: Callable[[Random], list[Leg]]) -> None:
    random = Random(f"{shape.__name__} european")
    for _ in range(60):
        legs, terms = shape(random), random_carry(random)
        proof = prove(EUROPEAN, legs, terms)
        values = {spot: follow(legs, terms, NOW, 100.0, spot, {}) for spot in ends(legs)}
        if proof.minimum == -math.inf:
            assert values[1e4] < -100.0
            assert values[1e4] == min(values.values())
        else:
            assert proof.minimum == pytest.approx(min(values.values()), abs=EXACT)
        for _ in range(20):
            spot = 100.0 * random.lognormvariate(0.0, 0.6)
            assert follow(legs, terms, NOW, 100.0, spot, {}) >= proof.minimum - EXACT


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_american_minimum_is_the_worst_of_all_assignments(
    shape: Callable[[Random], list[Leg]],
) -> None:
    """Every schedule of assignment, every end: the game finds the worst, no more and no less.

    Positions in which nothing is sold are left out: there the holder exercises, which these
    paths do not; so do positions that have only bought options left after an assignment, so the
    game may find more than the paths where stock stays open beside them. Two legs that can be
    assigned on different days are followed over the events only, at flat rates without a fee.
    """
    random = Random(f"{shape.__name__} american")
    checked = 0
    is_joint = shape in (box, several)
    while checked < 10:
        legs, terms = shape(random), random_carry(random)
        if is_joint:
            lend, borrow = (RateCurve.flat(c.rates[0]) for c in (terms.lend, terms.borrow))
            terms = replace(terms, lend=lend, borrow=borrow, borrow_fee=0.0)
        if all(leg.side > 0 for leg in legs if leg.right):
            continue
        checked += 1
        proof = prove(AMERICAN, legs, terms)
        worst = min(
            follow(legs, terms, NOW, 100.0, spot, assigned)
            for assigned in schedules(legs, terms, NOW, quiet_days=not is_joint)
            for spot in ends(legs)
        )
        if proof.minimum == -math.inf:
            assert worst < -100.0
        elif shape is several:
            assert proof.minimum >= worst - EXACT
        else:
            assert proof.minimum == pytest.approx(worst, abs=EXACT)


@pytest.mark.parametrize("shape", SHAPES[:-1], ids=lambda shape: shape.__name__)
def test_random_paths_never_pay_less_than_the_minimum(
    shape: Callable[[Random], list[Leg]],
) -> None:
    random = Random(f"{shape.__name__} paths")
    for _ in range(20):
        legs, terms = shape(random), random_carry(random)
        proof = prove(AMERICAN, legs, terms)
        moments = instants(terms, NOW, legs[-1].settles_ns)
        for _ in range(50):
            assigned = {
                leg: random.choice([m for m in moments if leg.right == "P" or m[1] == 0])
                for leg in legs
                if leg.right and leg.side < 0 and random.random() < 0.6
                and (leg.right == "P" or terms.dividends)
            }  # fmt: skip
            spot = 100.0 * random.lognormvariate(0.0, 0.5)
            value = follow(legs, terms, NOW, 100.0, spot, assigned)
            assert value >= proof.minimum - EXACT


# The families' formulas, written out from the design, on random terms.


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
            assert reproduces(european - late - night, american)
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
        cautious = late if is_call else sold.strike * week
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
        if legs[1].right == "C":
            assert american.minimum == pytest.approx(european.minimum - late, abs=EXACT)
        else:
            edge = european.minimum - legs[1].strike * week
            assert reproduces(edge, american)


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
            assert reproduces(-cost(calls) - late, prove(AMERICAN, calls, terms))
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
        assert reproduces(raw - late, prove(AMERICAN, legs, terms, a + b))
        # Shorting one share per sold call at T1 pays each bought strike when its term is up.
        short = sum(
            share * (t.dl(day) * strike + t.paid(NEAR, day) + t.dl(NEAR) * t.fee(day - NEAR))
            for share, day, strike in ((a, FAR, low), (b, late_day, high))
        ) / (a + b)
        edge = raw - max(0.0, short - t.dl(NEAR) * middle)
        european = prove(EUROPEAN, legs, terms, a + b)
        assert reproduces(edge, european)
        assert european.minimum <= raw + EXACT


def test_a_worse_price_or_fee_lowers_the_minimum_by_as_much() -> None:
    random = Random("prices")
    for _ in range(60):
        legs, terms = random.choice(SHAPES[:-1])(random), random_carry(random)
        style, worse = random.choice((EUROPEAN, AMERICAN)), random.uniform(0.0, 2.0)
        k = random.randrange(len(legs))
        dearer = list(legs)
        dearer[k] = replace(legs[k], price=legs[k].price + legs[k].side * worse)
        taxed = list(legs)
        taxed[k] = replace(legs[k], fee=legs[k].fee + worse)
        base = prove(style, legs, terms).minimum
        for changed in (dearer, taxed):
            lower = base - worse * legs[k].ratio
            assert prove(style, changed, terms).minimum == pytest.approx(lower, abs=EXACT)


def test_early_assignment_never_helps_and_rates_do_not_help_who_pays_them() -> None:
    random = Random("monotone")
    for _ in range(80):
        shape = random.choice((conversion, reversal, box, vertical, butterfly))
        legs, terms = shape(random), random_carry(random)
        european, american = (prove(s, legs, terms).minimum for s in (EUROPEAN, AMERICAN))
        assert american <= european + EXACT
        dearer = carry(*terms.dividends, lend=0.0, borrow=0.5)
        cheaper = carry(*terms.dividends, lend=0.0, borrow=0.3)
        for style in (EUROPEAN, AMERICAN):
            assert prove(style, legs, dearer).minimum <= prove(style, legs, cheaper).minimum + EXACT
