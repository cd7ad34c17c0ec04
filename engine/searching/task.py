"""What a search runs: a strategy, the bars of its tests, the terms, and the stretches of time.

A worker gets it as one line of JSON and one file of columns, which it maps into memory: bars are
copied once, whatever the number of trials.
"""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import BinaryIO

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.terms import Terms
from engine.codec import decode, encode
from engine.market.bars import Bars
from engine.searching.space import Space, space_of
from engine.trading.loading import load_strategy

_ITEM = 8
_NAMES = tuple(one.name for one in fields(Bars))
_KINDS: dict[str, type] = {"split": Split, "dividend": Dividend}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: bars that close from `start_ns` on and before `end_ns`, None is no end."""

    start_ns: int | None = None
    end_ns: int | None = None


WHOLE = Span()


@dataclass(frozen=True, slots=True)
class Task:
    """A search without what it tries.

    `strategy` is what `load_strategy` takes. Each of `tests` is run on an account of its own, and a
    trial has the mean of their scores. `names` are the parameters that are searched, in the order
    of the class, and `fixed` has what the others are held at.
    """

    strategy: str
    names: tuple[str, ...]
    fixed: dict[str, int | float | str]
    tests: tuple[Data, ...]
    terms: Terms
    per_year: float
    spans: tuple[Span, ...] = (WHOLE,)
    seed: int = 0

    @property
    def n_bars(self) -> int:
        """Return the bars of all tests."""
        return sum(len(bars) for data in self.tests for bars in data.bars.values())

    def space(self) -> Space:
        """Return the space, of the class as it is loaded here."""
        return space_of(load_strategy(self.strategy), self.fixed, self.names)


def write_columns(task: Task, file: BinaryIO) -> None:
    """Write the bars of all tests one after the other, in the machine's own order of bytes."""
    for data in task.tests:
        for bars in data.bars.values():
            for name in _NAMES:
                getattr(bars, name).tofile(file)


def setup_line(task: Task, columns: str, backend: str) -> bytes:
    """Return the line that tells a worker everything; `columns` is the path of the file."""
    tests = [
        {
            "symbols": {symbol: len(bars) for symbol, bars in data.bars.items()},
            "interval_ns": data.interval_ns,
            "source": data.source,
            "calendar": data.calendar,
            "actions": [
                [kind, encode(one)]
                for one in data.actions
                for kind in _KINDS
                if type(one) is _KINDS[kind]
            ],
        }
        for data in task.tests
    ]
    told = {
        "strategy": task.strategy,
        "names": task.names,
        "fixed": task.fixed,
        "terms": encode(task.terms),
        "per_year": task.per_year,
        "spans": [[span.start_ns, span.end_ns] for span in task.spans],
        "seed": task.seed,
        "tests": tests,
        "columns": columns,
        "backend": backend,
    }
    return json.dumps(told, allow_nan=False).encode() + b"\n"


def task_of(line: bytes) -> tuple[Task, str]:
    """Return the task of a line of `setup_line`, and the name of its backend."""
    told = json.loads(line)
    with open(told["columns"], "rb") as file:
        tests = tuple(_tests(told["tests"], file))
    task = Task(
        strategy=told["strategy"],
        names=tuple(told["names"]),
        fixed=told["fixed"],
        tests=tests,
        terms=decode(Terms, told["terms"]),
        per_year=told["per_year"],
        spans=tuple(Span(start, end) for start, end in told["spans"]),
        seed=told["seed"],
    )
    return task, told["backend"]


def _tests(tests: Sequence[dict[str, object]], file: BinaryIO) -> list[Data]:
    file.seek(0, 2)
    size = file.tell()
    if not size:
        return []
    found = []
    with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as view:
        place = 0
        for test in tests:
            bars = {}
            symbols = test["symbols"]
            assert isinstance(symbols, dict)
            for symbol, count in symbols.items():
                columns = []
                for name in _NAMES:
                    column: array[float] = array("l" if name == "time_ns" else "d")
                    column.frombytes(view[place : place + count * _ITEM])
                    place += count * _ITEM
                    columns.append(column)
                bars[symbol] = Bars(*columns)  # type: ignore[arg-type]
            actions = test["actions"]
            assert isinstance(actions, list)
            found.append(
                Data(
                    bars,
                    interval_ns=int(str(test["interval_ns"])),
                    source=str(test["source"]),
                    actions=tuple(decode(_KINDS[kind], one) for kind, one in actions),
                    calendar=str(test["calendar"]),
                )
            )
    return found
