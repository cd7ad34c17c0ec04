"""The cover that is reported is one that may be traded: what fails a gate hides no dearer one."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend
from engine.config import Gates, ScanSettings
from engine.market.carry import Carry
from engine.market.chain import EUROPEAN, ChainBuilder, OptionChain, Underlying
from engine.market.fees import FREE
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import ScanResult
from tests.unit.chains import NOW_NS, expiry

FREE_MONEY = Carry(as_of_ns=NOW_NS)
# (days, strike, bid, ask, size, age, open interest) of calls.
Row = tuple[int, float, float, float, float, float, float]


def calls(*rows: Row) -> OptionChain:
    underlying = Underlying("XYZ", 100.0, 100.02, 1e6, 1e6, 0.1, 0.1)
    builder = ChainBuilder("XYZ", NOW_NS, underlying)
    for days, strike, bid, ask, size, age, interest in rows:
        builder.add(expiry(days), strike, "C", bid, ask, size, size, age, age, 0.0, interest)
    return builder.build(style=EUROPEAN)


def settings(family: str, **gates: float) -> ScanSettings:
    limits = replace(Gates(max_spread=1.0, max_spread_per_edge=math.inf, min_edge_usd=0.0), **gates)  # type: ignore[arg-type]
    return ScanSettings(carry=FREE_MONEY, fees=FREE, families=(family,), gates=limits, top=100)


def bought(result: ScanResult) -> list[tuple[int, float]]:
    """Return (ratio, strike) of the longs of the one opportunity."""
    (found,) = result.opportunities
    return [(leg.ratio, leg.strike) for leg in found.legs if leg.side > 0]


BODY = (30, 100.0, 5.3, 5.4, 100.0, 0.1, 100.0)
CHEAP_LOW = (30, 95.0, 6.9, 7.0, 100.0, 0.1, 100.0)
DEAR_LOW = (30, 90.0, 9.2, 9.3, 100.0, 0.1, 100.0)
HIGH = (30, 105.0, 2.9, 3.0, 100.0, 0.1, 100.0)


@pytest.mark.parametrize(
    ("wrong", "gates"),
    [
        ({4: 0.0}, {}),
        ({5: 3.0}, {}),
        ({6: 3.0}, {"min_open_interest": 10.0}),
        ({2: 6.0}, {"max_spread": 0.2}),
    ],
    ids=["size", "age", "open interest", "spread"],
)
def test_a_wing_that_fails_a_gate_of_its_own_hides_no_other(
    wrong: dict[int, float], gates: dict[str, float], backend: Backend
) -> None:
    good = calls(BODY, CHEAP_LOW, DEAR_LOW, HIGH)
    limits = settings("butterfly", **gates)
    assert bought(scan_chain(good, limits, backend)) == [(1, 95.0), (1, 105.0)]
    row = list(CHEAP_LOW)
    for place, value in wrong.items():
        row[place] = value
    bad = calls(BODY, tuple(row), DEAR_LOW, HIGH)  # type: ignore[arg-type]
    # 100 lies two thirds of the way from 90 to 105.
    assert bought(scan_chain(bad, limits, backend)) == [(1, 90.0), (2, 105.0)]


def test_volume_is_asked_of_each_quote_too(backend: Backend) -> None:
    chain = calls(BODY, CHEAP_LOW, DEAR_LOW, HIGH)
    volume = chain.volume[:]
    for q in range(len(volume)):
        volume[q] = 50.0
    volume[chain.strike.index(95.0)] = 1.0
    limits = settings("butterfly", min_volume=10.0)
    result = scan_chain(replace(chain, volume=volume), limits, backend)
    assert bought(result) == [(1, 90.0), (2, 105.0)]


def test_a_wing_with_too_few_contracts_for_the_ratio_hides_no_deep_one(backend: Backend) -> None:
    # The cheapest is 1 of 96 and 2 of 102 for 3 sold, but one contract of 102 is shown: for 1 of
    # each the cover costs 5.25, and 5.15 with 104, which has plenty.
    thin = (30, 102.0, 3.0, 3.1, 1.0, 0.1, 100.0)
    low = (30, 96.0, 7.3, 7.4, 100.0, 0.1, 100.0)
    deep = (30, 104.0, 2.8, 2.9, 100.0, 0.1, 100.0)
    every = settings("butterfly")
    ample = calls(BODY, low, (*thin[:4], 100.0, *thin[5:]), deep)  # type: ignore[arg-type]
    assert bought(scan_chain(ample, every, backend)) == [(1, 96.0), (2, 102.0)]
    assert bought(scan_chain(calls(BODY, low, thin, deep), every, backend)) == [
        (1, 96.0),
        (1, 104.0),
    ]


def test_a_body_with_too_few_contracts_is_sold_in_a_smaller_ratio(backend: Backend) -> None:
    # 3 of 95 and 2 of 107.5 cover 5 exactly; where 3 are shown, 2 and 1 cover them with some over.
    rows = [CHEAP_LOW, (30, 107.5, 1.4, 1.5, 100.0, 0.1, 100.0)]
    result = scan_chain(calls(BODY, *rows), settings("butterfly"), backend)
    assert bought(result) == [(3, 95.0), (2, 107.5)]
    few = calls((*BODY[:4], 3.0, *BODY[5:]), *rows)  # type: ignore[arg-type]
    assert bought(scan_chain(few, settings("butterfly"), backend)) == [(2, 95.0), (1, 107.5)]


def test_a_calendar_beyond_the_last_day_hides_no_nearer_one(backend: Backend) -> None:
    sold = (30, 100.0, 5.6, 5.7, 100.0, 0.1, 100.0)
    near = (60, 100.0, 4.9, 5.0, 100.0, 0.1, 100.0)
    far = (500, 100.0, 4.7, 4.8, 100.0, 0.1, 100.0)
    chain = calls(sold, near, far)

    def covers(max_days: float) -> dict[float, float]:
        result = scan_chain(chain, settings("calendar", max_days=max_days), backend)
        return {o.legs[0].bid: round(o.days) for o in result.opportunities}

    assert covers(600.0)[5.6] == 500
    assert covers(400.0)[5.6] == 60


def test_a_calendar_butterfly_with_too_few_contracts_gives_way(backend: Backend) -> None:
    sold = (30, 100.0, 6.0, 6.1, 100.0, 0.1, 100.0)
    low, high = (30, 96.0, 7.3, 7.4, 100.0, 0.1, 100.0), (60, 102.0, 3.0, 3.1, 1.0, 0.1, 100.0)
    deep = (60, 104.0, 2.8, 2.9, 100.0, 0.1, 100.0)
    limits = settings("calendar_butterfly")
    result = scan_chain(calls(sold, low, high, deep), limits, backend)
    longs = {o.legs[1].strike: o for o in result.opportunities}
    assert [(leg.ratio, leg.strike) for leg in longs[100.0].legs if leg.side > 0] == [
        (1, 96.0),
        (1, 104.0),
    ]


def test_a_cover_whose_ages_differ_too_much_still_hides_a_dearer_one(backend: Backend) -> None:
    """The limit of one cover per sold quote: gates of the whole position are asked afterwards.

    Every quote is young enough; the cheapest wings were quoted 1.4 s apart, dearer ones were not.
    """
    old = (*CHEAP_LOW[:5], 1.5, 100.0)
    result = scan_chain(calls(BODY, old, DEAR_LOW, HIGH), settings("butterfly"), backend)
    assert result.funnel.rejected == {"skew": 1}
    assert result.opportunities == ()
    without = scan_chain(calls(BODY, DEAR_LOW, HIGH), settings("butterfly"), backend)
    assert bought(without) == [(1, 90.0), (2, 105.0)]


def test_whole_ratios_fit_what_is_shown(backend: Backend) -> None:
    cover, none = backend.mixture.whole_cover, (math.inf, math.inf, math.inf)
    assert cover(2 / 3, 6.0, 7.2, 1.1, *none) == (2, 3, pytest.approx(6.0 - 15.5 / 3))
    assert cover(0.6, 6.0, 7.2, 1.1, *none) == (3, 5, pytest.approx(6.0 - 4.76))
    # With too few of the body for that, more of the dearer wing covers too.
    few = cover(0.6, 6.0, 7.2, 1.1, math.inf, 4.0, math.inf)
    assert few == (2, 3, pytest.approx(6.0 - 15.5 / 3))
    assert cover(0.6, 6.0, 7.2, 1.1, 2.0, math.nan, math.nan)[:2] == (2, 3)
    for nothing in (cover(0.6, 6.0, 7.2, 1.1, 0.0, 0.0, 0.0), cover(1.0, 6.0, 7.2, 1.1, *none)):
        assert nothing == (0, 0, -math.inf)


def test_more_than_twenty_are_sold_only_where_it_pays(backend: Backend) -> None:
    cover, none = backend.mixture.whole_cover, (math.inf, math.inf, math.inf)
    # 36 of 37 has no ratio with fewer; 0.3333 is nearly 1 of 3, and exact only with thousands.
    assert cover(36 / 37, 6.0, 3.0, 1.0, *none)[:2] == (36, 37)
    assert cover(0.3334, 6.0, 3.0, 1.0, *none)[1] <= 20
    # 13 of 38 loses 0.02 against the best of few, which is most of what there is to gain.
    assert cover(13 / 38, 2.2, 5.0, 0.7, *none)[:2] == (13, 38)


def test_the_best_butterfly_is_found_where_the_cheapest_wings_need_too_many(
    backend: Backend,
) -> None:
    """Every triple of a strip of calls, in every ratio, against the one that is reported."""
    random = Random(11)
    for trial in range(20):
        strikes = sorted(random.sample(range(80, 160), 7))
        rows = []
        for strike in strikes:
            middle = 40.0 * math.exp(-(strike - 70.0) / 40.0) + 0.4 * random.random()
            size = float(random.choice((2, 9, 40, 300)))
            rows.append((30, float(strike), middle - 0.05, middle + 0.05, size, 0.1, 100.0))
        chain = calls(*rows)
        result = scan_chain(chain, settings("butterfly"), backend)
        found = {
            next(leg.strike for leg in o.legs if leg.side < 0): o.edge for o in result.opportunities
        }
        assert found == pytest.approx(naive_butterflies(rows), abs=1e-9), trial


def naive_butterflies(rows: list[tuple[float, ...]]) -> dict[float, float]:
    """The best edge of every body in at most 100 contracts that are shown; more than 20 sold only
    for a tenth more. For American calls without dividends or fees."""
    best: dict[float, float] = {}
    for low, body, high in itertools.combinations(rows, 3):
        few = many = -math.inf
        for shorts in range(1, 101):
            lows = next(
                n
                for n in itertools.count()
                if n * (high[1] - low[1]) >= shorts * (high[1] - body[1])
            )
            highs = shorts - lows
            if highs < 1 or shorts > body[4] or lows > low[4] or highs > high[4]:
                continue
            edge = body[2] - (lows * low[3] + highs * high[3]) / shorts
            if shorts <= 20:
                few = max(few, edge)
            else:
                many = max(many, edge)
        edge = many if many > few + 0.1 * abs(few) or few == -math.inf else few
        if edge > 0.0:
            best[body[1]] = max(edge, best.get(body[1], edge))
    return {strike: edge for strike, edge in best.items() if edge >= 0.01}
