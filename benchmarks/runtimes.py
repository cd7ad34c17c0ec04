"""What of this machine can be measured: interpreters, backends, compiler; and what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# PyPy does not start under a locale that the machine does not have.
LOCALE = {"LC_ALL": "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"}
# What a measured process gets of the environment, besides pyperf's own list.
INHERITED = ("ENGINE_BACKEND", "PYTHONPATH", "LC_ALL", "HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")


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
        if any(map(shutil.which, ("gcc", "cc", "clang"))):
            found.append(Runtime("c", python, "pure", "c"))
        else:
            missing.append("C: no gcc, cc or clang: the C column is left out")
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


def install(cpython: Path | None, pypy: Path | None) -> None:
    """Install what measuring needs into both environments of the checkout, pinned.

    Raises
    ------
    subprocess.CalledProcessError
        If pip refuses.
    """
    python = cpython or ROOT / ".venv/bin/python"
    wanted = [(python, ("-c", "constraints.txt", "pyperf"))]
    wanted.append((pypy or ROOT / ".venv-pypy/bin/python", ("-r", "requirements-pypy-bench.txt")))
    for path, what in wanted:
        if path.exists():
            command = [str(path), "-m", "pip", "install", "--quiet", *what]
            environ = {**os.environ, **LOCALE}
            subprocess.run(command, cwd=ROOT, env=environ, stdout=sys.stderr, check=True)


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


def machine() -> dict[str, object]:
    """Return processor and cores, in the words of pyperf."""
    facts = _cpu_facts()
    processor = facts.get("model name") or platform.processor() or "unknown"
    return {"cpu_model_name": processor, "cpu_count": os.cpu_count()}


def host_key() -> str:
    """Return a name for this kind of machine: processor, architecture, cores.

    Never the machine's own name.
    """
    facts = _cpu_facts()
    processor = facts.get("model name") or platform.processor() or "unknown"
    if "cpu family" in facts:
        processor += f" family {facts['cpu family']} model {facts.get('model', '')}"
    text = f"{processor} {platform.machine()} {os.cpu_count()} cores {platform.system()}"
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
