"""What a strategy's source is told off for, and what it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checking.lint import LOOKS_AHEAD, SHARED, lint
from engine.checking.lint_table import CHANCE, CLOCK, FILES, HASH, INSIDE, NET
from engine.errors import BadDataError
from engine.trading import SHIPPED
from tests.checking import honest

HEAD = "from engine import Strategy\n"


def kinds(body: str, top: str = "") -> list[str]:
    """Return what is said of a strategy with `body` in its `on_bar`."""
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    text = f"{HEAD}{top}\nclass Mine(Strategy):\n    def on_bar(self, bar):\n{lines}\n"
    return [one.kind for one in lint(text, "Mine")]


@pytest.mark.parametrize(
    ("top", "body", "kind"),
    [
        ("import time", "return time.time() % 2", CLOCK),
        ("from time import time as now", "return now() % 2", CLOCK),
        ("import datetime as dt", "return dt.datetime.now().hour", CLOCK),
        ("from datetime import date", "return date.today().day", CLOCK),
        ("import random", "return random.random()", CHANCE),
        ("from random import choice", "return choice([0, 1])", CHANCE),
        ("import random", "return random.Random().random()", CHANCE),
        ("import numpy as np", "return np.random.normal()", CHANCE),
        ("import os", "return os.urandom(1)[0]", CHANCE),
        ("", "return float(open('x').read())", FILES),
        ("import pandas as pd", "return pd.read_csv('x').iloc[0]", FILES),
        ("from pathlib import Path", "return float(Path('x').read_text())", FILES),
        ("import os", "return float(os.environ['X'])", FILES),
        ("import sqlite3", "return sqlite3.connect('x')", FILES),
        ("import requests", "return requests.get('http://x').json()", NET),
        ("import urllib.request", "return urllib.request.urlopen('http://x')", NET),
        ("import subprocess", "return subprocess.run(['x'])", NET),
        ("import gc", "return len(gc.get_objects())", INSIDE),
        ("import sys", "return sys._getframe().f_back", INSIDE),
        ("", "return eval('1')", INSIDE),
        ("", "return hash(bar.symbol) % 2", HASH),
    ],
)
def test_it_is_told(top: str, body: str, kind: str) -> None:
    assert kind in kinds(body, top)


@pytest.mark.parametrize(
    ("top", "body"),
    [
        ("import random", "return random.Random(7).random()"),
        ("from random import Random", "return self.rng.random()"),
        ("import time", "time_ns = bar.time_ns\nreturn time_ns % 2"),
        ("from datetime import datetime, timezone",
         "return datetime.fromtimestamp(bar.time_ns // 10**9, timezone.utc).hour"),
        ("import math", "return math.floor(bar.open)"),
        ("", "return bar.open - bar.close"),
        ("", "id = bar.symbol\nhash = {id: 1}\nreturn hash[id]"),
        ("if __name__ == '__main__':\n    print(open('x').read())", "return 1"),
        ("def unused():\n    return open('x')", "return 1"),
        ("class Other:\n    def load(self):\n        return open('x')", "return 1"),
    ],
)  # fmt: skip
def test_it_is_not_told(top: str, body: str) -> None:
    assert kinds(body, top) == []


def test_what_the_strategy_calls_is_read_too() -> None:
    top = "import time\ndef deeper():\n    return time.time()\ndef helper():\n    return deeper()"
    assert kinds("return helper()", top) == [CLOCK]
    assert kinds("return 1", "DATA = open('prices.csv').read()") == [FILES]


def test_lines_are_those_of_the_file() -> None:
    body = "    def start(self):\n        self.now = time.time()\n"
    text = f"{HEAD}\n\nimport time\n\nclass Mine(Strategy):\n{body}"
    (remark,) = lint(text, "Mine")
    assert (remark.line, remark.name, remark.is_hint) == (8, "time.time", False)


@pytest.mark.parametrize(
    "body",
    [
        "return frame.close.shift(-1)",
        "return frame.close.shift(periods=-3)",
        "return frame.close.rolling(20, center=True).mean()",
        "return frame.close.bfill()",
        "return frame.close.fillna(method='bfill')",
    ],
)
def test_where_a_look_ahead_may_come_from_is_a_hint(body: str) -> None:
    (remark,) = lint(f"def signals(frame):\n    {body}\n", "signals")
    assert remark.kind == LOOKS_AHEAD
    assert remark.is_hint
    honest_body = "return frame.close.shift(1).rolling(20).mean().ffill().fillna(0)"
    assert lint(f"def signals(frame):\n    {honest_body}\n", "signals") == []


def test_what_a_class_shares_is_a_hint() -> None:
    def of(body: str) -> list[str]:
        text = f"{HEAD}class Mine(Strategy):\n{body}"
        return [one.kind for one in lint(text, "Mine")]

    append = "    seen = []\n    def on_bar(self, bar):\n        self.seen.append(bar)\n"
    assert of(append) == [SHARED]
    assert of("    seen = {}\n    def on_bar(self, bar):\n        self.seen[bar.symbol] = 1\n") == [
        SHARED
    ]
    assert of(f"{append}    def start(self):\n        self.seen = []\n") == []
    assert (
        of("    table = {'A': 1.0}\n    def on_bar(self, bar):\n        return self.table['A']\n")
        == []
    )
    assert of("    def on_bar(self, bar):\n        global count\n        count = 1\n") == [SHARED]


def test_the_shipped_and_the_honest_are_clean() -> None:
    root = Path(__file__).parents[2]
    for module, name in SHIPPED.values():
        text = (root / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        assert lint(text, name) == []
    text = Path(str(honest.__file__)).read_text(encoding="utf-8")
    for kind in honest.CLASSES:
        assert lint(text, kind.__name__) == []


def test_no_python_is_told_with_its_line() -> None:
    with pytest.raises(BadDataError, match=r"mine\.py:2: "):
        lint("x = 1\ndef (:\n", "x", "mine.py")
