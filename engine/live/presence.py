"""Who runs for an account, and where that engine is connected: a file that other terminals read."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, dataclass

from engine.live.folder import Folder, read_small_json, write_json

# Of client ids: orders on the one that is given, then quotes, and the first of those that
# `parity kill` tries; that of the engine's own kill switch is `engine.live.lease`'s.
ORDERS, QUOTES, VERB_KILL = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Presence:
    """An engine: its process, since when (UTC nanoseconds), and its gateway; port 0 is none.

    `born` is when the system says that the process began (`birth_of`): a number of its own, as
    numbers of processes are given out again; 0 where the system does not say.
    """

    pid: int
    started_ns: int
    host: str
    port: int
    client_id: int
    born: int = 0

    @property
    def is_alive(self) -> bool:
        """Whether that process is still there, stopped or not, and not another of its number."""
        try:
            os.kill(self.pid, 0)
        except PermissionError:
            pass
        except (OSError, OverflowError):
            return False
        return not self.born or birth_of(self.pid) in (0, self.born)


def birth_of(pid: int) -> int:
    """Return when a process began, in ticks since the machine did; 0 where nobody says.

    Of one that has ended and that nobody has asked about (a zombie) it is -1.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name, in parentheses, may have blanks and parentheses itself.
            fields = file.read(4_096).rpartition(b")")[2].split()
        return -1 if fields[0] == b"Z" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


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
    names = ("pid", "started_ns", "port", "client_id", "born")
    numbers = [found.get(name, 0 if name == "born" else None) for name in names]
    if not isinstance(host, str) or not all(isinstance(n, int) and n >= 0 for n in numbers):
        return None
    pid, started, port, client_id, born = (n for n in numbers if isinstance(n, int))
    if not 0 < pid < 1 << 31 or port > 65_535:
        return None
    return Presence(pid, started, host, port, client_id, born)
