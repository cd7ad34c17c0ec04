"""Conformance: the official ibapi clients, old and new, each in a process of its own."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from served_gateway import serving

TALK = Path(__file__).with_name("ibapi_talk.py")
ANNOUNCED = {"9.81.1.post1": 157, "10.51.1": 178}

pytestmark = pytest.mark.skipif(
    platform.python_implementation() == "PyPy", reason="the official clients are tested on CPython"
)


@pytest.mark.parametrize("client", ANNOUNCED)
def test_the_official_client_understands_every_message(client: str) -> None:
    folder = Path(sys.prefix) / "ibapi" / client
    if not folder.is_dir():
        pytest.skip(f"no ibapi {client} here: python scripts/ibapi_clients.py installs it")
    with serving() as served:
        done = subprocess.run(
            [sys.executable, str(TALK), str(folder), str(served.port)],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    came = json.loads(done.stdout)
    assert came["missing"] == []
    assert came["version"] == ANNOUNCED[client]
    assert came["legs"] == ["OPT", "BAG", "STK", "OPT", "OPT"]
    assert came["quantities"] == [2, 1, 100, 1, 1]
    assert came["filled"] == ["Filled", 1, 0]
    assert came["completed"] == ["Filled", "Cancelled", "Filled"]
    assert came["what_if"] > 0.0
    assert came["bars"] >= 7
    assert sorted(came["positions"]) == [1, 1, 100]
    codes = {code for row in came["errors"] for code in row if code >= 100}
    assert {code for code in codes if code < 10**6} <= {202, 2104, 2106, 2158}, came["errors"]
