"""scripts/legs.py counts what ran and never takes a skipped leg for a passed one."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


legs = load("legs")
three_scans = load("three_scans")

CPYTHON = {"implementation": "CPython", "version_info": [3, 11, 7, "final", 0]}
PYPY = {"implementation": "PyPy", "version_info": [3, 11, 11, "final", 0]}


def told(python, success=True):
    return {"python": python, "result": {"success": success}}


@pytest.fixture
def reports(tmp_path):
    def write(name: str, tests: int, failures: int = 0, errors: int = 0, skipped: int = 0):
        counts = f'tests="{tests}" failures="{failures}" errors="{errors}" skipped="{skipped}"'
        text = f'<testsuites><testsuite name="pytest" {counts}></testsuite></testsuites>'
        (tmp_path / f"{name}.xml").write_text(text)

    write.folder = tmp_path
    return write


def read(reports, **result):
    return legs.read_legs(list(result), result, reports.folder)


class TestLegs:
    def test_counts_come_from_the_report(self, reports):
        reports("py311", tests=10, failures=1, errors=2, skipped=3)
        (leg,) = read(reports, py311=told(CPYTHON, success=False))
        assert (leg.passed, leg.failed, leg.skipped) == (4, 3, 3)
        assert str(leg) == "py311 FAILED 4 passed, 3 failed, 3 skipped on CPython 3.11.7"

    def test_both_runtimes_are_wanted(self, reports):
        reports("py311", tests=5)
        reports("pypy311", tests=5)
        assert legs.missing(read(reports, py311=told(CPYTHON), pypy311=told(PYPY))) == []

    def test_a_leg_that_tox_skipped_ran_nothing(self, reports):
        reports("py311", tests=5)
        found = read(reports, py311=told(CPYTHON), pypy311={"result": {"success": True}})
        assert legs.missing(found) == ["PyPy"]
        assert str(found[1]) == "pypy311 not run (no interpreter)"

    def test_a_leg_whose_tests_were_all_skipped_ran_nothing(self, reports):
        reports("py311", tests=5)
        reports("pypy311", tests=5, skipped=5)
        found = read(reports, py311=told(CPYTHON), pypy311=told(PYPY))
        assert legs.missing(found) == ["PyPy"]

    def test_cpython_under_the_name_of_pypy_is_no_pypy_leg(self, reports):
        reports("py311", tests=5)
        reports("pypy311", tests=5)
        found = read(reports, py311=told(CPYTHON), pypy311=told(CPYTHON))
        assert legs.missing(found) == ["PyPy"]

    def test_examples_in_docstrings_do_not_stand_in_for_tests(self, reports):
        reports("docs", tests=50)
        reports("pypy311", tests=5)
        assert legs.missing(read(reports, docs=told(CPYTHON), pypy311=told(PYPY))) == ["CPython"]

    def test_without_any_result_both_are_missing(self, reports):
        found = legs.read_legs(["py311", "pypy311"], {}, reports.folder)
        assert legs.missing(found) == ["CPython", "PyPy"]


class TestDifferences:
    def places(self, one, other):
        return list(three_scans.differences(one, other))

    def test_equal_reports_have_none(self):
        report = {"opportunities": [{"id": "a", "edge": 0.1, "legs": [1, 2]}], "near_misses": []}
        assert self.places(report, dict(report)) == []

    def test_the_last_bit_of_a_float_counts(self):
        place = ".opportunities[0].edge: 0.3 against 0.30000000000000004"
        assert self.places(
            {"opportunities": [{"edge": 0.3}]}, {"opportunities": [{"edge": 0.1 + 0.2}]}
        ) == [place]

    def test_an_integer_is_not_a_float(self):
        assert self.places({"lots": 1}, {"lots": 1.0}) == [".lots: 1 against 1.0"]

    def test_order_length_and_keys_count(self):
        assert self.places([1, 2], [2, 1]) == ["[0]: 1 against 2", "[1]: 2 against 1"]
        assert self.places([1], [1, 2]) == [": 1 entries against 2"]
        assert self.places({"a": 1}, {"b": 1}) == [
            ".a: only in the first",
            ".b: only in the second",
        ]

    def test_only_what_belongs_to_the_run_is_left_out(self):
        report = {"timing": {"s": 1}, "engine": {"runtime": "x"}, "opportunities": [], "funnel": {}}
        assert three_scans.comparable(report) == {"opportunities": [], "funnel": {}}
