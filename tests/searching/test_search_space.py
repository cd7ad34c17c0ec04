"""Axes, grids and draws: every value is one of the parameter's, each of them is reached."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from engine.backtesting.parameters import build, choice, real, whole
from engine.errors import UsageError
from engine.searching.proposals import AtRandom, Grid, at_random
from engine.searching.space import Space, rows_of, space_of


class Many:
    size = whole(3, 1, 5, 2)
    part = real(0.5, 0.0, 1.0, 0.25)
    side = choice("long", "short", "both")
    free = real(2.0, 1.0, 100.0, is_log=True)


def every(proposals: Grid | AtRandom, most: int = 7) -> list[tuple[float, ...]]:
    rows: list[tuple[float, ...]] = []
    while (columns := proposals.ask(most)) is not None:
        rows += rows_of(columns)
        proposals.tell(columns, [(-abs(row[0] - 3.0),) for row in rows_of(columns)])
    return rows


def test_a_grid_has_every_point_once_in_its_order() -> None:
    space = space_of(Many, {"free": 10.0})
    assert (space.size, space.fixed) == (45, {"free": 10.0})
    rows = every(Grid(space))
    wanted = [
        (size, part, side)
        for size in (1.0, 3.0, 5.0)
        for part in (0.0, 0.25, 0.5, 0.75, 1.0)
        for side in (0.0, 1.0, 2.0)
    ]
    assert rows == wanted
    assert space.values(rows[-1]) == {"size": 5, "part": 1.0, "side": "both", "free": 10.0}
    assert build(Many, space.values(rows[-1])).side == "both"


@pytest.mark.parametrize(
    ("fixed", "only", "said"),
    [
        ({"sice": 1}, (), "Many has no parameter sice: did you mean 'size'?"),
        ({}, ("pard",), "did you mean 'part'?"),
        ({"size": 2.5}, (), "size must be a whole number from 1 to 5"),
        ({"size": 1}, ("size",), "size cannot be both searched and held"),
        ({"size": 1, "part": 0.0, "side": "long", "free": 1.0}, (), "nothing to search"),
    ],
)
def test_a_space_says_what_is_wrong(
    fixed: dict[str, object], only: tuple[str, ...], said: str
) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        space_of(Many, fixed, only)


def test_what_is_not_searched_keeps_its_default() -> None:
    space = space_of(Many, only=("part",))
    assert [axis.name for axis in space.axes] == ["part"]
    assert space.fixed == {"size": 3, "side": "long", "free": 2.0}


def test_a_grid_without_a_step_or_too_large_is_refused() -> None:
    with pytest.raises(UsageError, match="a grid needs a step for free: real"):
        Grid(space_of(Many))
    with pytest.raises(UsageError, match="the grid has 45 points, more than 44"):
        Grid(space_of(Many, {"free": 2.0}), 44)


def test_draws_are_of_the_parameter_and_even() -> None:
    space = space_of(Many)
    rows = every(AtRandom(space, 3_000, seed=5), 500)
    assert len(rows) == 3_000
    for row in rows:
        build(Many, space.values(row))  # checks each
    first = rows[:2_100]  # what is not around the best
    for axis, names in enumerate((3, 5, 3)):
        counts = Counter(row[axis] for row in first)
        assert len(counts) == names
        assert min(counts.values()) > 0.8 * len(first) / names
    # Even over logarithms: half of the draws lie below the geometric mean.
    assert 0.45 < sum(row[3] < 10.0 for row in first) / len(first) < 0.55


def test_rounds_close_in_on_the_best() -> None:
    class Line:
        place = real(0.0, 0.0, 1000.0)

    rows = every(AtRandom(space_of(Line), 200, seed=1), 50)
    # `tell` in `every` likes 3; a blind search comes within about 5 of it.
    spreads = [max(abs(row[0] - 3.0) for row in rows[k : k + 12]) for k in range(140, 200, 12)]
    assert min(abs(row[0] - 3.0) for row in rows) < 1.0
    assert all(later < 0.75 * sooner for sooner, later in pairwise(spreads))


def test_the_same_seed_gives_the_same_trials_whatever_the_blocks() -> None:
    space = space_of(Many)
    one, other = AtRandom(space, 300, 9), AtRandom(space, 300, 9)
    assert every(one, 3) == every(other, 100)
    assert every(AtRandom(space, 300, 10)) != every(AtRandom(space, 300, 9))


def test_a_search_that_is_larger_than_the_grid_is_the_grid() -> None:
    space = space_of(Many, {"free": 2.0})
    assert isinstance(at_random(space, 45, 0), Grid)
    assert isinstance(at_random(space, 44, 0), AtRandom)
    for count in (0, 10_000_001):
        with pytest.raises(UsageError, match="--trials must be from 1 to"):
            at_random(space, count, 0)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999999])
def test_a_place_on_an_axis_and_back(part: float) -> None:
    space: Space = space_of(Many)
    for axis in space.axes:
        assert axis.at(axis.part_of(axis.at(part))) == pytest.approx(axis.at(part), rel=1e-12)
        assert axis.number(axis.value(axis.at(part))) == axis.at(part)
