"""Resamples of rows in blocks, so that what follows one another stays together; seeded.

The stationary bootstrap: blocks begin anywhere, their lengths are geometric, the end joins the
beginning. Chance comes from `random.Random.random` alone, whose numbers are the same on every
Python; lengths are looked up in powers that are multiplied out, without a logarithm.

Source: Politis and Romano 1994.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from random import Random

# Stretches of rows, first and one past the last; a block that wraps is two of them.
Stretches = list[tuple[int, int]]
# Blocks drawn in all: beyond, there are fewer resamples, yet as many as `FEWEST`.
MOST_BLOCKS, FEWEST = 250_000, 200


def usual_block(n: int) -> int:
    """Return the mean length of blocks where none is asked for: the cube root of `n` rows.

    >>> [usual_block(n) for n in (0, 1, 30, 720, 2520)]
    [1, 1, 3, 9, 14]
    """
    root: float = n ** (1.0 / 3.0)
    return max(1, round(root))


def usual_count(n: int, block: int, asked: int) -> int:
    """Return how many resamples are drawn: those asked for, or fewer where `n` rows are many.

    >>> usual_count(720, 9, 1000), usual_count(9600, 21, 1000), usual_count(1_000_000, 100, 1000)
    (1000, 546, 200)
    """
    return max(min(asked, FEWEST), min(asked, MOST_BLOCKS * block // max(1, n)))


def resamples(n: int, count: int, block: int, seed: int) -> Iterator[Stretches]:
    """Yield `count` resamples of `n` rows each, in blocks of mean length `block`.

    Raises
    ------
    ValueError
        If a number is not positive.
    """
    if min(n, count, block) < 1:
        raise ValueError(f"{count} resamples of {n} rows in blocks of {block}")
    rng = Random(seed)
    powers = _powers(1.0 - 1.0 / block, n)
    for _ in range(count):
        yield _resample(rng, n, powers)


def shared_resamples(n: int, count: int, block: int, seed: int) -> Iterable[Stretches]:
    """Return `resamples`, drawn once for many columns where they are not too many to keep."""
    if count * n // block > MOST_BLOCKS:
        return resamples(n, count, block, seed)
    return _kept(n, count, block, seed)


@lru_cache(maxsize=2)
def _kept(n: int, count: int, block: int, seed: int) -> list[Stretches]:
    return list(resamples(n, count, block, seed))


def prefix_sums(values: Sequence[float]) -> array[float]:
    """Return the sums of the first 0, 1, 2, ... values.

    >>> list(prefix_sums([1.0, 2.0]))
    [0.0, 1.0, 3.0]
    """
    total, sums = 0.0, array("d", [0.0])
    for value in values:
        total += value
        sums.append(total)
    return sums


def stretch_sum(sums: Sequence[float], stretches: Stretches) -> float:
    """Return the sum of a resample of the values that `sums` are the prefix sums of. O(blocks)."""
    total = 0.0
    for start, stop in stretches:
        total += sums[stop] - sums[start]
    return total


def _powers(keep: float, n: int) -> list[float]:
    """Return minus the powers of `keep`, rising: a block is longer than k rows so often."""
    powers, power = [], 1.0
    for _ in range(n):
        power *= keep
        if power <= 0.0:
            break
        powers.append(-power)
    return powers


def _resample(rng: Random, n: int, powers: Sequence[float]) -> Stretches:
    found: Stretches = []
    left = n
    while left:
        start = int(n * rng.random())
        length = min(left, 1 + bisect_left(powers, -rng.random()))
        left -= length
        if start + length <= n:
            found.append((start, start + length))
        else:
            found += [(start, n), (0, start + length - n)]
    return found
