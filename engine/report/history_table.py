"""The history of a store on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from engine.report.history_page import shown
from engine.store.history import Answer, History

if TYPE_CHECKING:
    from rich.console import Console

_FAMILIES = (
    "symbol", "family", "class", "lives", "alive", "median_seconds", "longest_seconds",
    "median_edge", "best_edge", "best_usd",
)  # fmt: skip
_LIVES = ("symbol", "family", "detected_ns", "last_seen_ns", "expired_ns", "best_edge", "legs")
_SCANS = ("symbol", "scans", "first_ns", "last_ns", "candidates", "passed", "with_finds")


def render(found: History, console: Console) -> None:
    """Print the tables that say most; the others are in ``--json``, ``--csv`` and ``--html``."""
    for title, answer, columns in (
        ("Scans", found.scans, _SCANS),
        ("Opportunities by family; seconds from first to last sighting", found.families, _FAMILIES),
        ("What stopped the rest", found.gates, found.gates.columns),
        ("The longest lives", found.lives, _LIVES),
    ):
        console.print(Text(title, style="bold"))
        if answer.rows:
            console.print(_table(answer, columns))
        else:
            console.print("nothing", style="dim")
        console.print()


def _words(column: str, cell: object) -> str:
    words = shown(column, cell)
    return words.replace("_", " ") if column == "family" else words


def _table(answer: Answer, columns: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    objects = answer.objects()
    for column in columns:
        is_text = isinstance(objects[0][column], str)
        name = column.removesuffix("_ns").replace("_", " ")
        table.add_column(
            name, justify="left" if is_text else "right", no_wrap=column in ("symbol", "family")
        )
    for row in objects:
        table.add_row(*(Text(_words(column, row[column])) for column in columns))
    return table
