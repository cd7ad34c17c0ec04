"""One test-suite, every body: the `backend` fixture hands each test the kernels to use.

It runs a test on the pure kernels always and on Numba's where Numba imports; with
``ENGINE_BACKEND`` set, on that backend alone.

A leg of tox.ini says by ``PARITY_LEG`` what it is there for, and leaves out what another leg runs
with the same outcome: ``compiled`` (Numba) what touches no kernel and what pure kernels do, and
that and ``pypy`` what reads sources or starts tools (`ONCE`). Without it everything runs.
"""

from __future__ import annotations

import inspect
import os
from fnmatch import fnmatch
from pathlib import Path

import pytest

from engine.backend import VARIABLE, Backend, select
from engine.errors import EngineError

LEG = os.environ.get("PARITY_LEG", "")
os.environ["PARITY_HISTORY_CACHE"] = "off"  # a test leaves nothing in the user's folders
os.environ.pop("COLUMNS", None)  # tables of tests are as wide as in any pipe
# Of these no outcome depends on the kernels or on what runs them: the leg without Numba has them.
ONCE = (
    "tooling/*", "unit/test_bench*", "test_layers.py", "test_sets.py", "test_sums.py",
    "kernels/test_subset.py", "kernels/test_decide_nothing.py", "kernels/test_engine_calls.py",
    "store/test_sql_lint.py",
)  # fmt: skip
# Of the installed environment.
NOT_ONCE = ("tooling/test_requirements.py", "tooling/test_package.py")
FOLDER = Path(__file__).parent


def _available() -> list[Backend]:
    if os.environ.get(VARIABLE):
        return [select()]
    if LEG == "compiled":
        return [select("numba")]
    chosen = select("auto")
    return [chosen] if chosen.name == "pure" else [select("pure"), chosen]


try:
    BACKENDS = _available()
except EngineError as error:
    # A backend asked for by name that does not run must not turn into skipped tests.
    pytest.exit(f"parity: {error}", returncode=error.code)


def pytest_report_header() -> list[str]:
    return [f"backend: {backend}" for backend in BACKENDS]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not LEG or config.option.markexpr == "long":
        return
    left_out = [item for item in items if not _belongs(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in set(left_out)]


def _belongs(item: pytest.Item) -> bool:
    """Tell whether a test is run in this leg."""
    path = item.path.relative_to(FOLDER).as_posix()
    is_once = any(fnmatch(path, pattern) for pattern in ONCE) and path not in NOT_ONCE
    if LEG != "compiled" or is_once:
        return not is_once
    if {"backend", "numba"} & set(getattr(item, "fixturenames", ())):
        return True
    function = getattr(item, "function", None)
    if function is None or "numba" in f"{item.name} {inspect.getsource(function)}".lower():
        return True
    # A file that asks for Numba itself is skipped, in part at least, where Numba is not.
    text = item.path.read_text(encoding="utf-8")
    return 'importorskip("numba"' in text or 'select("numba")' in text


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name, scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen
