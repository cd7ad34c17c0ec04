"""A column of OCC symbols: root, expiry, right and strike of a contract in one cell.

``ABCD  260417C00090000``: the root padded to six characters or not, the expiry as yymmdd, C or P,
and the strike in thousandths. A digit behind the root marks an adjusted contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from engine.feeds.record import CellError
from engine.feeds.rows import Columns, Row, shown_name

OURS = ("expiry", "strike", "right")
_OCC = re.compile(
    r"(?:O:)?([A-Z][A-Z.]{0,5})([0-9]?) *([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{8})"
)
_EXAMPLE = "an OCC symbol like ABCD  260417C00090000"


def split_symbol(text: str) -> tuple[str, ...] | None:
    """Return root, digit, year, month, day, right and strike of an OCC symbol, as written.

    >>> split_symbol("ABCD  260417C00090000")
    ('ABCD', '', '26', '04', '17', 'C', '00090000')
    """
    found = _OCC.fullmatch(text.strip().upper())
    return found.groups() if found else None


class OccColumn:
    """What a column of OCC symbols gives to rows that lack `OURS`.

    The symbol of the underlying and the trading class come from it too, where the file has none.
    """

    def __init__(self, columns: Columns, position: int) -> None:
        self.name = shown_name(columns.names[position])
        self._columns = columns
        self._position = position
        width = len(columns.names)
        given = (*OURS, "trading_class", "underlying")
        for k, name in enumerate(given):
            if name not in columns or name in OURS:
                columns.position[name] = width + k

    def rows(self, rows: Iterator[Row | CellError]) -> Iterator[Row | CellError]:
        """Yield the rows with the cells that their symbols stand for."""
        for row in rows:
            if isinstance(row, CellError):
                yield row
                continue
            written = row.cells[self._position].strip().upper()
            found = _OCC.fullmatch(written)
            if found is None:
                place = f"{row.where}: column {self.name}"
                yield CellError(f"{place}: expected {_EXAMPLE}, got {written[:60]!r}")
                continue
            root, digit, year, month, day, right, strike = found.groups()
            cells = (
                f"20{year}-{month}-{day}",
                repr(int(strike) / 1000),
                right,
                root + digit,
                root,
            )
            yield Row(self._columns, row.line, [*row.cells, *cells])


def occ_column(
    columns: Columns, rows: Iterator[Row | CellError]
) -> tuple[OccColumn | None, Iterator[Row | CellError]]:
    """Return the column of OCC symbols that a file without `OURS` has, and its rows.

    It is told by the first row; None where there is none, or where one of `OURS` is named already
    (the strike may stand beside the symbol: it is the same).
    """
    if all(name in columns for name in OURS):
        return None, rows
    first = next(rows, None)
    if first is None:
        return None, iter(())
    again = chain((first,), rows)
    if isinstance(first, Row) and not any(name in columns.shown for name in OURS):
        for position, cell in enumerate(first.cells):
            if _OCC.fullmatch(cell.strip().upper()):
                column = OccColumn(columns, position)
                return column, column.rows(again)
    return None, again
