"""The same run in other surroundings: what must change nothing, and what it is called.

The runs are processes of their own, which the rim starts; here is what they vary and what their
decisions say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.checking.check import moved_verdict
from engine.checking.decisions import Log, first_difference
from engine.checking.recorder import FOREVER
from engine.checking.report import BIASED, CLEAN, SKIPPED, Verdict

SURROUNDINGS, FILES = "surroundings", "files"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run takes place: seed of hashes, zone of the machine, how far its clock is wrong."""

    name: str
    hash_seed: int = 0
    zone: str = "UTC"
    clock_shift_ns: int = 0


# The first is the one that the others are compared with; the second is the same again.
HOME = Place("home")
PLACES = (
    HOME,
    Place("the same once more"),
    Place("other hashes (PYTHONHASHSEED)", hash_seed=4711),
    Place("a clock 200 days later", clock_shift_ns=17_305_991 * 10**9),
    Place("another time zone of the machine", zone="Pacific/Kiritimati"),
)


@dataclass(frozen=True, slots=True)
class Visit:
    """What a run in a place decided, and what it opened or called outside of itself."""

    log: Log
    opened: tuple[str, ...]
    trouble: str = ""


def surroundings_verdict(visits: Mapping[Place, Visit]) -> Verdict:
    """Return whether any of the surroundings moved a decision."""
    troubled = [visit.trouble for visit in visits.values() if visit.trouble]
    if troubled or HOME not in visits:
        why = troubled[0] if troubled else "no run at home"
        return Verdict(SURROUNDINGS, SKIPPED, f"could not run in a process of its own: {why}")
    for place in PLACES[1:]:
        difference = first_difference(visits[HOME].log, visits[place].log, FOREVER)
        if difference is not None:
            what = (
                "in a run that is the same once more"
                if place is PLACES[1]
                else f"with {place.name}"
            )
            return moved_verdict(SURROUNDINGS, difference, f"decides otherwise {what}", BIASED)
    said = "hashes, clock and time zone of the machine change nothing"
    return Verdict(SURROUNDINGS, CLEAN, said)


def files_verdict(visits: Mapping[Place, Visit], vouched: Sequence[str]) -> Verdict:
    """Return whether a run opened what it was not allowed to; `vouched` files it may read."""
    if HOME not in visits or visits[HOME].trouble:
        return Verdict(FILES, SKIPPED, "could not run in a process of its own")
    opened = [name for name in visits[HOME].opened if name not in vouched]
    if not opened:
        read = ", ".join(visits[HOME].opened)
        return Verdict(FILES, CLEAN, f"opened only {read}" if read else "opened no file or socket")
    said = "opens files or sockets: what is in them may know the future"
    return Verdict(FILES, BIASED, said, tuple(opened))
