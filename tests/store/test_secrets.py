"""A planted password: it is looked for in everything that every failure prints, logs or shows."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.errors import EngineError
from engine.store import open_store, schema
from engine.store.address import Address
from engine.store.protocol import Store
from engine.store.writer import BulkWriter
from tests.postgres_cluster import CANARY

ROOT = Path(__file__).resolve().parents[2]
SPOKEN = (CANARY, quote(CANARY, safe=""), CANARY.split("/")[1], "c4n4ry")


def url(address: Address) -> str:
    where = f"{address.host}:{address.port}/{address.database}"
    return f"postgresql://{address.user}:{quote(address.password, safe='')}@{where}"


def silent(text: str) -> None:
    assert text
    for secret in SPOKEN:
        assert secret not in text, text


def failures(address: Address) -> list[Callable[[], object]]:
    def closed() -> object:
        store = open_store(address)
        store.close()
        return store.run("SELECT 1")

    def bad_row() -> object:
        with open_store(address) as store:
            return store.copy("bars", [("x",) * 8])

    def sql() -> object:
        with open_store(address) as store:
            return store.run("SELECT nothing FROM nowhere")

    def twice() -> object:
        with open_store(address) as store:
            return store.copy("marks", [("a", 1, 1), ("a", 1, 1)])

    return [
        lambda: open_store(replace(address, user="nobody")),
        lambda: open_store(replace(address, password=CANARY + "x")),
        lambda: open_store(replace(address, database="nowhere")),
        lambda: open_store(replace(address, port=1)),
        lambda: open_store(replace(address, host="no.such.host.invalid")),
        lambda: BulkWriter(lambda: open_store(replace(address, port=1)), "quotes", "m"),
        closed,
        bad_row,
        sql,
        twice,
    ]


def test_no_failure_of_a_store_tells_the_password(
    postgres: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with open_store(postgres) as store:
        schema.migrate(store)
    for fail in failures(postgres):
        with pytest.raises(EngineError) as caught:
            fail()
        silent(str(caught.value))
        silent(repr(caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    for secret in SPOKEN:
        assert secret not in caplog.text


COMMANDS = [
    ["store", "stats"],
    ["store", "check"],
    ["history", "NONE"],
    ["history", "--debug"],
    ["store", "import", "/none"],
    ["store", "export", "/none/x"],
    ["store", "migrate", "--debug"],
]


def test_no_command_tells_the_password(postgres: Address) -> None:
    wrong = replace(postgres, port=1)
    for k, words in enumerate(COMMANDS):
        for address in (postgres, wrong) if k < 2 else (postgres,):
            done = subprocess.run(
                [sys.executable, "-m", "engine", *words],
                cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
                env={**os.environ, "ENGINE_STORE": url(address)},
            )  # fmt: skip
            silent(done.stdout + done.stderr + "-")
            assert "Traceback" not in done.stderr or "--debug" in words


def test_ps_does_not_show_the_password_and_the_command_line_refuses_it(store: Store) -> None:
    if store.dialect == "sqlite":
        pytest.skip("SQLite has no password")
    assert isinstance(store.address, Address)
    done = subprocess.run(["ps", "axww"], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        silent(done.stdout)
    done = subprocess.run(
        [sys.executable, "-m", "engine", "store", "stats", "--store", url(store.address)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "seen by everyone" in done.stderr
    silent(done.stderr)
