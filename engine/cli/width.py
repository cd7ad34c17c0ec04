"""How wide a table may be: what ``COLUMNS`` says, else the terminal, else 120 in a pipe."""

from __future__ import annotations

import os
import sys

PIPE_WIDTH = 120


def pipe_width() -> int:
    """Return the width of a table that nobody sees at once: ``COLUMNS`` where it is set."""
    columns = os.environ.get("COLUMNS", "")[:6]
    if columns.isascii() and columns.isdigit() and int(columns) > 0:
        return int(columns)
    return PIPE_WIDTH


def table_width() -> int:
    """Return the width of a table on stdout, whatever that is."""
    if os.environ.get("COLUMNS") or sys.stdout is None or not sys.stdout.isatty():
        return pipe_width()
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or PIPE_WIDTH
    except (OSError, ValueError):
        return PIPE_WIDTH
