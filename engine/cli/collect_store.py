"""Where the collector puts what it fetched: the rows and the line that says so, as one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.cli.load import Rows
from engine.clock import SYSTEM, Clock
from engine.collect.collector import Outcome
from engine.collect.tasks import BARS, COMPLETE, Task
from engine.store.protocol import Store

_COLUMNS = (
    "symbol, kind, seconds, start_ns, end_ns, expected, received, state, source, note, fetched_ns"
)
_MARKS = ", ".join("?" * 11)
_UPSERT = (
    f"INSERT INTO coverage ({_COLUMNS}) VALUES ({_MARKS}) "
    "ON CONFLICT (symbol, kind, seconds, start_ns) DO UPDATE SET "
    + ", ".join(
        f"{name} = excluded.{name}"
        for name in ("end_ns", "expected", "received", "state", "source", "note", "fetched_ns")
    )
    # A failure later on does not undo what is there.
    + " WHERE coverage.state <> 'complete'"
)


@dataclass(frozen=True, slots=True)
class Covered:
    """One line of the table of coverage."""

    symbol: str
    kind: str
    seconds: int
    start_ns: int
    end_ns: int
    expected: int
    received: int
    state: str
    source: str
    note: str


class CoverageSink:
    """Store each outcome whole: its rows and its line of coverage in one transaction.

    So a run that dies between two outcomes is continued by the next one, without a gap or a double.
    """

    def __init__(self, store: Store, clock: Clock = SYSTEM) -> None:
        self._store, self._clock = store, clock
        self._rows = Rows()
        self.n_rows = 0

    def __call__(self, outcome: Outcome) -> None:
        """Store what was delivered, and what was not.

        Raises
        ------
        EngineError
            If it could not be stored: nothing of it is.
        """
        task, delivery = outcome.task, outcome.delivery
        for message in delivery.messages:
            self._rows.take(message)
        try:
            with self._store.transaction():
                if state_of(self._store, task) != COMPLETE:
                    self.n_rows += sum(int(n) for n in self._rows.write(self._store).values())
                self._store.run(
                    _UPSERT,
                    (
                        task.symbol, task.kind, task.seconds, task.start_ns, task.end_ns,
                        task.expected, delivery.received, delivery.state, outcome.by,
                        delivery.note[:500], self._clock.now_ns(),
                    ),
                )  # fmt: skip
        finally:
            self._rows.clear()


def state_of(store: Store, task: Task) -> str:
    """Return the state of a task in the store, "" where it has none."""
    found = store.run(
        "SELECT state FROM coverage WHERE symbol = ? AND kind = ? AND seconds = ? AND start_ns = ?",
        task.key,
    )
    return str(found[0][0]) if found else ""


def coverage(store: Store, symbols: Collection[str] = ()) -> list[Covered]:
    """Return what is known of `symbols` (none is all), by symbol, kind and time."""
    rows = store.run(
        "SELECT symbol, kind, seconds, start_ns, end_ns, expected, received, state, source, note "
        "FROM coverage ORDER BY symbol, kind, seconds, start_ns"
    )
    return [Covered(*row) for row in rows if not symbols or row[0] in symbols]


def gaps(known: Collection[Covered]) -> list[Task]:
    """Return the windows of bars between the first and the last known one that are not whole."""
    series: dict[tuple[str, int, int], dict[int, Covered]] = {}
    for one in known:
        if one.kind == BARS:
            window = one.end_ns - one.start_ns
            series.setdefault((one.symbol, one.seconds, window), {})[one.start_ns] = one
    tasks = []
    for (symbol, seconds, window), windows in series.items():
        for start in range(min(windows), max(windows) + window, window):
            found = windows.get(start)
            if found is None or found.state != COMPLETE:
                n = window // (seconds * 1_000_000_000)
                tasks.append(Task(BARS, symbol, seconds, start, start + window, n))
    return tasks
