"""Fee schedules by name or by their parts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace

from engine.market.fees import DERIBIT, FREE, FeeSchedule
from engine.nearest import hint

SCHEDULES = {"default": FeeSchedule(), "free": FREE, "deribit": DERIBIT}
# One commission at every premium, for those who do not pay by tiers.
PER_CONTRACT = "per_contract"
PARTS = tuple(field.name for field in fields(FeeSchedule) if field.name != "tiers")


def schedule(name: str) -> FeeSchedule:
    """Return the schedule called `name`.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest.
    """
    if name not in SCHEDULES:
        raise ValueError(f"unknown fee schedule {name!r}: {hint(name, SCHEDULES)}")
    return SCHEDULES[name]


def with_parts(
    base: FeeSchedule,
    parts: Mapping[str, float],
    tiers: tuple[tuple[float, float], ...] = (),
) -> FeeSchedule:
    """Return `base` with single parts replaced; ``per_contract`` is one tier from premium 0.

    Raises
    ------
    ValueError
        If a part has no such name, is negative or not finite, or the tiers do not rise from 0.
    """
    known = (*PARTS, PER_CONTRACT)
    for name, value in parts.items():
        if name not in known:
            raise ValueError(f"unknown fee {name!r}: {hint(name, known)}")
        if not (math.isfinite(value) and value >= 0.0):
            raise ValueError(f"fee {name}: expected a number >= 0, got {value:g}")
    if any(not (math.isfinite(fee) and fee >= 0.0) for _, fee in tiers):
        raise ValueError("fee tiers: expected commissions >= 0")
    values = {name: value for name, value in parts.items() if name != PER_CONTRACT}
    if PER_CONTRACT in parts:
        tiers = ((0.0, parts[PER_CONTRACT]),)
    return replace(base, **values, tiers=tiers or base.tiers)
