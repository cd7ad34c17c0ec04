"""Other futures: the bars after an instant, changed in ways that no honest decision can feel.

Each future keeps everything up to the instant, to the bit. What comes after is cut off, halved,
tripled, made anew by chance or frozen; only volumes change, or only what happens to one symbol.
No one of them finds every cheat: a column that is divided by its final maximum does not feel a cut
after the maximum, and one that looks at the sign of the next bar does not feel a change of scale.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from random import Random

from engine.backtesting.data import Data, Split
from engine.market.bars import Bars

CUT, CRASHED, SOARED, RANDOM, FROZEN = "cut", "crashed", "soared", "random", "frozen"
VOLUMES, ALONE, DELISTED, SPLITS = "volumes", "one symbol", "delisted", "splits"
SINGLE = (CUT, CRASHED, SOARED, RANDOM, FROZEN, VOLUMES, SPLITS)
SEVERAL = (*SINGLE, ALONE, DELISTED)

WORDS = {
    CUT: "cut off",
    CRASHED: "at half the prices",
    SOARED: "at three times the prices",
    RANDOM: "of random prices",
    FROZEN: "of prices that stand still",
    VOLUMES: "of other volumes",
    SPLITS: "of other splits and dividends",
    ALONE: "of random prices in one symbol alone",
    DELISTED: "with one symbol delisted",
}


def changed(data: Data, mode: str, after_ns: int, seed: int) -> Data:
    """Return `data` with what comes after `after_ns` as `mode` says; the same for the same seed.

    O(bars).
    """
    rng = Random(f"{seed} {mode} {after_ns}")
    bars = dict(data.bars)
    actions = data.actions
    if mode in (ALONE, DELISTED):
        going_on = [name for name, column in bars.items() if _row(column, after_ns) < len(column)]
        if going_on:
            name = rng.choice(going_on)
            alone = _CHANGES[CUT if mode == DELISTED else RANDOM]
            bars[name] = alone(bars[name], _row(bars[name], after_ns), rng)
    elif mode == SPLITS:
        kept = tuple(one for one in actions if one.time_ns <= after_ns)
        new = Split(data.symbols[0], after_ns + 1, 7.0)
        actions = (*kept, new)
    else:
        change = _CHANGES[mode]
        bars = {name: change(one, _row(one, after_ns), rng) for name, one in bars.items()}
        if mode == CUT:
            actions = tuple(one for one in actions if one.time_ns <= after_ns)
    return replace(data, bars=bars, actions=actions)


def later(data: Data, from_ns: int) -> Data:
    """Return `data` as one who begins at `from_ns` has it."""
    bars = {}
    for name, one in data.bars.items():
        start = bisect_right(one.time_ns, from_ns - 1)
        bars[name] = _part(one, start, len(one))
    actions = tuple(one for one in data.actions if one.time_ns >= from_ns)
    return replace(data, bars=bars, actions=actions)


def _part(bars: Bars, start: int, stop: int) -> Bars:
    return Bars(
        bars.time_ns[start:stop],
        bars.open[start:stop],
        bars.high[start:stop],
        bars.low[start:stop],
        bars.close[start:stop],
        bars.volume[start:stop],
    )


def _row(bars: Bars, after_ns: int) -> int:
    return bisect_right(bars.time_ns, after_ns)


def _cut(bars: Bars, row: int, rng: Random) -> Bars:
    return _part(bars, 0, row)


def _scaled(factor: float) -> Callable[[Bars, int, Random], Bars]:
    def change(bars: Bars, row: int, rng: Random) -> Bars:
        def prices(column: array[float]) -> array[float]:
            return column[:row] + array("d", [factor * price for price in column[row:]])

        return Bars(
            bars.time_ns,
            prices(bars.open),
            prices(bars.high),
            prices(bars.low),
            prices(bars.close),
            bars.volume,
        )

    return change


def _random(bars: Bars, row: int, rng: Random) -> Bars:
    """Walk on from the last close by steps of 2 %, with volumes of their own."""
    opens, highs = bars.open[:row], bars.high[:row]
    lows, closes, volumes = bars.low[:row], bars.close[:row], bars.volume[:row]
    at = _last(bars, row)
    for _ in range(row, len(bars)):
        opened = at * (1.0 + rng.uniform(-0.01, 0.01))
        at = opened * (1.0 + rng.uniform(-0.02, 0.02))
        opens.append(opened)
        highs.append(max(opened, at) * (1.0 + rng.uniform(0.0, 0.01)))
        lows.append(min(opened, at) * (1.0 - rng.uniform(0.0, 0.01)))
        closes.append(at)
        volumes.append(float(rng.randrange(1, 1_000_000)))
    return Bars(bars.time_ns, opens, highs, lows, closes, volumes)


def _frozen(bars: Bars, row: int, rng: Random) -> Bars:
    still = array("d", [_last(bars, row)]) * (len(bars) - row)
    opens, highs = bars.open[:row] + still, bars.high[:row] + still
    lows, closes = bars.low[:row] + still, bars.close[:row] + still
    return Bars(bars.time_ns, opens, highs, lows, closes, bars.volume)


def _volumes(bars: Bars, row: int, rng: Random) -> Bars:
    volumes = array("d", [float(rng.randrange(1, 1_000_000)) for _ in range(row, len(bars))])
    return Bars(
        bars.time_ns, bars.open, bars.high, bars.low, bars.close, bars.volume[:row] + volumes
    )


def _last(bars: Bars, row: int) -> float:
    """Return the last close before `row`, or the first open where nothing has closed."""
    return bars.close[row - 1] if row else bars.open[0]


_CHANGES: dict[str, Callable[[Bars, int, Random], Bars]] = {
    CUT: _cut,
    CRASHED: _scaled(0.5),
    SOARED: _scaled(3.0),
    RANDOM: _random,
    FROZEN: _frozen,
    VOLUMES: _volumes,
}
