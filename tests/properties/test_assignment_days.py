"""The worst day of assignment, against every session between now and settlement, one by one."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from unit.chains import NOW_NS, TODAY, US, chain, dividend, expiry, settings

from engine.backend import Backend
from engine.clock import years_between
from engine.market.assignment_days import PAYMENT, RECEIPT, _extremes
from engine.market.carry import Carry, RateCurve
from engine.market.chain import OptionChain
from engine.market.combo import STOCK, Leg
from engine.proof.verifier import reproduces, verify
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.legs import family_of, legs_of
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY

EXACT = 1e-9
STRIKES = (80.0, 100.0, 120.0)
STOCK_FAMILIES = ("conversion", "reversal", "collar", "reverse_collar")
WIDTH_FAMILIES = ("box", "vertical", "vertical_width", "upper_bound", "butterfly")
SHAPES = ("flat", "rising", "falling", "any")


def discount(curve: RateCurve) -> Callable[[float], float]:
    """The curve's discounts, its zero rate interpolated here."""

    def factor(t: float) -> float:
        day, nodes, rates = 365.0 * t, curve.days, curve.rates
        k = bisect_right(nodes, day)
        if k == 0 or k == len(nodes):
            return math.exp(-rates[min(k, len(nodes) - 1)] * t)
        part = (day - nodes[k - 1]) / (nodes[k] - nodes[k - 1])
        return math.exp(-(rates[k - 1] * (1.0 - part) + rates[k] * part) * t)

    return factor


def sessions(days: int) -> list[float]:
    """Now and the opening of every session of the next `days` days, in years."""
    opens = [TODAY + timedelta(days=k) for k in range(1, days + 1)]
    return [0.0, *(years_between(NOW_NS, US.open_ns(day)) for day in opens if US.is_session(day))]


def random_curve(random: Random, shape: str, last: int) -> RateCurve:
    nodes = (0.0, float(random.randint(4, last)), float(last + random.randint(1, 200)))
    rates = [random.uniform(0.0, 0.05) for _ in nodes]
    if shape == "flat":
        return RateCurve.flat(rates[0])
    if shape == "rising":
        rates.sort()
    elif shape == "falling":
        rates = [0.05, 0.05 - random.uniform(0.0, 0.002), 0.045]
    else:
        rates = [random.uniform(-0.02, 0.08) for _ in nodes]
    return RateCurve(nodes, tuple(rates))


def random_carry(random: Random, shape: str, last: int) -> Carry:
    curve = random_curve(random, shape, last)
    ex_days = sorted(random.sample(range(2, last), random.randint(0, 3)))
    return Carry(
        curve, curve.shifted(random.choice((0.0, 0.01))),
        tuple(dividend(day, round(random.uniform(0.05, 2.0), 2)) for day in ex_days),
        random.choice((0.0, 0.15)), random.choice((0.0, 0.01, 0.03, 0.06, 0.3)), as_of_ns=NOW_NS,
    )  # fmt: skip


class Brute:
    """What every day of assignment would be worth, from dated cash flows."""

    def __init__(self, terms: Carry, days: list[float], chain_: OptionChain) -> None:
        self.dl, self.db = discount(terms.lend), discount(terms.borrow)
        self.days = days
        self.fee = terms.borrow_fee * chain_.underlying.bid
        self.flows = [
            (
                years_between(NOW_NS, US.open_ns(one.ex_date)),
                one.amount * (1.0 - terms.withholding)
                * self.db(years_between(NOW_NS, US.open_ns(one.pay_date))),
                one.amount * self.dl(years_between(NOW_NS, US.open_ns(one.pay_date))),
            )
            for one in terms.dividends
        ]  # fmt: skip

    def received(self, t: float, *, eve: bool = False) -> float:
        return math.fsum(got for ex, got, _ in self.flows if ex < t or (ex == t and not eve))

    def owed(self, t: float, *, eve: bool = False) -> float:
        due = math.fsum(due for ex, _, due in self.flows if ex < t or (ex == t and not eve))
        return due + self.fee * t

    def until(self, end: float) -> list[float]:
        return [t for t in self.days if t < end] + [ex for ex, *_ in self.flows if ex <= end]

    def stock_family(self, legs: tuple[Leg, ...], end: float) -> float:
        put = next(leg.strike for leg in legs if leg.right == "P")
        call = next(leg.strike for leg in legs if leg.right == "C")
        if any(leg.kind == STOCK and leg.side > 0 for leg in legs):
            early = [self.db(t) * call + self.received(t, eve=True) for t in self.until(end)]
            return min([self.db(end) * put + self.received(end), *early])
        early = [self.dl(t) * put + self.owed(t) for t in self.until(end)]
        return -max([self.dl(end) * call + self.owed(end), *early])

    def roll(self, strike: float, call_end: float, put_end: float) -> float:
        """Every pair of a day on which the sold call is assigned and one for the sold put."""
        into = [*((t, True) for t in self.until(call_end)), (call_end, False)]
        out = [*self.until(put_end), put_end]
        if call_end < put_end:
            out.append(call_end)
        worst = math.inf
        for a, eve in into:
            for b in out:
                value = strike * (self.db(a) - self.dl(b))
                if b < a:
                    value += self.received(a, eve=eve) - self.received(b)
                else:
                    value -= self.owed(b) - self.owed(a, eve=eve)
                worst = min(worst, value)
        return worst


