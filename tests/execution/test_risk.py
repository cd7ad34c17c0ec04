"""Every check passes at its boundary and refuses just beyond it."""

from __future__ import annotations

from engine.execution.risk import CODES, Risk
from tests.execution.plans import CONVERSION, EXPOSURE, FACTS, LIMITS, NOW


def test_a_sound_plan_passes() -> None:
    assert Risk(LIMITS).check(CONVERSION, EXPOSURE, NOW, FACTS) == ()


def test_every_code_is_there_once() -> None:
    assert len(set(CODES)) == len(CODES)
