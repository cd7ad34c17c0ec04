"""Where a store is: read from text once, with a password that is never shown again.

The drivers get the parts, never the text: both put a text that they cannot read, password and all,
into the exception that they raise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from engine.errors import UsageError

VARIABLE = "ENGINE_STORE"
SQLITE = "sqlite"
POSTGRES = "postgresql"
DEFAULT_PORT = 5432
_WAYS = "write sqlite:PATH, sqlite: or postgresql://USER@HOST:PORT/NAME"
_URL = re.compile(
    r"(?:(?P<user>[^:@/?#\[\]\s]+)(?::(?P<password>[^@/?#\s]*))?@)?"
    r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])?(?::(?P<port>[0-9]{1,5}))?"
    r"/(?P<database>[^/?#\s]+)"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is. `str` of it has no password, and neither has its representation."""

    kind: str
    path: Path = Path()
    user: str = ""
    host: str = ""
    port: int = DEFAULT_PORT
    database: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return it as a person may see it."""
        if self.kind == SQLITE:
            return f"sqlite:{self.path}"
        user = f"{self.user}@" if self.user else ""
        return f"postgresql://{user}{self.host}:{self.port}/{self.database}"

    def redact(self, text: object) -> str:
        """Return `text` in one line without the password, however it is written there."""
        line = " ".join(str(text).split())
        for secret in (self.password, quote(self.password, safe=""), repr(self.password)[1:-1]):
            if secret:
                line = line.replace(secret, "***")
        return line


def read_address(
    text: str | None, environment: Mapping[str, str] = os.environ, *, from_command: bool = False
) -> Address:
    """Return the address that `text` names; None is ENGINE_STORE, else the user's own file.

    `from_command` refuses a password: everyone on the machine sees the words of a command.

    >>> str(read_address("postgresql://ann:secret@db.example/quotes"))
    'postgresql://ann@db.example:5432/quotes'

    Raises
    ------
    UsageError
        If it is none; the message has nothing of it that may be a password.
    """
    if text is None:
        text = environment.get(VARIABLE) or "sqlite:"
    scheme, colon, rest = text.partition(":")
    if scheme == SQLITE and colon:
        path = Path(rest.removeprefix("//")) if rest.removeprefix("//") else default_path()
        return Address(SQLITE, path=path.expanduser())
    if scheme not in (POSTGRES, "postgres") or not rest.startswith("//"):
        # Whatever it is, it may hold a password: say how stores are written, not what this is.
        raise UsageError(f"the store is neither SQLite's nor PostgreSQL's: {_WAYS}")
    match = _URL.fullmatch(rest[2:])
    if match is None or int(match["port"] or DEFAULT_PORT) > 65535:
        raise UsageError(f"the address of the PostgreSQL store cannot be read: {_WAYS}")
    if from_command and match["password"]:
        raise UsageError(
            "a password on the command line is seen by everyone on the machine: "
            f"put the address into {VARIABLE}, or the password into PGPASSWORD or ~/.pgpass"
        )
    return Address(
        POSTGRES,
        user=unquote(match["user"] or "") or environment.get("PGUSER", ""),
        host=(match["host"] or "").strip("[]") or environment.get("PGHOST", "") or "localhost",
        port=int(match["port"] or environment.get("PGPORT", "") or DEFAULT_PORT),
        database=unquote(match["database"]),
        password=unquote(match["password"] or "") or environment.get("PGPASSWORD", ""),
    )


def default_path() -> Path:
    """Return the user's own store: ``parity-engine/store.sqlite`` in the data directory."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "parity-engine" / "store.sqlite"
