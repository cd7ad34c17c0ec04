"""A rich console that leaves the ends of a process to the rim."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class Screen(Console):
    """A console whose reader may go away: rich itself would end the process with code 1."""

    def on_broken_pipe(self) -> NoReturn:
        """Let `engine.cli.main` answer, as for every other form of output.

        Raises
        ------
        BrokenPipeError
            Always: it is called while one is handled.
        """
        raise BrokenPipeError
