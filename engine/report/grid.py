"""Tables that lose nothing: where a terminal is too narrow, lines run over rather than be cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console


def grid() -> Table:
    """Return an empty table in the style of all reports: one rule under the heading."""
    # The box puts one column between cells by itself; this is the second.
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)


def add_columns(table: Table, *names: str, align: str = "right") -> None:
    """Add columns that are never wrapped or cut."""
    for name in names:
        table.add_column(
            name, justify="right" if align == "right" else "left", no_wrap=True, overflow="crop"
        )


def show(table: Table, console: Console) -> None:
    """Print `table` if it has rows: closer together, then wider than the console, before cut."""
    if not table.row_count:
        return
    if _least_width(table) > console.width:
        # A box has a column of its own between cells.
        table.padding = (0, 0 if table.box else 1, 0, 0)
    least = _least_width(table)
    if least > console.width:
        table.width = least
    console.print(table, crop=False, highlight=False)


def _least_width(table: Table) -> int:
    """Return the width at which nothing is cut: rich itself measures unwrapped columns by word."""
    gap = table.padding[1] + (1 if table.box else 0)
    total = gap * (len(table.columns) - 1)
    for column in table.columns:
        cells = [str(cell) for cell in (column.header, *column.cells)]
        natural = max(cell_len(line) for cell in cells for line in (cell.split("\n") or [""]))
        total += natural if column.no_wrap else min(natural, column.min_width or 1)
    return total
