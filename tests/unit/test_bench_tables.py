"""The tables of the benchmarks print losses with absolutes, and judge every target."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tests.unit.bench_runtimes import runtime

# The benchmarks are scripts: each imports its neighbours.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
processes, results, tables, targets, workloads = map(
    import_module, ("processes", "results", "tables", "targets", "workloads")
)


def record(key, **least):
    timings = {name: results.Timing(name, (value,), "run", 1, 0) for name, value in least.items()}
    return results.Record(key, {}, timings, (1.0,), ("2026-01-01",), "")


class TestTables:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (1.5, "1.50 s"), (0.99996, "1.00 s"), (1.234e-5, "12.3 µs"), (1.2e-7, "120 ns"),
            (2.5e-11, "25.0 ps"),
        ],
    )  # fmt: skip
    def test_durations_have_three_digits(self, seconds, text):
        assert tables.duration(seconds) == text

    def test_a_loss_is_shown_with_absolutes(self):
        found = {
            tables.PURE: record(tables.PURE, one=1e-3, other=2e-3),
            tables.PYPY: record(tables.PYPY, one=3e-3, other=1e-3),
        }
        lost = tables.losers(found).splitlines()[2:]
        assert lost == ["| one | PyPy | 3.00 ms | CPython | 1.00 ms | 3.00x |"]

    def test_a_target_is_met_or_missed(self):
        target = targets.Target("x", "one", targets.PYPY, 2e-3)
        ratio = targets.Target("x", "one", targets.PYPY, 1.5, targets.C)
        found = {targets.PYPY: record(targets.PYPY, one=3e-3), targets.C: record("c", one=1e-3)}
        assert targets.judged(target, found) == (3e-3, 2e-3)
        assert targets.judged(ratio, found) == (3e-3, 1.5e-3)
        assert targets.judged(ratio, {targets.PYPY: found[targets.PYPY]}) is None

    def test_a_target_is_judged_in_every_round(self):
        def of(key, *rounds):
            timing = results.Timing("one", rounds, "run", 1, 0, rounds)
            return results.Record(key, {}, {"one": timing}, (), (), "")

        found = {targets.PYPY: of(targets.PYPY, 3e-3, 2e-3), targets.C: of("c", 1e-3, 2e-3)}
        target = targets.Target("x", "one", targets.PYPY, 2e-3)
        assert targets.judged_by_round(target, found) == (1.5, 1.0)
        ratio = targets.Target("x", "one", targets.PYPY, 1.5, targets.C)
        assert targets.judged_by_round(ratio, found) == pytest.approx((2.0, 2.0 / 3.0))
        # A peer is measured once, beside all rounds.
        once = {**found, "peer": of("peer", 1e-3)}
        beside = targets.Target("x", "one", targets.PYPY, 1.0, "peer")
        assert targets.judged_by_round(beside, once) == pytest.approx((3.0, 2.0))
        assert targets.judged_by_round(beside, found) == ()

    def test_every_target_names_something_measured(self, tmp_path):
        known = set(workloads.WORKLOADS)
        for key in (tables.NUMBA, tables.PYPY, tables.PURE):
            known |= {process.name for process in processes.processes(runtime(key), tmp_path)}
        named = {target.name for target in targets.TARGETS}
        named |= {target.against for target in targets.TARGETS if target.against}
        assert named <= known
        assert {name for _, name in tables.SITUATIONS} <= known
        beside = {target.other for target in targets.TARGETS if target.other}
        assert beside <= {*tables.NAMES, *import_module("peer_adapters").ADAPTERS}

    def test_a_target_against_a_peer_takes_its_record(self, tmp_path):
        row = {"peer": "TA-Lib", "version": "1", "workload": "kernel/sma/1000000", "least_s": 0.01,
               "middle_s": 0.02, "count": 10**6, "note": ""}  # fmt: skip
        about = {"date": "2026-01-02", "load_avg_1min": 0.5}
        content = {"about": about, "measured": [row], "missing": []}
        (tmp_path / results.PEERS).write_text(json.dumps(content))
        peer = results.read_peers(tmp_path)
        assert results.cost(peer["TA-Lib"], row["workload"]) == 1e-8
        ours = targets.Target("x", row["workload"], targets.PYPY, 1.1, "TA-Lib")
        timing = results.Timing(row["workload"], (9e-3,), "value", 10**6, 0)
        record_ = results.Record("", {}, {row["workload"]: timing}, (), (), "")
        found = targets.judged(ours, {targets.PYPY: record_, **peer})
        assert found == pytest.approx((9e-9, 1.1e-8))
        assert results.read_peers(tmp_path / "none") == {}
