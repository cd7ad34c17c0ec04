"""A column of contracts: root, expiry, right and strike in one cell, as OCC symbols or in words.

``ABCD  260417C00090000``: the root padded to six characters or not, the expiry as yymmdd, C or P,
and the strike in thousandths. A digit behind the root marks an adjusted contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from engine.feeds.record import CellError, parse_day
from engine.feeds.rows import Columns, Row, shown_name

OURS = ("expiry", "strike", "right")
_OCC = re.compile(
    r"(?:O:)?([A-Z][A-Z.]{0,5})([0-9]?) *([0-9]{2})([0-9]{2})([0-9]{2})([CP])([0-9]{8})"
)
# Names of roots, days and strikes are short; a cell of a hundred thousand marks is none.
_LONGEST = 80
_EXAMPLE = "an OCC symbol like ABCD  260417C00090000"


def split_symbol(text: str) -> tuple[str, ...] | None:
    """Return root, digit, year, month, day, right and strike of an OCC symbol, as written.

    >>> split_symbol("ABCD  260417C00090000")
    ('ABCD', '', '26', '04', '17', 'C', '00090000')
    """
    found = _OCC.fullmatch(text.strip().upper())
    return found.groups() if found else None


# As brokers write a contract: ABCD 17APR26 90.0 C, ABCD Apr17'26 90 CALL, ABCD 04/17/2026 90.00 C.
_WORDS = re.compile(
    r"([A-Z][A-Z.]{0,5})([0-9]?) +"
    r"([0-9]{1,2} ?[A-Z]{3} ?'?[0-9]{2}(?:[0-9]{2})?"
    r"|[A-Z]{3} ?[0-9]{1,2},? ?'?[0-9]{2}(?:[0-9]{2})?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
    r" +\$?([0-9]{1,6}(?:\.[0-9]{1,4})?) +(C|P|CALL|PUT)"
)
_MONTH_FIRST = re.compile(r"([A-Z]{3}) ?([0-9]{1,2}),? ?'?([0-9]{2,4})")


def contract_of(text: str) -> tuple[str, str, str, str, str] | None:
    """Return root, expiry, strike, right and class of an OCC symbol or a contract in words.

    >>> contract_of("ABCD Apr17'26 92.5 CALL")
    ('ABCD', '2026-04-17', '92.5', 'C', 'ABCD')
    """
    if len(text) > _LONGEST:
        return None
    written = " ".join(text.upper().split())
    found = _OCC.fullmatch(text.strip().upper())
    if found is not None:
        root, digit, year, month, day, right, strike = found.groups()
        return root, f"20{year}-{month}-{day}", repr(int(strike) / 1000), right, root + digit
    found = _WORDS.fullmatch(written)
    if found is None:
        return None
    root, digit, when, strike, right = found.groups()
    first = _MONTH_FIRST.fullmatch(when)
    expiry = parse_day(f"{first[2]}{first[1]}{first[3]}" if first else when)
    if expiry is None:
        return None
    return root, expiry.isoformat(), strike, right[0], root + digit


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
            written = row.cells[self._position].strip()
            found = contract_of(written)
            if found is None:
                place = f"{row.where}: column {self.name}"
                yield CellError(f"{place}: expected {_EXAMPLE}, got {written[:60]!r}")
                continue
            yield Row(self._columns, row.line, [*row.cells, *found[1:], found[0]])


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
            if contract_of(cell):
                column = OccColumn(columns, position)
                return column, column.rows(again)
    return None, again
