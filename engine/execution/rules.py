"""How a trader sends, how long it waits, and what it may lose to hedge a half-filled package."""

from __future__ import annotations

from dataclasses import dataclass

from engine.clock import NS_PER_SECOND
from engine.execution.entries import COMBO
from engine.execution.limits import Limits
from engine.execution.orders import DAY

CANCEL, LEAVE, FLATTEN = "cancel", "leave", "flatten"
POLICIES = (CANCEL, LEAVE, FLATTEN)
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Rules:
    """Waiting times in seconds, and limits of one package.

    Attributes
    ----------
    style
        COMBO sends a package as one order, PARALLEL an order for each leg at once.
    tif
        How long an order stands at the broker; the fill window ends it sooner.
    ack_s, cancel_s, fill_s
        After how long without an acknowledgement, or an end after a cancel, the broker is asked;
        how long an order may fill.
    evidence_s, most_rounds
        After how long without an answer everything is asked for again; how often positions may
        differ before that is a mismatch.
    completes
        Whether a part of a package is completed where the loss allows it, before it is unwound.
    loss_usd
        What completing and unwinding one package may cost, in currency.
    unhedged_s, unhedged_delta
        For how long, and with how many shares of delta, a package may be without its hedge.
    duplicate_s
        For how long it is known when a combo was last sent.
    counts_foreign
        Whether a change of positions that are not ours is a mismatch too.
    """

    style: str = COMBO
    tif: str = DAY
    ack_s: float = 2.0
    cancel_s: float = 2.0
    fill_s: float = 2.0
    evidence_s: float = 5.0
    most_rounds: int = 3
    completes: bool = True
    loss_usd: float = _LIMITS.max_hedge_loss_usd
    unhedged_s: float = _LIMITS.max_unhedged_s
    unhedged_delta: float = _LIMITS.max_unhedged_delta
    duplicate_s: float = _LIMITS.duplicate_window_s
    counts_foreign: bool = False


def ns(seconds: float) -> int:
    """Return nanoseconds of a waiting time."""
    return round(seconds * NS_PER_SECOND)
