"""A whole store as one stream of JSON lines and back, and single tables for other tools.

The first line says what it is; each table is a line with its name and columns, then a line per row;
the last line counts the rows, so that a stream that was cut off is refused.
"""

from __future__ import annotations

import csv
import json
import math
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from typing import IO, Any

from engine.errors import BadDataError, load_extra
from engine.store.protocol import Row, Store
from engine.store.tables import BYTES, INTEGER, REAL, TABLES, Table

FORMAT = "parity store"
SCHEMA = 1
_PAGE = 20_000
_LONGEST_LINE = 64 * 1024 * 1024


def rows_of(store: Store, name: str) -> Iterator[list[Row]]:
    """Yield the rows of a table in pages, in the order of its key, or of its columns."""
    table = TABLES[name]
    columns = ", ".join(table.columns)
    order = ", ".join(table.key or table.columns)
    return store.pages(f"SELECT {columns} FROM {name} ORDER BY {order}", _PAGE)


def export_store(store: Store, out: IO[str]) -> int:
    """Write every table to `out` and return how many rows. One transaction: nothing moves."""
    total = 0
    with store.transaction():
        _line(out, {"format": FORMAT, "schema": SCHEMA})
        for name, table in TABLES.items():
            _line(out, {"table": name, "columns": list(table.columns)})
            for page in rows_of(store, name):
                for row in page:
                    _line(out, [_out(cell) for cell in row])
                total += len(page)
        _line(out, {"rows": total})
    return total


def import_store(store: Store, lines: Iterable[str]) -> tuple[int, int]:
    """Read what `export_store` wrote and return how many rows it had and how many were new.

    All of it is one transaction. Rows whose key is there already are left as they are; those of
    tables without a key (quotes, trades) are added only where the table was empty.

    Raises
    ------
    BadDataError
        If it is something else, cut off, or a row does not fit: then nothing is imported.
    """
    numbered = enumerate(lines, 1)
    _, first = next(numbered, (1, ""))
    head = _object(1, first)
    if not isinstance(head, dict) or head.get("format") != FORMAT or head.get("schema") != SCHEMA:
        raise BadDataError("line 1: not an export of a store, or of another version")
    table: Table | None = None
    has_rows = False
    page: list[Row] = []
    read = new = 0
    with store.transaction():
        for number, line in numbered:
            value = _object(number, line)
            if isinstance(value, list) and table is not None:
                page.append(_row(number, table, value))
                read += 1
                if len(page) == _PAGE:
                    new += _add(store, table, page, has_rows)
                    page = []
                continue
            if table is not None:
                new += _add(store, table, page, has_rows)
                page = []
            if isinstance(value, dict) and value.get("rows") == read and "table" not in value:
                return read, new
            table = _table(number, value)
            has_rows = bool(store.run(f"SELECT 1 FROM {table.name} LIMIT 1"))
        raise BadDataError("it ends before its last line: it was cut off; nothing was imported")


def write_csv(store: Store, name: str, out: IO[str]) -> int:
    """Write one table as CSV; bytes in base64, what is not known empty."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(TABLES[name].columns)
    total = 0
    for page in rows_of(store, name):
        writer.writerows([_csv_cell(cell) for cell in row] for row in page)
        total += len(page)
    return total


def write_ndjson(store: Store, name: str, out: IO[str]) -> int:
    """Write one table as an object per line."""
    columns, total = TABLES[name].columns, 0
    for page in rows_of(store, name):
        for row in page:
            _line(out, dict(zip(columns, map(_out, row), strict=True)))
        total += len(page)
    return total


def write_parquet(store: Store, name: str, path: str) -> int:
    """Write one table as Parquet.

    Raises
    ------
    UnavailableError
        If pyarrow is not installed.
    """
    modules = ("pyarrow", "pyarrow.parquet")
    pyarrow, parquet = (load_extra(name, "parquet", "Parquet needs pyarrow") for name in modules)
    kinds = {INTEGER: pyarrow.int64(), REAL: pyarrow.float64(), BYTES: pyarrow.binary()}
    table, total = TABLES[name], 0
    schema = pyarrow.schema(
        [
            (column, kinds.get(kind, pyarrow.string()))
            for column, kind in zip(table.columns, table.kinds, strict=True)
        ]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        for page in rows_of(store, name):
            columns = list(zip(*page, strict=True))
            arrays = [
                pyarrow.array(column, field.type)
                for column, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            total += len(page)
    return total


def _line(out: IO[str], value: object) -> None:
    out.write(json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n")


def _out(cell: Any) -> Any:
    if isinstance(cell, bytes):
        return b64encode(cell).decode("ascii")
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return cell


def _csv_cell(cell: Any) -> Any:
    cell = _out(cell)
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell  # a formula, to a spreadsheet
    return cell


def _object(number: int, line: str) -> object:
    if len(line) > _LONGEST_LINE:
        raise BadDataError(f"line {number:,}: longer than {_LONGEST_LINE:,} letters")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadDataError(f"line {number:,}: not JSON: {error}") from None


def _table(number: int, value: object) -> Table:
    name = value.get("table") if isinstance(value, dict) else None
    table = TABLES.get(name) if isinstance(name, str) else None
    if table is None or not isinstance(value, dict) or value.get("columns") != list(table.columns):
        raise BadDataError(f"line {number:,}: no table of this program's schema")
    return table


def _row(number: int, table: Table, cells: list[Any]) -> Row:
    if len(cells) != len(table.columns):
        raise BadDataError(f"line {number:,}: {len(cells)} cells for {len(table.columns)} columns")
    try:
        return tuple(_in(kind, cell) for kind, cell in zip(table.kinds, cells, strict=True))
    except (TypeError, ValueError, OverflowError):
        raise BadDataError(f"line {number:,}: a cell does not fit its column") from None


def _in(kind: str, cell: Any) -> Any:
    if cell is None:
        return None
    if kind == REAL:
        if isinstance(cell, bool) or not isinstance(cell, int | float | str):
            raise ValueError(cell)
        return float(cell)
    if kind == INTEGER:
        if type(cell) is not int or abs(cell) >= 1 << 63:
            raise ValueError(cell)
        return cell
    if not isinstance(cell, str):
        raise ValueError(cell)
    return b64decode(cell, validate=True) if kind == BYTES else cell


def _add(store: Store, table: Table, rows: list[Row], has_rows: bool) -> int:
    if not rows:
        return 0
    if table.key:
        return store.merge(table.name, rows)
    return 0 if has_rows else store.copy(table.name, rows)
