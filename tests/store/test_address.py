"""Addresses of stores, and a canary that must never be seen again."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError, UsageError
from engine.store.address import Address, default_path, read_address
from tests.postgres_cluster import CANARY

SPOKEN = [CANARY, quote(CANARY, safe="")]


def test_the_ways_to_name_a_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = tmp_path / "parity-engine" / "store.sqlite"
    assert default_path() == own
    assert read_address(None, {}).path == own
    assert read_address("sqlite:", {}).path == own
    assert read_address("sqlite:a/b.sqlite", {}).path == Path("a/b.sqlite")
    assert read_address("sqlite:///a/b", {}).path == Path("/a/b")
    assert read_address("sqlite:~/b", {}).path == Path.home() / "b"
    assert read_address(None, {"ENGINE_STORE": "sqlite:x"}).path == Path("x")


def test_the_parts_of_a_postgresql_address() -> None:
    found = read_address(f"postgresql://ann:{quote(CANARY, safe='')}@db.example:6543/quotes", {})
    assert found == Address(
        "postgresql", user="ann", host="db.example", port=6543, database="quotes", password=CANARY
    )
    environment = {"PGUSER": "bob", "PGPASSWORD": CANARY, "PGPORT": "7000", "PGHOST": "h"}
    found = read_address("postgres:///quotes", environment)
    assert (found.user, found.host, found.port, found.password) == ("bob", "h", 7000, CANARY)
    assert read_address("postgresql://[::1]/q", {}).host == "::1"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresq://ann:{SPOKEN[1]}@host/db",
        f"postgresql//ann:{SPOKEN[1]}@host/db",
        f"postgresql://ann:{SPOKEN[1]}host/db",
        f"postgresql://ann:{CANARY}@host/db",
        f"postgresql://ann:{SPOKEN[1]}@host:99999/db",
        f"postgresql://ann:{SPOKEN[1]}@host",
        f"ann:{SPOKEN[1]}@host/db",
        SPOKEN[1],
        "store.sqlite",
        "mysql://host/db",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_address(text, {})
    for secret in SPOKEN:
        assert secret not in str(caught.value)


def test_a_password_on_the_command_line_is_refused() -> None:
    text = f"postgresql://ann:{SPOKEN[1]}@host/db"
    with pytest.raises(UsageError, match="everyone") as caught:
        read_address(text, {}, from_command=True)
    assert SPOKEN[1] not in str(caught.value)
    assert read_address("postgresql://ann@host/db", {}, from_command=True).user == "ann"


def test_an_address_shows_no_password() -> None:
    found = read_address(f"postgresql://ann:{SPOKEN[1]}@host/db", {})
    for text in (str(found), repr(found), f"{found}", repr([found])):
        assert not any(secret in text for secret in SPOKEN), text
    line = found.redact(f"failed\nwith {CANARY} and {SPOKEN[1]} and {CANARY!r}")
    assert not any(secret in line for secret in SPOKEN)
    assert "\n" not in line


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_usage_error(text: str) -> None:
    try:
        found = read_address(text, {})
    except EngineError as error:
        assert isinstance(error, UsageError)  # noqa: PT017  # either way is right
    else:
        assert found.kind in ("sqlite", "postgresql")
