"""A progress bar on stderr, for a terminal only and not for a single item."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

_STEP = 0.05  # seconds


class ProgressBar:
    """Call it with how many of how many are done; leave its ``with`` block to remove the bar.

    `what` is what is being done. `unit` names what is counted, to say how many there are a second.
    The bar appears after `delay` seconds: what is over before needs none.
    """

    def __init__(
        self, *, is_plain: bool, what: str = "scanning", unit: str = "", delay: float = 0.0
    ) -> None:
        self._is_plain, self._what, self._unit = is_plain, what, unit
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._bar: Progress | None = None
        self._begun, self._delay, self._shown = monotonic(), delay, 0.0

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are finished."""
        if not self._is_shown or total < 2:
            return
        spent = monotonic() - self._begun
        if self._bar is None:
            if spent < self._delay:
                return
            self._bar = self._started(total)
        if self._unit and done < total and spent - self._shown < _STEP:
            return  # to draw it takes longer than a short test
        self._shown = spent
        speed = f"{done / max(spent, 1e-9):,.0f} {self._unit}/s" if self._unit else ""
        self._bar.update(self._bar.task_ids[0], completed=done, speed=speed, refresh=True)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _started(self, total: int) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        from engine.cli.screen import Screen

        bar = Progress(
            self._what,
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            "{task.fields[speed]}",
            console=Screen(is_plain=self._is_plain, stderr=True),
            # No thread of its own: workers are forked from this process.
            auto_refresh=False,
            transient=True,
            # Rich would print what goes to stdout above the bar, on stderr: lines for a machine
            # must stay on stdout, while on one terminal they must not run into the bar.
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        bar.add_task("", total=total, speed="")
        bar.start()
        return bar
