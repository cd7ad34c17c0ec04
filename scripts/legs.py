"""Run the legs of the test-suite through tox and say in one line what each of them ran.

    python scripts/legs.py         this CPython, bounds checks, anchors, PyPy, lint, types, examples
    python scripts/legs.py --all   every leg of tox.ini whose interpreter is on this machine
    python scripts/legs.py --long  the whole sweeps behind the marker `long`, with Numba and on PyPy

Fails when a leg fails, and when not at least one CPython and one PyPy leg really ran tests: tox
counts a leg that it skipped as a success.
"""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".tox"
CHECKS = ("lint", "type", "docs")


@dataclass(frozen=True)
class Leg:
    """What one tox environment did; `interpreter` is empty where tox skipped it."""

    name: str
    ok: bool
    interpreter: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        if not self.interpreter:
            return f"{self.name} not run (no interpreter)"
        verdict = "" if self.ok else " FAILED"
        if not self.tests:
            return f"{self.name}{verdict or ' ok'}"
        counts = f"{self.passed} passed"
        counts += f", {self.failed} failed" if self.failed else ""
        counts += f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.name}{verdict} {counts} on {self.interpreter}"

    @property
    def tests(self) -> int:
        return self.passed + self.failed


def legs_of_this_python() -> list[str]:
    """Name the legs of `make test`: those of the CPython that runs this script, and PyPy 3.11.

    The libraries of the leg `anchors` need Python 3.11.
    """
    python = f"py{sys.version_info.major}{sys.version_info.minor}"
    anchors = ["anchors"] if sys.version_info >= (3, 11) else []
    return [*CHECKS, python, f"{python}-numba", "boundscheck", *anchors, "pypy311"]


def legs_of_sweeps() -> list[str]:
    """Name the legs of `make test-long`: one with compiled kernels and PyPy."""
    return [f"py{sys.version_info.major}{sys.version_info.minor}-numba", "pypy311"]


def legs_of_tox_ini() -> list[str]:
    """Name every leg of tox.ini but the benchmarks, as tox expands them."""
    command = [sys.executable, "-m", "tox", "list", "--no-desc", "-q"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in out.split() if name != "bench"]


def counts(report: Path) -> tuple[int, int, int]:
    """Read passed, failed and skipped from a JUnit report; zeros where a leg wrote none."""
    if not report.exists():
        return 0, 0, 0
    passed = failed = skipped = 0
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        out = int(suite.get("skipped", 0))
        passed += int(suite.get("tests", 0)) - bad - out
        failed += bad
        skipped += out
    return passed, failed, skipped


def read_legs(names: list[str], result: dict[str, dict[str, object]], reports: Path) -> list[Leg]:
    """Put together what tox and the JUnit reports say of each leg."""
    legs = []
    for name in names:
        told = result.get(name, {})
        python = told.get("python")
        outcome = told.get("result")
        ok = isinstance(outcome, dict) and outcome.get("success") is True
        if not isinstance(python, dict):
            legs.append(Leg(name, ok))
            continue
        implementation = str(python.get("implementation"))
        version = ".".join(str(part) for part in list(python.get("version_info", []))[:3])
        passed, failed, skipped = counts(reports / f"{name}.xml")
        legs.append(Leg(name, ok, f"{implementation} {version}", passed, failed, skipped))
    return legs


def missing(legs: list[Leg]) -> list[str]:
    """Name the runtimes on which no leg ran tests; the examples in docstrings do not count."""
    ran = {leg.interpreter.split()[0] for leg in legs if leg.tests and leg.name not in CHECKS}
    return [runtime for runtime in ("CPython", "PyPy") if runtime not in ran]


def tox(verb: str, names: list[str], *options: str) -> int:
    """Run tox over these legs and return its exit code."""
    command = [sys.executable, "-m", "tox", verb, "-e", ",".join(names), *options]
    return subprocess.run(command, cwd=ROOT).returncode


def main(arguments: list[str]) -> int:
    """Run tox, print the summary, and return 0 only if every leg passed on both runtimes."""
    names = legs_of_tox_ini() if "--all" in arguments else legs_of_this_python()
    chosen: list[str] = []
    if "--long" in arguments:
        names, chosen = legs_of_sweeps(), ["--", "-m", "long", "tests"]
    reports, journal = WORK / "reports", WORK / "legs.json"
    for stale in [*reports.glob("*.xml"), journal]:
        stale.unlink(missing_ok=True)
    reports.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    print(f"legs: {', '.join(names)}", flush=True)
    # Installing takes one core and testing two: so set up in parallel, test in turn.
    code = tox("run-parallel", names, "--parallel", "2", "--notest", "--quiet")
    print(f"legs: environments made in {time.monotonic() - began:.0f} s", flush=True)
    if not code:
        code = tox("run", names, "--skip-pkg-install", "--result-json", str(journal), *chosen)
    result = json.loads(journal.read_text())["testenvs"] if journal.exists() else {}
    legs = read_legs(names, result, reports)
    absent = missing(legs)
    seconds = time.monotonic() - began
    print(f"legs: {'; '.join(map(str, legs))}; {seconds:.0f} s")
    for runtime in absent:
        print(f"legs: no {runtime} leg ran any test, so this run counts as failed")
    total = [sum(getattr(leg, kind) for leg in legs) for kind in ("passed", "failed", "skipped")]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if code or absent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
