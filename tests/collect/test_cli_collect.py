"""The command `collect` against a service on loopback: summaries, the calendar, wrong words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from venue_server import VenueServer, candles, made_bars

from engine.cli import main

pytest.importorskip("httpx", reason="tox installs it (requirements-collect.txt)")


def test_the_command_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bars = made_bars(2880)
    url = f"sqlite:{tmp_path}/s.sqlite"
    assert main.main(["store", "init", "--store", url]) == 0
    capsys.readouterr()
    with VenueServer(candles(bars)) as venue:
        words = [
            "collect",
            "BTC-USD",
            "--store",
            url,
            "--source",
            f"coinbase={venue.url}",
            "--json",
        ]
        asked = [*words, "--bars", "1m", "--since", "2018-04-04", "--until", "2018-04-06"]
        assert main.main(asked) == 0
        first = json.loads(capsys.readouterr().out)
        assert main.main(asked) == 0
        again = json.loads(capsys.readouterr().out)
        assert main.main([*words, "--fill-gaps"]) == 0
        assert json.loads(capsys.readouterr().out)["tasks"] == 0
    assert (first["failed"], first["partial"], first["complete"]) == (0, 0, first["tasks"])
    assert first["rows"] == len(bars) + 1  # and the instrument
    assert (again["tasks"], again["known_before"]) == (0, first["tasks"])
    assert main.main(["collect", "--status", "--store", url]) == 0
    shown = capsys.readouterr().out
    assert "BTC-USD bars 1m" in shown
    assert "██" in shown
    assert max(map(len, shown.splitlines())) <= 79


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["BTC-USD", "--bars", "2m", "--since", "2026-11-01"], 2, "1m, 5m, 15m, 1h, 6h and 1d"),
        (["BTC", "--bars", "1m", "--since", "2026-11-01"], 2, "no source has bars of it"),
        (["BTC-USD", "--since", "2026-11-01"], 2, "add --bars 1m"),
        (["BTC-USD", "--bars", "1m", "--since", "yesterday"], 2, "--since"),
        (["BTC-USD", "--bars", "1m", "--since", "2026-11-02", "--until", "2026-11-01"], 2, "after"),
        (["BTC-USD", "--bars", "1m", "--since", "1971-01-01"], 2, "ask for less time"),
        (["no such"], 2, "neither a product"),
        (["BTC-USD", "--source", "coinbse"], 2, "coinbase"),
        (["BTC-USD", "--source", "coinbase=ftp://x"], 2, "begins with https://"),
        (["BTC-USD", "--concurrency", "0"], 2, "from 1 to 100"),
        ([], 2, "name what to collect"),
    ],
)
def test_what_is_asked_wrongly_is_told_in_a_line(
    words: list[str], code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:{tmp_path}/s.sqlite"
    main.main(["store", "init", "--store", url])
    capsys.readouterr()
    assert main.main(["collect", *words, "--store", url]) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_where_nobody_answers_it_ends_unavailable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:{tmp_path}/s.sqlite"
    main.main(["store", "init", "--store", url])
    words = ["collect", "BTC-USD", "--source", "coinbase=http://127.0.0.1:1", "--store", url]
    assert main.main(words) == 69
    assert "nothing could be fetched" in capsys.readouterr().err
