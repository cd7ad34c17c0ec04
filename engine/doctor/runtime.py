"""The interpreter, its compiler, the kernels and their check against known values."""

from __future__ import annotations

import os
import platform
import struct
import sys
import sysconfig
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from engine.backend import VARIABLE, Backend, select
from engine.doctor import self_check
from engine.doctor.finding import NOTE, WARN, Finding
from engine.doctor.machine import Machine
from engine.errors import EngineError, install_command
from engine.runtime import comparisons

GROUP = "runtime"
IS_PYPY = platform.python_implementation() == "PyPy"
SET_UP_PYPY = "scripts/setup_pypy.sh"
CRASHES = (7, 3, 21)


def findings(machine: Machine) -> list[Finding]:
    """Return what there is to say about interpreter, compiler, kernels, libraries and locale."""
    found = [_pypy() if IS_PYPY else _cpython(), _jit() if IS_PYPY else _numba(machine)]
    if not IS_PYPY:
        found += _numba_settings(machine)
    found += _kernels(machine)
    return [*found, _libraries(), _zones(machine), _locale(machine)]


def _cpython() -> Finding:
    bits = 8 * struct.calcsize("P")
    flags = f"{sysconfig.get_config_var('CONFIG_ARGS') or ''}"
    has_lto = "--with-lto" in flags or "-flto" in f"{sysconfig.get_config_var('PY_LDFLAGS') or ''}"
    state = f"CPython {platform.python_version()}, {bits}-bit, {sys.executable}"
    if not has_lto and flags:
        return Finding(
            GROUP,
            "interpreter",
            f"{state}, built without link-time optimisation",
            NOTE,
            "a build with it runs pure Python faster; kernels compiled by Numba do not notice",
            "PYTHON_CONFIGURE_OPTS='--enable-optimizations --with-lto' pyenv install --force "
            + platform.python_version(),
            # The same version built plainly again: uninstalling it would take this venv's Python.
            "pyenv install --force " + platform.python_version(),
        )
    return Finding(GROUP, "interpreter", state)


def _pypy() -> Finding:
    release: tuple[int, ...] = tuple(getattr(sys, "pypy_version_info", (0, 0, 0)))[:3]
    name = ".".join(map(str, release))
    state = f"PyPy {name} (Python {platform.python_version()}), {sys.executable}"
    if release == CRASHES:
        return Finding(GROUP, "interpreter", state, WARN, "7.3.21 has known crashes", SET_UP_PYPY)
    if not (7, 3, 13) <= release < (8,):
        better = "the series 7.3.x from 7.3.13 on is what the project is tested with"
        return Finding(GROUP, "interpreter", state, WARN, better, SET_UP_PYPY)
    if sys.version_info < (3, 11):
        better = "PyPy 3.10 is no longer maintained; PyPy 3.11 is"
        return Finding(GROUP, "interpreter", state, NOTE, better, SET_UP_PYPY)
    return Finding(GROUP, "interpreter", state)


def _jit() -> Finding:
    info: dict[str, object] = getattr(sys, "pypy_translation_info", {})
    if not info.get("translation.jit"):
        return Finding(
            GROUP,
            "JIT",
            "this PyPy was built without a JIT compiler",
            WARN,
            "what PyPy gains comes from its JIT compiler: without one CPython serves better",
            SET_UP_PYPY,
        )
    backend = info.get("translation.jit_backend", "auto")
    words = list(comparisons.jit_words())
    told = f"--jit {' '.join(words)}" if words else "default parameters"
    return _compares(f"built in (backend {backend}), {told}")


def _compares(state: str) -> Finding:
    """Return how PyPy's compiler compares, and what was done about it."""
    done = comparisons.correct()
    wrong = comparisons.wrong_comparisons()
    state += "".join(f"; {said}" for said in (comparisons.SAID[done],) if said)
    if wrong:
        state += f"; {wrong:,} of {comparisons.ROUNDS:,} comparisons in a compiled loop are wrong"
    elif done in (comparisons.NOT_ASKED, comparisons.RIGHT):
        return Finding(GROUP, "JIT", state)
    elif done == comparisons.CORRECTED:
        better = (
            "a PyPy that setup_pypy.sh has installed is right for every program, at every start"
        )
        return Finding(GROUP, "JIT", state, NOTE, better, f"{SET_UP_PYPY} --from prefix")
    is_chosen = comparisons.VARIABLE in os.environ
    return Finding(
        GROUP,
        "JIT",
        state,
        WARN,
        "PyPy's compiler for ARM64 compares numbers with themselves when it runs out of registers; "
        "where it is off, CPython is faster",
        f"unset {comparisons.VARIABLE}" if is_chosen else "scripts/environments.sh cpython",
    )


def _numba(machine: Machine) -> Finding:
    install = install_command("numba")
    if find_spec("numba") is None:
        better = "compiled kernels: what scans of many chains gain is in docs/PYPY_PERFORMANCE.md"
        return Finding(
            GROUP,
            "Numba",
            "not installed",
            NOTE,
            better,
            install,
            f"{sys.executable} -m pip uninstall numba llvmlite",
        )
    try:
        import_module("numba")
        import_module("kernels_numba")
    except Exception as error:  # whatever a broken installation raises is the finding
        state = f"does not import: {type(error).__name__}: {error}".splitlines()[0]
        better = "a Numba that fits the installed NumPy"
        return Finding(GROUP, "Numba", state, WARN, better, f"{install} --upgrade")
    cache = import_module("kernels_numba._cache")
    target = import_module("llvmlite.binding").get_host_cpu_name()
    state = f"Numba {version('numba')}, llvmlite {version('llvmlite')}, compiles for {target}"
    if cache.PROBLEM:
        return Finding(
            GROUP,
            "Numba",
            f"{state}; machine code is not kept: {cache.PROBLEM}",
            WARN,
            "every process compiles all it calls again",
            "export NUMBA_CACHE_DIR=$HOME/.cache/parity-numba",
            "unset NUMBA_CACHE_DIR",
        )
    base = Path(cache.FOLDER).parent
    digests = [path for path in base.iterdir() if path.is_dir()]
    size = sum(path.stat().st_size for path in base.rglob("*") if path.is_file())
    state += f"; {len(digests)} versions of the kernels kept in {base}, {size / 1e6:.0f} MB"
    if len(digests) > 10:
        better = "machine code of earlier versions is of no use"
        again = "parity backend --warm"
        return Finding(GROUP, "Numba", state, NOTE, better, f"rm -r {base}", again)
    return Finding(GROUP, "Numba", state)


def _numba_settings(machine: Machine) -> list[Finding]:
    meanings = {
        "NUMBA_DISABLE_JIT": "kernels are not compiled at all",
        "NUMBA_BOUNDSCHECK": "kernels check every index: for tests",
        "NUMBA_CPU_NAME": "kernels are compiled for this processor, not for the one found",
        "NUMBA_OPT": "kernels are compiled at another level of optimisation",
    }
    return [
        Finding(
            GROUP,
            name,
            f"set to {machine.environ[name]!r}: {meaning}",
            NOTE,
            "unset, unless it is meant",
            f"unset {name}",
            f"export {name}={machine.environ[name]}",
        )
        for name, meaning in meanings.items()
        if machine.environ.get(name, "0") not in ("", "0")
    ]


def _kernels(machine: Machine) -> list[Finding]:
    try:
        chosen = select(environ=machine.environ)
    except EngineError as error:
        failed = Finding(
            GROUP, "backend", str(error), WARN, "a backend that runs here", f"unset {VARIABLE}"
        )
        return [failed, _checked(select("pure"))]
    said = Finding(GROUP, "backend", str(chosen))
    checks = [_checked(chosen)]
    if chosen.name != "pure":
        checks.append(_checked(select("pure")))
    return [said, *checks]


def _checked(backend: Backend) -> Finding:
    topic = f"{backend.name} kernels"
    wrong = self_check.failures(backend)
    if not wrong:
        return Finding(
            GROUP, topic, f"{self_check.size()} values agree with references of 40 digits"
        )
    return Finding(
        GROUP,
        topic,
        f"WRONG in {len(wrong)} of {self_check.size()} values: {'; '.join(wrong[:3])}",
        WARN,
        "do not trust results of this backend; please report this line",
        "ENGINE_BACKEND=pure parity doctor",
    )


def _libraries() -> Finding:
    found = []
    for name in ("rich", "tzdata", "numpy", "pandas", "plotly"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return Finding(GROUP, "libraries", ", ".join(found) or "none")


def _zones(machine: Machine) -> Finding:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo("America/New_York")
    except (ZoneInfoNotFoundError, OSError):
        return Finding(
            GROUP,
            "time zones",
            "no table of time zones",
            WARN,
            "settlement instants need one",
            f"{sys.executable} -m pip install tzdata",
            f"{sys.executable} -m pip uninstall tzdata",
        )
    return Finding(GROUP, "time zones", "America/New_York is known")


def _locale(machine: Machine) -> Finding:
    import locale

    names = [name for name in ("LC_ALL", "LC_CTYPE", "LANG") if machine.environ.get(name)]
    said = f"{names[0]}={machine.environ[names[0]]}" if names else ""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        return Finding(
            GROUP,
            "locale",
            f"{said} is not generated on this machine",
            WARN,
            "PyPy does not start under an unknown locale",
            "export LC_ALL=C.UTF-8",
            "unset LC_ALL",
        )
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return Finding(GROUP, "locale", said or "C")
