"""Named profiles: their weights, and that each orders by the part that it weighs most."""

from __future__ import annotations

import re
from dataclasses import astuple
from pathlib import Path

import pytest

from engine.config import PROFILES, SYNTHETIC_PROFILES
from engine.scoring.profiles import ARBITRAGE, SYNTHETIC

SCANNER = Path(__file__).parents[2] / "docs" / "SCANNER.md"
EVERY = {**ARBITRAGE, **SYNTHETIC}


def test_every_profile_has_weights() -> None:
    assert ("default", *ARBITRAGE) == PROFILES
    assert tuple(SYNTHETIC) == SYNTHETIC_PROFILES


@pytest.mark.parametrize("name", EVERY)
def test_the_weights_of_a_profile_sum_to_one(name: str) -> None:
    assert sum(round(100 * part) for part in astuple(EVERY[name])) == 100


@pytest.mark.parametrize("name", ARBITRAGE)
def test_the_weights_are_those_of_the_documentation(name: str) -> None:
    found = re.search(rf"`{name}`\s+((?:\.\d\d/?){{4}})", SCANNER.read_text(encoding="utf-8"))
    assert found is not None
    assert astuple(ARBITRAGE[name]) == tuple(map(float, found[1].split("/")))
