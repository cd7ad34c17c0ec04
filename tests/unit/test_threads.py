"""Rows on several threads: the same bits however they are cut, and refused where it cannot help."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from array import array
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from engine import jobs
from engine.backend import Backend, select
from engine.errors import UnavailableError, UsageError
from engine.threads import KERNELS, LANES, MOST_THREADS, WIDE, Threads, parts
from kernels_pure.bars import N_ACCOUNT
from kernels_pure.columns import Flags, Floats
from kernels_pure.reprice import prepare_reprice
from tests.kernels.inputs import KERNELS as PURE_KERNELS
from tests.kernels.inputs import NASTY, kinds
from tests.test_layers import SOURCES

# About the ends of registers, of cache lines and of parts.
SIZES = (0, 1, 7, 63, 64, 65, 129, 1000, 4099)
N_BARS = 600


@pytest.fixture(scope="module")
def numba() -> Backend:
    try:
        return select("numba")
    except UnavailableError as error:
        pytest.skip(f"no twins here: {error}")


@pytest.fixture
def slow() -> Backend:
    """Return pure kernels that say they are compiled, for what does not depend on that."""
    return replace(select("pure"), name="numba")


def drawn(name: str, n_rows: int) -> list[Any]:
    """Return arguments of a kernel: rows of options, some of them nasty, or windows over bars."""
    draw = Random(f"{name} {n_rows}").random
    if name == "sweep.sweep_ma_cross":
        close = array("d", (100.0 + 5.0 * draw() for _ in range(N_BARS)))
        windows = [array("l", (int(40.0 * draw()) for _ in range(n_rows))) for _ in range(2)]
        account = array("d", [1e4, 0.0, 0.001, 0.0, 0.5, 0.0, 0.01])
        out = [array(code, [9] * n_rows) for code in "dddl"]
        return [close[1:], close[:-1], *windows, -1.0, account, 252.0, 0.01, *out]
    lows_and_widths = {
        "price": (0.0, 30.0), "spot": (60.0, 80.0), "forward": (60.0, 80.0), "tau": (0.001, 2.0),
        "strike": (60.0, 80.0), "rate": (-0.02, 0.1), "div": (0.0, 0.05), "vol": (0.0, 0.9),
    }  # fmt: skip

    def column(parameter: str) -> array[float]:
        low, width = lows_and_widths[parameter]
        return array("d", (
            NASTY[int(len(NASTY) * draw())] if draw() < 0.02 else low + width * draw()
            for _ in range(n_rows)
        ))  # fmt: skip

    right = array("b", (-1 if draw() < 0.5 else 1 for _ in range(n_rows)))
    if name == "reprice.reprice_chain":
        kept = [array("d", bytes(8 * n_rows)) for _ in range(5)]
        inputs = [column(parameter) for parameter in ("strike", "tau", "rate", "div", "vol")]
        prepare_reprice(100.0, *inputs, right, *kept)
        return [103.0, 100.0, *kept, right, array("d", [9.0] * n_rows)]
    return [
        array("b" if kind == Flags else "d", [9] * n_rows) if parameter.startswith("out_")
        else right if parameter == "right" else column(parameter)
        for parameter, kind in kinds(name).items()
    ]  # fmt: skip


def copied(arguments: list[Any]) -> list[Any]:
    return [value[:] if isinstance(value, array) else value for value in arguments]


def written(name: str, arguments: list[Any]) -> list[bytes]:
    """Return the bits of the columns that a kernel writes."""
    named = zip(kinds(name), arguments, strict=True)
    return [value.tobytes() for parameter, value in named if parameter.startswith("out_")]


def alone(backend: Backend, name: str, arguments: list[Any]) -> list[bytes]:
    """Return the bits that the kernel writes when it is called itself."""
    module, _, kernel = name.partition(".")
    found = getattr(backend, module, None) or backend.load(module)
    own = copied(arguments)
    getattr(found, kernel)(*own)
    return written(name, own)


def option(price: float = 9.0, n: int = 1) -> list[Any]:
    """Return arguments of ``pricing.price_chain``."""
    columns = [array("d", [x] * n) for x in (100.0, 95.0, 0.5, 0.03, 0.0, 0.2)]
    return [*columns, array("b", [1] * n), array("d", [price] * n)]


@pytest.mark.parametrize("name", KERNELS)
def test_the_bits_do_not_depend_on_the_threads(numba: Backend, name: str) -> None:
    for n_rows in SIZES:
        arguments = drawn(name, n_rows)
        wanted = alone(numba, name, arguments)
        assert n_rows == 0 or wanted != written(name, arguments), "it wrote nothing"
        for n_threads in (1, 2, 3, 8, 70):
            own = copied(arguments)
            with Threads(numba, n_threads) as threads:
                threads.run(name, *own)
            assert written(name, own) == wanted, (n_rows, n_threads)


def test_numpy_columns_are_columns(numba: Backend) -> None:
    np = pytest.importorskip("numpy")
    arguments = drawn("implied.iv_chain", 500)
    wanted = alone(numba, "implied.iv_chain", arguments)
    arrays = [np.array(column) for column in arguments]
    with Threads(numba, 2) as threads:
        threads.run("implied.iv_chain", *arrays)
    assert written("implied.iv_chain", arrays) == wanted


def test_callers_may_share_the_threads(numba: Backend) -> None:
    name = "pricing.greeks_chain"
    all_arguments = [drawn(name, 1500 + k) for k in range(6)]
    wanted = [alone(numba, name, arguments) for arguments in all_arguments]
    wrong: list[int] = []
    ended: list[int] = []

    def calls(k: int) -> None:
        for _ in range(50):
            own = copied(all_arguments[k])
            threads.run(name, *own)
            if written(name, own) != wanted[k]:
                wrong.append(k)
        ended.append(k)

    with Threads(numba, 3) as threads:
        callers = [threading.Thread(target=calls, args=(k,)) for k in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert (wrong, sorted(ended)) == ([], list(range(6)))


def test_the_interpreter_goes_on_while_a_kernel_runs(numba: Backend) -> None:
    """With its lock held, nobody could ever see a column half written."""
    n = 400_000
    arguments = option(-1.0, n)
    price = arguments[-1]
    with Threads(numba, 1) as threads:
        for _ in range(200):
            price[0] = price[n - 1] = -1.0
            caller = threading.Thread(target=threads.run, args=("pricing.price_chain", *arguments))
            caller.start()
            is_half = False
            while caller.is_alive():
                has_begun = price[0] > 0.0
                # Read later, so a kernel that kept the lock would have written it by now.
                is_half |= has_begun and price[n - 1] < 0.0
            caller.join()
            assert price[0] > 0.0 < price[n - 1]
            if is_half:
                return
    pytest.fail("the kernel kept the interpreter's lock")


def test_every_kernel_of_threads_lets_go_of_the_lock(numba: Backend) -> None:
    twins = {name: [name.partition(".")[2]] for name in KERNELS}
    twins["implied.iv_chain"] = ["fixed_steps", "exact_rest"]
    for name, loops in twins.items():
        module = import_module(f"kernels_numba.{name.partition('.')[0]}")
        assert all(getattr(module, loop).targetoptions["nogil"] for loop in loops), name
    assert not getattr(numba.pricing.bs_price, "targetoptions", {}).get("nogil")


def test_what_compiles_for_vectors_compiles_alone(
    numba: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The options are LLVM's own: another thread would compile with them, or take them away."""
    from contextlib import contextmanager

    from numba.core.compiler_lock import global_compiler_lock

    from kernels_numba import _rebound
    from kernels_numba._warm import numba_type

    held = []

    @contextmanager
    def options() -> Any:
        held.append(global_compiler_lock.is_locked())
        yield

    monkeypatch.setattr(_rebound, "_options", options)
    twin: Any = numba.pricing.price_chain
    twin.compile(tuple(map(numba_type, [*[Floats] * 6, Flags, Floats])))
    assert held == [True]


