"""PyPy's compiler is tried out on ARM64, and corrected or off where it compares wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from engine import backend
from engine.errors import ConfigurationError
from engine.runtime import comparison_memory, comparisons
from engine.runtime.comparisons import (
    CORRECTED,
    LEFT_WRONG,
    NOT_ASKED,
    RIGHT,
    SAID,
    TURNED_OFF,
    VARIABLE,
    correct,
    jit_words,
    state,
    wrong_comparisons,
)


@pytest.fixture(autouse=True)
def afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "_state", NOT_ASKED)
    monkeypatch.delenv(VARIABLE, raising=False)


class Machine:
    """A machine, the PyPy on it, and what was done to that."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self.told: list[str] = []
        self.table: list[str] = []
        self.asked = 0

    def become(
        self, name: str = "pypy", machine: str = "aarch64", words: str = "-m engine",
        platform: str = "linux", has_jit: bool = True,
    ) -> None:  # fmt: skip
        system = SimpleNamespace(
            implementation=SimpleNamespace(name=name),
            orig_argv=["pypy3", *words.split()],
            platform=platform,
            builtin_module_names=("sys", *["pypyjit"] * has_jit),
        )
        pypyjit = SimpleNamespace(set_param=self.told.append)
        self.patch.setattr(comparisons, "sys", system)
        self.patch.setattr(
            comparisons,
            "os",
            SimpleNamespace(
                uname=lambda: SimpleNamespace(machine=machine), environ=comparisons.os.environ
            ),
        )
        self.patch.setattr(comparisons, "import_module", {"pypyjit": pypyjit}.__getitem__)

    def answers(self, *wrong: int) -> None:
        """Say how many comparisons go wrong, question by question."""
        left = iter(wrong)

        def ask() -> int:
            # The compiler is at its defaults when it is asked, whatever the user's threshold.
            assert self.told[-1] == "default"
            self.asked += 1
            return next(left)

        self.patch.setattr(comparisons, "wrong_comparisons", ask)

    def has_table(self, *, is_there: bool = True) -> None:
        table = SimpleNamespace(
            correct=lambda: self.table.append("correct"),
            restore=lambda: self.table.append("restore"),
        )
        self.patch.setattr(comparison_memory, "find", lambda: table if is_there else None)


@pytest.fixture
def arm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine(monkeypatch)
    machine.become()
    machine.has_table()
    return machine


def test_this_interpreter_compares_as_it_is_asked_to() -> None:
    assert wrong_comparisons() == 0
    count = comparisons._question()
    assert (count(3000, 0.001), count(10, 2.0)) == (2000, 9)


def test_the_loop_is_new_for_each_question() -> None:
    assert comparisons._question().__code__ is not comparisons._question().__code__


def test_one_that_is_right_is_left_alone(arm: Machine) -> None:
    arm.answers(0)
    assert (correct(), state(), arm.told, arm.table) == (RIGHT, RIGHT, ["default"], [])


def test_one_that_is_wrong_is_corrected_and_asked_again(arm: Machine) -> None:
    arm.answers(201, 0)
    assert (correct(), state()) == (CORRECTED, CORRECTED)
    assert (arm.table, arm.told, arm.asked) == (["correct"], ["default"], 2)
    assert correct() == CORRECTED
    assert arm.asked == 2


def test_one_that_stays_wrong_is_put_back_and_off(arm: Machine) -> None:
    arm.answers(201, 5)
    assert correct() == TURNED_OFF
    assert (arm.table, arm.told) == (["correct", "restore"], ["default", "off"])


def test_one_without_the_table_is_off(arm: Machine) -> None:
    arm.has_table(is_there=False)
    arm.answers(201)
    assert (correct(), arm.table, arm.told[-1]) == (TURNED_OFF, [], "off")


def test_a_system_without_maps_is_not_searched(arm: Machine) -> None:
    arm.become(machine="arm64", platform="darwin")
    arm.answers(201)
    assert (correct(), arm.table) == (TURNED_OFF, [])


@pytest.mark.parametrize(
    ("wish", "found", "table", "last"),
    [("fix", CORRECTED, ["correct"], "default"), ("off", TURNED_OFF, [], "off"),
     ("leave", LEFT_WRONG, [], "default"), ("fxi", CORRECTED, ["correct"], "default")],
)  # fmt: skip
def test_the_switch(
    arm: Machine, monkeypatch: pytest.MonkeyPatch, wish: str, found: str, table: list[str],
    last: str,
) -> None:  # fmt: skip
    monkeypatch.setenv(VARIABLE, wish)
    arm.answers(201, 0)
    assert (correct(), arm.table, arm.told[-1]) == (found, table, last)


@pytest.mark.parametrize("wish", comparisons.CHOICES)
def test_no_switch_touches_one_that_is_right(
    arm: Machine, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    monkeypatch.setenv(VARIABLE, wish)
    arm.answers(0)
    assert (correct(), arm.table, arm.told) == (RIGHT, [], ["default"])


@pytest.mark.parametrize(
    "other",
    [
        {"name": "cpython"},
        {"machine": "x86_64"},
        {"has_jit": False},
        {"words": "--jit off -m engine"},
    ],
)
def test_nowhere_else_is_it_asked(arm: Machine, other: dict[str, str]) -> None:
    arm.become(**other)  # type: ignore[arg-type]
    arm.answers()
    assert (correct(), state(), arm.told) == (NOT_ASKED, NOT_ASKED, [])


def test_tuning_the_compiler_hides_nothing_and_is_kept(arm: Machine) -> None:
    arm.become(words="--jit threshold=100000 --jit vec=1 -m engine")
    arm.answers(201, 0)
    assert correct() == CORRECTED
    assert arm.told == ["default", "threshold=100000", "vec=1"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("pypy3 -m engine scan --jit off", []),
        ("pypy3 --jit off -m engine", ["off"]),
        ("pypy3 -I --jit vec=1 -X dev -W error --jit off x.py --jit 3", ["vec=1", "off"]),
        ("pypy3 -X --jit -c -1 --jit off", []),
        ("pypy3 --jit", [""]),
        ("pypy3", []),
    ],
)
def test_words_of_the_program_are_not_the_interpreters(line: str, words: list[str]) -> None:
    assert list(jit_words(line.split())) == words


@pytest.mark.parametrize("found", SAID)
def test_the_line_of_the_backend_says_so(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    monkeypatch.setattr(comparisons, "_state", found)
    monkeypatch.setattr(comparisons, "correct", lambda: found)
    line = str(backend.select("pure"))
    assert line.endswith(f"(pure: asked for{'; ' if SAID[found] else ''}{SAID[found]})")
    # On every machine of another kind there is nothing to say.
    assert bool(SAID[found]) == (found != NOT_ASKED)


def test_a_choice_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match=r"PARITY_PYPY_COMPARISONS.*'fxi'.*fix"):
        backend.select("pure", {VARIABLE: "fxi"})
