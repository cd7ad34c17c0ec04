"""Readers of flags whose complaints are sentences."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def typed(convert: Callable[[str], _T]) -> Callable[[str], _T]:
    """Let argparse show the sentence of a `ValueError` instead of one of its own."""

    def converted(text: str) -> _T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converted


def count(text: str) -> int:
    """Return a whole number >= 0."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ValueError(f"expected a whole number >= 0, got {text!r}")
    return int(text)


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def duration(text: str) -> float:
    """Return seconds of ``250ms``, ``5s``, ``1m``, ``2h``, ``30d`` or ``4w``.

    >>> duration("1.5m"), duration("30d")
    (90.0, 2592000.0)
    """
    number = text.rstrip("smhdw")
    unit = text[len(number) :]
    try:
        seconds = float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        raise ValueError(f"expected a time span such as 5s, 1m, 2h or 30d, got {text!r}") from None
    if not 0.0 < seconds < 1e10:
        raise ValueError(f"expected a time span above 0, got {text!r}")
    return seconds
