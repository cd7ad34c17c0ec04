"""A search from end to end: the best is the best, luck is told, the walk sees no future."""

from __future__ import annotations

from array import array
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from math import fsum, isfinite, isnan, nan, sqrt
from random import Random

import pytest

from engine.errors import UsageError
from engine.performance.validation import deflated_sharpe
from engine.searching.board import Board
from engine.searching.hosts import Answer, Here, Host, Piece
from engine.searching.outcome import Asked, Found, find, mapped_axes
from engine.searching.scoring import SCORES, Scorer
from engine.searching.space import space_of
from engine.searching.task import Span, Task
from engine.searching.walk import NS_PER_DAY, blended, lengths_of, stretches
from engine.trading.loading import load_strategy
from tests.searching.markets import HOUR_NS, START_NS, task

HELD: dict[str, int | float | str] = {"short": -1.0, "threshold": 0.005}


class Kept:
    def __init__(self) -> None:
        self.values: array[float] = array("d")

    def take(self, first: int, columns: object, scores: array[float]) -> None:
        self.values.extend(scores)


def here(asked: Task) -> AbstractContextManager[Host]:
    return nullcontext(Here(Scorer(asked), "here"))


def found(asked: Task, how: Asked, **more: object) -> Found:
    return find(asked, how, here, **more)  # type: ignore[arg-type]


def column(values: array[float], name: str) -> list[float]:
    return list(values[SCORES.index(name) :: len(SCORES)])


def test_the_top_is_what_sorting_all_trials_gives() -> None:
    kept = Kept()
    one = found(task("momentum", fixed=HELD), Asked("grid", n_top=7), sinks=[kept])
    ratios = column(kept.values, "sharpe")
    order = sorted(
        (number for number, ratio in enumerate(ratios) if ratio == ratio),
        key=lambda number: (-ratios[number], number),
    )
    assert [trial.number for trial in one.top] == order[:7]
    assert [trial.metric("sharpe") for trial in one.top] == [ratios[k] for k in order[:7]]
    assert one.board is not None
    assert one.board.n_tried == len(ratios) == 239
    assert one.board.n_silent == sum(map(isnan, ratios))
    known = [ratio for ratio in ratios if ratio == ratio]
    mean = fsum(known) / len(known)
    spread = sqrt(fsum((r - mean) * (r - mean) for r in known) / (len(known) - 1))
    assert one.board.sharpe_deviation == pytest.approx(spread, rel=1e-12)


def test_less_drawdown_is_better() -> None:
    kept = Kept()
    how = Asked("grid", metrics=("drawdown",), n_top=3)
    one = found(task("momentum", n_tests=1, fixed=HELD), how, sinks=[kept])
    assert one.top[0].metric("drawdown") == min(column(kept.values, "drawdown"))


def test_the_map_is_the_mean_of_its_cells() -> None:
    kept = Kept()
    asked = task("momentum", n_tests=1, n=120, fixed={"short": 0.0})
    one = found(replace(asked, names=("lag", "threshold")), Asked("grid"), sinks=[kept])
    shown = one.map
    assert shown is not None
    assert shown.names == ("lag", "threshold")
    assert sum(sum(row) for row in shown.counts) == sum(
        1 for ratio in column(kept.values, "sharpe") if isfinite(ratio)
    )
    space, width = one.space, len(shown.edges[0])
    lags, limits = shown.edges
    assert len(lags) == 12
    assert lags == tuple(sorted(lags))
    cell = [
        ratio
        for row, ratio in zip(_grid(space), column(kept.values, "sharpe"), strict=True)
        if lags[2] <= row[0] < lags[3] and limits[0] <= row[1] < limits[1] and isfinite(ratio)
    ]
    assert width == 12
    assert len(cell) == shown.counts[0][2] > 5
    assert shown.means[0][2] == pytest.approx(fsum(cell) / len(cell), rel=1e-12)


def _grid(space: object) -> list[tuple[float, ...]]:
    from engine.searching.space import Space, grid_rows, rows_of

    assert isinstance(space, Space)
    return list(rows_of(grid_rows(space, 0, space.size)))


def test_axes_of_the_map() -> None:
    space = space_of(load_strategy("ma_crossover"))
    assert mapped_axes(space, None) == (0, 1)
    assert mapped_axes(space, ("short", "fast")) == (2, 0)
    for names, said in ((("fast", "fast"), "fast twice"), (("fast", "lag"), "lag is not searched")):
        with pytest.raises(UsageError, match=said):
            mapped_axes(space, names)
    assert mapped_axes(space_of(load_strategy("ma_crossover"), only=("fast",)), None) is None


