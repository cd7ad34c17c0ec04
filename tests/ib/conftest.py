"""What these tests share with tests/simulation: the loop in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

for folder in ("simulation", "gateway"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


@pytest.fixture
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's clock out of the client: three attributes, nothing in the library."""
    pytest.importorskip(
        "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
    )
    from client_time import keep_clock_out  # from the folder added above

    keep_clock_out(monkeypatch)
