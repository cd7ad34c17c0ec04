"""What an order would do to an account, as TWS works it out without placing it."""

from __future__ import annotations

import math
from typing import NamedTuple

from ib_async.order import OrderState

# What IB sends for a number that it does not give.
_UNSET = 1e300


class WhatIf(NamedTuple):
    """Changes of margins and equity, and the commission, in the account's currency; nan: not said.

    `refusal` is why there are no numbers: the broker's reason, or that it said nothing in time;
    `is_said` whether the broker has said it.
    """

    initial: float = math.nan
    maintenance: float = math.nan
    equity: float = math.nan
    commission: float = math.nan
    refusal: str = ""
    is_said: bool = False


def read_what_if(state: OrderState) -> WhatIf | None:
    """Return the answer, None if this is none: IB also sends states without a margin."""
    initial = _number(state.initMarginChange)
    if initial != initial:
        return None
    return WhatIf(
        initial, _number(state.maintMarginChange), _number(state.equityWithLoanChange),
        _number(state.commission), is_said=True,
    )  # fmt: skip


def _number(value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return number if abs(number) < _UNSET else math.nan
