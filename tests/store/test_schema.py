"""One schema, two dialects: what the databases say against what the program believes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import BadDataError, ConfigurationError, EngineError
from engine.store import open_store, schema
from engine.store.address import Address
from engine.store.protocol import Store
from engine.store.tables import BYTES, INTEGER, REAL, TABLES, TEXT, Table

DAY = 86_400_000_000_000
SAMPLE = {INTEGER: 2**62 + 1, REAL: 0.1, TEXT: "é'\"\\;--?%s", BYTES: bytes(range(256))}


def row_of(table: Table) -> tuple[object, ...]:
    return tuple(SAMPLE[kind] for kind in table.kinds)


def test_the_columns_are_those_of_the_databases(store: Store) -> None:
    assert {name: table.columns for name, table in TABLES.items()} == dict(store.columns())


def test_every_table_gives_back_the_bits_it_was_given(store: Store) -> None:
    for name, table in TABLES.items():
        row = row_of(table)
        assert store.copy(name, [row]) == 1
        (found,) = store.run(f"SELECT {', '.join(table.columns)} FROM {name}")
        assert found == row, name


def test_a_key_is_there_once(store: Store) -> None:
    for name in (name for name, table in TABLES.items() if table.key):
        row = row_of(TABLES[name])
        assert store.merge(name, [row]) == 1
        assert store.merge(name, [row]) == 0
        with pytest.raises(BadDataError):
            store.copy(name, [row])
        assert store.run(f"SELECT count(*) FROM {name}") == [(1,)]


def test_migrating_again_does_nothing(store: Store) -> None:
    assert schema.migrate(store) == []
    assert schema.pending(store) == []
    schema.require(store)


def test_a_new_store_gets_its_schema_and_an_old_one_is_refused(
    reopen: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    with reopen() as store:
        schema.require(store)
        more = schema.Migration(NEXT, "more", "CREATE TABLE more (a TEXT);")
        monkeypatch.setattr(schema, "migrations", lambda: (*first, more))
        first = tuple(schema.Migration(m.version, m.name, m.sql) for m in known)
        with pytest.raises(ConfigurationError, match="parity store migrate"):
            schema.require(store)
        assert [m.name for m in schema.migrate(store)] == ["more"]
        schema.require(store)
        monkeypatch.setattr(schema, "migrations", lambda: first)
        with pytest.raises(ConfigurationError, match="newer program"):
            schema.require(store)


known = schema.migrations()
NEXT = known[-1].version + 1


def test_a_changed_migration_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = schema.Migration(1, "base", known[0].sql + "\n-- changed")
    monkeypatch.setattr(schema, "migrations", lambda: (changed,))
    with pytest.raises(BadDataError, match="changed after"):
        schema.require(store)


def test_a_migration_that_fails_leaves_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = schema.Migration(NEXT, "bad", "CREATE TABLE half (a TEXT); CREATE TABLE half (a TEXT);")
    monkeypatch.setattr(schema, "migrations", lambda: (*known, bad))
    with pytest.raises(EngineError):
        schema.migrate(store)
    with pytest.raises(EngineError):
        store.run("SELECT * FROM half")
    assert schema.applied(store) == {one.version: one.checksum for one in known}


def test_two_programs_may_meet_a_new_store_at_once(reopen: Callable[[], Store]) -> None:
    failures: list[EngineError] = []

    def begin() -> None:
        try:
            with reopen() as store:
                schema.require(store)
        except EngineError as error:
            failures.append(error)

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with reopen() as store:
        assert store.run("SELECT count(*) FROM schema_migrations") == [(len(known),)]


def test_a_file_that_another_begins_to_write_is_waited_for(tmp_path: Path) -> None:
    """SQLite refuses at once, without waiting, to turn such a file to WAL."""
    path = tmp_path / "new.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE its_own (a)")
    timer = threading.Timer(0.2, other.execute, ["COMMIT"])
    timer.start()
    with open_store(f"sqlite:{path}") as store:
        assert store.run("SELECT name FROM sqlite_master") == [("its_own",)]
    timer.join()
    other.close()


def test_a_transaction_is_whole_or_nothing(store: Store, reopen: Callable[[], Store]) -> None:
    def fail_half_way() -> None:
        with store.transaction():
            store.copy("marks", [("a", 1, 1)])
            with store.transaction():
                store.copy("quotes", [(1, None, 5, 1.0, 2.0, None, None)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with reopen() as other:
        assert other.run("SELECT count(*) FROM marks") == [(0,)]
        with store.transaction():
            # The partition that the failure took with it is made again.
            store.copy("quotes", [(1, None, 5, 1.0, 2.0, None, None)])
        assert other.run("SELECT count(*) FROM quotes") == [(1,)]


def test_quotes_of_a_day_lie_in_a_partition_of_postgresql(postgres: Address) -> None:
    from engine.store.postgres import PostgresStore

    with PostgresStore(postgres) as store:
        schema.migrate(store)
        rows = [(1, None, ts, 1.0, 2.0, None, None) for ts in (0, DAY - 1, DAY, 40 * DAY)]
        store.copy("quotes", rows)
        assert store.partitions("quotes") == [
            "quotes_19700101", "quotes_19700102", "quotes_19700210",
        ]  # fmt: skip
        assert store.run("SELECT count(*) FROM quotes_19700101") == [(2,)]


@pytest.mark.parametrize(
    "cells",
    [(2**63, 1.0), ("x", 1.0), (1, "x")],
    ids=["too big", "text for a number", "text for a price"],
)
def test_a_cell_that_does_not_fit_is_refused_whole(
    store: Store, cells: tuple[object, object]
) -> None:
    good, bad = (1, None, 5, 1.0, 2.0, None, None), (cells[0], None, 6, cells[1], 2.0, None, None)
    if store.dialect == "sqlite" and "x" in cells:
        pytest.skip("SQLite keeps a text in a column of numbers; nothing here writes one")
    with pytest.raises(BadDataError):
        store.copy("quotes", [good, bad])
    assert store.run("SELECT count(*) FROM quotes") == [(0,)]


def test_errors_are_one_line_with_the_store_and_no_traceback(store: Store) -> None:
    with pytest.raises(EngineError) as caught:
        store.run("SELECT * FROM nowhere WHERE a = ?", (1,))
    assert "\n" not in str(caught.value)
    assert str(store.address) in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)
    before = path.read_bytes()
    with pytest.raises(BadDataError, match="not a database"):
        open_store(f"sqlite:{path}")
    assert path.read_bytes() == before
    with pytest.raises(EngineError, match="folder"):
        open_store(f"sqlite:{tmp_path}")
    with pytest.raises(EngineError, match="parity store init"):
        open_store(f"sqlite:{tmp_path}/none.sqlite", must_exist=True)
