"""On the day an option expires, an assignment today is the only one that late notice has."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.config import Gates
from engine.market.chain import ChainBuilder, Expiry, Underlying
from engine.scanner.pipeline import scan_chain
from tests.unit.chains import US, carry, settings

FRIDAY = date(2026, 3, 6)
# An hour before the close: the strike of a put is paid on Friday, the other comes on Monday.
NOW_NS = US.close_ns(FRIDAY) - NS_PER_DAY // 24
BOX = {(95.0, "C"): (5.9, 6.0), (105.0, "C"): (1.5, 1.6), (95.0, "P"): (1.4, 1.5),
       (105.0, "P"): (5.9, 6.0)}  # fmt: skip


def test_a_box_that_expires_today_bears_the_interest_of_a_weekend(backend: Backend) -> None:
    underlying = Underlying(
        "XYZ", 100.0, 100.02, bid_size=1e6, ask_size=1e6, bid_age=0.1, ask_age=0.1
    )
    builder = ChainBuilder("XYZ", NOW_NS, underlying)
    for (strike, right), (bid, ask) in BOX.items():
        today = Expiry(US.close_ns(FRIDAY), FRIDAY)
        builder.add(today, strike, right, bid, ask, 100.0, 100.0, 0.1, 0.1)
    gates = Gates(min_days=0.0, max_spread=0.2, max_spread_per_edge=999.0)
    dated = replace(carry(), as_of_ns=NOW_NS)
    asked = settings(dated, families=("box",), gates=gates)
    result = scan_chain(builder.build(style="american"), asked, backend)
    assert (result.mismatches, result.unusable, result.funnel.rejected) == ((), "", {})
    (one,) = result.opportunities
    assert one.proof is not None
    assert one.proof.minimum == pytest.approx(one.edge, abs=1e-9)
    cost = 6.0 - 1.5 - 1.4 + 6.0 + 4 * 0.007
    interest = 95.0 * math.expm1(0.055 * 3 / 365)
    assert one.edge == pytest.approx(10.0 - interest - cost, abs=1e-5)
