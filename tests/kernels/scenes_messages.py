"""Scenes of messages: a line of bytes, whole or damaged, and a place in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.kernels.draws import Scene, choice, count, zeros
from tests.kernels.scenes_bars import Drawn

USUAL = (
    b'{"e":"trade","E":1690000000000,"s":"BTCUSDT","t":12345,"p":"29183.10","q":"0.00241",'
    b'"T":1690000000001,"m":true}'
)
PARTS = (
    b'"p":"-17.250"', b'"q":3', b'"T": 12 ', b'"m":false', b'"s":"AB"', b'"x":[1]', b'"e":"trade"',
    b'"p":"0.1234567890123456"', b'"t":-5', b'"q":"1e5"', b'"M" :true', b'"E":1.5', b'"z":"a b"',
)  # fmt: skip
ROWS = 6
CHOICES: dict[str, Sequence[float]] = {
    "i": tuple(range(100)),
    "value": (0, 0, 7),
    "row": tuple(range(ROWS)),
    "start": (0, 0, 0, 0, 1, 7, 40),
    "rows": (0, 1, 3, ROWS, ROWS),
    "feeds": (0, 1),
    "c": tuple(range(256)),
    "key": (112, 113, 115, 116),
}


def message(draw: Random) -> bytes:
    """Return the usual message, one of other parts, or either with some bytes exchanged."""
    text = bytearray(USUAL)
    if draw.random() < 0.6:
        parts = (choice(draw, PARTS) for _ in range(count(draw, 4, 7)))
        text = bytearray(b'{"e":"trade",' + b",".join(parts) + b"}")
    if draw.random() < 0.4:
        for _ in range(count(draw, 1, 3)):
            text[int(draw.random() * len(text))] = count(draw, 0, 255)
    return bytes(text)


def messages(draw: Random) -> Scene:
    """Lines, of which the first is looked into, and room for some of them."""
    first = message(draw)
    lines = [first, *(message(draw) for _ in range(count(draw, 0, 4))), b" " * 100]
    columns = {"data": b"\n".join(lines)}
    for name in ("price", "size"):
        columns[f"out_{name}"] = zeros("d", ROWS)
    for name in ("event_time", "time", "id", "symbol", "symbol_end"):
        columns[f"out_{name}"] = zeros("l", ROWS)
    for name in ("status", "maker"):
        columns[f"out_{name}"] = zeros("b", ROWS)
    stops = (len(first), len(first), len(first) - 1, 100)
    return Scene(Drawn(draw, {}, {**CHOICES, "stop": stops}), columns)


def characters(draw: Random) -> Scene:
    """No columns: for kernels of a character."""
    return Scene(Drawn(draw, {}, CHOICES), {})


SCENES: dict[str, Callable[[Random], Scene]] = {
    "messages": messages,
    "tokens": messages,
    "usual": messages,
    "tokens.is_special": characters,
    "tokens.refusal": characters,
}
