"""Price increments: in which steps a contract may be priced, by the price itself.

Brokers round no price for us: an order between two steps is refused (110). IB says the steps of a
contract as a market rule, a table of (price from which it holds, step).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from engine.execution.orders import Order
from engine.ib.listed import Listed, Steps
from engine.ib.orders import COMBO_TICK
from engine.market.contract import OPTION

_SMART = "SMART"
_MOST_STEPS = 100
_HAIR = 1e-9


def step_at(steps: Steps, price: float) -> float:
    """Return the step at a price; `steps` is not empty.

    >>> step_at(((0.0, 0.05), (3.0, 0.1)), 2.95), step_at(((0.0, 0.05), (3.0, 0.1)), 3.0)
    (0.05, 0.1)
    """
    found = steps[0][1]
    for start, step in steps:
        if price >= start - _HAIR:
            found = step
    return found


def tick_of(order: Order, listed: Listed | None) -> float:
    """Return the tick of an order's limit: of one contract its own, a cent for combos."""
    if not order.is_single or listed is None:
        return COMBO_TICK
    contract = order.combo.legs[0][1]
    is_option = contract.kind == OPTION
    steps = listed.steps.get(contract.exchange_id) if is_option else listed.spot_steps
    return step_at(steps, abs(order.limit)) if steps else COMBO_TICK


def rule_of(details: Iterable[Any]) -> int:
    """Return the number of the market rule of contracts of one class where SMART trades them.

    0 where none is said.
    """
    for one in details:
        exchanges = str(one.validExchanges or "").split(",")
        rules = str(one.marketRuleIds or "").split(",")
        place = exchanges.index(_SMART) if _SMART in exchanges else 0
        if place < len(rules) and rules[place].isdecimal():
            return int(rules[place][:9])
    return 0


def steps_of(rule: Iterable[Any] | None, least: float) -> Steps:
    """Return the steps of a market rule; where there is none, or no sound one, `least` alone.

    Steps come by their price, the first from 0 on, each a positive number.
    """
    alone: Steps = ((0.0, least),)
    try:
        found = tuple((float(one.lowEdge), float(one.increment)) for one in rule or ())
    except (TypeError, ValueError):
        return alone
    is_sound = 0 < len(found) <= _MOST_STEPS and found[0][0] <= 0.0
    is_sound = is_sound and all(
        math.isfinite(start) and 0.0 < step <= 100.0 for start, step in found
    )
    is_rising = all(a[0] < b[0] for a, b in pairwise(found))
    return found if is_sound and is_rising else alone
