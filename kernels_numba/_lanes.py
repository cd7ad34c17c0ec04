"""Four doubles side by side in a register, for loops that run several combinations at once.

LLVM makes vector code of a loop whose rows do not depend on each other; a recurrence over time is
none. Here the lanes are the combinations, each with its own recurrence: the same operations in the
same order as the kernel's, so results keep their bits. Nothing is fused and no sum reordered.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typing import signature
from numba.core.typing.templates import ConcreteTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, register_model

N_LANES = 4
F64 = ir.DoubleType()
I64 = ir.IntType(64)
WIDE = ir.VectorType(F64, N_LANES)
WIDE_INT = ir.VectorType(I64, N_LANES)


class LanesType(types.Type):  # type: ignore[misc,unused-ignore]
    """Numba's type of `N_LANES` doubles in a register."""

    def __init__(self) -> None:
        super().__init__(name="lanes")


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):  # type: ignore[misc,unused-ignore]
    """A vector of LLVM."""

    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, WIDE)


Lanes = LanesType()


def _arithmetic(operation: Any, instruction: str) -> None:
    @infer_global(operation)
    class _Operation(ConcreteTemplate):  # type: ignore[misc,unused-ignore]
        cases = (signature(Lanes, Lanes, Lanes),)

    @lower_builtin(operation, Lanes, Lanes)  # type: ignore[untyped-decorator,unused-ignore]
    def _lower(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _arithmetic(_operation, _instruction)


def _splat(builder: Any, value: Any, wide: Any) -> Any:
    one = builder.insert_element(ir.Constant(wide, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), N_LANES), [0] * N_LANES)
    return builder.shuffle_vector(one, ir.Constant(wide, ir.Undefined), zeros)


@intrinsic  # type: ignore[untyped-decorator]
def spread(_context: Any, _x: Any) -> Any:
    """Return a number in every lane."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], WIDE)

    return Lanes(types.float64), build


@intrinsic  # type: ignore[untyped-decorator]
def packed(_context: Any, _a: Any, _b: Any, _c: Any, _d: Any) -> Any:
    """Return four numbers side by side."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        value = ir.Constant(WIDE, ir.Undefined)
        for place, number in enumerate(args):
            value = builder.insert_element(value, number, ir.IntType(32)(place))
        return value

    return Lanes(*[types.float64] * N_LANES), build


@intrinsic  # type: ignore[untyped-decorator]
def lane(_context: Any, _lanes: Any, _place: Any) -> Any:
    """Return the number of one lane."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.extract_element(args[0], args[1])

    return types.float64(Lanes, types.int64), build


@intrinsic  # type: ignore[untyped-decorator]
def whole(_context: Any, _lanes: Any) -> Any:
    """Return the lanes, which hold whole numbers, as integers."""

    def build(target: Any, builder: Any, signature: Any, args: Any) -> Any:
        numbers = builder.fptosi(args[0], WIDE_INT)
        places = map(ir.IntType(32), range(N_LANES))
        parts = [builder.extract_element(numbers, place) for place in places]
        return target.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(types.int64, N_LANES)(Lanes), build


@intrinsic  # type: ignore[untyped-decorator]
def with_lane(_context: Any, _lanes: Any, _place: Any, _x: Any) -> Any:
    """Return the lanes with another number in one of them."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        places = ir.Constant(WIDE_INT, list(range(N_LANES)))
        is_it = builder.icmp_signed("==", _splat(builder, args[1], WIDE_INT), places)
        return builder.select(is_it, _splat(builder, args[2], WIDE), args[0])

    return Lanes(Lanes, types.int64, types.float64), build


@intrinsic  # type: ignore[untyped-decorator]
def where_above(_context: Any, _one: Any, _other: Any, _then: Any, _otherwise: Any) -> Any:
    """Return `then` in the lanes where `one` is above `other`, else (and for nan) `otherwise`."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", args[0], args[1]), args[2], args[3])

    return Lanes(Lanes, Lanes, Lanes, Lanes), build


@intrinsic  # type: ignore[untyped-decorator]
def not_above(_context: Any, _one: Any, _other: Any) -> Any:
    """Return the lanes where `one` is not above `other`, nan included: lane k is 2**k."""

    def build(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        bits = builder.bitcast(builder.fcmp_unordered("<=", *args), ir.IntType(N_LANES))
        return builder.zext(bits, I64)

    return types.int64(Lanes, Lanes), build
