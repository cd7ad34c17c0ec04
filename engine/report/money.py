"""Money that moves, in words: signed, and what may be more."""

from __future__ import annotations

import math

from engine.report.wording import ABSENT, money
from engine.scoring.cash import Cash


def signed_money(value: float) -> str:
    """Return an amount with its sign: plus comes in, minus goes out.

    >>> signed_money(1234.0), signed_money(-0.5), signed_money(0.0)
    ('+$1,234', '-$0.50', '$0')
    """
    if math.isnan(value):
        return ABSENT
    if abs(value) < 0.005:
        return "$0"
    return money(value) if value < 0.0 else f"+{money(value)}"


def back_words(cash: Cash) -> str:
    """Return what comes back: the amount, with "up" where it is the worst of several.

    >>> back_words(Cash(-9.0, 0.0, 1000.0, 1000.0, False, None, None))
    '+$1,000'
    >>> back_words(Cash(-9.0, 0.0, 0.0, math.inf, False, None, None))
    '$0 up'
    """
    if cash.low == -math.inf:
        return "no limit"
    return signed_money(cash.low) + ("" if cash.is_fixed else " up")


def back_days(cash: Cash) -> tuple[str, ...]:
    """Return when it comes back: a day, or the first and the last."""
    if cash.first is None or cash.last is None:
        return ()
    if cash.first == cash.last:
        return (f"{cash.last}",)
    return (f"{cash.first}", f"{cash.last}")
