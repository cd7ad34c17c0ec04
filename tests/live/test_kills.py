"""kill -9 around orders, at every named point and at random: the gateway's own ledger is the judge.

The gateway lives in this process and goes on; the traders live and die in others
(`shot_trader`). Whoever starts next finds every order, sends none twice, and holds what the
gateway has.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from broker_scene import contract_at
from served_gateway import Served, demo_gateway
from shot_trader import ACCOUNT, PACKAGES, POINTS, SEED

from engine.execution.entries import COMBO, INTENT, PARALLEL
from engine.gateway.faults import Rule
from engine.session.journal import read_journal

HERE = Path(__file__).parent
RULES = (
    Rule("partial", probability=0.2), Rule("no_ack", probability=0.1),
    Rule("exec_first", probability=0.15), Rule("swallow", probability=0.05),
    Rule("reject", probability=0.05), Rule("dup_status", probability=0.2),
    Rule("late_commission", probability=0.2, seconds=0.05),
    Rule("fill_after_cancel", probability=0.3, seconds=0.05),
)  # fmt: skip
# Of one account: then the next one begins with an empty journal.
_ROUNDS = 40


class Range:
    """Where traders are shot."""

    def __init__(self) -> None:
        self._zygote = subprocess.Popen(
            [sys.executable, str(HERE / "shot_trader.py")], cwd=HERE.parents[1], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.n_rounds = self.n_shot = self.n_halted = 0
        self.hear("ready")

    def tell(self, line: str) -> None:
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(line + "\n")
        self._zygote.stdin.flush()

    def hear(self, key: str) -> dict[str, Any]:
        """Return the next line; it has `key`, or it is the end."""
        assert self._zygote.stdout is not None
        said: dict[str, Any] = json.loads(self._zygote.stdout.readline() or "{}")
        assert key in said or "end" in said, said
        return said

    def close(self) -> None:
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.wait(30.0)
        self._zygote.stdout.close()


@pytest.fixture(scope="module")
def shooting() -> Iterator[Range]:
    place = Range()
    yield place
    place.close()
    print(f"{place.n_rounds} traders, {place.n_shot} shot, {place.n_halted} halted")


class Life:
    """One account: its gateway, its journal, and the traders that follow one another on it."""

    def __init__(self, place: Range, served: Served, journal: Path, seed: int) -> None:
        self.place, self.served, self.journal = place, served, journal
        self.random = Random(seed)
        world = SimpleNamespace(gateway=served.gateway)
        self.names = {
            row.index: contract_at(world, row.index).name
            for row in served.gateway.listing.instruments
        }
        self.number = seed

    def start(self, point: str, count: int, style: str, packages: int = PACKAGES) -> int:
        """Start a trader that is to die at `point`; judge it before it trades; return its end."""
        place = self.place
        self.number += 1
        place.n_rounds += 1
        place.tell(json.dumps({
            "journal": str(self.journal), "port": self.served.port, "point": point,
            "count": count, "style": style, "seed": self.number, "packages": packages,
        }))  # fmt: skip
        pid = place.hear("pid")["pid"]
        said = place.hear("mode")
        if "end" not in said:
            self.judge(said)
            place.tell("go")
            if point == "random":
                time.sleep(self.random.random() * 0.4)
                os.kill(pid, signal.SIGKILL)
            said = place.hear("end")
        assert said["end"] in (0, -signal.SIGKILL), said
        place.n_shot += said["end"] == -signal.SIGKILL
        written = sum(1 for _ in read_journal(self.journal)) if self.journal.exists() else 0
        assert written >= said["acknowledged"], "an acknowledged entry is lost"
        return int(said["end"])

    def judge(self, said: dict[str, Any]) -> None:
        """Hold what a trader knows when it is ready against the gateway's ledger."""
        gateway = self.served.gateway

        def read() -> tuple[list[tuple[str, bool]], dict[str, float], dict[str, dict[str, float]]]:
            every = [(order.placed.ref, order.is_final) for order in gateway.desk.every]
            account = gateway.accounts[ACCOUNT]
            held = {self.names[i]: float(p.quantity) for i, p in account.held().items()}
            traded: dict[str, dict[str, float]] = {}
            for one in account.executions:
                if one.instrument >= 0:
                    of_order = traded.setdefault(one.ref, {})
                    name = self.names[one.instrument]
                    of_order[name] = of_order.get(name, 0.0) + one.side * one.quantity
            return every, held, traded

        every, held, traded = self.served.call(read)
        refs = [ref for ref, _ in every]
        assert len(set(refs)) == len(refs), "an order was sent twice"
        intents = [
            str(entry.data["order"]["ref"])  # type: ignore[index]
            for entry in read_journal(self.journal)
            if entry.kind == INTENT
        ]
        assert set(refs) <= set(intents), "an order without an intent"
        assert sorted(intents) == sorted(said["orders"]), "an intent is lost"
        assert all(is_final for _, is_final in every), "an order lives on"
        for ref, (is_over, known) in said["orders"].items():
            assert is_over, f"{ref} is not resolved"
            assert known == traded.get(ref, {}), ref
        assert {name: q for name, q in said["positions"].items() if q} == held
        assert said["torn"] == ""
        # A package that rejections left half done halts; a person looks at it and goes on.
        for halt in said["halts"]:
            assert "could not be hedged" in halt, halt
        self.place.n_halted += bool(said["halts"])


def shoot(place: Range, journal: Path, seed: int, shots: list[tuple[str, int, str]]) -> int:
    """Shoot traders of one account one after another; return how many died."""
    before = place.n_shot
    with Served(demo_gateway(("ZETF",), rules=RULES, market_seed=SEED, seed=seed)) as served:
        life = Life(place, served, journal, seed * 100)
        for shot in shots:
            life.start(*shot)
        # Nothing kills the last one.
        assert life.start("never", 1, COMBO, packages=1) == 0
        assert life.start("never", 1, COMBO, packages=0) == 0
    return place.n_shot - before


def shots_of(seed: int, number: int) -> list[tuple[str, int, str]]:
    """Return where to shoot: every named point in turn, and as often at random."""
    random = Random(seed)
    shots = []
    for k in range(number):
        style = COMBO if random.random() < 0.5 else PARALLEL
        point = "random" if k % 2 else POINTS[(seed * number + k) // 2 % len(POINTS)]
        shots.append((point, 1 + int(3 * random.random()), style))
    return shots


def test_a_few_deaths(shooting: Range, tmp_path: Path) -> None:
    shots = [(p, 1, PARALLEL) for p in ("after journal intent", "half sent", "after send")]
    shots += [("before fill", 2, COMBO), ("random", 1, PARALLEL)]
    assert shoot(shooting, tmp_path / "journal", 1, shots) >= 4


@pytest.mark.long
def test_every_named_point_kills(shooting: Range, tmp_path: Path) -> None:
    alive = []
    for k, point in enumerate(POINTS):
        if not shoot(shooting, tmp_path / f"journal-{k}", k, [(point, 1, PARALLEL)]):
            alive.append(point)
    assert alive == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_three_hundred_deaths(seed: int, shooting: Range, tmp_path: Path) -> None:
    n_shot = shoot(shooting, tmp_path / "journal", seed, shots_of(seed, _ROUNDS))
    assert n_shot >= 30, n_shot
