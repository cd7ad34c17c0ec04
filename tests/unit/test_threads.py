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
from types import SimpleNamespace
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.errors import UnavailableError, UsageError
from engine.runtime.threads import KERNELS, LANES, WIDE, Threads, parts
from engine.scanner import jobs
from kernels_pure.columns import Flags, Floats
from tests.kernels.inputs import KERNELS as PURE_KERNELS
from tests.test_layers import SOURCES
from tests.unit.threaded_rows import alone, as_if_compiled, copied, drawn, option, written

# About the ends of registers, of cache lines and of parts.
SIZES = (0, 1, 7, 63, 64, 65, 129, 1000, 4099)


@pytest.fixture(scope="module")
def numba() -> Backend:
    try:
        return select("numba")
    except UnavailableError as error:
        pytest.skip(f"no twins here: {error}")


@pytest.fixture
def slow() -> Backend:
    return as_if_compiled()


@pytest.mark.parametrize("per_expiry", [1, 150])
@pytest.mark.parametrize("name", KERNELS)
def test_the_bits_do_not_depend_on_the_threads(numba: Backend, name: str, per_expiry: int) -> None:
    for n_rows in SIZES:
        arguments = drawn(name, n_rows, per_expiry)
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
    from kernels_numba._expiries import BLOCK
    from kernels_numba._lanes import N_LANES
    from kernels_numba._rebound import _doubles_at_once

    assert LANES.step == N_LANES
    assert WIDE.step % BLOCK == 0
    assert WIDE.step % (2 * _doubles_at_once()) == 0


def test_parts_are_all_rows_once() -> None:
    for step in (4, 128):
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


def failing(slow: Backend, kernel: Any) -> Backend:
    return replace(slow, pricing=SimpleNamespace(price_chain=kernel))


@pytest.mark.parametrize("place", [0, 200, 399])
def test_an_exception_of_any_part_comes_up_when_all_have_ended(slow: Backend, place: int) -> None:
    arguments = option(n=400)
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
    first, end = next(part for part in parts(400, 4, WIDE.step) if part[0] <= place < part[1])
    assert done == [not first <= row < end for row in range(400)]
    assert set(arguments[-1]) == {100.0}


def test_each_part_has_its_thread_and_the_caller_the_first(slow: Backend) -> None:
    seen: dict[int, int] = {}
    together = threading.Barrier(3)

    def kernel(*columns: Any) -> None:
        together.wait(60)
        seen[int(columns[0][0])] = threading.get_ident()

    arguments = option(n=384)
    arguments[0] = array("d", range(384))
    with Threads(failing(slow, kernel), 3) as threads:
        threads.run("pricing.price_chain", *arguments)
    assert sorted(seen) == [0, 128, 256]
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
from engine.runtime.threads import Threads
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
    named = re.compile(r"engine(\.(?:\w+\.)*|['\"].*|\s+import\s.*)\bthreads\b")
    users = [module for module, path in SOURCES.items() if named.search(path.read_text("utf-8"))]
    assert users == []
    for line in (
        "import engine.runtime.threads",
        "from engine import jobs, threads",
        '"engine.runtime.threads"',
    ):
        assert named.search(line)


@pytest.mark.usefixtures("numba")
def test_every_twin_of_several_rows_can_be_run_on_threads() -> None:
    twins = import_module("kernels_numba")
    assert set(KERNELS) == {*twins.DIFFERS, *twins.REWRITTEN}
    assert set(KERNELS) <= set(PURE_KERNELS)
