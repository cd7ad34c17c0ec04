"""The order of the scan's steps: what is searched after the gates, and dividends that may come."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.market.carry import PROJECTED, Carry, Dividend, RateCurve
from engine.market.chain import ChainBuilder, OptionChain, Underlying
from engine.market.fees import FREE
from engine.scanner import search
from engine.scanner.pipeline import scan_chain
from tests.unit.chains import NOW_NS, TODAY, expiry

DAYS = 60


def pair(call_bid: float) -> OptionChain:
    """Return a call and a put of one strike; the conversion costs 100.02 + 2 - call_bid."""
    builder = ChainBuilder("XYZ", NOW_NS, Underlying("XYZ", 100.0, 100.02, 1e6, 1e6, 0.1, 0.1))
    builder.add(expiry(DAYS), 100.0, "C", call_bid, call_bid + 0.02, 50.0, 50.0, 0.1, 0.1)
    builder.add(expiry(DAYS), 100.0, "P", 1.98, 2.0, 50.0, 50.0, 0.1, 0.1)
    return builder.build()


@pytest.mark.parametrize(("edge", "conditions"), [(0.005, True), (-0.005, True), (0.5, False)])
def test_a_dividend_that_may_come_is_counted_where_the_position_fails_without(
    edge: float, conditions: bool, backend: Backend
) -> None:
    """Refused by a gate without it is no reason not to be shown with it."""
    dividend = Dividend(TODAY + timedelta(days=20), TODAY + timedelta(days=20), 0.5, PROJECTED)
    carry = Carry(RateCurve.flat(0.045), RateCurve.flat(0.055), (dividend,), as_of_ns=NOW_NS)
    paid = 100.02 + 2.0
    call = paid - math.exp(-0.055 * DAYS / 365.0) * 100.0 + edge
    settings = ScanSettings(carry=carry, fees=FREE, families=("conversion",))
    (found,) = scan_chain(pair(call), settings, backend).opportunities
    assert bool(found.conditions) is conditions
    worth = 0.5 * math.exp(-0.055 * 20.0 / 365.0)
    assert found.edge == pytest.approx(edge + (worth if conditions else 0.0), abs=1e-3)


def test_what_only_the_search_for_near_misses_finds_is_not_gated(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen and a finder may differ by a rounding error; here the screens see nothing at all."""
    monkeypatch.setattr(search, "ruled_out_families", lambda view, asked: set(asked))
    settings = ScanSettings(carry=Carry(as_of_ns=NOW_NS), fees=FREE)
    result = scan_chain(pair(3.0), settings, backend)
    assert result.funnel.candidates == 0
    assert all(miss.reason == "no edge" for miss in result.near_misses)
