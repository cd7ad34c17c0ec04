"""What does not run on threads is told in one line: kernels, columns, numbers of threads."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.errors import UnavailableError, UsageError
from engine.runtime.threads import MOST_THREADS, Threads
from kernels_pure.bars import N_ACCOUNT
from tests.kernels.inputs import kinds
from tests.unit.threaded_rows import as_if_compiled, drawn, option


@pytest.fixture
def slow() -> Backend:
    return as_if_compiled()


def test_pure_kernels_are_refused() -> None:
    with pytest.raises(
        UnavailableError, match=r"threads take turns on pure kernels on .*--jobs"
    ) as e:
        Threads(select("pure"), 2)
    assert e.value.code == 69
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("n_threads", [0, -1, MOST_THREADS + 1, True, 2.0, "2", None])
def test_there_is_no_such_number_of_threads(slow: Backend, n_threads: Any) -> None:
    with pytest.raises(UsageError, match="n_threads must be a whole number from 1 to 256, not"):
        Threads(slow, n_threads)


def with_one(place: int, value: Any, n: int = 3) -> list[Any]:
    """Return arguments of a chain of prices, one of them another."""
    arguments = option(n=n)
    arguments[place] = value
    return arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (option()[:-1], r"takes 8 arguments \(spot, strike, tau, .*, out_price\)"),
        (with_one(1, array("d", [1.0, 2.0])), "strike has 2 rows, spot 3"),
        (with_one(7, array("d")), "out_price has 0 rows, spot 3"),
        (with_one(6, array("d", [1.0] * 3)), "right must be .* array.'b'., not array of 'd'"),
        (with_one(0, [1.0] * 3), "spot must be a writable array.'d'., not list"),
        (with_one(0, 100.0), "spot must be a writable array.'d'., not float"),
        (with_one(7, memoryview(array("d", [1.0] * 6))[::2]), "out_price must be a writable"),
        (with_one(7, memoryview(array("d", [1.0] * 3)).toreadonly()), "not memoryview"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit_are_told(slow: Backend, arguments: list[Any], said: str) -> None:
    with Threads(slow, 2) as threads, pytest.raises(UsageError, match=said) as caught:
        threads.run("pricing.price_chain", *arguments)
    assert str(caught.value).startswith("pricing.price_chain")
    assert "\n" not in str(caught.value)


def test_numbers_and_columns_of_the_sweep_are_checked(slow: Backend) -> None:
    name, names = "sweep.sweep_ma_cross", list(kinds("sweep.sweep_ma_cross"))
    for parameter, value, said in (
        ("close", array("d", [1.0]), "close has 1 bars, open 599"),
        ("slow", array("l", [1]), "slow has 1 rows, fast 5"),
        ("account", array("d", [1.0] * 3), f"account has 3 numbers, not {N_ACCOUNT}"),
        ("rate", "1 %", "rate must be a number, not str"),
    ):
        arguments = drawn(name, 5)
        arguments[names.index(parameter)] = value
        with Threads(slow, 2) as threads, pytest.raises(UsageError, match=said):
            threads.run(name, *arguments)


@pytest.mark.parametrize("name", ["pricing.price_chian", "scoring.top_rows", "", "price_chain"])
def test_other_kernels_are_not_run(slow: Backend, name: str) -> None:
    with Threads(slow, 2) as threads, pytest.raises(UsageError, match="does not run on threads: "):
        threads.run(name, *option())
