"""Where to change the future: in the first rows, evenly, and where something was decided.

A column that is filled backwards is wrong in its warm-up alone; a rule that looks one bar ahead may
be wrong only where it trades. So all three kinds of instants are needed.
"""

from __future__ import annotations

from engine.backtesting.data import Data
from engine.checking.decisions import Log

FIRST = 40
EVENLY = 40
AT_DECISIONS = 40


def instants(data: Data) -> list[int]:
    """Return the instants at which a bar of any symbol closes, in order. O(bars log bars)."""
    return sorted({time for bars in data.bars.values() for time in bars.time_ns})


def cut_times(
    data: Data, full: Log, n_even: int = EVENLY, n_first: int = FIRST, n_at: int = AT_DECISIONS
) -> list[int]:
    """Return the instants after which the future is changed, in order.

    These are the first `n_first`, `n_even` spread evenly, and up to `n_at` of those at which
    `full` decided something new, each and the one before it. The last instant has no future.
    """
    every = instants(data)[:-1]
    chosen = set(every[:n_first])
    chosen.update(spread(every, n_even))
    place = {time: k for k, time in enumerate(every)}
    decided = sorted({event.time_ns for event in full.changes() if event.time_ns in place})
    for time in spread(decided, n_at):
        chosen.add(time)
        chosen.add(every[max(place[time] - 1, 0)])
    return sorted(chosen)


def spread(values: list[int], n: int) -> list[int]:
    """Return up to `n` of `values`, evenly spread, the last among them."""
    if len(values) <= n or n < 1:
        return values[: max(n, 0)]
    return [values[(k + 1) * len(values) // n - 1] for k in range(n)]
