"""Strategies of users: what is loaded, what is refused, and in which words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.backtesting.faults import complaint, file_of
from engine.backtesting.strategy import Strategy
from engine.errors import BadDataError, EngineError, NoInputError, UsageError
from engine.market.bars import Bar
from engine.trading import SHIPPED
from engine.trading.loading import MOST_BYTES, load_strategy

ONE = """\
from engine.backtesting.strategy import Strategy


class Cross(Strategy):
    def on_bar(self, bar):
        return 1.0 / (bar.close - bar.close)
"""


def written(tmp_path: Path, text: str, name: str = "mine.py") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_found_by_its_name(name: str) -> None:
    found = load_strategy(name)
    assert issubclass(found, Strategy)
    assert load_strategy(name.upper().replace("_", "-")) is found
    assert found.__doc__


def test_a_class_of_a_file_is_made_once(tmp_path: Path) -> None:
    path = written(tmp_path, ONE)
    found = load_strategy(f"{path}:Cross")
    assert found.__name__ == "Cross"
    assert load_strategy(path) is found
    assert load_strategy(f"{tmp_path}/../{tmp_path.name}/mine.py:Cross") is found
    assert file_of(found) == path
    assert file_of(load_strategy("momentum")).endswith("momentum.py")


def test_a_file_that_was_changed_is_run_anew(tmp_path: Path) -> None:
    first = load_strategy(written(tmp_path, ONE))
    again = load_strategy(written(tmp_path, ONE + "    speed = 2\n"))
    assert again is not first
    assert vars(again)["speed"] == 2


def test_what_stands_beside_a_file_can_be_imported_but_shadows_nothing(tmp_path: Path) -> None:
    (tmp_path / "beside_this_test.py").write_text("SIZE = 3\n")
    (tmp_path / "math.py").write_text("raise SystemExit('shadowed')\n")
    before = list(sys.path)
    found = load_strategy(
        written(tmp_path, f"import math\nfrom beside_this_test import SIZE\n{ONE}    size = SIZE\n")
    )
    assert vars(found)["size"] == 3
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("momentun", UsageError, "did you mean momentum?"),
        ("nothing-like-it", UsageError, "there are momentum, mean_reversion"),
        ("{dir}/none.py:Cross", NoInputError, "none.py: no such file"),
        ("{dir}/mine.py/none.py", NoInputError, "no such file"),
        ("{dir}/mine.py:Cros", UsageError, "has no class Cros: did you mean Cross?"),
        ("{dir}/mine.py:xyz", UsageError, "has no class xyz: it has Cross"),
        ("{dir}/two.py", UsageError, "has 2 strategies: name one"),
        ("{dir}/empty.py", UsageError, "has no strategy: write `class Name(Strategy):` in it"),
        ("{dir}/empty.py:Thing", UsageError, "Thing is no strategy: write `class Thing(Strategy):"),
        ("{dir}/broken.py", BadDataError, "broken.py:2: "),
        ("{dir}/raises.py:A", BadDataError, "raises.py:3: ZeroDivisionError: "),
        ("{dir}/leaves.py", BadDataError, "leaves.py:1: SystemExit: 0"),
        ("{dir}/binary.py", BadDataError, "binary.py"),
        ("{dir}/long.py", BadDataError, f"more than {MOST_BYTES:,} bytes"),
        ("a\0b.py", UsageError, "is no file name"),
        ("", UsageError, "no strategy ''"),
        (":", UsageError, "no strategy"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(
    tmp_path: Path, text: str, error: type[EngineError], words: str
) -> None:
    written(tmp_path, ONE)
    written(tmp_path, ONE + ONE.replace("Cross", "Other"), "two.py")
    written(tmp_path, "class Thing:\n    pass\n", "empty.py")
    written(tmp_path, "x = 1\nclass Bad(:\n", "broken.py")
    written(tmp_path, "def f():\n\n    return 1 / 0\nf()\n", "raises.py")
    written(tmp_path, "raise SystemExit(0)\n", "leaves.py")
    written(tmp_path, "#" * (MOST_BYTES + 1), "long.py")
    (tmp_path / "binary.py").write_bytes(b"\xff\x00\x01")
    with pytest.raises(error) as told:
        load_strategy(text.format(dir=tmp_path))
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_failed_is_tried_again(tmp_path: Path) -> None:
    path = written(tmp_path, "1 / 0\n")
    for _ in range(2):
        with pytest.raises(BadDataError, match="ZeroDivisionError"):
            load_strategy(path)


def test_an_error_of_a_hook_is_named_by_its_line(tmp_path: Path) -> None:
    made = load_strategy(written(tmp_path, ONE))()
    with pytest.raises(ZeroDivisionError) as told:
        made.on_bar(Bar(0, 1.0, 1.0, 1.0, 1.0, 1.0))
    said = complaint(told.value, file_of(type(made)), "mine.py")
    assert said.startswith("mine.py:6: ZeroDivisionError: ")
    assert complaint(told.value, "other.py", "other.py").startswith("other.py: ZeroDivisionError: ")
