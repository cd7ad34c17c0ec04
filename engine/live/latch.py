"""The latch: a file that says that trading is stopped, whoever runs or does not.

It is beside the journal and not in it: `parity kill` writes it while an engine that hangs holds the
journal, and whoever starts next finds it. Only `parity resume --reason` takes it away.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from engine.clock import SYSTEM, Clock
from engine.errors import InputOutputError
from engine.live.folder import Folder, read_small_json, write_json

_MOST_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Halted:
    """Why trading is stopped, since when (UTC nanoseconds), and by what."""

    reason: str
    ts_ns: int
    by: str


def read_latch(folder: Folder) -> Halted | None:
    """Return why trading is stopped, None if it is not.

    A file that cannot be understood counts: doubt stops.
    """
    found = read_small_json(folder.latch)
    if found is None:
        return None
    reason, ts_ns, by = found.get("reason"), found.get("ts"), found.get("by")
    return Halted(
        reason if isinstance(reason, str) else f"{folder.latch} cannot be read",
        ts_ns if isinstance(ts_ns, int) else 0,
        by if isinstance(by, str) else "unknown",
    )


def set_latch(folder: Folder, reason: str, by: str, clock: Clock = SYSTEM) -> Halted:
    """Stop trading until somebody resumes it; an earlier reason stays.

    Raises
    ------
    InputOutputError
        If it cannot be written.
    """
    known = read_latch(folder)
    if known is not None:
        return known
    halted = Halted(reason[:_MOST_LETTERS], clock.now_ns(), by)
    try:
        write_json(folder.latch, {"reason": halted.reason, "ts": halted.ts_ns, "by": halted.by})
    except InputOutputError:
        # A full disk often has room for a name, though not for a word: an empty file stops too.
        try:
            os.close(os.open(folder.latch, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise InputOutputError(f"{folder.latch}: {error.strerror}") from None
    return halted


def clear_latch(folder: Folder) -> Halted | None:
    """Take the latch away and return what it said, None if there was none.

    Raises
    ------
    InputOutputError
        If it cannot be removed.
    """
    known = read_latch(folder)
    try:
        folder.latch.unlink(missing_ok=True)
    except OSError as error:
        raise InputOutputError(f"{folder.latch}: {error.strerror}") from None
    return known
