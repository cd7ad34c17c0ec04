"""kill -9 while the collector fetches: no window lost, no row doubled, and nobody has to help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest
from venue_server import DAY_S, VenueServer, candles, made_bars

from engine.clock import NS_PER_SECOND
from engine.store import open_store, schema
from engine.store.address import read_address

pytest.importorskip("httpx", reason="tox installs it (requirements-collect.txt)")

ROOT = Path(__file__).resolve().parents[2]


def kill_often(tmp_path: Path, kills: int, days: int) -> None:
    rng, bars = Random(kills), made_bars(1440 * days)
    url = f"sqlite:{tmp_path}/s.sqlite"
    with open_store(read_address(url, {})) as store:
        schema.migrate(store)
    until = time.strftime("%Y-%m-%d", time.gmtime(DAY_S + 86_400 * days))
    n_killed = 0
    with VenueServer(candles(bars), latency=0.01) as venue:
        words = [
            sys.executable, "-m", "engine", "collect", "BTC-USD", "--bars", "1m", "--json",
            "--since", "2018-04-04", "--until", until, "--store", url, "--concurrency", "3",
            "--source", f"coinbase={venue.url}",
        ]  # fmt: skip
        while True:
            before = len(venue.seen)
            child = subprocess.Popen(
                words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            n_wanted = rng.randrange(1, 8)
            while n_killed < kills and child.poll() is None:
                if len(venue.seen) - before >= n_wanted:
                    time.sleep(rng.random() * 0.02)
                    child.send_signal(signal.SIGKILL)
                    n_killed += 1
                    break
                time.sleep(0.001)
            out, err = child.communicate(timeout=120)
            if child.returncode == 0:
                break
            assert child.returncode == -signal.SIGKILL, err
    assert n_killed == kills, "it was done before"
    assert json.loads(out)["failed"] == 0
    with open_store(read_address(url, {})) as store:
        rows = store.run(
            "SELECT time_ns, open, high, low, close, volume FROM bars ORDER BY time_ns"
        )
        assert [(t // NS_PER_SECOND, list(cells)) for t, *cells in rows] == sorted(bars.items())
        states = store.run("SELECT state, count(*) FROM coverage GROUP BY state")
        assert [state for state, _ in states] == ["complete"]


def test_a_few_kills_lose_no_window(tmp_path: Path) -> None:
    kill_often(tmp_path, 3, 6)


@pytest.mark.long
def test_two_hundred_kills_lose_no_window(tmp_path: Path) -> None:
    kill_often(tmp_path, 200, 220)
