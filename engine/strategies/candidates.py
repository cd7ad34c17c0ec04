"""The candidate table, and the templates by which families fill it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from engine.backend import Backend
from engine.config import family_code

N_LEGS = 4

# What must hold for an edge that is not locked; a candidate carries a sum of these.
BORROW = 1
PROJECTED = 2
FUNDING = 4
EARLY = 8
CONDITIONS = {
    BORROW: "borrow",
    PROJECTED: "projected-dividend",
    FUNDING: "forward-funding",
    EARLY: "carry-if-assigned",
}

LOW, MIDDLE, HIGH = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The shape of one family's positions; two of the same parts are not the same shape.

    `legs` are (which row of the hit, right, signed ratio), `stock` the signed stock multiples.
    """

    family: str
    legs: tuple[tuple[int, str, int], ...]
    stock: int = 0
    condition: int = 0


_Shape = tuple[int, "array[int]", "array[int]", "array[int]"]
_known: dict[tuple[int, int], tuple[Template, _Shape]] = {}
_MOST_KNOWN = 1_000


def _columns_of(template: Template, n_rows: int) -> _Shape:
    """Return the code of a family, and its legs in columns that nobody writes to."""
    # By identity: a template has many parts, and is asked for with every few candidates.
    key = id(template), n_rows
    known = _known.get(key)
    if known is not None and known[0] is template:
        return known[1]
    shape = _new_columns_of(template, n_rows)
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[key] = template, shape
    return shape


def _new_columns_of(template: Template, n_rows: int) -> _Shape:
    shift = array("l", [0] * N_LEGS)
    weight = array("l", [0] * N_LEGS)
    which = array("l", [-1] * N_LEGS)
    for leg, (row, right, ratio) in enumerate(template.legs):
        shift[leg] = n_rows if right == "P" else 0
        weight[leg] = ratio
        which[leg] = row
    return family_code(template.family), shift, weight, which


class Columns:
    """Growing columns of one table; grown in place so that kernels write behind `count`."""

    def __init__(self) -> None:
        self.count = 0
        self.family = array("l")
        self.condition = array("l")
        self.stock = array("l")
        self.unit = array("l")
        self.quote = array("l")
        self.ratio = array("l")
        self.days = array("d")
        self.edge = array("d")

    def grow(self, hits: int) -> int:
        """Make room for `hits` more rows and return where they start."""
        start = self.count
        room, room_for_legs = bytes(8 * hits), bytes(8 * N_LEGS * hits)
        for column in (self.family, self.condition, self.stock, self.unit):
            column.frombytes(room)
        for column in (self.quote, self.ratio):
            column.frombytes(room_for_legs)
        self.days.frombytes(room)
        self.edge.frombytes(room)
        self.count += hits
        return start

    def append(
        self,
        backend: Backend,
        template: Template,
        n_rows: int,
        hits: int,
        low: array[int],
        middle: array[int],
        high: array[int],
        edge: array[float],
        days: array[float],
        condition: int = 0,
    ) -> int:
        """Append `hits` positions of `template`, given by rows; return where they start."""
        start = self.grow(hits)
        code, shift, weight, which = _columns_of(template, n_rows)
        backend.candidates.append_rows(
            hits, start, code, template.condition + condition, shift, weight, which,
            template.stock, low, middle, high, edge, days,
            self.family, self.condition, self.quote, self.ratio, self.stock, self.unit,
            self.days, self.edge,
        )  # fmt: skip
        return start

    def copy_row(self, other: Columns, row: int) -> None:
        """Append one row of another table."""
        at = self.grow(1)
        self.family[at] = other.family[row]
        self.condition[at] = other.condition[row]
        self.stock[at] = other.stock[row]
        self.unit[at] = other.unit[row]
        self.days[at] = other.days[row]
        self.edge[at] = other.edge[row]
        for leg in range(N_LEGS):
            self.quote[N_LEGS * at + leg] = other.quote[N_LEGS * row + leg]
            self.ratio[N_LEGS * at + leg] = other.ratio[N_LEGS * row + leg]

    def key(self, row: int) -> tuple[int, int, tuple[tuple[int, int], ...]]:
        """Return what makes a position the same as another: family, stock and legs."""
        return self.family[row], self.stock[row], self.legs(row)

    def legs(self, row: int) -> tuple[tuple[int, int], ...]:
        """Return the option legs of `row` as (quote index, signed ratio)."""
        base = N_LEGS * row
        return tuple(
            (self.quote[base + leg], self.ratio[base + leg])
            for leg in range(N_LEGS)
            if self.quote[base + leg] >= 0
        )


class CandidateTable:
    """All candidates of one scan, and per family the best position that is not one.

    Families may leave the latter out where it costs a search of its own and is not `wants_near`.
    `templates` are those that have a candidate.
    """

    def __init__(
        self, backend: Backend, n_rows: int, days: array[float], *, wants_near: bool = True
    ) -> None:
        self.wants_near = wants_near
        self.found = Columns()
        self.near = Columns()
        self.templates: list[Template] = []
        self._backend = backend
        self._n_rows = n_rows
        self._days = days

    def add(
        self,
        template: Template,
        hits: int,
        low: array[int],
        middle: array[int],
        high: array[int],
        edge: array[float],
        condition: int = 0,
    ) -> int:
        """Append candidates; return the table row of the first."""
        if not hits:
            return self.found.count
        if template not in self.templates:
            self.templates.append(template)
        return self.found.append(
            self._backend, template, self._n_rows, hits, low, middle, high, edge, self._days,
            condition,
        )  # fmt: skip

    def nearest(self) -> Columns:
        """Return the best positions that are not candidates, families in the order of ties."""
        ordered = Columns()
        for row in sorted(range(self.near.count), key=self.near.family.__getitem__):
            ordered.copy_row(self.near, row)
        return ordered

    def add_near(self, template: Template, low: int, middle: int, high: int, edge: float) -> int:
        """Keep the best position of a family that has no candidate."""
        return self.near.append(
            self._backend, template, self._n_rows, 1, array("l", [low]), array("l", [middle]),
            array("l", [high]), array("d", [edge]), self._days,
        )  # fmt: skip
