"""Which store is meant: the flag, the environment, the file, the user's own, in this order."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.store_choice import address_of
from engine.errors import ConfigurationError


def asked(store: str | None, config: Path | None) -> str:
    import argparse

    args = argparse.Namespace(store=store, config=str(config) if config else None)
    return str(address_of(args))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "parity.toml"
    path.write_text('[store]\nurl = "sqlite:of-the-file"\n', encoding="utf-8")
    return path


def test_the_order(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_STORE", "sqlite:of-the-environment")
    assert asked("sqlite:of-the-flag", config) == "sqlite:of-the-flag"
    assert asked(None, config) == "sqlite:of-the-environment"
    monkeypatch.delenv("ENGINE_STORE")
    assert asked(None, config) == "sqlite:of-the-file"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert asked(None, None) == "sqlite:/data/parity-engine/store.sqlite"


def test_a_slip_in_the_table_is_told(config: Path) -> None:
    config.write_text('[store]\nulr = "sqlite:x"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="url"):
        asked(None, config)


def test_a_scan_keeps_what_it_finds_where_the_file_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENGINE_STORE", raising=False)
    path = tmp_path / "parity.toml"
    path.write_text(f'[store]\nurl = "sqlite:{tmp_path}/found.sqlite"\n', encoding="utf-8")
    assert main.main(["store", "init", "--config", str(path)]) == 0
    assert main.main(["scan", "ZETF", "--config", str(path), "--json"]) == 0
    assert "1 scans kept in sqlite:" in capsys.readouterr().err
    assert main.main(["history", "ZETF", "--config", str(path), "--json"]) == 0
    assert '"family"' in capsys.readouterr().out
