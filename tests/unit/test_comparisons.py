"""PyPy's compiler is tried out on ARM64, and off where it compares wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from engine import backend
from engine.runtime import comparisons
from engine.runtime.comparisons import jit_turned_off, wrong_comparisons


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    jit_turned_off.cache_clear()
    yield
    jit_turned_off.cache_clear()


def test_this_interpreter_compares_as_it_is_asked_to() -> None:
    assert wrong_comparisons() == 0
    assert comparisons._count(3000, 0.001) == 2000
    assert not jit_turned_off()


@pytest.mark.parametrize(
    ("name", "machine", "words", "wrong", "is_off"),
    [
        ("pypy", "aarch64", ["-m", "engine"], 201, True),
        ("pypy", "arm64", ["-m", "engine"], 1, True),
        ("pypy", "aarch64", ["-m", "engine"], 0, False),
        ("pypy", "aarch64", ["--jit", "threshold=9", "-m", "engine"], 201, False),
        ("pypy", "x86_64", ["-m", "engine"], 201, False),
        ("cpython", "aarch64", ["-m", "engine"], 201, False),
    ],
)
def test_the_compiler_is_off_where_it_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, machine: str, words: list[str], wrong: int,
    is_off: bool,
) -> None:  # fmt: skip
    told: list[str] = []
    system = SimpleNamespace(implementation=SimpleNamespace(name=name), orig_argv=["pypy3", *words])
    monkeypatch.setattr(comparisons, "sys", system)
    monkeypatch.setattr(
        comparisons, "os", SimpleNamespace(uname=lambda: SimpleNamespace(machine=machine))
    )
    monkeypatch.setattr(comparisons, "wrong_comparisons", lambda: wrong)
    monkeypatch.setattr(
        comparisons, "import_module", lambda _: SimpleNamespace(set_param=told.append)
    )
    assert [jit_turned_off(), jit_turned_off()] == [is_off, is_off]
    assert told == ["off"] * is_off


def test_the_line_of_the_backend_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "jit_turned_off", lambda: True)
    assert "compiler is off" in str(backend.select("pure"))
