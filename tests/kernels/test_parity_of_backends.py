"""Every kernel gives the same bits as pure Python on CPython, on PyPy, and through Numba.

Where Numba runs, each kernel is compared with its twin in one process. Across interpreters each
compares its pure kernels with the digests in digests.json and digests_scalar.json, which CPython
wrote: ``python -m tests.kernels.generate_digests`` after a change that is meant to change results.
Agreement is not truth: the oracles are elsewhere.
"""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.errors import UnavailableError
from kernels_pure import MODULES, SCAN
from tests.kernels.inputs import KERNELS, Kernel, copies, kernels_of
from tests.kernels.outputs import (
    SAMPLE,
    SCALAR_CALLS,
    SCALARS,
    VALUES,
    Digests,
    calls_before,
    libm_digest,
    outcomes,
    run,
    sets_of_calls,
)

FOLDER = Path(__file__).parent
RECORDED = json.loads((FOLDER / "digests.json").read_text(encoding="ascii"))
SAMPLES = json.loads((FOLDER / "digests_sample.json").read_text(encoding="ascii"))
RECORDED_SCALARS = json.loads((FOLDER / "digests_scalar.json").read_text(encoding="ascii"))


@pytest.fixture(scope="module")
def numba() -> Backend | None:
    try:
        return select("numba")
    except UnavailableError:
        return None


def twin_of(name: str, numba: Backend) -> Kernel:
    module, _, kernel = name.partition(".")
    twin: Kernel = getattr(twins_of(module, numba), kernel)
    return twin


def twins_of(module: str, numba: Backend | None) -> ModuleType:
    assert numba is not None
    found: ModuleType = getattr(numba, module) if module in SCAN else numba.load(module)
    return found


def differs() -> Collection[str]:
    """Return the twins that `test_differs` holds to a bound instead."""
    return tuple(importlib.import_module("kernels_numba").DIFFERS)


def rewritten() -> Collection[str]:
    """Return the twins that are loops of their own with the bits of their kernels."""
    return tuple(importlib.import_module("kernels_numba").REWRITTEN)


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_gives_the_same_bits_everywhere(name: str, numba: Backend | None) -> None:
    # A kernel that has no sample yet is compared whole.
    compare(name, *((SAMPLE, SAMPLES) if name in SAMPLES["kernels"] else (VALUES, RECORDED)), numba)


@pytest.mark.long
@pytest.mark.parametrize("name", KERNELS)
def test_kernel_gives_the_same_bits_in_the_long_run(name: str, numba: Backend | None) -> None:
    calls = compare(name, VALUES, RECORDED, numba)
    # The further calls begin where these end.
    assert name not in SCALARS or calls == calls_before(name)


def compare(name: str, least: int, recorded: Any, numba: Backend | None) -> int:
    """Hold outcomes of the pure kernel to their digests and to the twin; return how many calls."""
    is_recorded = libm_digest() == recorded["libm"]
    if not is_recorded and numba is None:
        pytest.skip("no Numba here, and exp, log and log10 round differently from glibc's")
    digests, compared, calls = Digests(), 0, 0
    for values, outcome in outcomes(name, least):
        digests.add(values, outcome)
        compared += outcome.size
        calls += 1
        if numba is not None and name not in differs():
            assert run(twin_of(name, numba), copies(values)) == outcome, f"{name}{values}"
    assert compared >= least
    if is_recorded:
        wanted = recorded["kernels"][name]
        found = digests.recorded()
        assert found["inputs"] == wanted["inputs"], "the inputs differ, not the kernel"
        assert found == wanted
    return calls


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        pytest.param(name, calls, marks=[pytest.mark.long] if calls == "further" else [])
        for name in SCALARS
        for calls in sets_of_calls(name)
    ],
)
def test_scalar_kernel_gives_the_same_bits_everywhere(
    name: str, calls: str, numba: Backend | None
) -> None:
    """Compare further random calls, up to `CALLS`, and calls where formulas break: none raises."""
    digests, twin = Digests(), None if numba is None else twin_of(name, numba)
    for values, outcome in SCALAR_CALLS[calls](name):
        digests.add(values, outcome)
        if twin is not None:
            assert run(twin, values) == outcome, f"{name}{values}"
    if libm_digest() == RECORDED["libm"]:
        assert digests.recorded() == RECORDED_SCALARS["kernels"][name][calls]


@pytest.mark.parametrize("module", MODULES)
def test_every_kernel_has_a_twin_of_its_name(module: str, numba: Backend | None) -> None:
    if numba is None:
        pytest.skip("Numba does not run here: there are no twins")
    twins = vars(twins_of(module, numba))
    for name, kernel in kernels_of(module).items():
        assert name in twins, f"kernels_numba.{module} lacks {name}"
        if f"{module}.{name}" in {*differs(), *rewritten()}:
            continue
        assert twins[name].py_func is kernel, f"{module}.{name} is a twin of something else"


# A process that imports one twin module finds all of what its kernels call, and compiles them.
ALONE = """
import sys
import kernels_numba
here = set(sys.modules)
from kernels_numba import rules
print(*sorted(name for name in set(sys.modules) - here if name.startswith("kernels_numba.")))
from array import array
closes, targets = array("d", [1.0, 2.0, 1.0, 2.0]), array("d", bytes(32))
rules.ma_cross_targets(closes, 1, 2, 0.0, targets)
print(*targets)
"""


def test_a_twin_module_brings_the_twins_that_its_kernels_call(numba: Backend | None) -> None:
    if numba is None:
        pytest.skip("Numba does not run here: there are no twins")
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=root, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "kernels_numba.rules kernels_numba.windows",
        "0.0 1.0 0.0 1.0",
    ]


@pytest.mark.parametrize("module", MODULES)
def test_the_loader_knows_what_kernels_call(module: str, numba: Backend | None) -> None:
    """The imports of its source are the independent account."""
    if numba is None:
        pytest.skip("Numba does not run here: there are no twins")
    text = (Path(__file__).parents[2] / "kernels_pure" / f"{module}.py").read_text("utf-8")
    called = {
        str(node.module).removeprefix("kernels_pure.")
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom)
        and str(node.module).startswith("kernels_pure.")
        and any(alias.name.islower() for alias in node.names)
    }
    called_modules = importlib.import_module("kernels_numba._twins").called_modules
    assert {*called_modules(importlib.import_module(f"kernels_pure.{module}"))} == called


def test_digests_are_of_the_kernels_there_are() -> None:
    assert set(RECORDED["kernels"]) == set(KERNELS)
    assert set(SAMPLES["kernels"]) <= set(KERNELS)
    assert set(RECORDED_SCALARS["kernels"]) == set(SCALARS)
