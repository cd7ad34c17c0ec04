"""What these tests share with tests/ib and tests/simulation: the gateway in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "ib"), str(TESTS / "simulation")]
