"""One run of a check in a process of its own: the child's side, and how the parent starts it.

The child is told its job in a file of JSON and answers with another; bars lie beside them in raw
columns. It notes which files and sockets are opened from the loading of the strategy on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.terms import Terms
from engine.checking.decisions import Decision, Event, Log
from engine.checking.surroundings import Place, Visit
from engine.market.bars import Bars
from engine.runtime.interpreters import ROOT, environment

SECONDS = 300.0
_START = (
    "import sys; sys.path[0] = sys.argv.pop(1); "
    "from engine.cli.backtest_check_visit import main; main(sys.argv[1])"
)
_COLUMNS = ("open", "high", "low", "close", "volume")
# What Python itself opens: its modules, what the machine says of itself, the zones of the world.
_OWN = (".py", ".pyc", ".so", ".pyd", ".pth")
_MACHINE = ("/proc/", "/sys/", "/dev/", "/usr/share/zoneinfo", "/etc/localtime")


def write_job(
    folder: Path,
    text: str,
    values: Mapping[str, object],
    takes: str,
    data: Data,
    terms: Terms,
) -> None:
    """Write what every visit is told: the strategy, its bars and its account."""
    for place, bars in enumerate(data.bars.values()):
        with (folder / f"bars{place}").open("wb") as file:
            array("q", bars.time_ns).tofile(file)
            for name in _COLUMNS:
                array("d", getattr(bars, name)).tofile(file)
    job = {
        "strategy": text,
        "values": dict(values),
        "takes": takes,
        "rows": {name: len(bars) for name, bars in data.bars.items()},
        "actions": [
            [type(one).__name__, one.symbol, one.time_ns,
             one.ratio if isinstance(one, Split) else one.amount]
            for one in data.actions
        ],
        "terms": {
            one.name: value
            for one in fields(terms)
            if isinstance(value := getattr(terms, one.name), (bool, int, float))
        },
        "about": {
            one.name: getattr(data, one.name)
            for one in fields(data)
            if one.name not in ("bars", "actions")
        },
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")


def start_visits(folder: Path, places: Sequence[Place]) -> dict[Place, subprocess.Popen[str]]:
    """Start a run in each of `places`; their answers are those of `await_visits`."""
    started = {}
    for number, place in enumerate(places):
        variables = environment(PYTHONHASHSEED=str(place.hash_seed), TZ=place.zone)
        words = [f"{folder}", str(number), str(place.clock_shift_ns)]
        started[place] = subprocess.Popen(
            [sys.executable, "-c", _START, str(ROOT), json.dumps(words)],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
    return started


def await_visits(
    folder: Path, started: Mapping[Place, subprocess.Popen[str]], seconds: float = SECONDS
) -> dict[Place, Visit]:
    """Return what the runs decided; one that did not come back has its trouble in words."""
    found = {}
    for number, (place, child) in enumerate(started.items()):
        try:
            _, said = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            said = f"not done in {seconds:g} s"
        answer = folder / f"answer{number}.json"
        if child.returncode == 0 and answer.exists():
            found[place] = _read(answer)
        else:
            last = (said.strip().splitlines() or ["no message"])[-1]
            found[place] = Visit(Log(), (), f"ended with {child.returncode}: {last}")
    return found


def stop_visits(started: Mapping[Place, subprocess.Popen[str]]) -> None:
    """End the runs that go on."""
    for child in started.values():
        if child.poll() is None:
            child.kill()
            child.communicate()


def _read(path: Path) -> Visit:
    answer = json.loads(path.read_text(encoding="utf-8"))
    log = Log()
    for time_ns, symbol, row, kind, of, values in answer["decisions"]:
        log.add(Event(time_ns, symbol, row), Decision(kind, of, tuple(values)))
    return Visit(log, tuple(answer["opened"]))


def main(words: str) -> None:
    """Run the job of a folder and write the answer: the child's whole life."""
    place, number, shift = json.loads(words)
    folder = Path(place)
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    data = _data(folder, job)
    from engine.cli.backtest_check_subject import open_subject

    if job["takes"] == "frame":
        import pandas  # noqa: F401  (before the clock is moved: it asks for the real classes)
    if int(shift):
        move_clock(int(shift))
    with Watch() as watch:
        subject = open_subject(
            job["strategy"], job["values"], job["takes"], None, Terms(**job["terms"])
        )
        log = subject.play(data)
    decisions = [
        [event.time_ns, event.symbol, event.row, one.kind, one.symbol, one.values]
        for event, one in zip(log.events, log.decisions, strict=True)
    ]
    answer = {"decisions": decisions, "opened": watch.opened}
    (folder / f"answer{number}.json").write_text(json.dumps(answer), encoding="utf-8")