def test_parts_begin_where_registers_do(numba: Backend) -> None:
    from kernels_numba._lanes import N_LANES
    from kernels_numba._rebound import _doubles_at_once

    assert LANES.step == N_LANES
    assert WIDE.step % (2 * _doubles_at_once()) == 0


def test_parts_are_all_rows_once() -> None:
    for step in (4, 64):
        for n_rows in range(0, 700, 13):
            for n_threads in (1, 2, 3, 7, 256):
                cut = parts(n_rows, n_threads, step)
                assert [cut[0][0], cut[-1][1]] == [0, n_rows]
                assert all(end == first for (_, end), (first, _) in pairwise(cut))
                assert all(first % step == 0 for first, _ in cut)
                assert len(cut) <= n_threads
                sizes = [end - first for first, end in cut]
                assert n_rows == 0 or min(sizes) > 0
                assert max(sizes) - min(sizes) < 2 * step


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


def failing(slow: Backend, kernel: Any) -> Backend:
    return replace(slow, pricing=SimpleNamespace(price_chain=kernel))


@pytest.mark.parametrize("place", [0, 100, 199])
def test_an_exception_of_any_part_comes_up_when_all_have_ended(slow: Backend, place: int) -> None:
    arguments = option(n=200)
    arguments[0][place] = -1.0

    def kernel(*columns: Any) -> None:
        if min(columns[0]) < 0.0:
            raise IndexError("a part failed")
        time.sleep(0.05)
        columns[-1][:] = columns[0]

    with Threads(failing(slow, kernel), 4) as threads:
        with pytest.raises(IndexError, match="a part failed"):
            threads.run("pricing.price_chain", *arguments)
        done = [price == 100.0 for price in arguments[-1]]
        arguments[0][place] = 100.0
        threads.run("pricing.price_chain", *arguments)
    first, end = next(part for part in parts(200, 4, 64) if part[0] <= place < part[1])
    assert done == [not first <= row < end for row in range(200)]
    assert set(arguments[-1]) == {100.0}


