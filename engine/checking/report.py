"""What a check found, as values: a verdict for each question that was asked."""

from __future__ import annotations

from dataclasses import dataclass

CLEAN, BIASED, NOTED, SKIPPED = "clean", "biased", "note", "not checked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question. `said` is one line, `details` are lines under it.

    `row` (from 1), `time_ns`, `symbol` and `field` say where the first decision moved, where one
    did; `was` and `became` what it was and is.
    """

    question: str
    status: str
    said: str
    details: tuple[str, ...] = ()
    row: int = 0
    time_ns: int = 0
    symbol: str = ""
    field: str = ""
    was: str = ""
    became: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All verdicts on one strategy, and what it was tried on."""

    name: str
    source: str
    n_bars: int
    symbols: tuple[str, ...]
    n_decisions: int
    verdicts: tuple[Verdict, ...]

    @property
    def is_biased(self) -> bool:
        """Tell whether any verdict is of a bias."""
        return any(one.status == BIASED for one in self.verdicts)
