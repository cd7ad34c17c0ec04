"""The table of gates, its documentation, and that every limit and every fee is read as itself."""

from __future__ import annotations

import re
from array import array
from dataclasses import fields, replace
from math import nan
from pathlib import Path
from typing import Any

import pytest

from engine.backend import Backend
from engine.clock import NS_PER_DAY
from engine.config import Gates, ScanSettings
from engine.market.chain import OptionChain
from engine.market.fees import FeeSchedule
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.gate_table import GATES, UNKNOWNS
from engine.scoring.legs import option_leg
from kernels_pure import gates as codes
from kernels_pure import limits as limits_kernels
from tests.unit.chains import GOLDEN_FEES, NOW_NS, carry, chain

ROOT = Path(__file__).parents[2]
QUOTES = {(30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.0, 1.02)}
PLAIN = chain(QUOTES)
COUNTED = replace(PLAIN, open_interest=array("d", [10.0] * 2), volume=array("d", [20.0] * 2))
DELAYED = replace(PLAIN, is_delayed=True)
APART = chain(QUOTES, age=0.3)
HALF_A_DAY_OLD = replace(carry(), as_of_ns=NOW_NS - NS_PER_DAY // 2)

# Of every field: the chain, limits beside the field, its two values, and the gate that says no.
LIMITS: dict[str, tuple[OptionChain, dict[str, float], Any, Any, str]] = {
    "allow_delayed": (DELAYED, {}, True, False, "delayed"),
    "max_stock_age": (PLAIN, {}, 0.11, 0.09, "stock_age"),
    "max_option_age": (PLAIN, {}, 0.11, 0.09, "option_age"),
    "max_skew": (APART, {}, 0.21, 0.19, "skew"),
    "lots": (PLAIN, {}, 100, 101, "size"),
    "max_spread": (PLAIN, {"max_spread_fraction": 0.001}, 0.021, 0.019, "spread"),
    "max_spread_fraction": (PLAIN, {"max_spread": 0.0}, 0.1, 0.005, "spread"),
    "max_spread_per_edge": (PLAIN, {}, 3.0, 0.001, "spread_sum"),
    "min_days": (PLAIN, {}, 29.9, 30.1, "days"),
    "max_days": (PLAIN, {}, 30.1, 29.9, "days"),
    "min_open_interest": (COUNTED, {}, 9.0, 11.0, "open_interest"),
    "min_volume": (COUNTED, {}, 19.0, 21.0, "volume"),
    "min_edge": (PLAIN, {}, 1.4, 1.8, "edge"),
    "min_edge_usd": (PLAIN, {}, 1.4e4, 1.8e4, "edge_usd"),
    "max_rate_age_days": (PLAIN, {}, 0.6, 0.4, "rates"),
    "max_capital": (PLAIN, {}, 2e4, 5e3, "capital"),
}
# Of every field: fees beside it, its two values, and what 100 conversions pay more for the second.
FEES: dict[str, tuple[dict[str, float], Any, Any, float]] = {
    "tiers": ({}, ((0.0, 0.65),), ((0.0, 0.75),), 2 * 10.0),
    "exchange": ({}, 0.05, 0.10, 2 * 5.0),
    "order_minimum": ({}, 1.0, 200.0, 2 * (200.0 - 65.0)),
    "stock_per_share": ({}, 0.005, 0.007, 20.0),
    "stock_minimum": ({}, 1.0, 200.0, 200.0 - 50.0),
    "stock_cap": ({"stock_per_share": 0.5}, 0.001, 0.002, 0.10002 * 1e4),
    "proportional": ({"premium_cap": 1.0}, 0.001, 0.002, 2 * 10.0),
    "premium_cap": ({"proportional": 0.1}, 0.001, 0.002, 10.0 * (3.0 + 1.02)),
}


def scanned(on: OptionChain, gates: Gates, fees: FeeSchedule, backend: Backend) -> Any:
    wanted = ScanSettings(
        carry=HALF_A_DAY_OLD, fees=fees, gates=gates, families=("conversion",), near_misses=3
    )
    return scan_chain(on, wanted, backend)


def test_every_field_of_gates_is_changed_here() -> None:
    assert list(LIMITS) == [field.name for field in fields(Gates)]
    assert sorted(LIMITS) == sorted(name for gate in GATES for name in gate.limits)


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_moves_its_own_gate(name: str, backend: Backend) -> None:
    on, beside, passing, failing, gate = LIMITS[name]
    limits = Gates(**{**beside, name: passing})  # type: ignore[arg-type]
    before = scanned(on, limits, GOLDEN_FEES, backend)
    after = scanned(on, replace(limits, **{name: failing}), GOLDEN_FEES, backend)
    assert (before.funnel.rejected, before.funnel.passed) == ({}, 1)
    assert (after.funnel.rejected, after.funnel.passed) == ({gate: 1}, 0)
    # A combo that is short of capital alone is listed in smaller size, not as a near miss.
    assert [miss.reason for miss in after.near_misses] == [gate] * (gate != "capital")


def test_a_capital_limit_lowers_the_lots(backend: Backend) -> None:
    whole = scanned(PLAIN, Gates(), GOLDEN_FEES, backend).opportunities[0]
    half = Gates(max_capital=0.5 * whole.capital)
    (found,) = scanned(PLAIN, half, GOLDEN_FEES, backend).opportunities
    assert (whole.lots, found.lots) == (100, 50)
    assert found.capital <= half.max_capital


def test_every_field_of_fees_is_changed_here() -> None:
    assert list(FEES) == [field.name for field in fields(FeeSchedule)]


@pytest.mark.parametrize("name", FEES)
def test_a_fee_costs_what_it_says(name: str, backend: Backend) -> None:
    beside, low, high, more = FEES[name]
    fees = replace(GOLDEN_FEES, **{**beside, name: low})
    before = scanned(PLAIN, Gates(), fees, backend).opportunities[0]
    after = scanned(PLAIN, Gates(), replace(fees, **{name: high}), backend).opportunities[0]
    assert (before.lots, after.lots) == (100, 100)
    assert before.edge_usd - after.edge_usd == pytest.approx(more, abs=1e-6)


def test_the_codes_are_those_of_the_kernel_in_order() -> None:
    assert [gate.code for gate in GATES] == list(range(1, len(GATES) + 1))
    assert [getattr(codes, gate.name.upper()) for gate in GATES] == [gate.code for gate in GATES]


def test_every_limit_has_a_slot_of_its_own() -> None:
    """Of all names that the kernels' column of limits is read by, in both modules."""
    slots = {
        name: value
        for module in (limits_kernels, codes)
        for name, value in vars(module).items()
        if re.fullmatch(
            "MAX_.*|MIN_.*|IS_.*|LOTS|MULTIPLIER|EXCHANGE_FEE|ORDER_MINIMUM|STOCK_MINIMUM", name
        )
    }
    assert sorted(slots.values()) == list(range(codes.N_LIMITS))


def test_what_is_not_known_says_so_in_full() -> None:
    assert len({one.name for one in UNKNOWNS}) == len(UNKNOWNS) == 5
    assert all(one.text and one.name for one in UNKNOWNS)


@pytest.mark.parametrize(
    ("name", "counts", "limit"),
    [("open_interest", "open_interest", "min_open_interest"), ("volume", "volume", "min_volume")],
)
def test_a_count_that_one_leg_lacks_is_not_known(
    name: str, counts: str, limit: str, backend: Backend
) -> None:
    (gate,) = (one for one in GATES if one.name == name)
    assert gate.unknown is not None
    wanted = ScanSettings(fees=GOLDEN_FEES, gates=replace(Gates(), **{limit: 5.0}))  # type: ignore[arg-type]
    for column, is_unknown in (([10.0, 20.0], False), ([10.0, nan], True), ([], True)):
        on = replace(PLAIN, **{counts: array("d", column)})  # type: ignore[arg-type]
        view = make_view(on, wanted, backend)
        legs = (option_leg(view, 0, 1), option_leg(view, 1, -1))
        assert gate.unknown.is_met(view, legs, 0, wanted) is is_unknown


def documented() -> list[str]:
    """The rows of the documentation as the table of gates has them."""
    rows = []
    for gate in GATES:
        limits = ", ".join(f"`{name}` {default(name)}" for name in gate.limits)
        unknown = f"`{gate.unknown.name}`" if gate.unknown else ""
        rows.append(f"| `{gate.name}` | {gate.checks} | {limits} | {unknown} |".replace("  ", " "))
    return rows


def default(name: str) -> str:
    value = getattr(Gates(), name)
    if isinstance(value, bool):
        return str(value).lower()
    return "off" if value != value else f"{value:g}"


def test_the_documentation_has_these_gates() -> None:
    text = (ROOT / "docs" / "SCANNER.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `\w+` \| .*\|$", text.split("## Gates")[1].split("\n## ")[0], re.M)
    assert rows == documented()
