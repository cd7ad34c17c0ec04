"""Where real market data lies; tests that use it skip, with the reason, where it is absent."""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data_root() -> Path:
    if not DATA.is_dir():
        pytest.skip("../shared/data is not on this machine")
    return DATA


@pytest.fixture(scope="session")
def lean_root(data_root: Path) -> Path:
    return data_root / "lean" / "Data"
