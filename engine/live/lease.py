"""One writer per account: a lock on this machine, and a client id at the gateway.

The journal's lock keeps a second engine out of one folder. Two engines with journals of their own
would not see it: so there is a lock by account, wherever the journals are, and at the gateway the
idle connection of the kill switch has a client id that follows from the account alone, which is
given to one engine at a time, from whatever machine.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from engine.errors import InputOutputError, NotPermittedError

# Above every client id that can be chosen.
_FIRST, _MANY = 1_000_000, 1_000_000


def lease_id(account: str) -> int:
    """Return the client id that the one engine of an account holds at its gateway."""
    return _FIRST + crc32(account.encode()) % _MANY


def lock_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the locks: the user's own, gone when the machine restarts.

    Raises
    ------
    NotPermittedError
        If another user has it.
    InputOutputError
        If it cannot be made.
    """
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    uid = os.getuid()
    place = Path(runtime, "parity-engine") if runtime else None
    place = place or Path(tempfile.gettempdir(), f"parity-engine-{uid}")
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise InputOutputError(f"{place}: {error.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise NotPermittedError(f"{place}: it is another user's; set XDG_RUNTIME_DIR to your own")
    return place


@contextmanager
def only_writer(name: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of an account, called ``ib-U1234567``, for as long as the block runs.

    Raises
    ------
    NotPermittedError
        If another process holds it.
    """
    path = (folder or lock_folder()) / f"{name}.lock"
    try:
        # It goes with the descriptor: PyPy releases objects late.
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror}") from None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise NotPermittedError(
                f"account {name} is traded by another engine already, on this machine: parity "
                "status, or stop that one"
            ) from None
        yield
    finally:
        os.close(fd)
