"""One line for a person on stderr."""

from __future__ import annotations

import sys
from contextlib import suppress

from engine.report.printable import printable

PROGRAM = "parity"


def note(line: str) -> None:
    """Print one line on stderr, nowhere where that is closed or full: the result counts."""
    if sys.stderr is None:
        return  # print would take stdout instead
    with suppress(OSError):
        print(f"{PROGRAM}: {printable(' '.join(line.split()))}", file=sys.stderr, flush=True)
