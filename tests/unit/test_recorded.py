"""Chains as messages: exact both ways, and whatever a hostile file says is refused."""

from __future__ import annotations

import copy
import json
import math
from array import array
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from engine.codec import encode
from engine.errors import BadDataError, NoInputError
from engine.feeds import open_feed
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.feeds.recorded import loaded_of, message_of
from engine.feeds.session import SessionFeed
from engine.session.recording import Message, SessionWriter

DEMO = [next(iter(DemoFeed(compact=True).chains(s))) for s in DemoFeed().symbols()]


def bits(loaded: Loaded) -> str:
    return json.dumps(encode(loaded, packed=True))


@pytest.mark.parametrize("loaded", DEMO, ids=lambda one: one.chain.symbol)
def test_a_chain_comes_back_to_the_bit(loaded: Loaded) -> None:
    message = message_of(loaded, 17)
    again = json.loads(json.dumps(message.data))
    found = loaded_of(Message(17, message.ts_event, message.kind, again))
    assert bits(found) == bits(loaded)
    assert type(found.chain.bid) is array
    assert (message.ts_recv, message.ts_event) == (17, loaded.chain.ts_ns)


def packed(values: list[float]) -> str:
    return b64encode(array("d", values).tobytes()).decode()


def broken(path: str, value: object) -> Message:
    data: Any = copy.deepcopy(json.loads(json.dumps(message_of(DEMO[0], 1).data)))
    place = data["loaded"]
    *before, last = path.split(".")
    for key in before:
        place = place[int(key) if key.isdigit() else key]
    place[int(last) if last.isdigit() else last] = value
    return Message(1, 1, "loaded", data)


N = DEMO[0].chain.n_rows
BAD = [
    ("chain.bid", packed([1.0] * (2 * N - 1))),
    ("chain.bid", packed([-1.0] * 2 * N)),
    ("chain.ask", packed([math.inf] * 2 * N)),
    ("chain.bid_size", ""),
    ("chain.ask_age", "AAAA"),
    ("chain.bid", "not base64!"),
    ("chain.strike", packed([100.0] * N)),
    ("chain.strike", packed([math.nan] * N)),
    ("chain.strike", packed([])),
    ("chain.first", b64encode(array("l", [0] * 99).tobytes()).decode()),
    ("chain.volume", packed([1.0])),
    ("chain.forward_bid", packed([1.0])),
    ("chain.contract_ids", ["1"]),
    ("chain.symbol", 5),
    ("chain.symbol", "x" * 1000),
    ("chain.ts_ns", 1.5),
    ("chain.ts_ns", 1 << 70),
    ("chain.style", "bermudan"),
    ("chain.multiplier", 0.0),
    ("chain.tick", None),
    ("chain.multiplier", 10**400),
    ("chain.calendar", "mars"),
    ("chain.calendar", {"a": 1}),
    ("chain.is_halted", "no"),
    ("chain.quoting.name", "barter"),
    ("chain.underlying.bid", -1.0),
    ("chain.underlying.kind", "dream"),
    ("chain.expiries.0.settles_ns", "x"),
    ("chain.expiries.0.settlement", "NOON"),
    ("chain.expiries.0.date", "2026-02-30"),
    ("chain.expiries.0.settles_ns", 1 << 61),
    ("chain.surprise", 1),
    ("chain", []),
    ("problems", [5]),
    ("carry.borrow_fee", -1.0),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{k} {p}" for k, (p, _) in enumerate(BAD)])
def test_what_is_no_chain_is_bad_data(path: str, value: object) -> None:
    with pytest.raises(BadDataError, match="not one"):
        loaded_of(broken(path, value))


@pytest.mark.parametrize("data", [None, [], {}, {"loaded": None}, {"loaded": 5}, "x"])
def test_what_is_nothing_is_bad_data(data: object) -> None:
    with pytest.raises(BadDataError):
        loaded_of(Message(1, 1, "loaded", data))
    with pytest.raises(BadDataError):
        loaded_of(Message(1, 1, "quote", data))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "a.session"
    with SessionWriter(path) as writer:
        for k in range(3):
            for loaded in DEMO[:2]:
                writer.add(message_of(loaded, 10 * k + 1))
            writer.add(Message(10 * k + 2, 0, "raw", ["binance", "{}"]))
    return path


def test_a_session_is_a_feed(session: Path) -> None:
    feed = open_feed(f"session:{session}")
    names = [loaded.chain.symbol for loaded in DEMO[:2]]
    assert list(feed.symbols()) == sorted(names)
    assert [bits(one) for one in feed.chains(names[0])] == [bits(DEMO[0])] * 3
    assert list(feed.chains(names[0], since=DEMO[0].chain.ts_ns + 1)) == []
    with pytest.raises(NoInputError, match=r"did you mean|valid"):
        list(feed.chains("NONE"))
    late = SessionFeed(session, since=10, until=20)
    assert [(a.ts_recv, a.loaded.chain.symbol) for a in late.arrivals()] == [
        (11, name) for name in names
    ]


def test_a_torn_end_is_said_and_refused_when_strict(session: Path) -> None:
    whole = session.read_bytes()
    session.write_bytes(whole + b"torn")
    feed = SessionFeed(session)
    assert len(list(feed.arrivals())) == 6
    assert "bytes are not read" in feed.torn
    with pytest.raises(BadDataError, match="not read"):
        list(SessionFeed(session, strict=True).arrivals())
