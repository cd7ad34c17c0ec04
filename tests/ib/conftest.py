"""What these tests share with tests/simulation: the loop in virtual time."""

from __future__ import annotations

import asyncio
import datetime
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

for folder in ("simulation", "gateway"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


@pytest.fixture
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's clock out of the client: three attributes, nothing in the library."""
    client = pytest.importorskip(
        "ib_async.client", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
    )
    import ib_async.wrapper as wrapper

    still = datetime.datetime(2026, 3, 4, 15, 0, tzinfo=datetime.timezone.utc)

    class Still(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Still:  # type: ignore[override]
            return cls(*still.timetuple()[:6], tzinfo=tz)

    def clock() -> float:
        return asyncio.get_event_loop().time()

    time = SimpleNamespace(time=clock, monotonic=clock, perf_counter=clock)
    monkeypatch.setattr(client, "time", time)
    monkeypatch.setattr(wrapper, "time", time)
    monkeypatch.setattr(wrapper, "datetime", Still)
