"""Who runs a search: the cheapest that is there; and the speed test, small."""

from __future__ import annotations

import json
import re
from math import inf

import pytest

from engine.cli.main import main
from engine.errors import UnavailableError, UsageError, VerifierMismatchError
from engine.runtime.interpreters import CPYTHON, PYPY, Interpreter
from engine.searching import choice, speed
from engine.searching.choice import choose
from engine.searching.speed import Speed, rule, speeds
from tests.searching.markets import task

OURS = {
    CPYTHON: Interpreter("/c", CPYTHON, "3.11.7", True),
    PYPY: Interpreter("/p", PYPY, "3.11.11", False),
}


def machine(monkeypatch: pytest.MonkeyPatch, own: str, *others: str, numba: bool = True) -> None:
    there = dict(OURS)
    there[CPYTHON] = Interpreter("/c", CPYTHON, "3.11.7", numba)
    monkeypatch.setattr(choice, "this_interpreter", lambda: there[own])
    monkeypatch.setattr(
        choice, "find", lambda kind: there[kind] if kind in (own, *others) else None
    )


@pytest.mark.parametrize(
    ("own", "others", "numba", "work", "has_kernel", "wanted"),
    [
        (CPYTHON, (PYPY,), True, 100_000, True, "cpython"),
        (CPYTHON, (PYPY,), True, 100_000_000, True, "numba"),
        (CPYTHON, (PYPY,), False, 100_000_000, True, "pypy"),
        (CPYTHON, (), False, 100_000_000, True, "cpython"),
        (CPYTHON, (PYPY,), True, 100_000, False, "cpython"),
        (CPYTHON, (PYPY,), True, 100_000_000, False, "pypy"),
        (CPYTHON, (), True, 100_000_000, False, "cpython"),
        (PYPY, (CPYTHON,), True, 1_000_000, True, "pypy"),
        (PYPY, (CPYTHON,), True, 10_000_000_000, True, "numba"),
        (PYPY, (CPYTHON,), True, 10_000_000_000, False, "pypy"),
        (PYPY, (), False, 10_000_000_000, True, "pypy"),
    ],
)
def test_the_cheapest_that_is_there(
    own: str, others: tuple[str, ...], numba: bool, work: int, has_kernel: bool, wanted: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    machine(monkeypatch, own, *others, numba=numba)
    chosen = choose("auto", work, 1, has_kernel=has_kernel)
    assert chosen.workers == wanted
    assert (chosen.backend == "numba") == (wanted == "numba")
    is_own = (own == PYPY) == (wanted == "pypy")
    assert chosen.n_children == (0 if is_own else 1)
    assert choose("auto", work, 3, has_kernel=has_kernel).n_children == 3


def test_what_is_asked_for_by_name_is_taken_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, CPYTHON, numba=False)
    assert choose("cpython", 10**12, 1, has_kernel=True).workers == "cpython"
    for name, said in (("pypy", "no PyPy on this machine"), ("numba", "/c has no Numba")):
        with pytest.raises(UnavailableError, match=said):
            choose(name, 1, 1, has_kernel=True)
    with pytest.raises(UsageError, match="no workers are called 'numbe': did you mean 'numba'"):
        choose("numbe", 1, 1, has_kernel=True)


def test_the_rule_turns_where_the_lines_cross() -> None:
    found = [
        Speed("cpython", "kernel", "", 0.1, 300.0, 1),
        Speed("pypy", "kernel", "", 0.3, 50.0, 1),
        Speed("numba", "kernel", "", 1.3, 10.0, 1),
        Speed("pypy", "bar by bar", "", 1.0, 99.0, 1),
    ]
    (first, a), (second, b), (last, c) = rule(found, CPYTHON)
    assert (a, b, c) == ("cpython", "pypy", "numba")
    # 300 w = 0.3 s + 50 w at 1.2 million bars; 0.3 + 50 w = 1.3 + 10 w at 25 million.
    assert first == pytest.approx(1.2e6, rel=0.13)
    assert second == pytest.approx(25e6, rel=0.13)
    assert last == inf
    assert rule(found, PYPY)[0][1] == "pypy"
    assert found[0].per_second == pytest.approx(1e9 / 300.0 / 720.0)


def test_runtimes_that_disagree_end_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_SECONDS", 1e-6)
    monkeypatch.setattr(speed, "find", lambda kind: None)
    monkeypatch.setattr(speed, "_digest", lambda task, interpreter, way: interpreter.kind + way)
    with pytest.raises(VerifierMismatchError, match="runtimes disagree on the same trials"):
        speeds(task(n_tests=1, n=100))


def test_the_speed_test_prints_its_rule(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "_SECONDS", 0.02)
    monkeypatch.setattr(speed, "find", lambda kind: None)  # starts no other interpreter
    words = ["backtest", "speed-test", "momentum", "--symbols", "AURA", "--days", "4"]
    assert main([*words, "--json", "--jobs", "1"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert {one["way"] for one in whole["speeds"]} == {"kernel", "bar by bar"}
    assert whole["rule"][-1]["to_bars"] is None
    assert whole["work_bars"] == 1_000 * whole["n_bars"]
    assert any("on this machine can run the engine" in line for line in whole["missing"])
    known = [Speed("cpython", "kernel", "CPython 3.11.7", 0.1, 300.0, 1)]
    monkeypatch.setattr(speed, "speeds", lambda task: (known, ["no PyPy"]))
    monkeypatch.setattr(speed, "processes", lambda *_: speed.Processes("cpython", 2, 2.0, 1.0))
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "the same bytes" in out
    assert re.search(r"^cpython  kernel  CPython 3.11.7  0.10 s  300.0 ns +4,630$", out, re.M)
    assert "2 workers of cpython: 2.00 times one, by the clock" in out
    assert "fastest from here, in bars of trials: cpython beyond" in out
    assert max(map(len, out.splitlines())) <= 100
