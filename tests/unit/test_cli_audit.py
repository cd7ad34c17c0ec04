"""The scan verb's audit of the demo exchange."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import main

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_audit_tells_what_was_found_of_what_was_planted(capsys: Capture) -> None:
    words = ["scan", "ZCOIN", "--backend", "pure", "--audit", "--seed", "3"]
    assert main([*words, "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert one["recall"] == 1.0
    assert one["false_locked"] == 0
    assert one["edge_error"] < 1e-9
    assert len(one["chains"]) == 1
    assert len(one["opportunities"]) <= 20
    assert main([*words, "--seeds", "2", "--jobs", "2", "--json"]) == 0
    two = json.loads(capsys.readouterr().out)
    assert two["opportunities"] == one["opportunities"]
    assert two["audit"]["labels"] > one["audit"]["labels"] > 0
    assert main(words) == 0
    assert "audit: recall 100.00%" in capsys.readouterr().out
    assert main([*words, "--families", "box", "--json"]) == 0
    boxes = json.loads(capsys.readouterr().out)
    assert boxes["recall"] == 1.0
    assert boxes["audit"]["missed"] == []
    assert one["audit"]["labels"] > boxes["audit"]["labels"] > 0


def test_labels_that_an_audit_missed_are_said_in_words(capsys: Capture) -> None:
    words = ["scan", "ZDIV", "--backend", "pure", "--audit", "--seed", "0", "--no-color"]
    assert main([*words, "--min-edge-usd", "100000"]) == 0
    out = capsys.readouterr().out
    assert "missed: conversion +P " in out
    assert "{" not in out


@pytest.mark.parametrize("flag", ["--explain=near-1", "--curves"])
def test_an_audit_goes_with_no_other_page(flag: str, capsys: Capture) -> None:
    assert main(["scan", "--audit", flag]) == 2
    assert "shows no audit" in capsys.readouterr().err