def test_each_part_has_its_thread_and_the_caller_the_first(slow: Backend) -> None:
    seen: dict[int, int] = {}
    together = threading.Barrier(3)

    def kernel(*columns: Any) -> None:
        together.wait(60)
        seen[int(columns[0][0])] = threading.get_ident()

    arguments = option(n=192)
    arguments[0] = array("d", range(192))
    with Threads(failing(slow, kernel), 3) as threads:
        threads.run("pricing.price_chain", *arguments)
    assert sorted(seen) == [0, 64, 128]
    assert len(set(seen.values())) == 3
    assert seen[0] == threading.get_ident()


def test_closed_threads_are_told(slow: Backend) -> None:
    with Threads(slow, 2) as threads:
        threads.run("pricing.price_chain", *option())
    threads.close()
    with pytest.raises(UsageError, match="closed or of another process"):
        threads.run("pricing.price_chain", *option())


def test_a_fork_makes_threads_of_its_own(slow: Backend) -> None:
    """Those of its parent are not there, and waiting for them would take for ever."""
    arguments = option(n=200)

    def work(item: int) -> bytes:
        try:
            threads.run("pricing.price_chain", *arguments)
        except UsageError as error:
            threads.close()
            with Threads(slow, 2) as own:
                own.run("pricing.price_chain", *arguments)
            return str(error).encode() + arguments[-1].tobytes()
        return b"they ran"

    with Threads(slow, 2) as threads:
        threads.run("pricing.price_chain", *arguments)
        price = arguments[-1].tobytes()
        for answer in jobs.run(work, 4, 2):
            assert (
                answer == b"these threads are closed or of another process: make new ones" + price
            )
        threads.run("pricing.price_chain", *arguments)


def test_a_process_ends_with_its_threads_open() -> None:
    code = """
from array import array
from dataclasses import replace
from engine.backend import select
from engine.threads import Threads
columns = [array("d", [x] * 200) for x in (100.0, 95.0, 0.5, 0.03, 0.0, 0.2)]
price = array("d", bytes(1600))
threads = Threads(replace(select("pure"), name="numba"), 4)
threads.run("pricing.price_chain", *columns, array("b", [1] * 200), price)
print(len(set(price)))
"""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)


def test_no_part_of_the_engine_uses_them() -> None:
    named = re.compile(r"engine(\.|['\"].*|\s+import\s.*)\bthreads\b")
    users = [module for module, path in SOURCES.items() if named.search(path.read_text("utf-8"))]
    assert users == []
    for line in ("import engine.threads", "from engine import jobs, threads", '"engine.threads"'):
        assert named.search(line)


@pytest.mark.usefixtures("numba")
def test_every_twin_of_several_rows_can_be_run_on_threads() -> None:
    twins = import_module("kernels_numba")
    assert set(KERNELS) == {*twins.DIFFERS, *twins.REWRITTEN}
    assert set(KERNELS) <= set(PURE_KERNELS)
