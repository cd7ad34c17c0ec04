"""The parameters of a strategy: class attributes that are search space and flags at once.

>>> class Cross:
...     fast = whole(10, 2, 60)
...     slow = whole(30, 5, 200)
>>> [(name, one.default, one.high) for name, one in parameters(Cross).items()]
[('fast', 10, 60), ('slow', 30, 200)]
>>> build(Cross, {"fast": 5}).fast
5
>>> Cross().slow  # without `build` it is the default
30
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from math import isfinite
from typing import Any, TypeVar, cast

from engine.errors import UsageError
from engine.nearest import nearest

S = TypeVar("S")
Value = int | float | str


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter: its default, and the values that a search may try.

    Numbers lie from `low` to `high` in steps of `step`; a step of 0 allows every number between.
    With `is_log` a search spreads its values evenly over their logarithm. `options` are the values
    of a choice, which has no order.
    """

    default: Value
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0
    is_log: bool = False
    options: tuple[str, ...] = ()
    # In which order they are written: of ``fast, slow = whole(…), whole(…)`` PyPy has `slow` first
    # among the attributes of a class, CPython `fast`.
    number: int = field(default_factory=count().__next__)

    def __get__(self, instance: object | None, owner: type | None = None) -> Any:
        """Return the default where an instance has no value of its own."""
        return self if instance is None else self.default

    @property
    def is_whole(self) -> bool:
        """Tell whether its values are whole numbers."""
        return isinstance(self.default, int)

    def checked(self, name: str, value: object) -> Value:
        """Return `value` as this parameter takes it, from a flag, a file or a search.

        Raises
        ------
        UsageError
            If it is not one of its values.
        """
        if self.options:
            if value in self.options:
                return value
            raise UsageError(f"{name} must be one of {', '.join(self.options)}, not {value!r}")
        kind = "a whole number" if self.is_whole else "a number"
        try:
            number = float(value) if isinstance(value, (int, float, str)) else float("nan")
        except (ValueError, OverflowError):
            number = float("nan")
        is_off = self.is_whole and not number.is_integer()
        if not isfinite(number) or is_off or not self.low <= number <= self.high:
            raise UsageError(
                f"{name} must be {kind} from {self.low:g} to {self.high:g}, not {value!r}"
            )
        return int(number) if self.is_whole else number


def whole(default: int, low: int, high: int, step: int = 1) -> int:
    """Declare a parameter of whole numbers from `low` to `high`, both tried by a search."""
    _check(default, low, high, step)
    return cast(int, Parameter(default, low, high, step))


def real(
    default: float, low: float, high: float, step: float = 0.0, *, is_log: bool = False
) -> float:
    """Declare a parameter of numbers from `low` to `high`; a grid needs a step."""
    _check(default, low, high, step)
    if is_log and low <= 0.0:
        raise ValueError(f"a parameter over logarithms must begin above 0, not at {low}")
    return cast(float, Parameter(float(default), low, high, step, is_log))


def choice(default: str, *others: str) -> str:
    """Declare a parameter that is one of some words."""
    return cast(str, Parameter(default, options=(default, *others)))


def _check(default: float, low: float, high: float, step: float) -> None:
    if not (low <= default <= high and isfinite(high - low) and 0.0 <= step < float("inf")):
        raise ValueError(f"a parameter of {default} from {low} to {high} in steps of {step}")


def parameters(strategy: type) -> dict[str, Parameter]:
    """Return the parameters of a class by name, those of its bases first, as they are written."""
    found: dict[str, Parameter] = {}
    for base in reversed(strategy.__mro__):
        for name, value in sorted(vars(base).items(), key=_place):
            if isinstance(value, Parameter):
                found[name] = value
            else:
                found.pop(name, None)  # a class may fix what its base left open
    return found


def _place(item: tuple[str, object]) -> int:
    return item[1].number if isinstance(item[1], Parameter) else -1


def build(strategy: type[S], values: Mapping[str, object] | None = None) -> S:
    """Return a new instance of `strategy` with `values`; what is not named has its default.

    Raises
    ------
    UsageError
        If a name is unknown, or a value is not one of its parameter's.
    """
    known = parameters(strategy)
    made = strategy()
    for name, parameter in known.items():
        setattr(made, name, parameter.default)
    for name, value in (values or {}).items():
        if name not in known:
            near = nearest(name, list(known))
            meant = f"did you mean {near}?" if near else f"it has {', '.join(known) or 'none'}"
            raise UsageError(f"{strategy.__name__} has no parameter {name}: {meant}")
        setattr(made, name, known[name].checked(name, value))
    return made
