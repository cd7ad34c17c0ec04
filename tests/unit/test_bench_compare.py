"""The gate between two runs tells slower code from a busier machine."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks import compare
from benchmarks.page import cross_tables, crossings, results

# Factors in these tests are small; how wide the band is by itself, the committed rounds say.
NARROW = ("--band", "1.5")
PRICE, BOX, HULL = "kernel/price/9", "kernel/box/9", "kernel/hull/9"


def written(folder, cpu="some processor", **runtimes):
    """Write result files as run.py does: seconds by workload for each runtime."""
    folder.mkdir()
    for key, seconds in runtimes.items():
        benchmarks = [
            {
                "metadata": {"name": name, "backend": key, "per_count": 10},
                "runs": [{"values": [9.0 * value, value], "metadata": {}}],
            }
            for name, value in seconds.items()
        ]
        about = {"cpu_model_name": cpu, "load_avg_1min": 0.1, "date": "2026-01-01"}
        content = {"benchmarks": benchmarks, "metadata": about}
        (folder / f"{key.replace('_', '-')}.json").write_text(json.dumps(content))
    return str(folder)


def test_a_slower_machine_is_no_regression(tmp_path, capsys):
    base = written(tmp_path / "a", c={PRICE: 1.0}, pypy_pure={PRICE: 4.0})
    head = written(tmp_path / "b", c={PRICE: 3.0}, pypy_pure={PRICE: 12.5})
    assert compare.main([*NARROW, base, head]) == 0
    assert capsys.readouterr().out == ""


def test_code_that_is_slower_against_c_is_one(tmp_path, capsys):
    base = written(tmp_path / "a", c={PRICE: 1.0}, pypy_pure={PRICE: 4.0})
    head = written(tmp_path / "b", c={PRICE: 0.5}, pypy_pure={PRICE: 4.0})
    assert compare.main([*NARROW, base, head]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"pypy-pure: {PRICE}: 2.00x slower against c in the same run"
    assert compare.main([*NARROW, base, head, "--band", "2.1"]) == 0


def test_a_run_that_shared_its_processors_is_named(tmp_path, capsys):
    base = written(tmp_path / "a", c={PRICE: 1.0}, pypy_pure={PRICE: 4.0})
    head = written(tmp_path / "b", c={PRICE: 1.0}, pypy_pure={PRICE: 4.0})
    for name in ("c", "pypy-pure"):
        path = tmp_path / "b" / f"{name}.json"
        text = path.read_text().replace('"load_avg_1min": 0.1', '"load_avg_1min": 7.9')
        path.write_text(text.replace('"cpu_model_name"', '"cpu_count": 2, "cpu_model_name"'))
    assert compare.main([*NARROW, base, head]) == 0
    said = capsys.readouterr().err
    assert "HEAD was measured at a load average of 7.9 on 2 processors" in said
    assert "BASE was" not in said


def test_plain_python_stands_in_for_c(tmp_path, capsys):
    base = written(tmp_path / "a", cpython_plain={BOX: 1.0}, cpython_numba={BOX: 1.0})
    head = written(tmp_path / "b", cpython_plain={BOX: 1.0}, cpython_numba={BOX: 1.6})
    assert compare.main([*NARROW, base, head]) == 1
    assert "cpython-plain" in capsys.readouterr().out


def test_without_a_baseline_the_other_kernels_are_the_reference(tmp_path, capsys):
    names = [f"kernel/{name}/9" for name in "abcde"]
    base = written(tmp_path / "a", pypy_pure=dict.fromkeys(names, 1.0))
    busier = dict.fromkeys(names, 2.0)
    assert compare.main([*NARROW, base, written(tmp_path / "b", pypy_pure=busier)]) == 0
    worse = written(tmp_path / "c", pypy_pure={**busier, names[2]: 4.0})
    assert compare.main([*NARROW, base, worse]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"pypy-pure: {names[2]}: 2.00x slower against 4 other kernels of the same run"


def test_what_became_slower_together_is_seen_against_the_machine(tmp_path, capsys):
    """Every scan ten times as long on every runtime: no scan tells of another."""
    ours = {**{f"scan/{name}/9": 1.0 for name in "abcde"}, PRICE: 1.0, HULL: 1.0}
    baselines = {"c": {PRICE: 1.0, BOX: 1.0}, "cpython_plain": {BOX: 1.0}}
    slow = {name: 10.0 if name.startswith("scan") else value for name, value in ours.items()}
    base = written(tmp_path / "a", **baselines, pypy_pure=ours, cpython_numba=ours)
    head = written(tmp_path / "b", **baselines, pypy_pure=slow, cpython_numba=slow)
    assert compare.main([base, head]) == 1
    lines = capsys.readouterr().out.splitlines()
    wanted = "10.00x slower against the machine, 3 measurements of C and plain Python"
    assert len(lines) == 2 * 5
    assert all(line.endswith(wanted) for line in lines)
    assert f"pypy-pure: scan/a/9: {wanted}" in lines


def test_a_busier_machine_slows_what_has_no_baseline_too(tmp_path, capsys):
    """Plain Python on PyPy is no part of it: PyPy may have changed."""
    names = [f"scan/{name}/9" for name in "abcde"]
    ours, plain = dict.fromkeys(names, 1.0), {PRICE: 1.0, BOX: 1.0, HULL: 1.0}
    base = written(tmp_path / "a", c=plain, pypy_plain=plain, pypy_pure=ours)
    busier = {**dict.fromkeys(names, 4.0), names[0]: 9.0}
    c, pypy = {PRICE: 3.0, BOX: 4.0, HULL: 5.0}, dict.fromkeys(plain, 99.0)
    head = written(tmp_path / "b", c=c, pypy_plain=pypy, pypy_pure=busier)
    assert compare.main([*NARROW, base, head]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"pypy-pure: {names[0]}: 2.25x slower against the machine")


def test_that_nothing_tells_of_the_machine_is_said(tmp_path, capsys):
    ours = {f"scan/{name}/9": 1.0 for name in "abcde"}
    base = written(tmp_path / "a", pypy_pure=ours)
    assert compare.main([base, base]) == 0
    assert "what became slower together is not seen" in capsys.readouterr().err


def test_committed_scans_that_all_became_slower_are_named():
    """The committed results, with all that is no kernel ten times as long."""
    base = compare.read(results.newest_host())
    head, slowed = dict(base), set()
    for key in ("cpython-numba", "cpython-pure", "pypy-pure"):
        timings = dict(base[key].timings)
        for name, timing in base[key].timings.items():
            if not name.startswith("kernel/"):
                slow = tuple(10.0 * value for value in timing.values)
                timings[name] = replace(timing, values=slow)
                slowed.add((key, name))
        head[key] = replace(base[key], timings=timings)
    found = compare.changes(base, head)
    slower = {(one.runtime, one.name) for one in found if one.factor > compare.BAND}
    assert slower == slowed
    assert len(slower) > 50


@pytest.mark.parametrize("lost", ["pypy_pure", "c"])
def test_a_runtime_or_baseline_that_vanished_fails_the_gate(tmp_path, capsys, lost):
    ran = {"c": {PRICE: 1.0}, "cpython_numba": {PRICE: 1.0}, "pypy_pure": {PRICE: 1.0}}
    left = {key: seconds for key, seconds in ran.items() if key != lost}
    # What is judged without C is judged against others: here there must be some.
    more = {f"kernel/{name}/9": 1.0 for name in "abcd"}
    left["cpython_numba"] = {**ran["cpython_numba"], **more}
    ran["cpython_numba"] = left["cpython_numba"]
    base = written(tmp_path / "base", **ran)
    assert compare.main([base, written(tmp_path / "b", **left)]) == compare.GONE == 69
    assert capsys.readouterr().out == f"{lost.replace('_', '-')}: not measured in HEAD\n"


def test_every_regression_has_its_line_the_worst_first(tmp_path, capsys):
    base = written(tmp_path / "a", c={PRICE: 1.0, BOX: 1.0}, pypy_pure={PRICE: 1.0, BOX: 1.0})
    head = written(tmp_path / "b", c={PRICE: 1.0, BOX: 1.0}, pypy_pure={PRICE: 2.0, BOX: 3.0})
    assert compare.main([*NARROW, base, head]) == 1
    said = capsys.readouterr()
    assert [line.split(": ")[1] for line in said.out.splitlines()] == [BOX, PRICE]
    assert "2 of 2 became slower by more than 1.5x" in said.err


def test_what_head_lacks_is_said(tmp_path, capsys):
    base = written(tmp_path / "a", c={PRICE: 1.0, HULL: 1.0}, pypy_pure={PRICE: 1.0, HULL: 1.0})
    head = written(tmp_path / "b", c={PRICE: 1.0, HULL: 1.0}, pypy_pure={PRICE: 1.0})
    assert compare.main([*NARROW, base, head]) == 0
    assert f"pypy-pure: {HULL}: not measured in HEAD" in capsys.readouterr().err


class TestRefused:
    @pytest.fixture
    def base(self, tmp_path):
        return written(tmp_path / "a", c={PRICE: 1.0}, pypy_pure={PRICE: 1.0})

    def refusal(self, capsys, *words):
        assert compare.main([*NARROW, *words]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        return said.err

    def test_a_folder_that_is_not_there(self, base, tmp_path, capsys):
        assert "no such folder" in self.refusal(capsys, base, str(tmp_path / "none"))

    def test_an_empty_folder(self, base, tmp_path, capsys):
        (tmp_path / "empty").mkdir()
        assert "holds no results" in self.refusal(capsys, base, str(tmp_path / "empty"))

    @pytest.mark.parametrize("text", ["{", "{}", "[]", '{"benchmarks": 1, "metadata": {}}'])
    def test_a_file_of_something_else(self, base, tmp_path, capsys, text):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "c.json").write_text(text)
        assert "did not write" in self.refusal(capsys, base, str(tmp_path / "other"))

    def test_another_machine(self, base, tmp_path, capsys):
        other = written(tmp_path / "b", cpu="another", c={PRICE: 1.0}, pypy_pure={PRICE: 1.0})
        assert "the machines differ" in self.refusal(capsys, base, other)

    def test_a_machine_that_was_not_told_is_not_another(self, base, tmp_path):
        """Runs on ARM did not name it once: a workflow compares with a run of the week before."""
        other = written(tmp_path / "b", cpu=None, c={PRICE: 1.0}, pypy_pure={PRICE: 1.0})
        assert compare.main([*NARROW, other, base]) == 0

    def test_nothing_in_common(self, base, tmp_path, capsys):
        other = written(tmp_path / "b", c={BOX: 1.0}, pypy_pure={BOX: 1.0})
        assert "no workload in common" in self.refusal(capsys, base, other)

    def test_a_band_that_is_none(self, base):
        with pytest.raises(SystemExit):
            compare.main([*NARROW, base, base, "--band", "0.9"])


def test_the_committed_results_compare_with_themselves():
    folders = [path for path in results.RESULTS.iterdir() if path.is_dir()]
    for folder in folders:
        records = compare.read(folder)
        assert {round(one.factor, 12) for one in compare.changes(records, records)} == {1.0}


class TestNoise:
    def records(self, *rounds):
        """Return a run whose rounds took so long for C and for PyPy."""
        timings = {
            key: compare.Record(
                key, {"cpu_model_name": "p"},
                {PRICE: results.Timing(PRICE, took, "x", 1, 0, took)},
                (), (), "",
            )
            for key, took in zip(("c", "pypy-pure"), zip(*rounds, strict=True), strict=True)
        }  # fmt: skip
        return timings

    def test_a_busy_round_is_no_noise_where_c_was_as_slow(self):
        (found,) = compare.noise(self.records((1.0, 4.0), (3.0, 12.0))).values()
        assert [change.factor for change in found] == pytest.approx([1.0, 1.0])

    def test_every_pair_of_rounds_counts_both_ways_round(self):
        found = compare.noise(self.records((1.0, 4.0), (1.0, 6.0), (1.0, 5.0)))
        factors = [change.factor for change in found["pypy-pure"]]
        assert len(factors) == 6
        assert (max(factors), min(factors)) == pytest.approx((1.5, 1.0 / 1.5))

    def test_one_round_says_nothing(self):
        assert compare.noise(self.records((1.0, 4.0))) == {}
        assert compare.noise({}) == {}

    def test_the_table_counts_false_alarms(self, monkeypatch):
        tables = cross_tables
        monkeypatch.setattr(compare, "BAND", 1.5)
        rounds = [(1.0, 4.0), (1.0, 6.1), (1.0, 4.1)]
        empty = crossings.Crossings({})
        made = tables.Host(self.records(*rounds), empty, {}, (), {})
        (row,) = tables.noise(made).splitlines()[2:]
        assert row.split(" | ") == [
            "| PyPy", "3", "1.49x", "1.52x", "1.52x", PRICE, "1 |",
        ]  # fmt: skip
