"""Twins of whole-chain forms whose formulas are rebuilt on vectorisable ``exp`` and ``log``.

`rebuilt` copies a kernel, and every kernel that it calls, onto namespaces of their own in which
those names mean the functions of `_vector`: rebinding one function alone would not reach its
callees. `vectorised` compiles a loop over such a copy. The formula stays the one in `kernels_pure`;
the results are no longer equal to the last bit, so each twin is listed in
`kernels_numba.DIFFERS` and decides nothing.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar, cast

import llvmlite.binding as llvm
from numba import njit
from numba.core.compiler_lock import global_compiler_lock

from kernels_numba import _vector
from kernels_numba._compile import inlined, kept

Loop = TypeVar("Loop", bound=Callable[..., object])

# Fused multiply-add, and nothing that reorders a sum: nan, inf and rounding tricks stay.
FASTMATH = {"contract"}
BINDINGS: Mapping[str, Callable[..., Any]] = {
    name: inlined(getattr(_vector, name), fastmath=FASTMATH)
    for name in ("exp", "log", "tail_parts")
}
_namespaces: dict[str, dict[str, Any]] = {}
_copies: dict[Callable[..., Any], Callable[..., Any]] = {}


@inlined
def as_double(right: int) -> int:
    """Return `right` as a double; whole numbers of 64 bits do not go several at a time."""
    return float(right)  # type: ignore[return-value]


def rebuilt(kernel: Loop) -> Loop:
    """Return a copy of `kernel` on a namespace where `BINDINGS` hold, compiled where it is called.

    Its callees in `kernels_pure` are copied likewise, each once.
    """
    copy = _copies.get(kernel)
    if copy is None:
        module = kernel.__module__
        space = _namespaces.setdefault(module, {"__name__": module})
        function = cast(types.FunctionType, kernel)
        copy = types.FunctionType(function.__code__, space, function.__name__)
        copy.__module__ = module
        copy.__qualname__ = f"{function.__qualname__}$rebound"
        copy.__annotations__ = function.__annotations__  # by which it is compiled ahead
        _copies[kernel] = copy
        for name in function.__code__.co_names:
            value = BINDINGS.get(name, vars(import_module(module)).get(name))
            is_kernel = isinstance(value, types.FunctionType) and name not in BINDINGS
            if value is not None:
                space[name] = rebuilt(value) if is_kernel else value
        inlined(copy, fastmath=FASTMATH)
    return cast(Loop, copy)


def vectorised(loop: Loop) -> Loop:
    """Return `loop` compiled so that LLVM takes several rows at a time; threads may share the rows.

    LLVM thinks that the tests of a kernel's domain make it dear, and that many columns may overlap;
    the options last while this loop is compiled, and meanwhile no other thread compiles.
    """
    twin: Any = kept(njit(error_model="numpy", fastmath=FASTMATH, nogil=True)(loop))
    compile_scalar = twin.compile

    def compile_wide(signature: object) -> object:
        with global_compiler_lock, _options():
            return compile_scalar(signature)

    twin.compile = compile_wide
    return cast(Loop, twin)


@contextmanager
def _options() -> Iterator[None]:
    wide = {
        "force-vector-width": _doubles_at_once(),
        "force-vector-interleave": 2,
        "runtime-memory-check-threshold": 256,
    }
    usual = {"force-vector-width": 0, "force-vector-interleave": 0}
    usual["runtime-memory-check-threshold"] = 8
    for name, value in wide.items():
        llvm.set_option("", f"-{name}={value}")
    try:
        yield
    finally:
        for name, value in usual.items():
            llvm.set_option("", f"-{name}={value}")


def _doubles_at_once() -> int:
    """Return how many doubles a register of this machine holds."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return 8
    return 4 if features.get("avx2") else 2
