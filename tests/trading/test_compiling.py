"""What a strategy's file says is what runs, on each runtime: also a choice that stands alone."""

from __future__ import annotations

import pytest

from engine.trading.compiling import compiled

SOURCE = b'''
def chosen(told, up):
    if up is not None:
        told("buy") if up else told("sell")

def either(told, up):
    up or told("sell")

def both(told, up):
    if up is not None:
        up and told("buy")

def plain(told, up):
    """Returns."""
    return told("buy" if up else "sell")

async def later(told, up):
    told("buy") if up else told("sell")

class Inner:
    def method(self, told, up):
        told("buy") if up else told("sell")
'''


@pytest.mark.parametrize(
    ("name", "up", "expected"),
    [
        ("chosen", True, ["buy"]), ("chosen", False, ["sell"]), ("either", True, []),
        ("either", False, ["sell"]), ("both", True, ["buy"]), ("both", False, []),
        ("plain", True, ["buy"]), ("later", True, ["buy"]), ("later", False, ["sell"]),
        ("method", True, ["buy"]), ("method", False, ["sell"]),
    ],
)  # fmt: skip
def test_a_choice_that_stands_alone_makes_one_choice(
    name: str, up: bool, expected: list[str]
) -> None:
    space: dict[str, object] = {}
    exec(compiled(SOURCE, "mine.py"), space)
    told: list[str] = []
    function = getattr(space["Inner"](), name) if name == "method" else space[name]  # type: ignore[operator]
    found = function(told.append, up)  # type: ignore[operator]
    if name == "later":
        with pytest.raises(StopIteration):
            found.send(None)
    assert told == expected


def test_lines_are_those_of_the_file() -> None:
    space: dict[str, object] = {}
    exec(compiled(b"\n\ndef wrong():\n    x = 1\n    1 / 0\n", "mine.py"), space)
    with pytest.raises(ZeroDivisionError) as caught:
        space["wrong"]()  # type: ignore[operator]
    assert caught.traceback[-1].lineno + 1 == 5
    with pytest.raises(SyntaxError) as bad:
        compiled(b"\n  def", "mine.py")
    assert (bad.value.filename, bad.value.lineno) == ("mine.py", 2)
