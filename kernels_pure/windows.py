"""What rolling statistics share: the sum of a stretch, and one step of a moving mean and variance.

Each adds what comes in and takes out what leaves, so a step costs the same for any window. Values
must be finite: one nan stays in a running sum for good.
"""

from kernels_pure.columns import Floats


def window_sum(values: Floats, start: int, stop: int) -> float:
    """Return the sum of rows `start` to `stop` (left out), added from the first to the last."""
    total = 0.0
    for i in range(start, stop):
        total += values[i]
    return total


def window_moments(values: Floats, start: int, stop: int) -> tuple[float, float]:
    """Return the mean of rows `start` to `stop` (left out) and the sum of squares around it.

    (0, 0) for no rows. Two passes: the start of what `slide` moves on.
    """
    if not stop > start:
        return 0.0, 0.0
    mean = window_sum(values, start, stop) / (stop - start)
    squares = 0.0
    for i in range(start, stop):
        gap = values[i] - mean
        squares += gap * gap
    return mean, squares


def slide(mean: float, squares: float, new: float, old: float, share: float) -> tuple[float, float]:
    """Return mean and sum of squared deviations of a full window after `new` replaces `old`.

    `share` is 1 over the length of the window. The sum of squares may end a rounding below 0.

    Source: Welford 1962, applied to the leaving and the coming value at once.

    >>> slide(2.0, 2.0, 4.0, 1.0, 1.0 / 3.0)  # 1, 2, 3 becomes 2, 3, 4
    (3.0, 2.0)
    """
    change = new - old
    moved = mean + change * share
    return moved, squares + change * ((new - moved) + (old - mean))
