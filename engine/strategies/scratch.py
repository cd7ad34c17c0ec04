"""Columns that the families of a scan write to and nobody keeps, handed on to the next scan.

PyPy counts every byte of a column as pressure on its collector. Half a megabyte anew for every scan
of 4 000 contracts let it go through all objects every 43rd scan, a quarter of the whole time; with
columns handed on, every 110th.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from dataclasses import dataclass, field

Shape = tuple[int, ...]

# Of so many sizes of chains columns are kept.
_MOST = 8
_idle: OrderedDict[Shape, Scratch] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Scratch:
    """Columns by name. Their content is whatever the last user left: of this scan or of another."""

    floats: dict[str, array[float]] = field(default_factory=dict)
    integers: dict[str, array[int]] = field(default_factory=dict)

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

    They are the taker's alone, in whatever thread, until he gives them back; he need not.
    """
    return _idle.pop(shape, None) or Scratch()


def give_back(shape: Shape, scratch: Scratch) -> None:
    """Leave columns to the next chain of this `shape`. Nothing may refer to them any more."""
    _idle[shape] = scratch
    if len(_idle) > _MOST:
        _idle.popitem(last=False)