def test_the_front_has_what_nothing_beats_in_every_metric() -> None:
    draw = Random(3)
    space = space_of(load_strategy("ma_crossover"), only=("fast",))
    board = Board(space, ["sharpe", "drawdown"], 300)
    points = [(draw.random(), draw.random()) for _ in range(300)]
    scores = array("d")
    for ratio, depth in points:
        row = [0.1] * len(SCORES)
        row[SCORES.index("sharpe")], row[SCORES.index("drawdown")] = ratio, depth
        scores.extend(row)
    board.take([array("d", range(300))], scores)
    wanted = {
        k
        for k, (ratio, depth) in enumerate(points)
        if not any((r >= ratio and d <= depth) and (r, d) != (ratio, depth) for r, d in points)
    }
    assert {trial.number for trial in board.front} == wanted
    assert len(wanted) > 3


def test_the_deflated_ratio_is_that_of_the_best_among_all() -> None:
    asked = task("ma_crossover", n_tests=1)
    one = found(asked, Asked("random", 80))
    assert one.board is not None
    assert one.validity is not None
    best = one.top[0]
    (result,) = Scorer(asked).results(one.space.values(best.row), Span())
    from engine.performance.figures import figures

    told = figures(result, asked.per_year)
    n = told.n_returns
    scale = sqrt(n / (n - 1) / asked.per_year)
    variance = (one.board.sharpe_deviation * scale) ** 2
    wanted = deflated_sharpe(told.bar_sharpe, n, told.skew, told.kurtosis, 80, variance)
    assert one.validity.deflated == pytest.approx(wanted, rel=1e-9)
    assert 0.0 < one.validity.deflated < 0.9
    assert (one.validity.n_tried, one.validity.n_sampled) == (80, 80)
    assert 0.0 < one.validity.spa <= 1.0


def test_lengths_of_a_walk() -> None:
    assert lengths_of("6m/1m") == (
        round(6 * 365.25 / 12 * NS_PER_DAY),
        round(365.25 / 12 * NS_PER_DAY),
    )
    assert lengths_of("1y/2w")[1] == 14 * NS_PER_DAY
    for text in ("6m", "6m/1", "0d/1d", "-1d/1d", "6m/1m/1m", "1e3d/1d", "nand/1d", ""):
        with pytest.raises(UsageError, match="expected two lengths"):
            lengths_of(text)


def test_a_walk_searches_the_past_alone_and_judges_what_follows() -> None:
    asked = task("momentum", n_tests=2, n=360, fixed=HELD)
    steps = stretches(asked, 5 * NS_PER_DAY, 2 * NS_PER_DAY, is_anchored=False)
    one = found(asked, Asked("grid"), steps=steps)
    assert one.walk is not None
    assert len(one.walk.judged) == len(steps) == 5
    growth = 1.0
    for step, judged in zip(steps, one.walk.judged, strict=True):
        assert (step.test_ns - step.train_ns, step.end_ns - step.test_ns) == (
            5 * NS_PER_DAY, 2 * NS_PER_DAY - HOUR_NS + 1,
        )  # fmt: skip
        # The best of a search of this stretch alone.
        part = replace(asked, spans=(Span(step.train_ns, step.test_ns),))
        kept = Scorer(part).scores(0, [array("d", range(2, 241))]).values
        ratios = [ratio if ratio == ratio else -9e9 for ratio in column(kept, "sharpe")]
        assert judged.best is not None
        assert judged.best.number == ratios.index(max(ratios))
        results = Scorer(asked).results(
            one.space.values(judged.best.row), Span(step.train_ns, step.end_ns)
        )
        grown = []
        for result in results:
            row = list(result.time_ns).index(step.test_ns)
            grown.append(result.equity[-1] / result.equity[row - 1])
        assert judged.growth == pytest.approx(fsum(grown) / 2, rel=1e-12)
        growth *= judged.growth
    assert one.walk.total_return == pytest.approx(growth - 1.0, rel=1e-9)
    # Another future, from the third test on, changes nothing of the first two.
    changed = replace(asked, tests=tuple(_bent(data, steps[2].test_ns) for data in asked.tests))
    other = found(changed, Asked("grid"), steps=steps).walk
    assert other is not None
    assert repr(other.judged[:2]) == repr(one.walk.judged[:2])
    assert other.judged[2].best == one.walk.judged[2].best
    assert other.judged[2].growth != one.walk.judged[2].growth


