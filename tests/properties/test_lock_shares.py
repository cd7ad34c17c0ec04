"""The published share of locks that are found is what the committed result says, and it holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.backend import Backend
from tests.properties.lock_shares import NAMES, measured, page

RESULT = Path(__file__).with_name("lock_shares.json")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "SCANNER.md"


def test_the_page_shows_the_committed_result() -> None:
    content = json.loads(RESULT.read_text(encoding="utf-8"))
    assert content["chains"] >= 400
    assert page(content) in PAGE.read_text(encoding="utf-8")


def test_of_every_shape_with_a_name_something_as_good_is_listed() -> None:
    shapes = json.loads(RESULT.read_text(encoding="utf-8"))["shapes"]
    named = {name: entry for name, entry in shapes.items() if name in NAMES}
    assert len(named) > 5
    assert [name for name, (holding, _, as_much) in named.items() if as_much < holding] == []


@pytest.mark.long
def test_the_result_is_had_again(backend: Backend) -> None:
    content = json.loads(RESULT.read_text(encoding="utf-8"))
    assert measured(content["chains"], content["contracts"], backend) == content["shapes"]