def random_chain(random: Random, expiries: list[int]) -> OptionChain:
    quotes = {}
    for day in expiries:
        for strike in STRIKES:
            for right in "CP":
                mid = random.uniform(3.0, 30.0)
                quotes[(day, strike, right)] = (round(mid, 2), round(mid + 0.02, 2))
    return chain(quotes)


def paid(legs: tuple[Leg, ...]) -> float:
    return math.fsum(leg.ratio * (leg.side * leg.price + leg.fee) for leg in legs)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_session_is_worse_than_the_edge(shape: str, backend: Backend) -> None:
    random = Random(f"days {shape}")
    for _ in range(6):
        expiries = sorted(random.sample(range(4, 150), 2))
        terms = random_carry(random, shape, expiries[-1])
        on = random_chain(random, expiries)
        days = sessions(expiries[-1])
        nodes = [day / 365.0 for day in terms.lend.days if day > 0.0]
        brute, finer = Brute(terms, days, on), Brute(terms, sorted({*days, *nodes}), on)
        view = replace(make_view(on, settings(terms), backend), floor=-1e9)
        table = CandidateTable(backend, on.n_rows, view.days, wants_near=False)
        for name in (*STOCK_FAMILIES, "jelly_roll"):
            REGISTRY[name].find(view, table)
        found = table.found
        assert found.count >= 30
        for row in range(found.count):
            legs, family = legs_of(view, found, row), family_of(found, row)
            ends = {leg.settles_ns for leg in legs if leg.kind != STOCK}
            first, last = (years_between(NOW_NS, end) for end in (min(ends), max(ends)))
            if family == "jelly_roll":
                far = next(leg for leg in legs if leg.right == "C" and leg.settles_ns == max(ends))
                span = (first, last) if far.side > 0 else (last, first)
                worst, least = (b.roll(far.strike, *span) for b in (brute, finer))
            else:
                worst, least = (b.stock_family(legs, last) for b in (brute, finer))
            assert found.edge[row] <= worst - paid(legs) + EXACT
            assert found.edge[row] >= least - paid(legs) - EXACT


@pytest.mark.parametrize("shape", SHAPES)
def test_the_proof_knows_every_session(shape: str, backend: Backend) -> None:
    """The verifier's own days: it says no more than every session, and no less than the edge."""
    random = Random(f"proofs {shape}")
    for _ in range(3):
        expiries = sorted(random.sample(range(4, 90), 2))
        terms = random_carry(random, shape, expiries[-1])
        on = random_chain(random, expiries)
        brute = Brute(terms, sessions(expiries[-1]), on)
        view = replace(make_view(on, settings(terms), backend), floor=-1e9)
        table = CandidateTable(backend, on.n_rows, view.days, wants_near=False)
        for name in (*STOCK_FAMILIES, "jelly_roll"):
            REGISTRY[name].find(view, table)
        found = table.found
        for row in random.sample(range(found.count), 12):
            legs, family = legs_of(view, found, row), family_of(found, row)
            carries = family not in ("conversion", "collar")
            proof = verify(on, legs, 1, terms, count_projected=False, may_carry=carries)
            assert reproduces(found.edge[row], proof)
            if family != "jelly_roll":
                end = max(leg.settles_ns for leg in legs)
                worst = brute.stock_family(legs, years_between(NOW_NS, end))
                assert proof.minimum <= worst - paid(legs) + EXACT


