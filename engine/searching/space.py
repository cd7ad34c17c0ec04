"""The space of a search: the parameters of a strategy as axes of numbers.

A trial is one number per axis, so that trials travel as columns of doubles: a whole number or a
real as itself, a choice as the place of its word.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, floor, log

from engine.backtesting.parameters import Parameter, Value, parameters
from engine.errors import UsageError
from engine.nearest import hint

# Beside which a step that almost reaches the high end is taken to reach it.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """One parameter that is searched."""

    name: str
    parameter: Parameter

    @property
    def n_levels(self) -> int:
        """Return how many values it has; 0 where every number between is one."""
        one = self.parameter
        if one.options:
            return len(one.options)
        step = one.step or (1.0 if one.is_whole else 0.0)
        return (
            floor((one.high - one.low) / step + _ROUNDING) + 1 if step else int(one.low == one.high)
        )

    def level(self, place: int) -> float:
        """Return value number `place`, from 0."""
        one = self.parameter
        if one.options:
            return float(place)
        return min(one.high, one.low + place * (one.step or 1.0))

    def at(self, part: float) -> float:
        """Return the value a part of the way along, from 0 to below 1, each equally likely."""
        one, n_levels = self.parameter, self.n_levels
        if one.is_log and not one.options:
            value = exp(log(one.low) + part * (log(one.high) - log(one.low)))
            if not n_levels:
                return min(one.high, max(one.low, value))
            step = one.step or 1.0
            return self.level(min(n_levels - 1, max(0, floor((value - one.low) / step + 0.5))))
        if n_levels:
            return self.level(min(n_levels - 1, int(part * n_levels)))
        return min(one.high, one.low + part * (one.high - one.low))

    def part_of(self, number: float) -> float:
        """Return how far along `number` is, from 0 to below 1: what `at` takes back to it."""
        one, n_levels = self.parameter, self.n_levels
        if one.options:
            return (number + 0.5) / n_levels
        if one.is_log:
            return (log(number) - log(one.low)) / max(log(one.high) - log(one.low), 1e-300)
        if n_levels:
            place = floor((number - one.low) / (one.step or 1.0) + 0.5)
            return (place + 0.5) / n_levels
        return (number - one.low) / (one.high - one.low)

    def value(self, number: float) -> Value:
        """Return `number` as the strategy takes it."""
        one = self.parameter
        if one.options:
            return one.options[int(number)]
        return int(number) if one.is_whole else number

    def number(self, value: object) -> float:
        """Return a value as the number that stands for it, after its check.

        Raises
        ------
        UsageError
            If it is not one of the parameter's values.
        """
        checked = self.parameter.checked(self.name, value)
        if self.parameter.options:
            return float(self.parameter.options.index(str(checked)))
        return float(checked)


@dataclass(frozen=True, slots=True)
class Space:
    """The axes of a search in the order of the class, and the values that are held."""

    axes: tuple[Axis, ...]
    fixed: Mapping[str, Value]

    @property
    def size(self) -> int:
        """Return how many trials there can be; 0 where an axis takes every number between."""
        size = 1
        for axis in self.axes:
            size *= axis.n_levels
        return size

    def values(self, row: Sequence[float]) -> dict[str, Value]:
        """Return a row of numbers as the parameters of a strategy, the held ones with them."""
        searched = {
            axis.name: axis.value(number) for axis, number in zip(self.axes, row, strict=True)
        }
        return {**self.fixed, **searched}


def space_of(
    strategy: type, fixed: Mapping[str, object] | None = None, only: Sequence[str] = ()
) -> Space:
    """Return the space of a class: all its parameters, or `only` some, without the `fixed` ones.

    What is neither searched nor fixed keeps its default.

    Raises
    ------
    UsageError
        If a name is unknown or a value is not one of its parameter's, or nothing is left to search.
    """
    known = parameters(strategy)
    held = dict(fixed or {})
    for name in (*held, *only):
        if name not in known:
            raise UsageError(f"{strategy.__name__} has no parameter {name}: {hint(name, known)}")
    both = [name for name in only if name in held]
    if both:
        raise UsageError(f"{both[0]} cannot be both searched and held")
    checked = {name: known[name].checked(name, value) for name, value in held.items()}
    axes = tuple(
        Axis(name, one)
        for name, one in known.items()
        if name not in held and (not only or name in only)
    )
    if not axes:
        raise UsageError(
            f"{strategy.__name__} has nothing to search: give it parameters, "
            "such as `fast = whole(10, 2, 60)`"
        )
    for name, one in known.items():
        if name not in checked and not any(axis.name == name for axis in axes):
            checked[name] = one.default
    return Space(axes, checked)


def grid_rows(space: Space, first: int, end: int) -> list[array[float]]:
    """Return rows `first` to `end` of the grid as a column per axis; the last axis moves fastest.

    Raises
    ------
    UsageError
        If an axis has no step.
    """
    columns = []
    block = space.size
    if not block:
        axis = next(axis for axis in space.axes if not axis.n_levels)
        raise UsageError(
            f"a grid needs a step for {axis.name}: real({axis.parameter.default:g}, "
            f"{axis.parameter.low:g}, {axis.parameter.high:g}, step)"
        )
    for axis in space.axes:
        n_levels = axis.n_levels
        block //= n_levels
        levels = [axis.level(place) for place in range(n_levels)]
        columns.append(array("d", [levels[row // block % n_levels] for row in range(first, end)]))
    return columns


def rows_of(columns: Sequence[array[float]]) -> Iterator[tuple[float, ...]]:
    """Yield the rows of columns of the same length."""
    return zip(*columns, strict=True)
