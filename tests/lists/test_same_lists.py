"""Every runtime and backend prints the same list in the same order: invariant (viii).

The recorded digests are those of CPython with the pure kernels; PyPy, other versions of Python and
Numba must print the same bytes, proofs, near misses and funnel included.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.errors import UnavailableError
from tests.kernels.outputs import libm_digest
from tests.lists import scenes

FILE = Path(__file__).with_name("digests.json")
RECORDED: dict[str, Any] = (
    json.loads(FILE.read_text(encoding="ascii")) if FILE.exists() else {"libm": "", "lists": {}}
)
_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DATA = _SHARED if _SHARED.is_dir() else None


@pytest.fixture(scope="module")
def fastest() -> Backend:
    """Numba where it runs: that the kernels give the same bits is tested apart."""
    if libm_digest() != RECORDED["libm"]:
        pytest.skip("exp, log and log10 round differently here from the recorded ones")
    try:
        return select("numba")
    except UnavailableError:
        return select("pure")


def test_something_is_recorded() -> None:
    assert len(RECORDED["lists"]) == len(scenes.SEEDS) + len(scenes.MOMENTS)


@pytest.mark.parametrize("seed", scenes.SEEDS)
def test_demo_exchange(seed: int, fastest: Backend) -> None:
    survey = scenes.demo(seed, fastest)
    assert survey.opportunities
    assert survey.near_misses
    assert scenes.digest(survey, fastest) == RECORDED["lists"][f"demo {seed}"]


@pytest.mark.realdata
@pytest.mark.parametrize(("time", "is_synchronous"), scenes.MOMENTS)
def test_real_quotes(time: str, is_synchronous: bool, fastest: Backend) -> None:
    if DATA is None:
        pytest.skip("../shared/data is not on this machine")
    survey = scenes.real(DATA, time, is_synchronous, fastest)
    assert survey.opportunities
    name = f"aapl {time}{' synchronous' if is_synchronous else ''}"
    assert scenes.digest(survey, fastest) == RECORDED["lists"][name]
