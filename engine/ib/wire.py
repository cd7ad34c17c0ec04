"""Ticks out of the bytes of TWS messages.

`split` and `float` are best on both interpreters; benchmarks/ticks.py has the loop over the bytes
that was tried beside them. Only shapes are looked at here: what a number means, and whether it can
be, is `engine.ib.ticks`'s.
"""

from __future__ import annotations

# What a message is, by its number; the rest go on to ib_async.
PRICE, SIZE, MODEL, GENERIC, TEXT, SNAPSHOT_END, DATA_TYPE, TICK_PARAMETERS = (
    1, 2, 21, 45, 46, 57, 58, 81,
)  # fmt: skip
BROKEN = -1

Tick = tuple[int, int, int, float, float]
"""Message, request id, tick type (or market data type), value, size."""

_BROKEN: Tick = (BROKEN, 0, 0, 0.0, 0.0)
# Numbers in a tick are short; a long one costs time and means nothing.
_LONGEST = 256


def decode(payload: bytes) -> Tick | None:
    r"""Return the tick in a message, None if it is another message, BROKEN where it is no number.

    An empty price is no news: the tick is then a sign of life alone.

    >>> decode(b"1\x006\x007\x001\x002.55\x0010\x001\x00")
    (1, 7, 1, 2.55, 10.0)
    """
    fields = payload.split(b"\0", 7)
    kind = fields[0]
    try:
        if kind == b"1":
            if len(fields) != 8 or fields[7] or len(payload) > _LONGEST:
                return _BROKEN
            price = fields[4]
            if not price:
                return (SNAPSHOT_END, int(fields[2]), 0, 0.0, 0.0)
            return (1, int(fields[2]), int(fields[3]), float(price), float(fields[5] or b"0"))
        if kind == b"2":
            if len(fields) != 6 or fields[5] or len(payload) > _LONGEST:
                return _BROKEN
            return (2, int(fields[2]), int(fields[3]), 0.0, float(fields[4] or b"0"))
        if kind == b"45":
            if len(fields) != 6 or fields[5] or len(payload) > _LONGEST:
                return _BROKEN
            return (45, int(fields[2]), int(fields[3]), float(fields[4] or b"0"), 0.0)
        if kind == b"58":
            if len(fields) != 5 or fields[4] or len(payload) > _LONGEST:
                return _BROKEN
            return (58, int(fields[2]), int(fields[3]), 0.0, 0.0)
        if kind == b"46" or kind == b"57":
            return (int(kind), int(fields[2]), 0, 0.0, 0.0) if len(fields) > 3 else _BROKEN
        if kind == b"21" or kind == b"81":
            return (int(kind), int(fields[1]), 0, 0.0, 0.0) if len(fields) > 2 else _BROKEN
    except ValueError:
        return _BROKEN
    return None
