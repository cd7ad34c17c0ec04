"""Ways to part rows of time into what is fitted and what is judged, without a leak between them.

A row is an instant at which something is decided; what it decides is settled at a later row, its
*end*. Its stretch runs from the row up to the end, without it. A training row whose stretch meets
that of a test row tells of the test and is left out (purged); so are the rows that follow once the
test is settled (embargo), which still carry what happened in it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to fit on, and rows to judge on; each as ranges in order, which do not meet."""

    train: tuple[range, ...]
    test: tuple[range, ...]

    def train_rows(self) -> list[int]:
        """Return the rows to fit on, in order."""
        return [row for part in self.train for row in part]

    def test_rows(self) -> list[int]:
        """Return the rows to judge on, in order."""
        return [row for part in self.test for row in part]


def walk_forward(
    n: int, train: int, test: int, *, step: int = 0, gap: int = 0, is_anchored: bool = False
) -> list[Fold]:
    """Return folds that fit on `train` rows and judge on the next `test`, moving on by `step`.

    `gap` rows between the two are left out. Anchored, each fold fits on all rows from the first on,
    at least `train`. A step of 0 is `test`: every row is judged once. A last part that is shorter
    than `test` is left out.

    Raises
    ------
    ValueError
        If a length is not positive, or a gap or step is negative.
    """
    if min(train, test) < 1 or min(step, gap) < 0:
        raise ValueError(f"a walk of {train} and {test} rows, gap {gap}, step {step}")
    folds = []
    for start in range(train + gap, n - test + 1, step or test):
        end = start - gap
        folds.append(
            Fold((range(0 if is_anchored else end - train, end),), (range(start, start + test),))
        )
    return folds


def walk_forward_times(
    time_ns: Sequence[int], train_ns: int, test_ns: int, *, is_anchored: bool = False
) -> list[Fold]:
    """Return folds by the clock: fit on `train_ns`, judge on the next `test_ns`, move on by that.

    `time_ns` rises. Stretches begin with the first stamp; a last stretch that the stamps do not
    fill is judged as far as they go, if they fill half of it. Stretches without a row are left out.

    Raises
    ------
    ValueError
        If a stretch is not positive.
    """
    if train_ns <= 0 or test_ns <= 0:
        raise ValueError(f"a walk of {train_ns} and {test_ns} ns")
    folds = []
    start = time_ns[0] + train_ns if time_ns else 0
    while time_ns and start + test_ns // 2 <= time_ns[len(time_ns) - 1]:
        left = 0 if is_anchored else bisect_left(time_ns, start - train_ns)
        middle, right = bisect_left(time_ns, start), bisect_left(time_ns, start + test_ns)
        if left < middle < right:
            folds.append(Fold((range(left, middle),), (range(middle, right),)))
        start += test_ns
    return folds


def blocks(n: int, k: int) -> list[range]:
    """Return `n` rows as `k` stretches of equal length; the first ones are longer by one.

    >>> blocks(7, 3)
    [range(0, 3), range(3, 5), range(5, 7)]
    """
    if not 1 <= k <= n:
        raise ValueError(f"{n} rows cannot be parted in {k}")
    size, rest = divmod(n, k)
    starts = [j * size + min(j, rest) for j in range(k + 1)]
    return [range(a, b) for a, b in pairwise(starts)]


def purged_k_fold(ends: Sequence[int], k: int, *, embargo: int = 0) -> list[Fold]:
    """Return `k` folds, each judged on one stretch and fitted on the rest, purged and embargoed.

    ``ends[row]`` is the row at which what `row` decides is settled: `row` itself where at once.
    `embargo` is a number of rows, from where the last decision of the test is settled.

    Source: Lopez de Prado 2018, chapter 7.

    Raises
    ------
    ValueError
        If there are fewer rows than folds, fewer than two folds, or an end lies before its row.
    """
    return list(combinatorial_folds(ends, k, 1, embargo=embargo))


def combinatorial_folds(
    ends: Sequence[int], k: int, n_test: int, *, embargo: int = 0
) -> Iterator[Fold]:
    """Yield a fold for every choice of `n_test` of `k` stretches to judge on, in their order.

    Their number is ``comb(k, n_test)``; every stretch is judged in ``comb(k - 1, n_test - 1)`` of
    them, which is the number of whole paths through time that they make (`paths`).

    Source: Lopez de Prado 2018, chapter 12.

    Raises
    ------
    ValueError
        As `purged_k_fold`, and unless ``1 <= n_test < k``.
    """
    n = len(ends)
    if not 1 <= n_test < k:
        raise ValueError(f"{n_test} of {k} stretches to judge on leave nothing to fit on")
    if embargo < 0:
        raise ValueError(f"an embargo must not be negative: {embargo}")
    if any(end < row for row, end in enumerate(ends)):
        raise ValueError("what a row decides cannot be settled before it")
    parts = blocks(n, k)
    for chosen in combinations(parts, n_test):
        test = _joined(chosen)
        yield Fold(tuple(_runs(_kept(ends, test, embargo))), test)


def paths(k: int, n_test: int) -> list[list[tuple[int, int]]]:
    """Return the whole paths that `combinatorial_folds` make: for each, (fold, stretch) in order.

    A path takes the results of each stretch from one fold, and every result is in one path.

    >>> paths(3, 2)
    [[(0, 0), (0, 1), (1, 2)], [(1, 0), (2, 1), (2, 2)]]
    """
    found: list[list[tuple[int, int]]] = [[] for _ in range(comb(k - 1, n_test - 1))]
    seen = [0] * k
    for fold, chosen in enumerate(combinations(range(k), n_test)):
        for stretch in chosen:
            found[seen[stretch]].append((fold, stretch))
            seen[stretch] += 1
    return [sorted(path, key=lambda pair: pair[1]) for path in found]


def _joined(parts: Sequence[range]) -> tuple[range, ...]:
    joined = [parts[0]]
    for part in parts[1:]:
        if part.start == joined[-1].stop:
            joined[-1] = range(joined[-1].start, part.stop)
        else:
            joined.append(part)
    return tuple(joined)


def _kept(ends: Sequence[int], test: Sequence[range], embargo: int) -> Iterator[int]:
    """Yield the rows that lie in no test, meet none of its stretches and do not follow one."""
    n = len(ends)
    starting = [0] * (n + 1)  # stretches of test rows that begin at a row, less those that end
    barred = bytearray(n)
    for part in test:
        reach = part.stop
        for row in part:
            end = min(ends[row], n)
            starting[row] += 1
            starting[end] -= 1
            reach = max(reach, end)
        stop = min(n, reach + embargo) if embargo else part.stop
        barred[part.start : stop] = b"\1" * (stop - part.start)
    met = [0]  # rows before each that a test's stretch covers
    open_now = 0
    for change in starting[:n]:
        open_now += change
        met.append(met[-1] + (open_now > 0))
    for row, end in enumerate(ends):
        if not barred[row] and met[min(end, n)] == met[row]:
            yield row


def _runs(rows: Iterator[int]) -> Iterator[range]:
    start = last = -1
    for row in rows:
        if row != last + 1 or start < 0:
            if start >= 0:
                yield range(start, last + 1)
            start = row
        last = row
    if start >= 0:
        yield range(start, last + 1)
