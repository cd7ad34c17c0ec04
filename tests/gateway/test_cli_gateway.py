"""``parity gateway`` as a person and a script meet it: ports, errors, a recorded market."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from served_gateway import Wire, contract_fields, of_kind, pass_time

from engine.clock import NS_PER_SECOND
from engine.errors import BadDataError
from engine.feeds.demo_listing import AS_OF_NS
from engine.feeds.demo_market import DemoMarket
from engine.feeds.protocol import Loaded
from engine.feeds.recorded import message_of
from engine.feeds.recorded_market import RecordedMarket
from engine.feeds.session import SessionFeed
from engine.gateway.gateway import Gateway
from engine.session.recording import SessionWriter

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def parity_gateway(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "engine", "gateway", "--port", "0", "--compact", *words]
    environment = dict(os.environ, LC_ALL="C.UTF-8")
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # What a shell starts in the background ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def greeting(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(b"API\0\x00\x00\x00\x09v157..178")
        return client.recv(100)


def test_it_says_its_port_serves_and_ends_on_ctrl_c() -> None:
    with parity_gateway("--symbols", "ZETF") as (process, port):
        assert greeting(port)[4:7] == b"178"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert "127.0.0.1" in err
        assert "Traceback" not in err
        assert out == ""


@pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is an address on Linux only")
def test_it_listens_on_one_address_alone() -> None:
    with parity_gateway("--symbols", "ZETF") as (_, port), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 5).close()


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--port", "70000"], 2, "65535"),
        (["--speed", "0"], 2, "--speed"),
        (["--symbols", "ZETE"], 2, "did you mean 'ZETF'"),
        (["--symbols", "ZCOIN"], 2, "no 'ZCOIN'"),
        (["--assignment", "always"], 2, "--assignment"),
        (["--market", "dmeo"], 2, "--market"),
        (["--market", "session:nothing.ses"], 66, "nothing.ses"),
        (["--faults", "nothing.toml"], 66, "nothing.toml"),
        (["--lines", "0"], 2, "--lines"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(words: list[str], code: int, reason: str) -> None:
    command = [sys.executable, "-m", "engine", "gateway", "--port", "0", "--compact", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ, LC_ALL="C.UTF-8"), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "engine", "gateway", "--compact", "--symbols", "ZETF"]
        done = subprocess.run(
            [*command, "--port", str(taken.getsockname()[1])], cwd=ROOT, capture_output=True,
            env=dict(os.environ, LC_ALL="C.UTF-8"), text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 74
    assert "choose another --port" in done.stderr


def record(path: Path) -> None:
    market = DemoMarket(0, ["ZETF", "ZCOIN"], compact=True)
    with SessionWriter(path) as writer:
        for k in range(4):
            market.run_until(AS_OF_NS + k * 2 * NS_PER_SECOND)
            for symbol in ("ZCOIN", "ZETF"):
                loaded = Loaded(market.chain(symbol), market.carry(symbol))
                writer.add(message_of(loaded, market.now_ns))


def test_a_recorded_session_is_served(tmp_path: Path) -> None:
    path = tmp_path / "demo.ses"
    record(path)
    market = RecordedMarket(SessionFeed(path).arrivals())
    assert {row.symbol for row in market.instruments} == {"ZETF"}
    gateway = Gateway(market)
    wire = Wire(gateway)
    index = next(
        row.index for row in market.instruments if row.right and market.quotes[row.index].bid > 1.0
    )
    contract = contract_fields(gateway, index)
    wire.request(1, 11, 1, *contract_fields(gateway, 0), 0, "", 0, 0, "")
    ask, size = market.quotes[index].ask, market.quotes[index].ask_size
    messages = wire.place(1, contract, limit=ask, quantity=1)
    assert [float(m[20]) for m in of_kind(messages, 11)] == [ask]
    assert market.quotes[index].ask_size == size - 1.0
    pass_time(gateway, 6.1)
    assert len(of_kind(wire.take(), 1)) >= 3
    chain = DemoMarket(0, ["ZETF"], compact=True)
    chain.run_until(AS_OF_NS + 6 * NS_PER_SECOND)
    assert market.quotes[0].bid == chain.quotes[0].bid


def test_a_session_without_chains_is_refused() -> None:
    with pytest.raises(BadDataError):
        RecordedMarket([])
