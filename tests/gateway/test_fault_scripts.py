"""Faults by chance and from a file: the same seed the same transcript, a bad rule refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from random import Random

import pytest
from served_gateway import Wire, contract_fields, demo_gateway, near_option, pass_time

from engine.errors import ConfigurationError
from engine.feeds.demo_market import Rates
from engine.gateway.faults import Rule
from engine.gateway.gateway import Gateway
from engine.settings.fault_rules import read_faults


def buy(gateway: Gateway, wire: Wire, order_id: int) -> None:
    index = near_option(gateway, "ZETF")
    ask = gateway.market.quotes[index].ask
    wire.place(order_id, contract_fields(gateway, index), limit=ask, quantity=2, ref="r")


def watch(gateway: Gateway, wire: Wire) -> None:
    contract = contract_fields(gateway, near_option(gateway, "ZETF"))
    wire.request(1, 11, 9, *contract, 0, "", 0, 0, "")


STORM = [
    Rule("drop", probability=0.01), Rule("reject", probability=0.1),
    Rule("swallow", probability=0.05), Rule("partial", probability=0.2),
    Rule("warn", probability=0.1), Rule("dup_status", probability=0.2),
    Rule("correction", probability=0.2), Rule("late_commission", probability=0.3),
    Rule("fill_after_cancel", probability=0.3), Rule("slow", probability=1.0, seconds=0.05),
    Rule("farm", at=2.0), Rule("lost", at=4.0), Rule("restart", at=6.0, seconds=0.5, count=3),
]  # fmt: skip


def transcript(seed: int) -> tuple[str, int]:
    sha, sizes = hashlib.sha256(), [0]

    def keep(clock_ns: int, side: str, client: int, data: bytes) -> None:
        sha.update(f"{clock_ns} {side} {client} ".encode() + data)
        sizes[0] += len(data)

    rates = Rates(spot_every=0.2, flicks=50.0, plant_every=2.0)
    gateway = demo_gateway(rules=STORM, rates=rates, planted=True, seed=seed, trace=keep)
    wire = Wire(gateway)
    watch(gateway, wire)
    for k in range(1, 120):
        if wire.is_closed and gateway.clock_ns >= gateway.refuses_until_ns:
            wire.session.lost()
            wire = Wire(gateway)
            watch(gateway, wire)
        if not wire.is_closed:
            buy(gateway, wire, 1_000 + k)
            wire.ask(4, 1, 1_000 + k, "")
            wire.ask(61, 1)
        pass_time(gateway, 0.07)
    return sha.hexdigest(), sizes[0]


def test_the_same_seed_gives_the_same_transcript() -> None:
    first, again, other = transcript(3), transcript(3), transcript(4)
    assert first == again
    assert first != other
    assert first[1] > 100_000
    # The same on every runtime.
    assert first[0][:16] == "a5b615b2d3a8ef58"


FILE = """
seed = 7
[[fault]]
kind = "partial"
probability = 0.25
fraction = 0.5
[[fault]]
kind = "lost"
at = 60
seconds = 20
"""


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(FILE)
    faults = read_faults(str(path), 1)
    assert [rule.kind for rule in faults.rules] == ["partial", "lost"]
    assert faults.random.random() == Random(7).random()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[fault]]\nkind = "drpo"\nat = 1', "did you mean 'drop'"),
        ('[[fault]]\nkind = "drop"', "say when"),
        ('[[fault]]\nkind = "drop"\nat = 1\nnth = 2', "say when"),
        ('[[fault]]\nkind = "halt"\nnth = 2', "needs at"),
        ('[[fault]]\nkind = "drop"\nprobability = 2', "from 0 to 1"),
        ('[[fault]]\nkind = "drop"\nafter = 2', "no key 'after'"),
        ("[[fault]]\nat = 2", "needs kind"),
        ("fault = 3", "expected [[fault]]"),
    ],
)
def test_a_rule_that_is_none_is_refused_with_its_line(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        read_faults(str(path), 1)
    assert reason in str(refused.value)
    assert "faults.toml:" in str(refused.value)
