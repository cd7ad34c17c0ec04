"""Measure the engine on this ARM64 machine, PyPy included, and write the page with it.

    make bench-arm               (or: .venv/bin/python scripts/bench_arm.py)

Before anything is timed it sees that both environments are for this machine (no package with code
for another processor) and that PyPy's comparisons are right, or corrected, with its compiler on.
Then `benchmarks/run.py --rounds 3` compares the answers of all runtimes and measures them, into
benchmarks/results/HOST/; beside them go `compare_to.md`, CPython, Numba and PyPy two by two as
pyperf compares them, and `doctor.txt`, what the doctor says of the machine. Then the page
docs/PYPY_TABLES.md gets this machine's tables. It takes hours; `--quick` takes minutes, writes
to build/benchmarks and leaves the page alone. `--check` stops after the checks. `--any` allows
another processor.

Ends with 69 if a check fails, else with what benchmarks/run.py ends with.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measure.runtimes import LOCALE, host_key  # noqa: E402
from benchmarks.page.hosts import write_report  # noqa: E402

ENVIRONMENTS = (".venv", ".venv-pypy")
REQUIRED = "cpython-numba,cpython-pure,pypy-pure,c"
SCRATCH = ROOT / "build" / "benchmarks"
OK, UNAVAILABLE = 0, 69


def say(line: str) -> None:
    print(f"bench-arm: {line}", file=sys.stderr, flush=True)


def output(environment: str, *words: str) -> str:
    """Return what the engine prints in one of the checkout's environments.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; what it said stands on stderr.
    """
    command = [str(ROOT / environment / "bin" / "python"), "-m", "engine", *words]
    environ = {**os.environ, **LOCALE}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def problems(environment: str) -> list[str]:
    """Return why nothing should be timed in an environment: what the doctor warns of."""
    findings = json.loads(output(environment, "doctor", "--json"))["findings"]
    return [
        f"{environment}: {finding['topic']}: {finding['state']}: {finding['command']}"
        for finding in findings
        if finding["grade"] == "warn" and (finding["group"], finding["topic"]) in TIMED
    ]


# Of the doctor's warnings those that make a time worthless, not those of the host.
TIMED = {("wheels", "architecture"), ("runtime", "JIT"), ("runtime", "Numba"),
         ("runtime", "pure kernels"), ("runtime", "numba kernels")}  # fmt: skip


def main() -> int:
    """Check, measure, compare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for flag in ("--quick", "--check", "--any"):
        parser.add_argument(flag, action="store_true")
    args = parser.parse_args()
    if platform.machine() not in ("aarch64", "arm64") and not args.any:
        say(f"this processor is {platform.machine()}: benchmarks/run.py measures it, or --any")
        return UNAVAILABLE
    try:
        found = [line for environment in ENVIRONMENTS for line in problems(environment)]
        kernels = [output(environment, "backend").splitlines()[0] for environment in ENVIRONMENTS]
        doctor = "\n".join(output(environment, "doctor") for environment in ENVIRONMENTS)
    except (OSError, subprocess.CalledProcessError) as error:
        say(f"{error}: make scan makes the environments")
        return UNAVAILABLE
    for line in kernels:
        say(line)
    for line in found:
        say(f"not to be timed: {line}")
    if found:
        return UNAVAILABLE
    if args.check:
        return OK
    words = ["--quick"] if args.quick else ["--rounds", "3"]
    done = subprocess.run(
        [sys.executable, "benchmarks/run.py", "--install", "--require", REQUIRED, *words], cwd=ROOT
    )
    if done.returncode:
        return done.returncode
    folder = SCRATCH if args.quick else ROOT / "benchmarks" / "results" / host_key()
    # It may be committed: paths of this machine are nobody's business.
    doctor = doctor.replace(f"{ROOT}/", "").replace(str(Path.home()), "~")
    (folder / "doctor.txt").write_text(doctor, encoding="utf-8")
    print(write_report(folder))
    if args.quick:
        return OK
    return subprocess.run(
        [sys.executable, "benchmarks/report.py", "--host", str(folder)], cwd=ROOT
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
