"""Quote ages from the ``X_age.csv`` beside ``X.csv``: the same contracts in the same order."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from engine.feeds.record import CellError, Record
from engine.feeds.rows import Row, read_table

COLUMNS = ("symbol", "expiry", "strike", "right", "bid_age_s", "ask_age_s")
_UNKNOWN = (math.nan, math.nan, "")


class AgeColumn:
    """Walk the companion in step with its chain file.

    From the first row that is of another contract on, ages are not known: a row that slipped
    would give every later quote a stranger's age. `problems` then says where.
    """

    def __init__(self, path: Path) -> None:
        columns, rows = read_table(path)
        columns.require(COLUMNS)
        self.problems: list[str] = []
        self._file = path.name
        self._rows: Iterator[Row | CellError] | None = rows

    @classmethod
    def beside(cls, path: Path) -> AgeColumn | None:
        """Return the companion of the chain file `path`, None where there is none."""
        stem = path.name.partition(".csv")[0]
        for name in (f"{stem}_age.csv", f"{stem}_age.csv.gz"):
            companion = path.with_name(name)
            if name != path.name and companion.is_file():
                return cls(companion)
        return None

    def of(self, row: Record | CellError) -> tuple[float, float, str]:
        """Return bid age, ask age (seconds, nan not known) and symbol for the next chain `row`."""
        if self._rows is None:
            return _UNKNOWN
        found = next(self._rows, None)
        if found is None:
            where = f" at {row.where}" if isinstance(row, Record) else ""
            return self._stop(f"{self._file}: ends before its chain file does{where}")
        if isinstance(found, CellError):
            return self._stop(str(found))
        if isinstance(row, Record):
            for name in ("expiry", "strike", "right"):
                if found.text(name) != row.text(name):
                    expected = f"{row.text(name)} as in {row.where}"
                    return self._stop(str(found.problem(name, expected)))
            if not found.text("symbol").startswith(row.text("underlying")):
                expected = f"a contract of {row.text('underlying')}"
                return self._stop(str(found.problem("symbol", expected)))
        try:
            return found.age("bid_age_s"), found.age("ask_age_s"), found.text("symbol")
        except CellError as error:
            self.problems.append(str(error))
            return _UNKNOWN

    def _stop(self, problem: str) -> tuple[float, float, str]:
        self.problems.append(f"{problem}; ages are not known from there on")
        self._rows = None
        return _UNKNOWN
