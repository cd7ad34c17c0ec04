"""What to do when the reader of stdout has closed it."""

from __future__ import annotations

import errno
import os
import sys


def write_all(text: str) -> None:
    """Write `text` to stdout, all of it or an error.

    An unbuffered stdout (``PYTHONUNBUFFERED``) writes as much as a full disk takes, and says
    nothing about the rest; the binary file below it says how much it took.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None) or getattr(
        sys.stdout, "buffer", None
    )
    if raw is None or not getattr(sys.stdout, "write_through", False):
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    rest = memoryview(text.encode(sys.stdout.encoding or "utf-8", sys.stdout.errors or "strict"))
    while rest:
        taken = raw.write(rest)
        if not taken:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        rest = rest[taken:]


def silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere: it would complain after we have answered."""
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)
    except (OSError, ValueError, AttributeError):
        return  # not a real file (tests, embedding): nothing will be flushed at exit
