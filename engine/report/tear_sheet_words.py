"""How a tear sheet writes numbers; what is not defined is a dash."""

from __future__ import annotations

from math import inf, isfinite

from engine.clock import from_ns

ABSENT = "–"
_MINUS = "−"


def percent(value: float, *, signed: bool = False) -> str:
    """Return a share as a percentage, with two decimals below 100 %.

    >>> percent(0.0412), percent(-0.5), percent(12.5, signed=True), percent(float("nan"))
    ('4.12%', '−50.00%', '+1,250%', '–')
    """
    if not isfinite(value):
        return ABSENT
    digits = 2 if abs(value) < 0.9999 else 0
    return _signed(round(100.0 * value, digits), f",.{digits}f", signed) + "%"


def ratio(value: float, digits: int = 2) -> str:
    """Return a plain number.

    >>> ratio(1.234), ratio(-0.001), ratio(float("inf"))
    ('1.23', '0.00', 'endless')
    """
    if value == inf:
        return "endless"
    return _signed(round(value, digits), f".{digits}f", False) if isfinite(value) else ABSENT


def money(value: float, *, signed: bool = False) -> str:
    """Return an amount: cents below 10,000, whole from there on.

    >>> money(1234.5), money(-98765.4), money(12.0, signed=True)
    ('1,234.50', '−98,765', '+12.00')
    """
    if not isfinite(value):
        return ABSENT
    digits = 2 if abs(value) < 10_000.0 else 0
    return _signed(round(value, digits), f",.{digits}f", signed)


def probability(value: float) -> str:
    """Return a probability; what is not quite sure is never written as sure.

    >>> probability(0.9731), probability(0.99999), probability(0.00001)
    ('97.3%', '>99.9%', '<0.1%')
    """
    if not isfinite(value):
        return ABSENT
    if 0.999 < value < 1.0:
        return ">99.9%"
    if 0.0 < value < 0.001:
        return "<0.1%"
    return f"{100.0 * value:.1f}%"


def count(value: float) -> str:
    """Return a whole number."""
    if value == inf:
        return "endless"
    return f"{value:,.0f}" if isfinite(value) else ABSENT


def days(value: float) -> str:
    """Return a length of time in days; hours below one.

    >>> days(12.34), days(0.25)
    ('12.3 days', '6.0 hours')
    """
    if not isfinite(value):
        return ABSENT
    return f"{value:,.1f} days" if value >= 1.0 else f"{24.0 * value:.1f} hours"


def day(stamp: int | None) -> str:
    """Return the date of a stamp, UTC."""
    return ABSENT if stamp is None else f"{from_ns(stamp):%Y-%m-%d}"


def minute(stamp: int) -> str:
    """Return a stamp to the minute, UTC."""
    return f"{from_ns(stamp):%Y-%m-%d %H:%M}"


def percent_mark(value: float) -> str:
    """Return a percentage on an axis: as short as it is round.

    >>> percent_mark(0.5), percent_mark(-0.0025), percent_mark(12.0)
    ('50%', '−0.25%', '1,200%')
    """
    return plain_mark(100.0 * value) + "%"


def plain_mark(value: float) -> str:
    """Return a number on an axis.

    >>> plain_mark(1e5), plain_mark(-0.1 - 0.2), plain_mark(-1e-17)
    ('100,000', '−0.3', '0')
    """
    return _signed(round(value, 9), ",.10g", False)


def _signed(value: float, form: str, signed: bool) -> str:
    size = format(abs(value), form)
    if value < 0.0:
        return _MINUS + size
    return ("+" if signed and value > 0.0 else "") + size
