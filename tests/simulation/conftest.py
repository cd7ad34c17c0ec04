"""What these tests share with tests/ib and tests/execution: brokers, plans and a journal."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "ib"), str(TESTS / "execution")]
