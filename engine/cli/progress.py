"""A progress bar on stderr, for a terminal only and not for a single item."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress


class ProgressBar:
    """Call it with how many of how many are done; leave its ``with`` block to remove the bar."""

    def __init__(self, *, is_plain: bool) -> None:
        self._is_plain = is_plain
        self._is_shown = sys.stderr is not None and sys.stderr.isatty()
        self._bar: Progress | None = None

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are finished."""
        if not self._is_shown or total < 2:
            return
        if self._bar is None:
            self._bar = self._started(total)
        self._bar.update(self._bar.task_ids[0], completed=done, refresh=True)

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
            "scanning",
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Screen(is_plain=self._is_plain, stderr=True),
            # No thread of its own: workers are forked from this process.
            auto_refresh=False,
            transient=True,
            # Rich would print what goes to stdout above the bar, on stderr: lines for a machine
            # must stay on stdout, while on one terminal they must not run into the bar.
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
        )
        bar.add_task("", total=total)
        bar.start()
        return bar