@pytest.mark.parametrize("shape", SHAPES)
def test_the_proof_knows_every_day_on_which_a_width_may_be_paid(
    shape: str, backend: Backend
) -> None:
    random = Random(f"widths {shape}")
    for _ in range(3):
        expiries = sorted(random.sample(range(4, 90), 2))
        terms = random_carry(random, shape, expiries[-1])
        on = random_chain(random, expiries)
        view = replace(make_view(on, settings(terms), backend), floor=-1e9)
        table = CandidateTable(backend, on.n_rows, view.days, wants_near=False)
        for name in WIDTH_FAMILIES:
            REGISTRY[name].find(view, table)
        found = table.found
        assert {family_of(found, row) for row in range(found.count)} >= set(WIDTH_FAMILIES[:4])
        for row in range(found.count):
            legs = legs_of(view, found, row)
            proof = verify(on, legs, found.unit[row], terms, count_projected=False, may_carry=False)
            assert reproduces(found.edge[row], proof)


def test_a_width_is_received_when_it_is_worth_least(backend: Backend) -> None:
    """Rates of -3 % make a receipt worth more the later it comes: today is worst, then 10.00."""
    terms = Carry(RateCurve.flat(-0.03), RateCurve.flat(-0.03), as_of_ns=NOW_NS)
    on = chain({
        (60, 90.0, "C"): (12.0, 12.02), (60, 100.0, "C"): (5.02, 5.04),
        (60, 90.0, "P"): (2.0, 2.02), (60, 100.0, "P"): (4.92, 4.94),
    })  # fmt: skip
    view = replace(make_view(on, settings(terms), backend), floor=-1e9)
    table = CandidateTable(backend, on.n_rows, view.days, wants_near=False)
    REGISTRY["box"].find(view, table)
    paid_now = 12.02 - 5.02 + 4.94 - 2.0 + 4 * 0.007
    assert table.found.count == 1
    assert table.found.edge[0] == pytest.approx(10.0 - paid_now, abs=1e-9)


# Audit of 98d2560: the rate rises from 0 to 5 % over a year, the stock costs 3 % to borrow.
STEEP = RateCurve((0.0, 365.0), (0.0, 0.05))


def test_a_reversal_is_worst_between_the_nodes_of_a_steep_curve(backend: Backend) -> None:
    terms = Carry(STEEP, STEEP, borrow_fee=0.03, as_of_ns=NOW_NS)
    on = chain({(365, 100.0, "C"): (5.4, 5.42), (365, 100.0, "P"): (5.6, 5.62)})
    credit = 100.0 - 0.005 + 5.6 - 0.007 - 5.42 - 0.007
    values = {d: 100.0 * math.exp(-0.05 * (d / 365.0) ** 2) + 3.0 * d / 365.0 for d in range(366)}
    assert credit - max(values[0], values[365]) == pytest.approx(0.161, abs=1e-9)
    assert credit - values[110] == pytest.approx(-0.2900, abs=5e-5)
    result = scan_chain(on, settings(terms, families=("reversal",)), backend)
    assert result.opportunities == ()
    assert result.mismatches == ()
    legs = [
        Leg(STOCK, -1, 1, 100.0, 0.005),
        Leg("option", 1, 1, 5.42, 0.007, "C", 100.0, expiry(365).date, expiry(365).settles_ns),
        Leg("option", -1, 1, 5.6, 0.007, "P", 100.0, expiry(365).date, expiry(365).settles_ns),
    ]
    proof = verify(on, tuple(legs), 1, terms, count_projected=False, may_carry=True)
    assert proof.minimum == pytest.approx(-0.2900, abs=5e-4)
    assert "assigned on 2026-06" in proof.worst.event


def test_inner_days_are_those_that_are_worst_for_some_strike() -> None:
    """Of three days the middle one, against the amounts themselves: strike and fee."""
    random, seen = Random("inner days"), set()
    for _ in range(3000):
        first = random.uniform(-0.05, 0.05)
        curve = RateCurve((0.0, 90.0, 180.0), (first, random.uniform(-0.05, 0.05), 0.02))
        points = sorted(random.uniform(0.0, 0.6) for _ in range(3))
        fee, strike = random.choice((0.0, random.uniform(0.0, 6.0))), random.uniform(50.0, 150.0)
        amounts = [strike * curve.discount(t) + fee * t for t in points]
        discounts = [curve.discount(t) for t in points]
        for side in (PAYMENT, RECEIPT):
            found = points[1] in _extremes(curve, points, side, fee, (strike, strike), ())
            is_worst, is_turn = (
                side * column[1] >= max(side * column[0], side * column[2])
                for column in (amounts, discounts)
            )
            assert found == (is_worst or is_turn)
            seen.add((side, found, is_worst, is_turn))
    assert len(seen) == 8
