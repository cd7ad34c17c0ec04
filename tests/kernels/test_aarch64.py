"""LLVM makes NEON instructions on two doubles of the whole-chain twins, seen from any machine.

Numba's unoptimised code of a twin, compiled with the options of that twin, is handed to the AArch64
backend that llvmlite carries, for a Neoverse N1, and optimised there as wide as its registers are.
It says nothing about time.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="Numba does not run here")

ROOT = Path(__file__).resolve().parents[2]
TRIPLE, PROCESSOR = "aarch64-unknown-linux-gnu", "neoverse-n1"
# Operations on two doubles at once, as GNU and as Apple assemblers write them.
VECTOR = re.compile(r"\bf(mul|mla|mls|add|sub|div)(?:\.2d\s|\s+v\d+\.2d\b)")
CALL = re.compile(r"\bbl\s+_?(exp|log)\b")
TWINS = (
    "pricing.price_chain", "pricing.greeks_chain", "reprice.reprice_chain", "black.black_chain",
    "implied.fixed_steps",
)  # fmt: skip
# Both exponentials of `carry_terms`, once for all rows of an expiry, before the rows.
CALLS = {"pricing.price_chain": ["exp", "exp"], "pricing.greeks_chain": ["exp", "exp"]}
# A kernel bit-equal to its source: LLVM takes its rows one by one and calls the platform's exp.
EXACT = "implied.exact_rest"

# Numba reads NUMBA_OPT when it is imported, so the code is made in a process of its own.
EMIT = """
import inspect
import json
import sys
from importlib import import_module
import llvmlite.binding as llvm
from kernels_numba import _rebound
from kernels_numba._compile import register_inlined
from kernels_numba._warm import numba_type
from numba import njit

triple, processor, *kernels = sys.argv[1:]
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
_rebound._doubles_at_once = lambda: 2  # in a register of NEON


def emitted(kernel):
    module, _, name = kernel.partition(".")
    twin = getattr(import_module(f"kernels_numba.{module}"), name)
    register_inlined()
    # The same function with the same options, and not the machine code that may be kept.
    function = njit(**twin.targetoptions)(twin.py_func)
    function.compile(
        tuple(
            numba_type(one.annotation)
            for one in inspect.signature(twin.py_func).parameters.values()
        )
    )
    (text,) = function.inspect_llvm().values()
    code = llvm.parse_assembly("\\n".join(
        line for line in text.splitlines()
        if not line.startswith(("target triple", "target datalayout"))
    ))
    machine = llvm.Target.from_triple(triple).create_target_machine(cpu=processor, opt=3)
    code.triple, code.data_layout = triple, str(machine.target_data)
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.loop_vectorization = tuning.slp_vectorization = True
    with _rebound._options():
        llvm.create_pass_builder(machine, tuning).getModulePassManager().run(
            code, llvm.create_pass_builder(machine, tuning)
        )
    return machine.emit_assembly(code)


json.dump({kernel: emitted(kernel) for kernel in kernels}, sys.stdout)
"""


@pytest.fixture(scope="module")
def assembly() -> dict[str, str]:
    """Return the AArch64 code of the twins."""
    done = subprocess.run(
        [sys.executable, "-c", EMIT, TRIPLE, PROCESSOR, *TWINS, EXACT],
        # With checks of bounds, as one leg of the tests has them, no loop is taken in pairs.
        env={**os.environ, "NUMBA_OPT": "0", "NUMBA_BOUNDSCHECK": "", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code: dict[str, str] = json.loads(done.stdout)
    return code


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_takes_two_rows_at_once(twin: str, assembly: dict[str, str]) -> None:
    # LLVM finds a few equal operations inside one row as well, at most 30: rows side by side
    # are the whole formula in pairs.
    found = Counter(match[1] for match in VECTOR.finditer(assembly[twin]))
    assert found["mla"] + found["mls"] >= 100, found
    assert found["div"] >= 2, found


@pytest.mark.parametrize("twin", TWINS)
def test_a_twin_calls_no_function_for_one_row(twin: str, assembly: dict[str, str]) -> None:
    assert CALL.findall(assembly[twin]) == CALLS.get(twin, [])


def test_an_exact_kernel_calls_them_and_fuses_nothing(assembly: dict[str, str]) -> None:
    assert set(CALL.findall(assembly[EXACT])) == {"exp", "log"}
    found = Counter(match[1] for match in VECTOR.finditer(assembly[EXACT]))
    assert found["mla"] == found["mls"] == 0
