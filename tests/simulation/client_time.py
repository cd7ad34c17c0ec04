"""Keeps the machine's clock out of ib_async: three attributes, nothing in the library."""

from __future__ import annotations

import asyncio
import datetime
from types import SimpleNamespace

import pytest


def keep_clock_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client take the time of the running loop for the duration of a test."""
    import ib_async.client
    import ib_async.wrapper

    still = datetime.datetime(2026, 3, 4, 15, 0, tzinfo=datetime.timezone.utc)

    class Still(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Still:  # type: ignore[override]
            return cls(*still.timetuple()[:6], tzinfo=tz)

    def clock() -> float:
        try:
            return asyncio.get_event_loop().time()
        except RuntimeError:  # a client that is thrown away after its loop
            return 0.0

    time = SimpleNamespace(time=clock, monotonic=clock, perf_counter=clock)
    monkeypatch.setattr(ib_async.client, "time", time)
    monkeypatch.setattr(ib_async.wrapper, "time", time)
    monkeypatch.setattr(ib_async.wrapper, "datetime", Still)
