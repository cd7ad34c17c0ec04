"""What a trader may send, from nothing to everything."""

from __future__ import annotations

from enum import Enum


class Mode(Enum):
    """The modes of a trader.

    READ_ONLY sends nothing: it is not armed. HALTED cancels and asks, and a person must lift it.
    RECONCILING waits until the broker's account and the journal agree. REDUCING brings packages to
    their end and begins none: the journal is torn. READY does everything.
    """

    READ_ONLY = "READ-ONLY"
    HALTED = "HALTED"
    RECONCILING = "RECONCILING"
    REDUCING = "REDUCING"
    DRAINING = "DRAINING"
    READY = "READY"
