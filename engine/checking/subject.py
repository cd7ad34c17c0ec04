"""What is checked: a strategy class in a host, or a function from bars to targets."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import nan
from typing import Any, Protocol

from engine.backtesting.data import Data
from engine.backtesting.strategy import Strategy
from engine.checking.decisions import RAISED, TARGET, Column, Decision, Event, Log
from engine.checking.futures import later
from engine.checking.late import play_late
from engine.checking.recorder import FOREVER, Enough, Recorder, Tape
from engine.errors import BadDataError, EngineError
from engine.market.bars import Bars
from engine.plural import plural

# Run a strategy over data, with the account that backtests use.
Host = Callable[[Strategy, Data], object]
SEED = 0


class Subject(Protocol):
    """What decides. `warm_up` is the number of bars it says it needs, or None."""

    name: str
    warm_up: int | None

    def play(self, data: Data, until_ns: int = FOREVER) -> Log:
        """Return what it decides on `data`, at least up to `until_ns`."""
        ...

    def play_from(self, data: Data, from_ns: int) -> Log:
        """Return what it decides from `from_ns` on, when it begins there."""
        ...


@dataclass(slots=True)
class StrategySubject:
    """A strategy class: `make` returns a new instance each time, `host` runs it."""

    name: str
    make: Callable[[], Strategy]
    host: Host
    warm_up: int | None = None
    _tape: Tape | None = None
    _taped: Data | None = None

    def play(self, data: Data, until_ns: int = FOREVER) -> Log:
        """Return what a new instance decides; where it raises, that is its last decision.

        Raises
        ------
        EngineError
            If the host refuses the data.
        """
        return self._play(data, until_ns, None)

    def play_from(self, data: Data, from_ns: int) -> Log:
        """Return what a new instance decides that begins at `from_ns` with the recorded account."""
        if self._tape is None or self._taped is not data:
            self._tape, self._taped = Tape(), data
            self._play(data, FOREVER, self._tape)
        return play_late(self.make(), self._tape, data.symbols, from_ns, SEED)

    def _play(self, data: Data, until_ns: int, tape: Tape | None) -> Log:
        recorder = Recorder(self.make(), until_ns, tape)
        try:
            self.host(recorder, data)
        except Enough:
            pass
        except EngineError:
            raise
        except Exception as error:
            said = f"{type(error).__name__}: {error}{where(error)}"
            recorder.log.add(recorder.last_event, Decision(RAISED, "", (said,)))
        return recorder.log


BARS, DATA, FRAME = "bars", "data", "frame"


@dataclass(slots=True)
class FunctionSubject:
    """A function of all bars at once: a target for each row, which is held from the next open on.

    It `takes` the `Bars` of one symbol; or the `Data`, and returns a column by symbol; or what
    `frame_of` makes of the bars of one symbol, a pandas DataFrame. It may not change what it gets,
    and works on copies.
    """

    name: str
    function: Callable[[Any], Any]
    takes: str = BARS
    frame_of: Callable[[Bars], Any] | None = None
    warm_up: int | None = None

    def play(self, data: Data, until_ns: int = FOREVER) -> Log:
        """Return its targets; the log lists them where no end is given, and else has columns.

        Raises
        ------
        BadDataError
            If it raises, or returns anything but a number for each row.
        """
        columns = self._columns(data)
        log = Log(columns=columns)
        if until_ns == FOREVER:
            _list(log, columns)
        return log

    def play_from(self, data: Data, from_ns: int) -> Log:
        """Return its targets on the bars from `from_ns` on."""
        return self.play(later(data, from_ns))

    def _columns(self, data: Data) -> dict[str, Column]:
        copied = replace(data, bars={name: _copy(bars) for name, bars in data.bars.items()})
        if self.takes == DATA:
            answer = self._call(copied)
            if not isinstance(answer, Mapping):
                raise BadDataError(
                    f"{self.name} must return a column by symbol, not {type(answer).__name__}"
                )
            missing = [name for name in data.symbols if name not in answer]
            if missing:
                raise BadDataError(f"{self.name} returned no column for {missing[0]}")
        else:
            answer = {
                name: self._call(self.frame_of(bars) if self.frame_of else bars)
                for name, bars in copied.bars.items()
            }
        return {
            name: Column(bars.time_ns, self._numbers(answer[name], len(bars), name))
            for name, bars in data.bars.items()
        }

    def _call(self, given: object) -> Any:
        try:
            return self.function(given)
        except Exception as error:
            said = f"{type(error).__name__}: {error}{where(error)}"
            raise BadDataError(f"{self.name}: {said}") from error

    def _numbers(self, column: Iterable[Any], n: int, symbol: str) -> array[float]:
        try:
            numbers = array("d", [nan if one is None else float(one) for one in column])
        except (TypeError, ValueError) as error:
            raise BadDataError(f"{self.name}: its targets are no numbers: {error}") from None
        if len(numbers) != n:
            raise BadDataError(
                f"{self.name} returned {plural(len(numbers), 'target')} "
                f"for {plural(n, 'bar')} of {symbol}"
            )
        for row, number in enumerate(numbers):
            if number != number:
                numbers[row] = nan  # a nan has many bits, and only one meaning
        return numbers


def _copy(bars: Bars) -> Bars:
    return Bars(
        bars.time_ns[:],
        bars.open[:],
        bars.high[:],
        bars.low[:],
        bars.close[:],
        bars.volume[:],
    )


def _list(log: Log, columns: dict[str, Column]) -> None:
    rows = sorted(
        (time, place, row)
        for place, column in enumerate(columns.values())
        for row, time in enumerate(column.time_ns)
    )
    named = list(columns.items())
    for time, place, row in rows:
        symbol, column = named[place]
        log.add(Event(time, symbol, row + 1), Decision(TARGET, symbol, (column.target[row],)))


def where(error: BaseException) -> str:
    """Return the place in the strategy's file where `error` was raised: `` (my.py, line 12)``."""
    trace = error.__traceback__
    place = ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "/engine/" not in name.replace("\\", "/"):
            place = f" ({name.replace(chr(92), '/').rpartition('/')[2]}, line {trace.tb_lineno})"
        trace = trace.tb_next
    return place
