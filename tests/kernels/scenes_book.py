"""Scenes of a book: quotes received at instants, on lines that are up or not."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import nan
from random import Random

from kernels_pure.ages import NO_LINE
from tests.kernels.draws import Scene, between, choice, count, floats, zeros

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


def box(draw: Random) -> Scene:
    """Net quotes, some absent, locked or crossed, and tiers of fees that rise or fall."""
    receive = floats(draw, N_QUOTES, -0.01, 9.0, 0.1)
    pay = array("d", [x + choice(draw, (0.0, between(draw, -0.02, 0.3))) for x in receive])
    for q in range(N_QUOTES):
        if draw.random() < 0.1:
            pay[q] = nan
    columns: dict[str, array[float] | array[int]] = {
        "receive": receive,
        "pay": pay,
        "tier_start": array("d", [0.0, between(draw, 0.02, 0.5), between(draw, 0.5, 5.0)]),
        "tier_fee": array("d", [choice(draw, (0.0, between(draw, 0.0, 0.3))) for _ in range(3)]),
        **{name: zeros("d", N_QUOTES) for name in ("out_receive", "out_pay")},
        **{name: zeros("d", N_QUOTES) for name in ("out_most", "out_least")},
    }
    numbers = {
        "share": between(draw, 0.0, 0.5),
        "net": choice(draw, (nan, between(draw, -0.3, 9.0), between(draw, -0.01, 0.5))),
        "price": choice(draw, (between(draw, 0.0, 9.0), columns["tier_start"][1])),
    }
    return Scene(numbers, columns)


SCENES: dict[str, Callable[[Random], Scene]] = {"ages": ages, "ages.age_of": age_of, "box": box}
