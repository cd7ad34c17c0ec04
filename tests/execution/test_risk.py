"""Every check passes at its boundary and refuses just beyond it, alone and with the numbers."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from engine.execution.breakers import BREAKERS
from engine.execution.limits import Limits
from engine.execution.risk import CHECKS, CODES, documentation
from engine.live.guards import ACKNOWLEDGEMENT, NEEDED, phrase
from engine.settings.live import LIVE_PORTS
from tests.execution.plans import (
    EXPIRY,
    REVERSAL,
    option,
    plan,
    stock,
)
from tests.execution.risk_cases import CASES, ask

PAGE = Path(__file__).parents[2] / "docs" / "RISK.md"
# A change that is nonsense in more ways than one: other checks speak too.
SEVERAL = {("size", 0), ("notional", 1), ("expiry", 1)}


def test_every_check_is_tried_here() -> None:
    assert tuple(sorted(CASES)) == tuple(sorted(CODES))
    assert len(set(CODES)) == len(CODES) == len(CHECKS)


@pytest.mark.parametrize(
    ("code", "k"), [(code, k) for code, cases in CASES.items() for k in range(len(cases))]
)
def test_it_passes_at_the_boundary_and_refuses_beyond(code: str, k: int) -> None:
    passing, refused, words = CASES[code][k]
    assert [str(one) for one in ask(passing)] == []
    refusals = {one.code: one.message for one in ask(refused)}
    assert code in refusals, f"it is not refused: {refusals}"
    with pytest.raises(ValueError, match=words):
        raise ValueError(refusals[code])
    assert "\n" not in refusals[code]
    if "nan" not in words and (code, k) not in SEVERAL and "unknown" not in words:
        assert list(refusals) == [code]


def test_a_sound_plan_passes() -> None:
    assert ask({}) == ask({"plan": REVERSAL}) == ()


@pytest.mark.parametrize("shift", [-5.28, -105.0, -104.31, -104.33, 0.0])
def test_net_prices_below_and_at_zero_are_as_good_as_others(shift: float) -> None:
    """A short box is bought at -5.28: no collar may assume a price above zero."""
    low = plan(
        (
            option(1, "C", 105.0, 0.10, 0.12),
            replace(option(-1, "C", 101.0, 3.0 - shift / 10, 3.1 - shift / 10), expiry=EXPIRY),
        )
    )
    assert low.touch <= 0.0
    assert ask({"plan": low}) == ()
    far = ask({"plan": low, "of": {"limit": low.touch - 0.11}})
    assert [one.code for one in far] == ["collar-market"]


def test_ratios_count_in_what_the_legs_cost() -> None:
    butterfly = plan(
        (
            option(1, "C", 105.0, 1.8, 1.9),
            option(-1, "C", 110.0, 0.9, 1.0, ratio=2),
            option(1, "C", 115.0, 0.3, 0.4),
        )
    )
    assert round(butterfly.touch, 9) == 0.5
    assert ask({"plan": butterfly}) == ()


def test_a_limit_of_zero_is_legal() -> None:
    even = plan((option(1, "C", 105.0, 1.9, 2.0), option(-1, "C", 104.0, 2.02, 2.1)))
    assert ask({"plan": even, "of": {"limit": 0.0}}) == ()
    assert round(even.touch, 9) == -0.02


def test_every_limit_moves_a_check_or_is_named_elsewhere() -> None:
    """A limit that no check and no breaker names would be one that nobody holds."""
    named = {name for row in (*CHECKS, *BREAKERS) for name in row.limits}
    # These the trader itself holds: while a package lacks a leg no plan is checked.
    held = {"max_unhedged_s", "max_unhedged_delta", "max_hedge_loss_usd"}
    assert {one.name for one in fields(Limits)} - named == held
    assert named - {one.name for one in fields(Limits)} == {"[live] restart_windows"}


def test_the_same_question_has_the_same_answer() -> None:
    change = {"of": {"lots": 99, "edge_usd": -1.0}, "facts": {"is_halted": True}}
    first = ask(change)
    assert first == ask(change)
    assert [one.code for one in first] == [c for c in CODES if c in {one.code for one in first}]
    assert str(first[0]) == "halted-market: XYZ is halted"


def test_stock_is_shown_in_lots() -> None:
    short = plan((stock(-1, 99.99, 100.01, 3), option(1, "C", 95.0, 6.8, 6.9)))
    refusals = ask({"plan": short, "of": {"lots": 4}, "limits": {"max_shares": 1_199}})
    assert "1,200 shares of XYZ: at most 1,199" in [one.message for one in refusals]


def test_the_page_has_both_tables_and_no_other_code() -> None:
    """After a change of a table: put what `documentation` returns into the page."""
    page = PAGE.read_text(encoding="utf-8")
    assert documentation() in page
    assert documentation(BREAKERS) in page
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert rows == set(CODES) | {one.code for one in BREAKERS}
    settings = set(re.findall(r"`((?:max|min|allow)_[a-z_]+)`", page))
    assert settings <= {one.name for one in fields(Limits)}
    assert ", ".join(f"`{name}`" for name in NEEDED) in page
    for words in (ACKNOWLEDGEMENT, phrase("U1234567"), *map(str, LIVE_PORTS)):
        assert words in page
