"""Folds against what they must be, row by row, and small ones by hand."""

from __future__ import annotations

from math import comb
from random import Random

import pytest

from engine.performance.splits import (
    Fold,
    blocks,
    combinatorial_folds,
    paths,
    purged_k_fold,
    walk_forward,
    walk_forward_times,
)


def rows(folds: list[Fold]) -> list[tuple[list[int], list[int]]]:
    return [(fold.train_rows(), fold.test_rows()) for fold in folds]


def test_a_rolling_walk() -> None:
    assert rows(walk_forward(10, 4, 2)) == [
        ([0, 1, 2, 3], [4, 5]), ([2, 3, 4, 5], [6, 7]), ([4, 5, 6, 7], [8, 9]),
    ]  # fmt: skip


def test_an_anchored_walk_with_a_gap() -> None:
    assert rows(walk_forward(9, 3, 2, gap=1, is_anchored=True)) == [
        ([0, 1, 2], [4, 5]), ([0, 1, 2, 3, 4], [6, 7]),
    ]  # fmt: skip


def test_a_walk_that_steps_by_one() -> None:
    assert [fold.test_rows() for fold in walk_forward(6, 2, 2, step=1)] == [[2, 3], [3, 4], [4, 5]]


@pytest.mark.parametrize(
    ("arguments", "words"), [((5, 0, 1), {}), ((5, 1, 0), {}), ((5, 1, 1), {"gap": -1}),
                             ((5, 1, 1), {"step": -1})],
)  # fmt: skip
def test_a_walk_of_no_length_is_refused(
    arguments: tuple[int, int, int], words: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="a walk of"):
        walk_forward(*arguments, **words)


def test_a_walk_by_the_clock() -> None:
    stamps = [0, 10, 20, 30, 70, 80, 90, 100, 110, 125]
    assert rows(walk_forward_times(stamps, 40, 20)) == [
        ([2, 3], [4]), ([4], [5, 6]), ([4, 5, 6], [7, 8]),
    ]  # fmt: skip
    anchored = walk_forward_times(stamps, 40, 20, is_anchored=True)
    assert rows(anchored)[2] == ([0, 1, 2, 3, 4, 5, 6], [7, 8])
    # Half a stretch is judged: the next begins at 120 and would end at 140.
    assert rows(walk_forward_times([*stamps, 130], 40, 20))[-1] == ([5, 6, 7, 8], [9, 10])
    assert walk_forward_times([], 40, 20) == []
    with pytest.raises(ValueError, match="a walk of"):
        walk_forward_times(stamps, 0, 20)


def test_the_stretches_are_even() -> None:
    assert [len(part) for part in blocks(23, 5)] == [5, 5, 5, 4, 4]
    with pytest.raises(ValueError, match="cannot be parted"):
        blocks(3, 4)


def test_a_purged_fold_by_hand() -> None:
    # Each row is settled two rows on: 2 reaches into the test at 4, and the test into 7.
    folds = purged_k_fold([row + 2 for row in range(12)], 3, embargo=1)
    assert rows(folds)[1] == ([0, 1, 2, 10, 11], [4, 5, 6, 7])
    assert rows(folds)[0][0] == [6, 7, 8, 9, 10, 11]
    assert rows(folds)[2][0] == [0, 1, 2, 3, 4, 5, 6]


def naive(ends: list[int], test: list[int], embargo: int) -> list[int]:
    """Return the rows to fit on, from the words of the definition."""
    kept = []
    for row in set(range(len(ends))) - set(test):
        meets = any(set(range(row, ends[row])) & set(range(t, ends[t])) for t in test)
        follows = False
        for t in test:
            if t + 1 in test:
                continue
            run = [t]
            while run[0] - 1 in test:
                run.insert(0, run[0] - 1)
            settled = max([t + 1, *(ends[r] for r in run)])
            follows |= bool(embargo) and t < row < settled + embargo
        if not meets and not follows:
            kept.append(row)
    return sorted(kept)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_fitted_never_meets_what_is_judged(seed: int) -> None:
    rng = Random(seed)
    n, k = rng.randint(6, 40), rng.randint(2, 6)
    n_test, embargo = rng.randint(1, k - 1), rng.randint(0, 4)
    ends = [row + rng.choice((0, 1, 1, 2, 9)) for row in range(n)]
    folds = list(combinatorial_folds(ends, k, n_test, embargo=embargo))
    assert len(folds) == comb(k, n_test)
    for fold in folds:
        assert fold.train_rows() == naive(ends, fold.test_rows(), embargo)
    judged = sorted(row for fold in folds for row in fold.test_rows())
    assert judged == sorted(list(range(n)) * comb(k - 1, n_test - 1))


@pytest.mark.parametrize(("k", "n_test"), [(2, 1), (5, 2), (6, 3)])
def test_every_path_goes_through_all_stretches_once(k: int, n_test: int) -> None:
    folds = list(combinatorial_folds(list(range(k)), k, n_test))
    found = paths(k, n_test)
    assert all([stretch for _, stretch in path] == list(range(k)) for path in found)
    used = [pair for path in found for pair in path]
    assert len(used) == len(set(used)) == len(folds) * n_test
    assert all(stretch in folds[fold].test_rows() for fold, stretch in used)


@pytest.mark.parametrize(
    ("ends", "k", "n_test", "embargo", "words"),
    [
        ([0, 1, 2], 2, 2, 0, "leave nothing"), ([0, 1, 2], 2, 0, 0, "leave nothing"),
        ([0, 1, 2], 2, 1, -1, "embargo must not"), ([0, 0, 2], 2, 1, 0, "settled before"),
        ([0, 1, 2], 4, 1, 0, "cannot be parted"),
    ],
)  # fmt: skip
def test_folds_that_cannot_be_are_refused(
    ends: list[int], k: int, n_test: int, embargo: int, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        list(combinatorial_folds(ends, k, n_test, embargo=embargo))
