"""Export and import: the same rows in the other database, or nothing and the line that is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from engine.errors import BadDataError, EngineError
from engine.store import open_store, schema
from engine.store.address import Address
from engine.store.protocol import Row, Store
from engine.store.tables import BYTES, INTEGER, REAL, TABLES, Table
from engine.store.transfer import (
    export_store,
    import_store,
    rows_of,
    write_csv,
    write_ndjson,
    write_parquet,
)


def random_row(rng: Random, table: Table, number: int) -> Row:
    cells: list[object] = []
    for column, kind in zip(table.columns, table.kinds, strict=True):
        if kind == INTEGER:
            cells.append(number if column in table.key else rng.randrange(-(2**40), 2**40))
        elif kind == REAL:
            cells.append(rng.choice([0.1, -0.0, 1e-300, 1e300, rng.random()]))
        elif kind == BYTES:
            cells.append(rng.randbytes(5))
        else:
            cells.append(f"{number} é\"',;\\\n" if column in table.key else "=1+1")
    return tuple(cells)


@pytest.fixture
def full(store: Store) -> Store:
    rng = Random(5)
    for table in TABLES.values():
        store.copy(table.name, [random_row(rng, table, k) for k in range(7)])
    return store


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with open_store(Address("sqlite", path=tmp_path / "other.sqlite")) as opened:
        schema.migrate(opened)
        yield opened


def everything(store: Store) -> dict[str, list[Row]]:
    return {name: sorted((r for p in rows_of(store, name) for r in p), key=repr) for name in TABLES}


def text_of(store: Store) -> str:
    out = io.StringIO()
    export_store(store, out)
    return out.getvalue()


def test_a_store_goes_over_to_the_other_database_and_back(full: Store, other: Store) -> None:
    text = text_of(full)
    total = 7 * len(TABLES)
    assert import_store(other, io.StringIO(text)) == (total, total)
    assert everything(other) == everything(full)
    assert import_store(full, io.StringIO(text_of(other))) == (total, 0)  # nothing is doubled
    assert everything(other) == everything(full)


def test_a_stream_that_was_changed_or_cut_off_changes_nothing(full: Store, other: Store) -> None:
    lines = text_of(full).splitlines(keepends=True)
    broken = [lines[:-1], lines[:5], [], lines[1:], [*lines[:-1], '{"rows":3}\n']]
    for place, line in (
        (2, "nonsense\n"), (1, '{"table":"nowhere","columns":[]}\n'), (2, "[1]\n"),
        (0, '{"format":"parity store","schema":99}\n'), (2, "[" * 100_000 + "\n"),
        (2, lines[2].replace('"', "5", 1) if '"' in lines[2] else "[]\n"),
    ):  # fmt: skip
        changed = list(lines)
        changed[place] = line
        broken.append(changed)
    for stream in broken:
        with pytest.raises(BadDataError, match=r"line|cut off"):
            import_store(other, stream)
    assert all(rows == [] for rows in everything(other).values())


def test_single_tables_for_other_tools(full: Store, tmp_path: Path) -> None:
    names = TABLES["opportunities"].columns
    out = io.StringIO()
    assert write_csv(full, "opportunities", out) == 7
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert tuple(rows[0]) == names
    assert rows[1][names.index("symbol")] == "'=1+1"  # no spreadsheet computes it
    out = io.StringIO()
    assert write_ndjson(full, "chains", out) == 7
    assert set(json.loads(out.getvalue().splitlines()[0])) == set(TABLES["chains"].columns)


def test_parquet_reads_back(full: Store, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed here")
    for name in ("bars", "chains", "opportunities", "quotes"):
        path = str(tmp_path / f"{name}.parquet")
        assert write_parquet(full, name, path) == 7
        table = parquet.read_table(path)
        assert tuple(table.column_names) == TABLES[name].columns
        rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
        assert sorted(rows, key=repr) == everything(full)[name]


def test_an_empty_store_is_exported_and_a_missing_table_is_not(other: Store) -> None:
    assert export_store(other, io.StringIO()) == 0
    with pytest.raises((EngineError, KeyError)):
        list(rows_of(other, "nowhere"))
