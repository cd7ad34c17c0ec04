"""Change the future, run again, and see whether anything moves that was decided before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.backtesting.data import Data
from engine.checking.decisions import Difference, Log, first_difference
from engine.checking.futures import SEVERAL, SINGLE, changed
from engine.checking.subject import Subject
from engine.errors import EngineError


@dataclass(frozen=True, slots=True)
class Moved:
    """A decision that a change of the future after `cut_ns` moved, and how often that happened."""

    mode: str
    cut_ns: int
    difference: Difference
    n_moved: int


@dataclass(slots=True)
class LookAhead:
    """What the replays found: by mode the first decision that moved.

    `n_refused` replays could not be run, `refusal` says why the first of them could not.
    """

    n_replays: int = 0
    n_refused: int = 0
    refusal: str = ""
    moved: list[Moved] = field(default_factory=list)

    @property
    def first(self) -> Moved | None:
        """Return the earliest decision that moved by more than rounding."""
        large = [one for one in self.moved if not one.difference.is_rounding]
        return min(large, key=lambda one: one.difference.event.time_ns, default=None)


def look_ahead(
    subject: Subject,
    data: Data,
    full: Log,
    cuts: Sequence[int],
    seed: int = 0,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> LookAhead:
    """Replay `subject` with every future after each of `cuts`; `full` is what it decided before.

    `tell` is given the number of replays after each, and of all. O(cuts x bars).
    """
    found = LookAhead()
    modes = SEVERAL if len(data.bars) > 1 else SINGLE
    for mode in modes:
        first: Difference | None = None
        first_cut, n_moved = 0, 0
        for cut in cuts:
            found.n_replays += 1
            tell(found.n_replays, len(modes) * len(cuts))
            try:
                other = subject.play(changed(data, mode, cut, seed), cut)
            except EngineError as error:
                found.n_refused += 1
                found.refusal = found.refusal or str(error)
                continue
            difference = first_difference(full, other, cut)
            if difference is None:
                continue
            n_moved += 1
            if first is None or (first.is_rounding and not difference.is_rounding):
                first, first_cut = difference, cut
        if first is not None:
            found.moved.append(Moved(mode, first_cut, first, n_moved))
    return found
