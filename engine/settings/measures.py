"""Readers of whole numbers, dollars, seconds and parts within a range, as flags or TOML give them.

A value outside the range is nearly always one in another unit: milliseconds for seconds, per cent
for a part. The sentence says which unit is meant.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.settings.toml_table import shown
from engine.settings.values import plain_number

Reader = Callable[[object], object]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MOST_DIGITS = 18


def whole(low: int, high: int) -> Reader:
    """Return the reader of a whole number in ``low .. high``.

    >>> whole(1, 50)("20")
    20
    """
    expected = f"expected a whole number in {low:,} .. {high:,}"

    def read(value: object) -> int:
        if isinstance(value, str):
            digits = value.strip()
            is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
            value = int(digits) if is_number else value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{expected}, got {_got(value)}")
        return value

    return read


def dollars(low: float, high: float) -> Reader:
    """Return the reader of dollars in ``low .. high``; as text also ``$500``.

    >>> dollars(0, 1000)("$500")
    500.0
    """
    return _bounded("dollars", low, high)


def shares(low: float, high: float) -> Reader:
    """Return the reader of a number of shares in ``low .. high``, parts of them too."""
    return _bounded("shares", low, high)


def _bounded(unit: str, low: float, high: float) -> Reader:
    expected = f"expected {unit} in {low:,g} .. {high:,.0f}"

    def read(value: object) -> float:
        text = value.strip().removeprefix("$") if isinstance(value, str) else value
        number = _number(text)
        if number is None or not low <= number <= high:
            raise ValueError(f"{expected}, got {_got(value)}")
        return number

    return read


def seconds(low: float, high: float) -> Reader:
    """Return the reader of seconds in ``low .. high``; as text also ``250ms``, ``5m``, ``1h``.

    >>> seconds(0, 600)("250ms"), seconds(0, 600)(5)
    (0.25, 5.0)
    """
    expected = f"expected seconds in {low:g} .. {high:g}, or a time such as 250ms, 5s or 1m"

    def read(value: object) -> float:
        number = _span(value) if isinstance(value, str) else _number(value)
        if number is None or not low <= number <= high:
            raise ValueError(f"{expected}, got {_got(value)}")
        return number

    return read


def part(low: float, high: float) -> Reader:
    """Return the reader of a part in ``low .. high``; as text also per cent, ``2%``.

    >>> part(0, 1)("2%")
    0.02
    """
    expected = f"expected a part in {low:g} .. {high:g} such as {high / 2:g} or {high / 2:%}"
    expected = expected.replace("000%", "%").replace(".000%", "%")

    def read(value: object) -> float:
        is_cent = isinstance(value, str) and value.strip().endswith("%")
        text = value.strip().removesuffix("%") if isinstance(value, str) else value
        number = _number(text)
        if number is not None and is_cent:
            number /= 100.0
        if number is None or not low <= number <= high:
            raise ValueError(f"{expected}, got {_got(value)}")
        return number

    return read


def _span(text: str) -> float | None:
    digits = text.strip().rstrip("smh")
    unit = text.strip()[len(digits) :] or "s"
    number = _number(digits.strip())
    factor = _SECONDS.get(unit)
    return None if number is None or factor is None else number * factor


def _number(value: object) -> float | None:
    """Return a finite number, None for anything else; no sign of per cent."""
    if isinstance(value, str) and value.endswith("%"):
        return None
    number = plain_number(value)
    return number if number is not None and math.isfinite(number) else None


def _got(value: object) -> str:
    """Return a number in digits, where they are few, anything else shortened."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        return f"{value:g}" if isinstance(value, float) else f"{value}"
    return shown(value)
