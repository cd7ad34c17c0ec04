"""Scratch columns of the families of a scan, handed on to the next scan.

PyPy counts every byte of a column as pressure on its collector. Half a megabyte anew for every scan
of 4 000 contracts let it go through all objects every 43rd scan, a quarter of the whole time; with
columns handed on, every 110th.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]

# Columns are kept for at most this many sizes of chains.
_MOST_SHAPES = 8
_idle: OrderedDict[Shape, Scratch] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Scratch:
    """Columns by name. They still hold what the last user wrote, in this scan or in another.

    `groups` are values made of columns that nobody else asks for, as their users keep them.
    """

    floats: dict[str, array[float]] = field(default_factory=dict)
    integers: dict[str, array[int]] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)

    def column(self, name: str, length: int) -> array[float]:
        """Return a column of at least `length`, and of just that if all users of `name` agree."""
        found = self.floats.get(name)
        if found is None or len(found) < length:
            found = self.floats[name] = array("d", [0.0]) * length
        return found

    def indices(self, name: str, length: int) -> array[int]:
        """Return a column of integers in the same way."""
        found = self.integers.get(name)
        if found is None or len(found) < length:
            found = self.integers[name] = array("l", [0]) * length
        return found


def take(shape: Shape) -> Scratch:
    """Return the columns left by a chain of the same `shape`, else new ones.

    Nobody else uses them, in any thread, until `give_back`; the caller may also keep them.
    """
    return _idle.pop(shape, None) or Scratch()


def give_back(shape: Shape, scratch: Scratch) -> None:
    """Leave columns to the next chain of this `shape`. Nothing may refer to them any more."""
    _idle[shape] = scratch
    if len(_idle) > _MOST_SHAPES:
        _idle.popitem(last=False)
