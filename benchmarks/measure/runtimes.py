"""What of this machine can be measured: interpreters, backends, compiler; and what is missing."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.baselines.c_compiler import working

ROOT = Path(__file__).resolve().parents[2]

# PyPy does not start under a locale that the machine does not have.
LOCALE = {"LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"}
# What a measured process gets of the environment, besides pyperf's own list.
INHERITED = ("ENGINE_BACKEND", "PYTHONPATH", "LC_ALL", "HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")
# What find_runtimes finds where nothing is missing.
KEYS = (
    "cpython-numba", "cpython-numpy", "cpython-pure", "cpython-plain", "c",
    "pypy-pure", "pypy-plain",
)  # fmt: skip
# Of one architecture, processors that do not tell their name differ by these.
ARM_CORE = ("CPU implementer", "CPU part")


class StepFailedError(Exception):
    """A process that measuring needs ended with an error; the message says which."""

    @classmethod
    def of(cls, step: str, code: int) -> StepFailedError:
        """Return it for a step and its exit code."""
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return cls(f"{step} {how}, see above")


@dataclass(frozen=True, slots=True)
class Runtime:
    """One column of the tables.

    `key` names its result file; `what` is what bench.py times: the engine's kernels, or a
    baseline in plain Python, NumPy or C.
    """

    key: str
    python: Path
    backend: str
    what: str = "kernels"

    @property
    def is_pypy(self) -> bool:
        """Whether it compiles as it runs."""
        return self.key.startswith("pypy")

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its processes."""
        return {
            **os.environ,
            "ENGINE_BACKEND": self.backend,
            "PYTHONPATH": str(ROOT),
            **LOCALE,
        }


def find_runtimes(cpython: Path | None, pypy: Path | None) -> tuple[list[Runtime], list[str]]:
    """Return what can be measured here, and a line for each thing that cannot.

    CPython is the one that runs this, or the checkout's; PyPy the checkout's.
    """
    found, missing = [], []
    this = Path(sys.executable)
    is_ready = platform.python_implementation() == "CPython" and _imports(this, "pyperf")
    python = cpython or (this if is_ready else ROOT / ".venv/bin/python")
    install = f"{shown(python)} -m pip install -c constraints.txt"
    if not _imports(python, "pyperf", "rich"):
        missing.append(f"CPython: {shown(python)} has no pyperf or no rich: {install} pyperf rich")
    else:
        if _imports(python, "numba"):
            found.append(Runtime("cpython-numba", python, "numba"))
            found.append(Runtime("cpython-numpy", python, "pure", "numpy"))
        else:
            missing.append(f"Numba: {shown(python)} does not import it: {install} numba")
        found.append(Runtime("cpython-pure", python, "pure"))
        found.append(Runtime("cpython-plain", python, "pure", "plain"))
        if working().path:
            found.append(Runtime("c", python, "pure", "c"))
        else:
            missing.append(f"C: {working().reason}: the C column is left out")
    python = pypy or ROOT / ".venv-pypy/bin/python"
    if _imports(python, "pyperf", "rich"):
        found.append(Runtime("pypy-pure", python, "pure"))
        found.append(Runtime("pypy-plain", python, "pure", "plain"))
    elif python.exists():
        requirements = f"{shown(python)} -m pip install -r requirements-pypy-bench.txt"
        missing.append(f"PyPy: {shown(python)} has no pyperf: {requirements}")
    else:
        missing.append(f"PyPy: there is no {shown(python)}: scripts/environments.sh pypy")
    return found, missing


def install(cpython: Path | None, pypy: Path | None, say: Callable[[str], None]) -> None:
    """Install what measuring needs into both environments of the checkout, pinned.

    On PyPy psutil is built from source; where that fails, pyperf does without it.

    Raises
    ------
    StepFailedError
        If pip refuses.
    """
    pinned = ("-c", "constraints.txt", "pyperf")
    path = cpython or ROOT / ".venv/bin/python"
    if path.exists():
        done = _pip(path, pinned)
        if done.returncode:
            say(done.stderr.strip())
            raise StepFailedError.of(f"{shown(path)} -m pip install pyperf", done.returncode)
    path = pypy or ROOT / ".venv-pypy/bin/python"
    if not path.exists():
        return
    first = _pip(path, ("-r", "requirements-pypy-bench.txt"))
    if first.returncode == 0:
        return
    second = _pip(path, ("--no-deps", *pinned))
    if second.returncode:
        say(first.stderr.strip())
        say(second.stderr.strip())
        step = f"{shown(path)} -m pip install --no-deps pyperf"
        raise StepFailedError.of(step, second.returncode)
    say("PyPy: psutil does not install here (no C compiler?): pyperf does without it")


def _pip(python: Path, what: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "pip", "install", "--quiet", *what]
    environ = {**os.environ, **LOCALE}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


def shown(path: Path) -> str:
    """Return a path as it may be printed: relative to the checkout where it lies in it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _imports(python: Path, *modules: str) -> bool:
    command = [str(python), "-c", f"import {', '.join(modules)}"]
    try:
        done = subprocess.run(command, env={**os.environ, **LOCALE}, capture_output=True)
    except OSError:
        return False
    return done.returncode == 0


def told(runtime: Runtime) -> dict[str, object]:
    """Return platform and build as a runtime itself tells them, with the machine.

    Raises
    ------
    StepFailedError
        If it does not start.
    """
    script = Path(__file__).with_name("interpreter.py")
    command = [str(runtime.python), str(script)]
    done = subprocess.run(command, env=runtime.environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise StepFailedError.of(f"{runtime.key}: {script.name}", done.returncode)
    return {**machine(), **json.loads(done.stdout)}


def machine() -> dict[str, object]:
    """Return processor and cores, in the words of pyperf."""
    return {"cpu_model_name": processor(_cpu_facts()), "cpu_count": os.cpu_count()}


def processor(facts: dict[str, str]) -> str:
    """Return the name of the processor that /proc/cpuinfo tells of, or the system.

    ARM's tells numbers: the core's name where the doctor knows it, and both numbers.
    """
    if ARM_CORE[0] in facts:
        # Only here: x86 is measured without looking at the engine.
        from engine.doctor.cpu import CORES

        part = facts[ARM_CORE[0]], facts.get(ARM_CORE[1], "")
        return f"{CORES.get(part, 'ARM')} ({'/'.join(part)})"
    return facts.get("model name") or _brand() or platform.processor() or "unknown"


def _brand() -> str:
    """Return what macOS calls the processor; "" elsewhere."""
    try:
        done = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True
        )
    except OSError:
        return ""
    return done.stdout.strip()


def host_key() -> str:
    """Return a name for this kind of machine: processor, architecture, cores.

    Never the machine's own name.
    """
    facts = _cpu_facts()
    name = processor(facts)
    if "cpu family" in facts:
        name += f" family {facts['cpu family']} model {facts.get('model', '')}"
    text = f"{name} {platform.machine()} {os.cpu_count()} cores {platform.system()}"
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _cpu_facts() -> dict[str, str]:
    facts: dict[str, str] = {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            facts.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    return facts
