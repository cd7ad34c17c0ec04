"""The bulk writer: order, bounds, marks, databases that go away, rows that do not fit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from engine.errors import BadDataError, EngineError, InputOutputError, NotPermittedError
from engine.store import postgres, schema
from engine.store.protocol import Row, Store
from engine.store.writer import BulkWriter


def quote(n: int) -> Row:
    return (n, None, 10**18 + n, 1.0, 2.0, None, None)


def stored(store: Store) -> list[int]:
    return [n for (n,) in store.run("SELECT instrument_id FROM quotes ORDER BY ts_recv")]


def test_rows_arrive_once_and_in_batches(store: Store, reopen: Callable[[], Store]) -> None:
    with BulkWriter(reopen, "quotes", "test", capacity=50, batch=20) as writer:
        assert writer.position == 0
        for start in range(0, 1000, 70):
            writer.put([quote(n) for n in range(start, min(start + 70, 1000))])
        report = writer.flush()
        assert (report.n_taken, report.n_written, report.n_lost) == (1000, 1000, 0)
    assert stored(store) == list(range(1000))
    with BulkWriter(reopen, "quotes", "test") as again:
        assert again.position == 1000
    with BulkWriter(reopen, "quotes", "other") as other:
        assert other.position == 0


def test_bad_rows_are_counted_and_the_rest_goes_on(
    store: Store, reopen: Callable[[], Store]
) -> None:
    writer = BulkWriter(reopen, "bars", "test", batch=10)
    bar = (1, 60, 5, 1.0, 1.0, 1.0, 1.0, None)
    writer.put([bar])
    writer.flush()
    writer.put([bar])  # the same key again
    assert writer.flush().n_lost == 1
    writer.put([(1, 60, 6, 1.0, 1.0, 1.0, 1.0, None)])
    report = writer.close()
    assert (report.n_taken, report.n_written, report.n_lost) == (3, 2, 1)
    assert "bars" in report.reason
    assert store.run("SELECT count(*) FROM bars") == [(2,)]


class Flaky:
    """A store in memory whose connection is lost at chosen calls of commit."""

    dialect = "sqlite"

    def __init__(self, kept: dict[str, Any], falls: Iterator[str]) -> None:
        self.kept, self.falls = kept, falls
        self.pending: list[Callable[[], None]] = []

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        if sql.startswith("SELECT position"):
            found = self.kept.get(parameters[0])
            return [] if found is None else [(found,)]
        name, position, _ = parameters
        self.pending.append(lambda: self.kept.__setitem__(name, position))
        return []

    def copy(self, table: str, rows: Sequence[Row]) -> int:
        self.pending.append(lambda: self.kept.setdefault("rows", []).extend(rows))
        return len(rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.pending = []
        yield
        fall = next(self.falls, "")
        if fall == "before":
            raise InputOutputError("lost before the commit")
        for work in self.pending:
            work()
        if fall == "after":
            raise InputOutputError("lost after the commit")

    def claim(self, name: str) -> None:
        assert name == "m"

    def close(self) -> None:
        self.pending = []


@pytest.mark.parametrize(
    "falls", [["before"], ["after"], ["after", "before", "after"], ["before"] * 3, ["", "after"]]
)
def test_a_batch_of_unknown_fate_is_written_once(falls: list[str]) -> None:
    kept: dict[str, Any] = {}
    left = iter(falls)
    with BulkWriter(lambda: Flaky(kept, left), "quotes", "m", batch=10) as writer:  # type: ignore[arg-type,return-value]
        writer.put([quote(n) for n in range(35)])
        report = writer.flush()
    assert report.n_written == 35
    assert [row[0] for row in kept["rows"]] == list(range(35))
    assert kept["m"] == 35


def test_what_a_lost_database_costs_is_counted() -> None:
    def always() -> Iterator[str]:
        while True:
            yield "before"

    kept: dict[str, Any] = {}
    writer = BulkWriter(
        lambda: Flaky(kept, always()),  # type: ignore[arg-type,return-value]
        "quotes", "m", batch=10, capacity=20, patience=0.1,
    )  # fmt: skip
    with pytest.raises(InputOutputError, match="lost before"):
        writer.put([quote(n) for n in range(10_000)])
    report = writer.close()
    assert report.n_written == report.n_waiting == 0
    assert report.n_lost == report.n_taken > 0
    assert "lost before" in report.reason


def test_a_full_buffer_makes_the_giver_wait(store: Store, reopen: Callable[[], Store]) -> None:
    gate = threading.Event()

    def slow() -> Store:
        opened = reopen()
        copy = opened.copy

        def held(table: str, rows: Sequence[Row]) -> int:
            gate.wait(10)
            return copy(table, rows)

        opened.copy = held  # type: ignore[method-assign]
        return opened

    writer = BulkWriter(slow, "quotes", "m", batch=10, capacity=20)
    giver = threading.Thread(target=writer.put, args=([quote(n) for n in range(100)],))
    giver.start()
    deadline = time.monotonic() + 5
    while writer.report().n_taken < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    held = writer.report()
    assert held.n_taken == 30  # one batch being written, and a full buffer
    assert giver.is_alive()
    gate.set()
    giver.join()
    assert writer.close().n_written == 100
    assert stored(store) == list(range(100))


def test_a_store_that_cannot_be_opened_is_told_at_once() -> None:
    def fail() -> Store:
        raise BadDataError("no store here")

    with pytest.raises(EngineError, match="no store here"):
        BulkWriter(fail, "quotes", "m")


def test_a_closed_writer_takes_nothing(store: Store, reopen: Callable[[], Store]) -> None:
    writer = BulkWriter(reopen, "quotes", "m")
    writer.close()
    with pytest.raises(InputOutputError, match="closed"):
        writer.put([quote(1)])
    assert writer.report().n_lost == 1
    assert schema.pending(store) == []


def test_two_writers_of_one_stream_do_not_double_it(
    store: Store, reopen: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_CLAIM_SECONDS", 0.2)
    first = BulkWriter(reopen, "quotes", "same")
    if store.dialect == "postgresql":
        with pytest.raises(NotPermittedError, match="another process"):
            BulkWriter(reopen, "quotes", "same")
        first.close()
        BulkWriter(reopen, "quotes", "same").close()
        return
    second = BulkWriter(reopen, "quotes", "same")
    first.put([quote(1)])
    first.flush()
    second.put([quote(1)])
    report = second.close()
    assert (report.n_lost, "another process" in report.reason) == (1, True)
    first.close()
    assert stored(store) == [1]
