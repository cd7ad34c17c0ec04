"""Days of trading in a row: memory and descriptors stay as they are after the warm-up."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("ib_async", reason="the live engine needs it (requirements-ib.txt)")

from soak import MIB, RATES, Sample, soak

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/fd"), reason="it reads /proc, which is Linux's"
)
MOST_MIB = 20.0  # of a million events
MOST_KIB = 64.0  # of a package: plan, orders and executions are kept while an engine runs
IS_PYPY = sys.implementation.name == "pypy"
SAMPLE = (3_000, 500) if IS_PYPY else (9_000, 1_500)


def slope(samples: list[Sample]) -> float:
    """Return by how many MiB memory grows in a million events, by the least squares."""
    xs = [one.n_events / 1e6 for one in samples]
    ys = [one.resident / MIB for one in samples]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


def test_a_slope_is_that_of_the_line() -> None:
    line = [Sample(k * 100_000, 0, 1, (50 + 3 * k) * MIB, 7) for k in range(5)]
    assert slope(line) == pytest.approx(30.0)


def test_an_hour_leaves_no_descriptor_and_little_memory(tmp_path: Path) -> None:
    samples = asyncio.run(soak(tmp_path, *SAMPLE, rates=replace(RATES, plant_every=2.0)))
    assert {one.n_files for one in samples} == {samples[0].n_files}
    assert samples[-1].n_packages > 0, samples
    # A heap that compiles and fills its nurseries still grows: this finds books kept whole.
    assert samples[-1].resident - samples[2].resident < 48 * MIB


@pytest.mark.long
def test_a_million_quotes_leave_nothing(tmp_path: Path) -> None:
    rates = replace(RATES, flicks=10.0, spot_every=2.5, plant_every=1e9)
    samples = asyncio.run(soak(tmp_path, 1_000_000, 50_000, rates=rates))
    assert slope(samples[4:]) <= MOST_MIB
    assert {one.n_files for one in samples} == {samples[0].n_files}


@pytest.mark.long
def test_a_week_keeps_its_packages_and_nothing_else(tmp_path: Path) -> None:
    # Five sessions at the pace of the demo market are some twelve million events; less than a tenth
    # of them, at every hour of the week, sends as many orders as a day may have.
    rates = replace(RATES, flicks=3.0, spot_every=12.0)
    samples = asyncio.run(soak(tmp_path, 1_000_000, 100_000, rates=rates))
    first, last = samples[2], samples[-1]  # until then PyPy compiles what a trade is
    assert last.n_sessions >= 5
    n_packages = last.n_packages - first.n_packages
    assert n_packages > 1_500
    assert (last.resident - first.resident) / 1024 / n_packages <= MOST_KIB
    assert {one.n_files for one in samples} == {samples[0].n_files}
