"""What the screens must not rule out: options that need no stock, whatever is known of it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.backend import Backend
from engine.errors import UsageError
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX, ChainBuilder, Underlying
from engine.market.fees import FREE
from engine.market.quoting import IN_COIN
from engine.scanner.pipeline import scan_chain
from tests.unit.chains import NOW_NS, RATES, chain, expiry, settings

ABSENT = (math.nan, math.nan)
Quotes = dict[tuple[int, float, str], tuple[float, float]]
# One wrong quote for each family that needs no stock; the rest is loose.
PLANTED: dict[tuple[str, str], Quotes] = {
    ("vertical", "C"): {(30, 95.0, "C"): (4.9, 5.0), (30, 100.0, "C"): (5.5, 5.6)},
    ("vertical", "P"): {(30, 95.0, "P"): (5.5, 5.6), (30, 100.0, "P"): (4.9, 5.0)},
    ("vertical_width", "C"): {(30, 95.0, "C"): (9.5, 9.6), (30, 100.0, "C"): (3.9, 4.0)},
    ("vertical_width", "P"): {(30, 95.0, "P"): (3.9, 4.0), (30, 100.0, "P"): (9.5, 9.6)},
    ("butterfly", "C"): {
        (30, 95.0, "C"): (7.1, 7.2), (30, 100.0, "C"): (5.3, 5.4), (30, 110.0, "C"): (1.0, 1.1),
    },
    ("butterfly", "P"): {
        (30, 90.0, "P"): (1.0, 1.1), (30, 100.0, "P"): (5.3, 5.4), (30, 105.0, "P"): (7.1, 7.2),
    },
    ("upper_bound", "P"): {(30, 95.0, "P"): (96.0, 96.1)},
    ("box", ""): {
        (30, 95.0, "C"): (5.9, 6.0), (30, 100.0, "C"): (2.9, 3.0),
        (30, 95.0, "P"): (1.9, 2.0), (30, 100.0, "P"): (3.3, 3.4),
    },
}  # fmt: skip
CARRIES = {
    "a fee for short stock": Carry(*RATES, borrow_fee=0.01, as_of_ns=NOW_NS),
    "a yield": Carry(*RATES, index_yield=0.015, as_of_ns=NOW_NS),
    "neither": Carry(*RATES, as_of_ns=NOW_NS),
}


@pytest.mark.parametrize("carry", CARRIES)
@pytest.mark.parametrize(
    ("kind", "style"), [(INDEX, EUROPEAN), (EQUITY, EUROPEAN), (EQUITY, AMERICAN)]
)
@pytest.mark.parametrize(("family", "right"), PLANTED)
def test_what_needs_no_stock_is_found_without_its_quote(
    family: str, right: str, kind: str, style: str, carry: str, backend: Backend
) -> None:
    # A second expiry, so that a cover may come from a later one too.
    quotes = PLANTED[family, right] | {(60, 100.0, "C"): (0.0, 30.0), (60, 100.0, "P"): (0.0, 30.0)}
    unquoted = chain(quotes, ABSENT, style=style, kind=kind)
    if kind == EQUITY and carry == "a yield":
        with pytest.raises(UsageError, match=r"is no index: a yield of 1\.50% is"):
            scan_chain(unquoted, settings(CARRIES[carry]), backend)
        return
    result = scan_chain(unquoted, settings(CARRIES[carry]), backend)
    found = {o.family for o in result.opportunities}
    # A sold American call may leave stock short for a night, whose cost is then not known.
    is_known = style == EUROPEAN or right == "P" or carry == "neither"
    assert (family in found) == is_known
    assert result.mismatches == ()


@pytest.mark.parametrize("futures", [{}, {60: (100.0, 100.1)}], ids=["none", "another expiry's"])
@pytest.mark.parametrize("right", ["C", "P"])
def test_a_vertical_of_coins_needs_no_future(
    right: str, futures: dict[int, tuple[float, float]], backend: Backend
) -> None:
    prices = (0.06, 0.05) if right == "P" else (0.05, 0.06)
    builder = ChainBuilder("ETH", NOW_NS, Underlying("ETH", 100.0, 100.1, kind=COIN))
    for strike, bid in zip((95.0, 100.0), prices, strict=True):
        builder.add(expiry(30), strike, right, bid, bid + 0.001, 100.0, 100.0, 0.1, 0.1)
        builder.add(expiry(60), strike, right, 0.0, 0.2, 100.0, 100.0, 0.1, 0.1)
    for days, (low, high) in futures.items():
        builder.set_forward(expiry(days), low, high)
    coins = builder.build(
        style=EUROPEAN, multiplier=1.0, currency="ETH", quoting=IN_COIN, calendar="crypto"
    )
    terms = replace(settings(CARRIES["neither"]), fees=FREE)
    found = {o.family: o for o in scan_chain(coins, terms, backend).opportunities}
    assert found["vertical"].leg_out_loss > 0.0
    assert math.isfinite(found["vertical"].score)
