"""One test-suite, every body: the `backend` fixture hands each test the kernels to use.

It runs a test on the pure kernels always and on Numba's where Numba imports; with
``ENGINE_BACKEND`` set, on that backend alone.
"""

from __future__ import annotations

import os

import pytest

from engine.backend import VARIABLE, Backend, select
from engine.errors import EngineError


def _available() -> list[Backend]:
    if os.environ.get(VARIABLE):
        return [select()]
    chosen = select("auto")
    return [chosen] if chosen.name == "pure" else [select("pure"), chosen]


try:
    BACKENDS = _available()
except EngineError as error:
    # A backend asked for by name that does not run must not turn into skipped tests.
    pytest.exit(f"parity: {error}", returncode=error.code)


def pytest_report_header() -> list[str]:
    return [f"backend: {backend}" for backend in BACKENDS]


@pytest.fixture(params=BACKENDS, ids=lambda backend: backend.name, scope="session")
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen
