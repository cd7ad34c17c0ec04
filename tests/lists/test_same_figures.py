"""What scans find stays what it was, figure by figure, however the program is rearranged.

The recorded digests are of commit 3556a3a, before the scan was taken apart into steps.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.backend import Backend
from tests.lists import figures
from tests.lists.test_same_lists import DATA, fastest

__all__ = ["fastest"]  # a fixture

FILE = Path(__file__).with_name("figures.json")
RECORDED: dict[str, Any] = (
    json.loads(FILE.read_text(encoding="ascii")) if FILE.exists() else {"libm": "", "lists": {}}
)


def test_every_chain_has_figures_of_its_own() -> None:
    digests = [one for name, found in RECORDED["lists"].items() for one in found.values()
               if name.startswith("demo")]  # fmt: skip
    assert len(digests) == 6 * (len(figures.SEEDS) + len(figures.FULL_SEEDS))
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("seed", figures.SAMPLE)
def test_a_demo_exchange(seed: int, fastest: Backend) -> None:
    found = dict(figures.demo_digests(seed, fastest))
    assert found == RECORDED["lists"][f"demo {seed}"]


@pytest.mark.long
@pytest.mark.parametrize("seed", figures.SEEDS)
def test_every_demo_exchange(seed: int, fastest: Backend) -> None:
    found = dict(figures.demo_digests(seed, fastest))
    assert found == RECORDED["lists"][f"demo {seed}"]


@pytest.mark.long
@pytest.mark.parametrize("seed", figures.FULL_SEEDS)
def test_a_demo_exchange_of_full_size(seed: int, fastest: Backend) -> None:
    found = dict(figures.demo_digests(seed, fastest, compact=False))
    assert found == RECORDED["lists"][f"demo {seed} full"]


@pytest.mark.realdata
@pytest.mark.parametrize("name", figures.REAL_SAMPLE)
def test_some_real_quotes(name: str, fastest: Backend) -> None:
    _compare_real(name, fastest)


@pytest.mark.long
@pytest.mark.realdata
@pytest.mark.parametrize("name", figures.REAL)
def test_all_real_quotes(name: str, fastest: Backend) -> None:
    _compare_real(name, fastest)


def _compare_real(name: str, backend: Backend) -> None:
    if DATA is None:
        pytest.skip("../shared/data is not on this machine")
    assert dict(figures.real_digests(name, DATA, backend)) == RECORDED["lists"][name]
