"""The length of a bar, as a person writes it: ``5m``, ``1h``, ``1d``."""

from __future__ import annotations

from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.errors import UsageError

MINUTE, HOUR, DAY, WEEK = 60 * NS_PER_SECOND, 3600 * NS_PER_SECOND, NS_PER_DAY, 7 * NS_PER_DAY
_UNITS = {"s": NS_PER_SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_LONGEST = 52 * WEEK


def interval_of(text: str) -> int:
    """Return nanoseconds.

    Raises
    ------
    UsageError
        If it is no length of a bar, or bars of it would not fill a day.

    >>> interval_of("1h") // NS_PER_SECOND, interval_of("1d") == NS_PER_DAY
    (3600, True)
    """
    number, unit = text[:-1], text[-1:]
    count = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0
    length = count * _UNITS.get(unit, 0)
    if not 0 < length <= _LONGEST:
        raise UsageError(f"bars of {text!r}: expected a length such as 1m, 5m, 1h, 1d or 1w")
    if length < DAY and DAY % length:
        raise UsageError(f"bars of {text}: a day is no whole number of them; try 1m, 5m, 1h, 4h")
    if length > DAY and length % DAY:
        raise UsageError(f"bars of {text}: expected whole days")
    return length


def shown(interval_ns: int) -> str:
    """Return an interval as it is written.

    >>> shown(interval_of("90m")), shown(interval_of("60m")), shown(interval_of("7d"))
    ('90m', '1h', '1w')
    """
    for unit in ("w", "d", "h", "m", "s"):
        if interval_ns % _UNITS[unit] == 0:
            return f"{interval_ns // _UNITS[unit]}{unit}"
    return f"{interval_ns / NS_PER_SECOND:g}s"