def _bent(data: object, since_ns: int) -> object:
    from engine.backtesting.data import Data

    assert isinstance(data, Data)
    ((name, bars),) = data.bars.items()
    columns = [
        array("d", [price * (1.0 + 0.001 * k * (stamp >= since_ns)) for k, (stamp, price) in
                    enumerate(zip(bars.time_ns, getattr(bars, column), strict=True))])
        for column in ("open", "high", "low", "close", "volume")
    ]  # fmt: skip
    return replace(data, bars={name: type(bars)(bars.time_ns, *columns)})


def test_a_walk_that_does_not_fit_says_so() -> None:
    asked = task("momentum", n=48)
    with pytest.raises(UsageError, match="bars of 2 days do not last for a search of 30"):
        stretches(asked, 30 * NS_PER_DAY, NS_PER_DAY, is_anchored=False)


def test_accounts_of_other_stamps_are_blended_with_what_was_before() -> None:
    class One:
        def __init__(self, times: list[int], equity: list[float]) -> None:
            self.time_ns, self.equity, self.start_cash = array("l", times), array("d", equity), 1.0

    pair = [One([1, 2, 4], [10.0, 20.0, 30.0]), One([1, 3], [1.0, 4.0])]
    stamps, growth = blended(pair, 2)  # type: ignore[arg-type]
    assert (stamps, growth) == ([2, 3, 4], [1.5, 3.0, 3.5])
    assert blended([pair[0]], 9) == ([9], [1.0])  # type: ignore[list-item]


class Interrupting(Here):
    """Is interrupted at the third piece."""

    n_left = 3

    def finished(self) -> list[tuple[Piece, Answer]]:
        self.n_left -= 1
        if not self.n_left:
            raise KeyboardInterrupt
        return super().finished()


def test_an_interrupt_leaves_what_was_found() -> None:
    asked = task("momentum", n_tests=1, fixed=HELD)
    big = replace(asked, tests=asked.tests * 300)  # few trials a piece
    one = find(big, Asked("grid"), lambda t: nullcontext(Interrupting(Scorer(asked), "here")))
    assert one.is_interrupted
    assert one.board is not None
    assert one.board.n_tried == 16
    assert len(one.top) == 10
    assert one.validity is None


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Asked("gird"), "--search must be one of grid, random"),
        (Asked("random", metrics=("sharp",)), "no metric 'sharp': did you mean 'sharpe'"),
        (Asked("random", metrics=("sharpe", "sharpe")), "several different ones"),
        (Asked("random", metrics=("sharpe", "return")), "several metrics are for --search nsga2"),
        (Asked("grid", 10), "the grid has 239 points, more than 10"),
        (Asked("grid", journal="x"), "--study is for"),
    ],
)
def test_what_does_not_fit_is_one_line(how: Asked, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        found(task("momentum", fixed=HELD), how)


def test_memory_does_not_grow_with_the_trials() -> None:
    """What is kept of ten times the trials has the same size."""
    space = space_of(load_strategy("ma_crossover"))
    sizes = []
    for count in (1_000, 10_000):
        board = Board(space, ["sharpe"], count, n_sampled=100, axes=(0, 1))
        draw = Random(1)
        for _ in range(count // 100):
            columns = [array("d", [draw.randint(5, 100) for _ in range(100)]) for _ in range(3)]
            board.take(columns, array("d", [draw.random() for _ in range(100 * len(SCORES))]))
        assert board.n_tried == count
        sizes.append((len(board.top), len(board.sample), len(board.front)))
    assert sizes[0] == sizes[1] == (10, 100, 0)


def test_nothing_found_is_no_error() -> None:
    asked = task("momentum", n_tests=1, fixed={"short": 0.0, "lag": 10})
    flat = replace(asked, tests=tuple(_level(data) for data in asked.tests))
    one = found(flat, Asked("random", 20))
    assert one.top == []
    assert one.validity is not None
    assert isnan(one.validity.deflated)
    assert nan != one.validity.spa


def _level(data: object) -> object:
    from engine.backtesting.data import Data

    assert isinstance(data, Data)
    ((name, bars),) = data.bars.items()
    flat = array("d", [100.0]) * len(bars)
    kinds = type(bars)(bars.time_ns, flat, flat, flat, flat, bars.volume)
    assert bars.time_ns[0] == START_NS
    return replace(data, bars={name: kinds})
