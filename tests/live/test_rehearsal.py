"""The rehearsal of decisions: it trades, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("ib_async", reason="the live engine needs it (requirements-ib.txt)")

from live_desk import request

from engine.live.rehearsal import rehearse


def test_a_rehearsal_trades_and_leaves_nothing_behind(tmp_path: Path) -> None:
    asked = request(tmp_path / "journal", 1)
    gc.collect()
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    done = asyncio.run(rehearse(asked, 2))
    gc.collect()
    assert done.n_packages >= 2
    assert done.fault == ""
    assert not (tmp_path / "journal").exists()
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before


def test_without_time_nothing_is_rehearsed(tmp_path: Path) -> None:
    assert asyncio.run(rehearse(request(tmp_path, 1), 4, most_seconds=0.0)).n_packages == 0


@pytest.mark.skipif(sys.implementation.name != "pypy", reason="CPython compiles nothing here")
def test_the_compiler_is_set_back() -> None:
    from importlib import import_module

    from engine.live import rehearsal

    with rehearsal._eager():
        pass
    # There is no way to read a parameter: one that is unknown is refused, so names are right.
    import_module("pypyjit").set_param(rehearsal._EAGER)
    import_module("pypyjit").set_param("default")
