"""The schema and its migrations: plain SQL files, each with a version and a checksum.

A migration that was applied must never change: its checksum is kept beside its version, and a
store that has another one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from engine.clock import SYSTEM, Clock
from engine.errors import BadDataError, ConfigurationError
from engine.store.protocol import Store

_FOLDER = Path(__file__).with_name("migrations")
_APPLIED = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version    BIGINT PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    applied_ns BIGINT NOT NULL
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.sql.encode()).hexdigest()

    def statements(self, dialect: str) -> list[str]:
        """Return its statements as `dialect` takes them."""
        lines = []
        for line in self.sql.splitlines():
            mark = f"--{dialect}:"
            if line.startswith(mark):
                line = line.removeprefix(mark)
            elif line.lstrip().startswith("--"):
                continue
            lines.append(line)
        return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


@cache
def migrations() -> tuple[Migration, ...]:
    """Return every migration there is, oldest first."""
    found = []
    for path in sorted(_FOLDER.glob("*.sql")):
        version, _, name = path.stem.partition("_")
        found.append(Migration(int(version), name, path.read_text(encoding="utf-8")))
    return tuple(found)


def applied(store: Store) -> dict[int, str]:
    """Return the checksums of the migrations that `store` has, by version; none if it is new."""
    table = "sqlite_master" if store.dialect == "sqlite" else "pg_tables"
    column = "name" if store.dialect == "sqlite" else "tablename"
    if not store.run(f"SELECT 1 FROM {table} WHERE {column} = 'schema_migrations'"):
        return {}
    return dict(store.run("SELECT version, checksum FROM schema_migrations ORDER BY version"))


def pending(store: Store) -> list[Migration]:
    """Return the migrations that `store` lacks.

    Raises
    ------
    ConfigurationError
        If it is newer than this program.
    BadDataError
        If a migration that it has is not the one of this program.
    """
    known = {migration.version: migration for migration in migrations()}
    have = applied(store)
    for version, checksum in have.items():
        if version not in known:
            raise ConfigurationError(
                f"store {store.address}: its schema has version {version}, this program knows "
                f"{max(known)}: use a newer program"
            )
        if known[version].checksum != checksum:
            raise BadDataError(
                f"store {store.address}: migration {version} was changed after it was applied"
            )
    return [migration for version, migration in sorted(known.items()) if version not in have]


def migrate(store: Store, clock: Clock = SYSTEM) -> list[Migration]:
    """Apply what is pending, as one transaction, and return it.

    Raises
    ------
    EngineError
        As `pending`, or what the database says.
    """
    with store.transaction():
        store.lock()  # two programs may meet a new store at once
        store.run(_APPLIED)
        todo = pending(store)
        for migration in todo:
            for statement in migration.statements(store.dialect):
                store.run(statement)
            store.run(
                "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                (migration.version, migration.name, migration.checksum, clock.now_ns()),
            )
    return todo


def require(store: Store) -> None:
    """Make the schema of a new store; refuse one that is not this program's.

    Raises
    ------
    ConfigurationError
        If migrations are pending on a store that has some.
    """
    if not applied(store):
        migrate(store)
    elif pending(store):
        raise ConfigurationError(f"store {store.address}: its schema is old: parity store migrate")
