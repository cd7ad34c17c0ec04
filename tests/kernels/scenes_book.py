"""Scenes of a book: quotes received at instants, on lines that are up or not."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from kernels_pure.ages import NO_LINE
from tests.kernels.draws import Scene, choice, count, zeros

N_QUOTES = 40
START = 1_700_000_000_000_000_000
MINUTE = 60_000_000_000


def instant(draw: Random) -> int:
    return START + count(draw, 0, MINUTE)


def ages(draw: Random) -> Scene:
    """Stamps around the same minute, some of never, some lines down."""
    stamp = [choice(draw, (0, instant(draw), instant(draw))) for _ in range(N_QUOTES)]
    line = [choice(draw, (NO_LINE, START, instant(draw))) for _ in range(N_QUOTES)]
    columns: dict[str, array[float] | array[int]] = {
        "stamp": array("l", stamp),
        "line": array("l", line),
        "out_age": zeros("d", N_QUOTES),
    }
    return Scene({"alive": instant(draw), "now": START + count(draw, MINUTE // 2, MINUTE)}, columns)


def age_of(draw: Random) -> Scene:
    """One quote."""
    numbers = {
        "stamp": choice(draw, (0, instant(draw))),
        "line": choice(draw, (NO_LINE, instant(draw))),
        "alive": instant(draw),
        "now": instant(draw),
    }
    return Scene(numbers, {})


SCENES: dict[str, Callable[[Random], Scene]] = {"ages": ages, "ages.age_of": age_of}
