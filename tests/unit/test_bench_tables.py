"""The tables of the benchmarks print losses with absolutes, and judge every target."""

from __future__ import annotations

import json

import pytest

from benchmarks import compare
from benchmarks.measure import processes
from benchmarks.page import cross_tables, results, tables, targets, verdicts
from benchmarks.peers import child as peer_adapters
from benchmarks.workloads import named as workloads
from tests.unit.bench_runtimes import runtime


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

    def losses(self, found, peers):
        return verdicts.losers(found, peers).splitlines()[2:]

    def test_a_loss_is_shown_with_absolutes_and_all_who_won(self):
        found = {
            tables.PURE: record(tables.PURE, one=1e-3, other=2e-3),
            tables.PYPY: record(tables.PYPY, one=3e-3, other=1e-3),
            tables.NUMBA: record(tables.NUMBA, one=5e-4, other=5e-3),
        }
        assert self.losses(found, {}) == [
            "| one | PyPy | 3.00 ms per run | CPython + Numba 500 µs (6.00x), "
            "CPython 1.00 ms (3.00x) |",
            "| other | CPython + Numba | 5.00 ms per run | PyPy 1.00 ms (5.00x), "
            "CPython 2.00 ms (2.50x) |",
        ]

    def test_what_loses_to_c_or_to_a_peer_is_shown_and_what_c_loses(self):
        found = {
            tables.PURE: record(tables.PURE, one=9e-3),
            tables.NUMBA: record(tables.NUMBA, one=3e-3),
            "c": record("c", one=1e-3, other=2e-3),
            tables.PYPY: record(tables.PYPY, other=1e-3),
        }
        assert self.losses(found, {"peer": record("peer", one=2e-3)}) == [
            "| one | CPython + Numba | 3.00 ms per run | C 1.00 ms (3.00x), peer 2.00 ms (1.50x) |",
            "| other | C | 2.00 ms per run | PyPy 1.00 ms (2.00x) |",
        ]

    def test_what_plain_python_gains_on_pypy_is_shown_also_where_it_is_nothing(self):
        found = {
            tables.PLAIN: record(tables.PLAIN, **{"kernel/a": 4e-3, "kernel/b": 1e-3}),
            tables.PYPY_PLAIN: record(tables.PYPY_PLAIN, **{"kernel/a": 1e-3, "kernel/b": 2e-3}),
            tables.PYPY: record(tables.PYPY, **{"kernel/a": 5e-4}),
        }
        one, other = verdicts.idiomatic(found).splitlines()[2:]
        assert one.endswith("| 4.00 ms | 1.00 ms | 500 µs | 4.00x | 2.00x |")
        assert other.endswith("| 1.00 ms | 2.00 ms | – | **nothing: 2.00x slower** | – |")
        del found[tables.PYPY_PLAIN]
        assert "not measured" in verdicts.idiomatic(found)
        assert "not measured" in verdicts.idiomatic({})

    def of(self, key, *rounds, name="one"):
        timing = results.Timing(name, rounds, "run", 1, 0, rounds)
        return results.Record(key, {}, {name: timing}, (), (), "")

    def test_two_threads_stand_beside_one(self):
        taken = {"kernel/a": 4e-3, "threads/a": 2e-3, "kernel/b": 2e-3, "threads/b": 4e-3}
        found = {tables.NUMBA: record(tables.NUMBA, **taken)}
        assert tables.threads(found).splitlines()[2:] == [
            "| a, per run | 4.00 ms | 2.00 ms | 2.00x faster |",
            "| b, per run | 2.00 ms | 4.00 ms | **2.00x slower** |",
        ]
        assert "Not measured" in tables.threads({tables.PYPY: record(tables.PYPY, one=1e-3)})

    def test_two_threads_stand_beside_a_peer_and_are_missed_nowhere_else(self):
        row = {"peer": "x", "version": "1", "workload": "kernel/a", "least_s": 0.1, "count": 1,
               "note": ""}  # fmt: skip
        noted = {"about": {"date": "2026-01-02", "load_avg_1min": 0.5}, "measured": [row]}
        none = cross_tables.Crossings({})
        for taken, cells in (({}, ["–"]), ({"threads/a": 2e-3}, ["–", "2.00 ms"])):
            compiled = record(tables.NUMBA, other=1e-3, **taken)
            pure = record(tables.PURE, other=1e-3)
            found = {tables.NUMBA: compiled, tables.PURE: pure}
            host = cross_tables.Host(found, none, noted, (), {})
            *_, line = cross_tables.peers(host).splitlines()
            assert line.split(" | ")[5:-2] == cells
            assert "threads" not in cross_tables.not_measured(host)

    def test_a_target_is_met_or_missed(self):
        target = targets.Target("x", "one", targets.PYPY, 2e-3)
        ratio = targets.Target("x", "one", targets.PYPY, 1.5, targets.C)
        found = {targets.PYPY: record(targets.PYPY, one=3e-3), targets.C: record("c", one=1e-3)}
        told = targets.judged(target, found)
        assert (told.measured, told.limit, told.c, told.shares) == (3e-3, 2e-3, 1e-3, (1.5,))
        told = targets.judged(ratio, found)
        assert (told.measured, told.limit, told.n_met) == (3e-3, 1.5e-3, 0)
        assert targets.judged(ratio, {targets.PYPY: found[targets.PYPY]}) is None

    def test_targets_are_counted_by_runtime(self, monkeypatch):
        wanted = [
            targets.Target("met", "one", targets.PYPY, 2e-3),
            targets.Target("missed", "one", targets.PYPY, 1e-4),
            targets.Target("missed", "two", targets.PYPY, 1e-4),
            targets.Target("not measured", "three", targets.PYPY, 1.0),
            targets.Target("met", "one", targets.NUMBA, 1.0),
        ]
        monkeypatch.setattr(verdicts, "TARGETS", wanted)
        found = {key: record(key, one=1e-3, two=1e-3) for key in (targets.PYPY, targets.NUMBA)}
        assert verdicts.met(found).splitlines() == [
            "- PyPy: 1 met, 2 missed, 1 not measured",
            "- CPython + Numba: 1 met, 0 missed, 0 not measured",
        ]

    def test_the_middle_round_judges_with_what_was_measured_in_it(self):
        """The least of all rounds would be 0.5 over 0.4: a target that two of three rounds met."""
        found = {
            targets.PYPY: self.of(targets.PYPY, 0.8e-3, 0.5e-3, 1.2e-3),
            targets.C: self.of("c", 1e-3, 1e-3, 0.4e-3),
        }
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 1.0, targets.C), found)
        assert told.shares == pytest.approx((0.8, 0.5, 3.0))
        assert (told.measured, told.limit, told.c) == (0.8e-3, 1e-3, 1e-3)
        assert (told.share, told.n_met) == (0.8, 2)
        # Of two, the worse.
        pair = {targets.PYPY: self.of(targets.PYPY, 1e-3, 3e-3)}
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 2e-3), pair)
        assert (told.share, told.n_met, told.c) == (1.5, 1, None)

    def test_a_peer_stands_beside_every_round_and_one_round_beside_the_first(self):
        found = {targets.PYPY: self.of(targets.PYPY, 3e-3, 2e-3)}
        beside = targets.Target("x", "one", targets.PYPY, 1.0, "peer")
        told = targets.judged(beside, {**found, "peer": record("peer", one=1e-3)})
        assert told.shares == pytest.approx((3.0, 2.0))
        assert targets.judged(beside, found) is None
        once = {targets.PYPY: record(targets.PYPY, one=3e-3), targets.C: self.of("c", 1e-3, 9e-3)}
        told = targets.judged(targets.Target("x", "one", targets.PYPY, 1.0, targets.C), once)
        assert told.shares == pytest.approx((3.0,))

    def test_the_table_shows_c_the_rounds_and_peers_apart(self, monkeypatch):
        asked = (
            targets.Target("x", "one", targets.PYPY, 2e-3),
            targets.Target("y", "one", targets.PYPY, 1.0, "peer"),
            targets.Target("z", "other", targets.PYPY, 1.0),
        )
        monkeypatch.setattr(verdicts, "TARGETS", asked)
        found = {
            targets.PYPY: self.of(targets.PYPY, 3e-3, 1e-3, 4e-3),
            "c": record("c", one=1e-3),
            "peer": record("peer", one=4e-3),
        }
        assert verdicts.targets(found).splitlines()[2:] == [
            "| x | PyPy | 1.00 ms | 2.00 ms | 3.00 ms | 1.50 0.50 2.00 | 1 of 3 | "
            "**missed by 1.50x** |",
            "| y | PyPy | 1.00 ms | 4.00 ms | 3.00 ms | 0.75 0.25 1.00 (peer: not in the run) | "
            "3 of 3 | met |",
            "| z | PyPy | – | – | – | – | – | not measured |",
        ]

    def test_plain_python_on_pypy_is_beside_the_gate_not_judged_by_it(self):
        key = tables.PYPY_PLAIN
        base = {tables.PYPY: record(tables.PYPY, one=1.0), key: record(key, one=1.0),
                "c": record("c", one=1.0)}  # fmt: skip
        found = compare.changes(base, {**base, key: record(key, one=9.0)})
        assert [change.runtime for change in found] == [tables.PYPY]

    def test_every_target_names_something_measured(self, tmp_path):
        known = set(workloads.WORKLOADS)
        for key in (tables.NUMBA, tables.PYPY, tables.PURE):
            known |= {process.name for process in processes.processes(runtime(key), tmp_path)}
        named = {target.name for target in targets.TARGETS}
        named |= {target.against for target in targets.TARGETS if target.against}
        assert named <= known
        assert {name for _, name in tables.SITUATIONS} <= known
        beside = {target.other for target in targets.TARGETS if target.other}
        assert beside <= {*tables.NAMES, *peer_adapters.ADAPTERS}

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
        assert (found.measured, found.limit) == pytest.approx((9e-9, 1.1e-8))
        assert results.read_peers(tmp_path / "none") == {}
