"""Tests of live trading stand on the gateway that tests/gateway serves, and on its scenes."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("gateway", "simulation", "ib")]
