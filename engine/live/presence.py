"""Who runs for an account, and where that engine is connected: a file that other terminals read."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass

from engine.live.folder import Folder, read_small_json, write_json

# Of client ids: orders on the one that is given, then quotes, the engine's kill switch, and the
# first of those that `parity kill` tries.
ORDERS, QUOTES, ENGINE_KILL, VERB_KILL = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Presence:
    """An engine: its process, since when (UTC nanoseconds), and its gateway; port 0 is none."""

    pid: int
    started_ns: int
    host: str
    port: int
    client_id: int

    @property
    def is_alive(self) -> bool:
        """Whether that process is still there, stopped or not."""
        try:
            os.kill(self.pid, 0)
        except PermissionError:
            return True
        except (OSError, OverflowError):
            return False
        return True


def announce(folder: Folder, presence: Presence) -> None:
    """Write down that an engine runs.

    Raises
    ------
    InputOutputError
        If it cannot be written.
    """
    write_json(folder.engine, asdict(presence))


def withdraw(folder: Folder) -> None:
    """Take the file away: the engine has ended in order."""
    with suppress(OSError):
        folder.engine.unlink(missing_ok=True)


def read_presence(folder: Folder) -> Presence | None:
    """Return who ran last and did not end in order, None if nobody."""
    found = read_small_json(folder.engine)
    if not found:
        return None
    host = found.get("host")
    numbers = [found.get(name) for name in ("pid", "started_ns", "port", "client_id")]
    if not isinstance(host, str) or not all(isinstance(n, int) and n >= 0 for n in numbers):
        return None
    pid, started, port, client_id = (n for n in numbers if isinstance(n, int))
    if not 0 < pid < 1 << 31 or port > 65_535:
        return None
    return Presence(pid, started, host, port, client_id)
