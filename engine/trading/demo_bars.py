"""A market of bars for trying things out: made from a seed, open day and night, without a clock.

Each symbol has a character of its own, and moods that change every few days: trend, return to a
mean, calm, storm. The numbers come from whole-number arithmetic and sums, so that every machine and
both runtimes make the same bits. More days go further back and change no bar that was there.

It is a market to see a strategy work on, and no proof of anything: what is profitable here is what
was put in.
"""

from __future__ import annotations

from array import array
from math import sqrt
from zlib import crc32

from engine.clock import NS_PER_DAY
from engine.market.bars import Bars
from engine.trading.intervals import HOUR

# Midnight of 2026-07-01, UTC: where the market ends.
END_NS = 1_782_864_000 * 1_000_000_000
SEED = 7
# symbol: (last price, deviation of an hour, pull of its moods)
SYMBOLS = {
    "AURA": (182.40, 0.0024, 1.00),
    "BOLT": (64.15, 0.0042, 0.70),
    "CRAG": (27.80, 0.0030, 0.35),
    "DUNE": (411.00, 0.0016, 0.85),
    "EMBR": (9.65, 0.0055, 0.50),
}
# mood: (drift an hour in deviations, share of the last step that comes again, deviation)
_MOODS = (
    (0.14, 0.10, 0.8),
    (-0.14, 0.10, 1.0),
    (0.00, -0.35, 0.7),
    (0.00, 0.00, 0.4),
    (0.00, 0.00, 2.0),
    (0.05, 0.00, 1.0),
)
_BLOCK = 4 * NS_PER_DAY  # a mood lasts as long, from the end of the market backwards
_STEPS = 4  # of the price within a bar
_LEAST = 0.5
_MODULUS, _FACTOR = 2_147_483_647, 48_271
_HALF = (_MODULUS - 1) // 2


def demo_bars(symbol: str, interval_ns: int, days: int, seed: int = SEED) -> Bars:
    """Return bars of one of `SYMBOLS` over the last `days` days of the market.

    Bars shorter than an hour are made as such, and are not those that make up the hours; longer
    ones must be made from these. O(bars).
    """
    price, hourly, pull = SYMBOLS[symbol]
    scale = sqrt(interval_ns / HOUR)
    n = days * (NS_PER_DAY // interval_ns)
    zero = array("d", bytes(8 * n))
    opens, highs, lows, closes, volumes = zero[:], zero[:], zero[:], zero[:], zero
    state = crc32(f"{symbol} {seed} {interval_ns}".encode()) % (_MODULUS - 1) + 1
    mood, last = _MOODS[0], 0.0
    # Backwards: the last price is known, and what is older can be added at any time.
    for back in range(n):
        if back * interval_ns % _BLOCK == 0:
            state = state * _FACTOR % _MODULUS
            mood = _MOODS[(state >> 8) % len(_MOODS)]
        drift, again, width = mood
        deviation = hourly * width * scale
        shift = (drift * scale * scale * hourly * pull + again * pull * last) / _STEPS
        close = high = low = price
        size = 0.0
        for _ in range(_STEPS):
            # Three even numbers of deviation 1 / sqrt(3) each: near enough to a normal one.
            state = state * _FACTOR % _MODULUS
            total = state
            state = state * _FACTOR % _MODULUS
            total += state
            state = state * _FACTOR % _MODULUS
            total += state
            step = shift + 0.5 * deviation * (total / _HALF - 3.0)
            size += step if step > 0.0 else -step
            price /= 1.0 + step
            if price > high:
                high = price
            elif price < low:
                low = price
        if price < _LEAST:
            price = _LEAST
        last = close / price - 1.0
        row = n - 1 - back
        opens[row] = int(price * 100.0 + 0.5) / 100.0
        highs[row] = int(high * 100.0 + 0.5) / 100.0
        lows[row] = int(low * 100.0 + 0.5) / 100.0
        closes[row] = int(close * 100.0 + 0.5) / 100.0
        volumes[row] = 100.0 + float(int(size / hourly * 500.0))
    first = END_NS - n * interval_ns
    stamps = array("q", range(first + interval_ns, END_NS + 1, interval_ns))
    return Bars(stamps, opens, highs, lows, closes, volumes)
