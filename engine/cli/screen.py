"""A rich console that leaves the ends of a process to the rim."""

from __future__ import annotations

from typing import Any, NoReturn

from rich.console import Console


class Screen(Console):
    """A console whose reader may go away: rich itself would end the process with code 1.

    `is_plain` leaves out bold and dim too, which are no colours to rich.
    """

    def __init__(self, *, is_plain: bool, **choice: Any) -> None:
        super().__init__(color_system=None if is_plain else "auto", **choice)

    def on_broken_pipe(self) -> NoReturn:
        """Let `engine.cli.main` answer, as for every other form of output.

        Raises
        ------
        BrokenPipeError
            Always: it is called while one is handled.
        """
        raise BrokenPipeError