def _data(folder: Path, job: dict[str, Any]) -> Data:
    bars = {}
    for place, (name, rows) in enumerate(job["rows"].items()):
        with (folder / f"bars{place}").open("rb") as file:
            times = array("q")
            times.fromfile(file, rows)
            columns = []
            for _ in _COLUMNS:
                column = array("d")
                column.fromfile(file, rows)
                columns.append(column)
        bars[name] = Bars(times, *columns)
    kinds: dict[str, Callable[[str, int, float], Split | Dividend]] = {
        "Split": Split,
        "Dividend": Dividend,
    }
    actions = tuple(kinds[kind](*rest) for kind, *rest in job["actions"])
    return Data(bars=bars, actions=actions, **job["about"])


class Watch:
    """Notes what is opened while it is entered, but for what Python opens for itself."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self._is_on = False
        self._own = tuple(str(Path(one)) for one in (sys.prefix, sys.base_prefix, ROOT / "engine"))

    def __enter__(self) -> Watch:
        sys.addaudithook(self._hear)
        self._is_on = True
        return self

    def __exit__(self, *_: object) -> None:
        self._is_on = False

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._is_on:
            return
        name = ""
        if event == "open" and given and isinstance(given[0], (str, bytes)):
            path = os.fsdecode(given[0])
            is_own = path.endswith(_OWN) or path.startswith((*_MACHINE, *self._own))
            name = "" if is_own else path
        elif event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system"):
            name = f"{event} {given[-1] if event == 'socket.connect' else given[0]}"
        elif event == "sqlite3.connect":
            name = f"sqlite3 {given[0]}"
        if name and name not in self.opened:
            self.opened.append(name)


def move_clock(shift_ns: int) -> None:
    """Let this process's `time` and `datetime` be wrong by `shift_ns`."""
    import datetime
    import time

    shift = shift_ns / 1e9
    for name in ("time", "monotonic", "perf_counter"):
        real, real_ns = getattr(time, name), getattr(time, f"{name}_ns")
        setattr(time, name, lambda real=real: real() + shift)
        setattr(time, f"{name}_ns", lambda real=real_ns: real() + shift_ns)
    for name in ("gmtime", "localtime", "ctime"):
        real = getattr(time, name)

        def at(seconds: float | None = None, real: Callable[[float], Any] = real) -> Any:
            return real(time.time() if seconds is None else seconds)

        setattr(time, name, at)

    later = datetime.timedelta(seconds=shift)
    real_date, real_datetime = datetime.date, datetime.datetime

    class Meta(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real_datetime if issubclass(cls, real_datetime) else real_date)

    class Moved(datetime.datetime, metaclass=Meta):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return real_datetime.now(tz) + later

        @classmethod
        def utcnow(cls) -> Any:
            return real_datetime.utcnow() + later

        @classmethod
        def today(cls) -> Any:
            return real_datetime.now() + later

    class MovedDate(datetime.date, metaclass=Meta):
        @classmethod
        def today(cls) -> Any:
            return (real_datetime.now() + later).date()

    vars(datetime).update(datetime=Moved, date=MovedDate)
