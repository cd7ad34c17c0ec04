"""What a gate asks and the source does not know is shown, and never locked."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from pathlib import Path

import pytest

from engine.backend import Backend
from engine.config import Gates, ScanSettings
from engine.market.carry import RateCurve
from engine.market.chain import OptionChain
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import CONDITIONAL, LOCKED, Opportunity
from engine.scoring.proposal import CONDITION_TEXT
from engine.settings import carry_input
from engine.settings.overrides import CarryOverrides
from tests.unit.chains import NOW_NS, carry, chain, settings

CONVERSION = {(30, 100.0, "C"): (3.0, 3.02), (30, 100.0, "P"): (1.0, 1.02)}
CHAIN = chain(CONVERSION)
KNOWN = array("d", [50.0, 50.0])
PARTLY = array("d", [50.0, math.nan])


def only(on: OptionChain, wanted: ScanSettings, backend: Backend) -> Opportunity:
    (one,) = scan_chain(on, replace(wanted, families=("conversion",)), backend).opportunities
    # 100 after 30 days at 5.5 %, less 100.02 + 1.02 - 3.00 and fees.
    assert one.edge == pytest.approx(
        100.0 * math.exp(-0.055 * 30 / 365) - 98.04 - 0.005 - 0.014, abs=1e-9
    )
    return one


@pytest.mark.parametrize("count", ["open_interest", "volume"])
@pytest.mark.parametrize(
    ("counts", "least", "is_unknown"),
    [
        (array("d"), 10.0, True), (PARTLY, 10.0, True), (KNOWN, 10.0, False),
        (array("d"), math.nan, False), (PARTLY, 0.0, False),
    ],
)  # fmt: skip
def test_counts_that_a_gate_asks_must_be_known(
    count: str, counts: array[float], least: float, is_unknown: bool, backend: Backend
) -> None:
    on = replace(CHAIN, **{count: counts})  # type: ignore[arg-type]
    wanted = settings(carry(), gates=replace(Gates(), **{f"min_{count}": least}))
    one = only(on, wanted, backend)
    names = (f"{count.replace('_', '-')}-unknown",) if is_unknown else ()
    assert (one.conditions, one.grade) == (names, CONDITIONAL if is_unknown else LOCKED)


def test_a_size_that_is_not_known_is_a_condition(backend: Backend) -> None:
    one = only(chain(CONVERSION, size=math.nan), settings(carry()), backend)
    assert (one.grade, one.conditions, one.flags) == (
        CONDITIONAL, ("sizes-unknown",), ("size-unknown",)
    )  # fmt: skip
    # Who vouches for the ages says nothing of sizes.
    vouched = settings(carry(), assume_synchronous=True)
    assert only(chain(CONVERSION, size=math.nan), vouched, backend).grade == CONDITIONAL


def test_rates_without_a_date_are_a_condition(backend: Backend) -> None:
    undated = replace(carry(), as_of_ns=0)
    one = only(CHAIN, settings(undated), backend)
    assert (one.grade, one.conditions) == (CONDITIONAL, ("rates-undated",))
    off = Gates(max_rate_age_days=math.nan)
    assert only(CHAIN, settings(undated, gates=off), backend).grade == LOCKED
    assert only(CHAIN, settings(carry()), backend).grade == LOCKED


def test_a_file_must_say_when_its_rates_were_read(tmp_path: Path) -> None:
    """A number on the command line is said now; what stands in a file may be a year old."""
    lend, borrow = RateCurve.flat(0.04), RateCurve.flat(0.05)
    in_file = CarryOverrides(lend=lend, borrow=borrow)
    flags = CarryOverrides(lend=lend, borrow=borrow)
    assert in_file.under(CarryOverrides()).carry("XYZ", NOW_NS).as_of_ns == 0
    assert in_file.under(flags).carry("XYZ", NOW_NS).as_of_ns == NOW_NS
    dated = replace(in_file, rates_as_of_ns=5)
    assert dated.under(CarryOverrides()).carry("XYZ", NOW_NS).as_of_ns == 5
    path = tmp_path / "rates.toml"
    path.write_text('[rates]\nlend = "4%"\nborrow = "5%"\n', encoding="utf-8")
    (low, high), as_of = carry_input.rates(str(path))
    said = CarryOverrides(lend=low, borrow=high, rates_as_of_ns=as_of)
    assert said.carry("XYZ", NOW_NS).as_of_ns == 0
    assert CarryOverrides().under(said).carry("XYZ", NOW_NS).as_of_ns == 0


def test_every_condition_has_a_sentence() -> None:
    names = {"ages", "sizes", "open-interest", "volume"}
    assert {f"{name}-unknown" for name in names} | {"rates-undated"} <= CONDITION_TEXT.keys()
