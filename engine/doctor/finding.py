"""One line of the doctor's report."""

from __future__ import annotations

from engine.values import dataclass

GOOD = "good"
NOTE = "note"
WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was read, what could be better, the command that would change it and the way back.

    `grade` is GOOD (nothing to do), NOTE (worth knowing, or better only for some uses) or WARN
    (costs speed or correctness). `better`, `command` and `undo` are "" where there is none.
    """

    group: str
    topic: str
    state: str
    grade: str = GOOD
    better: str = ""
    command: str = ""
    undo: str = ""
