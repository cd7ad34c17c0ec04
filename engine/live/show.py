"""Put what an engine does in front of a person: a live table, lines for a log, or nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from engine.live.screens import Screens
from engine.report.desk_table import standing_object
from engine.report.live_lines import (
    connected_line,
    package_line,
    sighting_line,
    stamp,
    state_line,
    summary_line,
)
from engine.report.live_screen import PackageLine, Screen
from engine.report.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

TABLE_SECONDS, LINES_SECONDS = 0.25, 0.25
_STATE_EVERY = 10.0


class Lines:
    """A line for each thing that happens: what is found, each change of a package, now and then
    how all is.
    """

    every = LINES_SECONDS

    def __init__(self, screens: Screens, console: Console) -> None:
        self._screens, self._console = screens, console
        self._packages: dict[str, tuple[object, ...]] = {}
        self._seen_ns = 0
        self._mode = self._links = self._last = ""
        self._said = 0.0

    def __enter__(self) -> Lines:
        """Say what it is connected to."""
        screen = self._screens.screen()
        self._say(screen, connected_line(screen))
        self._pass_over(screen)
        return self

    def __exit__(self, *_: object) -> None:
        self.show()

    def _pass_over(self, screen: Screen) -> None:
        """Take what an earlier engine did as said."""
        self._mode = screen.mode
        self._seen_ns = max((one.ts_ns for one in screen.sightings), default=0)
        self._packages = {one.id: _state(one) for one in screen.packages}

    def show(self) -> None:
        """Say what has happened since the last time."""
        screen = self._screens.screen()
        for one in reversed(screen.sightings):
            if one.ts_ns > self._seen_ns:
                line = sighting_line(one, is_of_strategy=bool(screen.standings))
                self._say(screen, line, one.ts_ns)
        self._seen_ns = max((one.ts_ns for one in screen.sightings), default=self._seen_ns)
        for package in reversed(screen.packages):
            if self._packages.get(package.id) != _state(package):
                self._packages[package.id] = _state(package)
                line = package_line(package, is_of_strategy=bool(screen.standings))
                self._say(screen, line)
        if screen.mode != self._mode:
            self._mode = screen.mode
            self._say(screen, f"mode {screen.mode}{f': {screen.why}' if screen.why else ''}")
        if screen.last != self._last:
            self._last = screen.last
            self._say(screen, screen.last)
        if screen.up_seconds - self._said >= _STATE_EVERY:
            self._said = screen.up_seconds
            self._say(screen, state_line(screen))

    def _say(self, screen: Screen, line: str, ts_ns: int = 0) -> None:
        text = f"{stamp(ts_ns or screen.ts_ns)} {printable(line)}"
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class JsonLines(Lines):
    """The same for programs: an object on each line; docs/JSON.md has the keys."""

    def __enter__(self) -> JsonLines:
        """Say what it is connected to."""
        screen = self._screens.screen()
        self._pass_over(screen)
        self._object("start", screen, {
            "broker": screen.broker, "place": screen.place, "account": screen.account,
            "is_armed": screen.is_armed, "mode": screen.mode, "why": screen.why or None,
        })  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.show()
        screen = self._screens.screen()
        if screen.standings:
            for one in screen.standings:
                self._object("account", screen, standing_object(one))
            self._object("end", screen, {})
            return
        self._object("end", screen, asdict(screen.profit))

    def show(self) -> None:
        """Say what has happened since the last time."""
        screen = self._screens.screen()
        for one in reversed(screen.sightings):
            if one.ts_ns > self._seen_ns:
                event = "refused" if screen.standings else "found"
                self._object(event, screen, asdict(one))
        self._seen_ns = max((one.ts_ns for one in screen.sightings), default=self._seen_ns)
        for package in reversed(screen.packages):
            if self._packages.get(package.id) != _state(package):
                self._packages[package.id] = _state(package)
                event = "order" if screen.standings else "package"
                self._object(event, screen, asdict(package))
        if screen.mode != self._mode:
            self._mode = screen.mode
            self._object("mode", screen, {"mode": screen.mode, "why": screen.why or None})
        if screen.last != self._last:
            self._last = screen.last
            self._object("note", screen, {"text": screen.last})

    def _object(self, event: str, screen: Screen, data: Mapping[str, object]) -> None:
        known = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in data.items()
        }
        line = json.dumps({"event": event, "ts_ns": screen.ts_ns, **known})
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _state(one: PackageLine) -> tuple[object, ...]:
    # A fee may come after the end: what is locked in then changes.
    return one.phase, one.filled, f"{one.locked_usd:.2f}"


class Table:
    """The live table, drawn in place on a terminal."""

    every = TABLE_SECONDS

    def __init__(self, screens: Screens, console: Console) -> None:
        self._screens, self._console = screens, console
        self._live: Live | None = None

    def __enter__(self) -> Table:
        """Take the terminal."""
        from rich.live import Live

        console = self._console
        screen = self._screens.screen()
        console.print(connected_line(screen), markup=False, highlight=False, soft_wrap=True)
        self._live = Live(console=console, auto_refresh=False, screen=False, transient=False)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.show()
        if self._live is not None:
            self._live.stop()

    def show(self) -> None:
        """Draw it anew."""
        from engine.report.live_table import live_table

        assert self._live is not None
        size = self._console.size
        self._live.update(
            live_table(self._screens.screen(), size.width, size.height - 1), refresh=True
        )


def summary(screens: Screens) -> str:
    """Return what there is to say at the end."""
    return summary_line(screens.screen())
