"""Every test of the store runs on SQLite and, where one can be started, on a private PostgreSQL."""

from __future__ import annotations

import importlib.util
import itertools
import platform
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest

from engine.store import open_store, schema
from engine.store.address import Address
from engine.store.protocol import Store
from tests.postgres_cluster import Cluster, why_not

DRIVER = "psycopg" if platform.python_implementation() == "PyPy" else "asyncpg"
_NUMBERS = itertools.count()


def require_postgres() -> None:
    """Skip, with the reason, where no server can be started or reached."""
    if why_not():
        pytest.skip(why_not())
    if importlib.util.find_spec(DRIVER) is None:
        pytest.skip(f"{DRIVER} is not installed here")
    if DRIVER == "psycopg" and find_library("pq") is None:
        pytest.skip("psycopg needs libpq: apt-get install libpq5")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    require_postgres()
    started = Cluster()
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture
def postgres(cluster: Cluster) -> Iterator[Address]:
    """The address of a database of its own."""
    name = f"test{next(_NUMBERS)}"
    with open_store(cluster.address()) as store:
        store.run(f"CREATE DATABASE {name}")
    yield cluster.address(name)
    with open_store(cluster.address()) as store:
        store.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """The address of an empty store, without a schema."""
    if request.param == "sqlite":
        return Address("sqlite", path=tmp_path / "store.sqlite")
    found: Address = request.getfixturevalue("postgres")
    return found


@pytest.fixture
def store(address: Address) -> Iterator[Store]:
    """An open store with its schema."""
    with open_store(address) as opened:
        schema.migrate(opened)
        yield opened


@pytest.fixture
def reopen(address: Address) -> Callable[[], Store]:
    return lambda: open_store(address)
