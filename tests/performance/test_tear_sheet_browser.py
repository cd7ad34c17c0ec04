"""The tear sheet in a browser: it asks for nothing, complains of nothing, and fits its window."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.performance.figures import figures
from engine.report.tear_sheet import write_tear_sheet
from engine.report.tear_sheet_numbers import WRITTEN
from tests.performance.browser import Browser, installed
from tests.performance.test_tear_sheet import HOSTILE, at, data, run

pytestmark = pytest.mark.skipif(
    not installed(), reason="there is no Chromium: apt-get install chromium"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(installed()) as found:
        yield found


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("sheets")
    hostile = run(3, strategy=HOSTILE, symbols=(HOSTILE,), parameters={HOSTILE: HOSTILE})
    made = {}
    for name, runs, bars in (
        ("one", [run(1)], data()),
        ("several", [run(1), run(2, parameters={"fast": 9})], data()),
        ("hostile", [hostile], data(symbol=HOSTILE)),
    ):
        path = folder / f"{name}.html"
        judged = [figures(one, 252.0) for one in runs]
        made[name] = path, write_tear_sheet(runs, judged, path, data=bars)
    return made


@pytest.mark.parametrize("name", ["one", "several", "hostile"])
@pytest.mark.parametrize("width", [1200, 400])
def test_it_opens_quietly_and_fits(
    browser: Browser, sheets: dict[str, tuple[Path, dict[str, Any]]], name: str, width: int
) -> None:
    path, _ = sheets[name]
    browser.open(path, width)
    assert browser.said() == []
    assert browser.requests() == [path.as_uri()]
    assert browser.ask("document.documentElement.scrollWidth") == width
    # Of each chart that is drawn twice, one is seen.
    shown = "[...document.querySelectorAll('%s > svg')].filter(e => e.clientWidth > 0).length"
    wide, narrow = (browser.ask(shown % f".{kind}") for kind in ("wide", "narrow"))
    assert (wide > 2, narrow > 2) == (width == 1200, width == 400)


@pytest.mark.parametrize("name", ["one", "several"])
def test_the_numbers_on_the_page_are_those_of_the_json(
    browser: Browser, sheets: dict[str, tuple[Path, dict[str, Any]]], name: str
) -> None:
    path, found = sheets[name]
    browser.open(path, 1200)
    assert json.loads(browser.ask("document.getElementById('numbers').textContent")) == found
    seen = json.loads(
        browser.ask(
            "JSON.stringify([...document.querySelectorAll('[data-from]')]"
            ".map(e => [e.dataset.from, e.dataset.as, e.textContent]))"
        )
    )
    assert len(seen) > 80
    for place, form, text in seen:
        value = at(found, place)
        assert text == WRITTEN[form](math.nan if value is None else value), place


def test_dark_is_dark_and_text_can_be_read(
    browser: Browser, sheets: dict[str, tuple[Path, dict[str, Any]]]
) -> None:
    for is_dark in (False, True):
        browser.open(sheets["one"][0], 1200, is_dark=is_dark)
        style = "getComputedStyle(document.body)"
        ink, paper = (browser.ask(f"{style}.{name}") for name in ("color", "backgroundColor"))
        assert (brightness(paper) < 0.2) == is_dark
        assert abs(brightness(ink) - brightness(paper)) > 0.6


def brightness(colour: str) -> float:
    """Return that of ``rgb(r, g, b)``, 0 to 1."""
    parts = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    return sum(parts) / 765.0


def test_the_page_says_what_a_hostile_name_is(
    browser: Browser, sheets: dict[str, tuple[Path, dict[str, Any]]]
) -> None:
    browser.open(sheets["hostile"][0], 1200)
    assert browser.ask("document.querySelector('h1').textContent") == HOSTILE
    assert browser.ask("document.scripts.length") == 1
