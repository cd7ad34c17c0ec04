"""Where a live engine keeps what must outlive it: one folder for each account and mode.

::

    ~/.local/share/parity-engine/journal/    or $PARITY_JOURNAL, or --journal
        sim-DU1234567/
            journal                  what execution intends and knows
            halted.json              there while trading is stopped (`engine.live.latch`)
            engine.json              who runs now, and where it is connected
            control.sock             how other terminals reach it, mode 0600
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputOutputError, NoInputError, NotPermittedError, UsageError
from engine.nearest import hint
from engine.settings.live import default_journal

SIM, PAPER, IB = "sim", "paper", "ib"
BROKERS = (SIM, PAPER, IB)
VARIABLE = "PARITY_JOURNAL"
# Of the files beside a journal: a hostile one must not fill the memory.
_MOST_BYTES = 65_536
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]{0,39}")
_KEPT = 20


@dataclass(frozen=True, slots=True)
class Folder:
    """The files of one account and mode."""

    path: Path

    @property
    def name(self) -> str:
        """The account with its mode: ``sim-DU1234567``."""
        return self.path.name

    @property
    def mode(self) -> str:
        """One of `BROKERS`."""
        return self.name.partition("-")[0]

    @property
    def account(self) -> str:
        """The account's name."""
        return self.name.partition("-")[2]

    @property
    def journal(self) -> Path:
        """What execution intends and knows."""
        return self.path / "journal"

    @property
    def latch(self) -> Path:
        """Is there while trading is stopped."""
        return self.path / "halted.json"

    @property
    def engine(self) -> Path:
        """Who runs now, and where it is connected."""
        return self.path / "engine.json"

    @property
    def socket(self) -> Path:
        """How other terminals reach the engine."""
        return self.path / "control.sock"

    def make(self) -> Folder:
        """Create it, for its owner alone, where it is not there; return it.

        Raises
        ------
        NotPermittedError, InputOutputError
            If that cannot be.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except PermissionError:
            raise NotPermittedError(
                f"{self.path}: you may not make it; name another with --journal or ${VARIABLE}"
            ) from None
        except OSError as error:
            raise InputOutputError(f"{self.path}: {error.strerror}") from None
        return self

    def set_journal_aside(self) -> Path | None:
        """Rename the journal, for a simulated account that begins anew; the last 20 are kept."""
        if not self.journal.exists():
            return None
        known = sorted(
            int(p.suffix[1:]) for p in self.path.glob("journal.*") if p.suffix[1:].isdigit()
        )
        kept = self.path / f"journal.{known[-1] + 1 if known else 1}"
        self.journal.rename(kept)
        for number in known[: -_KEPT + 1]:
            (self.path / f"journal.{number}").unlink(missing_ok=True)
        return kept


def state_root(said: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all accounts: as said, as ``$PARITY_JOURNAL``, else the default."""
    given = said or environ.get(VARIABLE, "")
    return Path(given).expanduser() if given else default_journal()


def folder_of(root: Path, mode: str, account: str) -> Folder:
    """Return the folder of an account; it may not be there yet.

    Raises
    ------
    UsageError
        If the account's name could leave the folder.
    """
    if not _SAFE.fullmatch(account):
        raise UsageError(f"account {account!r}: letters, digits, _ and . alone, at most 40")
    return Folder(root / f"{mode}-{account}")


def folders(root: Path) -> list[Folder]:
    """Return the folders there are, the one last written to first."""
    found = []
    for mode in BROKERS:
        found += [Folder(path) for path in sorted(root.glob(f"{mode}-*")) if path.is_dir()]
    return sorted(found, key=_last_written, reverse=True)


def find_folder(root: Path, name: str | None = None) -> Folder:
    """Return the folder called `name` (``sim-DU1234567`` or the account alone), else the last used.

    Raises
    ------
    NoInputError
        If there is none, or none of that name.
    """
    known = folders(root)
    if not known:
        raise NoInputError(f"{root}: nothing has traded here; `parity live` begins")
    if name is None:
        return known[0]
    for folder in known:
        if name in (folder.name, folder.account):
            return folder
    names = [folder.name for folder in known]
    raise NoInputError(f"{root}: no account {name!r}: {hint(name, names)}")


def _last_written(folder: Folder) -> float:
    times = [p.stat().st_mtime for p in (folder.journal, folder.engine) if p.exists()]
    return max(times, default=0.0)


def write_json(path: Path, value: Mapping[str, object]) -> None:
    """Replace `path` by `value`, whole and durable or not at all; for its owner alone.

    Raises
    ------
    InputOutputError
        If the disk is full or broken.
    """
    new = path.with_name(path.name + f".{os.getpid()}")
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, json.dumps(value).encode() + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(new, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(new)
        raise InputOutputError(f"{path}: {error.strerror}") from None


def read_small_json(path: Path) -> dict[str, object] | None:
    """Return the object in a file, None if there is no such file, {} if it is no JSON object."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror}") from None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
