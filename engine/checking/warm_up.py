"""How many bars a strategy must have seen before it decides as if it had seen them all."""

from __future__ import annotations

from dataclasses import dataclass

from engine.backtesting.data import Data
from engine.checking.cuts import instants
from engine.checking.decisions import TARGET, Decision, Log
from engine.checking.subject import Subject

STARTS = 8
# So large a part of what is left must agree in the end, or nothing is said to be settled.
SETTLED_PART = 0.1


@dataclass(frozen=True, slots=True)
class WarmUp:
    """`needs` bars until late starts decide as the full run; None where they did not settle.

    `acts_from` is the number of the bar at which it first wants a position. `trouble` says why
    late starts could not be run.
    """

    needs: int | None
    declares: int | None
    acts_from: int
    n_starts: int
    trouble: str = ""

    @property
    def is_short(self) -> bool:
        """Tell whether it declares fewer bars than it needs."""
        return self.declares is not None and self.needs is not None and self.needs > self.declares


def warm_up(subject: Subject, data: Data, full: Log, n_starts: int = STARTS) -> WarmUp:
    """Begin at `n_starts` later instants and compare with `full`. O(starts x bars)."""
    every = instants(data)
    place = {time: k for k, time in enumerate(every)}
    acts_from = next(
        (place.get(event.time_ns, 0) + 1 for event, one in zip(full.events, full.decisions,
         strict=True) if wants(one)),
        0,
    )  # fmt: skip
    declares = subject.warm_up
    wanted = {key: [one.bits for one in made] for key, made in full.by_event().items()}
    needs = 0
    starts = sorted({len(every) * (k + 1) // (2 * n_starts) for k in range(n_starts)} - {0})
    for start in starts:
        try:
            late = subject.play_from(data, every[start])
        except Exception as error:
            trouble = f"a start at bar {start + 1:,} ends in {type(error).__name__}: {error}"
            return WarmUp(None, declares, acts_from, len(starts), trouble)
        got = {key: [one.bits for one in made] for key, made in late.by_event().items()}
        keys = {key for key in wanted if key[0] >= every[start]} | set(got)
        parted = max((place[key[0]] for key in keys if wanted.get(key) != got.get(key)), default=-1)
        left = len(every) - start
        # Decisions after the last difference: without any, nothing shows that they agree for good.
        later = any(key[0] > every[parted] for key in keys) if parted >= 0 else True
        if parted >= 0 and (not later or len(every) - 1 - parted < SETTLED_PART * left):
            return WarmUp(None, declares, acts_from, len(starts))
        needs = max(needs, parted - start + 1 if parted >= 0 else 0)
    return WarmUp(needs, declares, acts_from, len(starts))


def wants(decision: Decision) -> bool:
    """Tell whether a decision asks for a position; a target of 0 or nan does not."""
    if decision.kind != TARGET:
        return decision.kind == "order"
    part = decision.values[0]
    return part == part and part != 0.0
