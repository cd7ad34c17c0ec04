"""LLVM makes NEON instructions on two doubles of the element-wise kernels, seen from any machine.

Numba's unoptimised code of a kernel is handed to the AArch64 backend that llvmlite carries, for
a Neoverse N1, and optimised there. Twins have no licence to fuse or to reorder, so what is
looked for are equal operations on pairs of doubles. It says nothing about time.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="Numba does not run here")

ROOT = Path(__file__).resolve().parents[2]
TRIPLE, PROCESSOR = "aarch64-unknown-linux-gnu", "neoverse-n1"
# Registers of two doubles, as GNU and as Apple assemblers write them.
VECTOR = re.compile(r"\bf(mul|mla|mls|add|sub|div)(?:\.2d\s|\s+v\d+\.2d\b)")

# Numba reads NUMBA_OPT when it is imported, so the code is made in a process of its own.
EMIT = """
import inspect
import json
import sys
from importlib import import_module
import llvmlite.binding as llvm
from kernels_numba._compile import register_inlined
from kernels_numba._warm import numba_type
from numba import njit

triple, processor, *kernels = sys.argv[1:]
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()


def emitted(kernel):
    module, _, name = kernel.partition(".")
    pure = getattr(import_module(f"kernels_pure.{module}"), name)
    import_module(f"kernels_numba.{module}")
    register_inlined()
    function = njit(error_model="numpy")(pure)
    function.compile(
        tuple(numba_type(one.annotation) for one in inspect.signature(pure).parameters.values())
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
    llvm.create_pass_builder(machine, tuning).getModulePassManager().run(
        code, llvm.create_pass_builder(machine, tuning)
    )
    return machine.emit_assembly(code)


json.dump({kernel: emitted(kernel) for kernel in kernels}, sys.stdout)
"""
PAIRED, SINGLE = ("normal.norm_cdf", "pricing.price_chain"), "pairs.reverse_collar_high"


@pytest.fixture(scope="module")
def assembly() -> dict[str, str]:
    """Return the AArch64 code of the kernels."""
    done = subprocess.run(
        [sys.executable, "-c", EMIT, TRIPLE, PROCESSOR, *PAIRED, SINGLE],
        env={**os.environ, "NUMBA_OPT": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    code: dict[str, str] = json.loads(done.stdout)
    return code


@pytest.mark.parametrize("kernel", PAIRED)
def test_an_element_wise_kernel_works_on_two_doubles_at_once(
    kernel: str, assembly: dict[str, str]
) -> None:
    found = {match[1] for match in VECTOR.finditer(assembly[kernel])}
    assert {"mul", "add", "div"} <= found


def test_a_kernel_without_pairs_of_operations_has_none(assembly: dict[str, str]) -> None:
    assert re.search(r"\bf(mul|add|sub)\s+d\d+", assembly[SINGLE])
    assert VECTOR.search(assembly[SINGLE]) is None
