"""Feeds: what sessions, bars and the demo market deliver, and what they refuse."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import islice, pairwise
from math import inf, nan
from pathlib import Path

import pytest

from engine.backtesting.data import Data
from engine.errors import BadDataError, NoInputError
from engine.feeds.demo_market import DemoMarket
from engine.feeds.protocol import Loaded
from engine.feeds.recorded import message_of
from engine.market.bars import Bars
from engine.paper.events import Print, Touch
from engine.session.recording import Message, SessionWriter
from engine.trading.demo_touches import demo_symbols, demo_touches
from engine.trading.paper_feeds import (
    bar_events,
    chosen,
    session_bars,
    session_contents,
    session_events,
)

S = 10**9


def session(path: Path, messages: Sequence[Message]) -> Path:
    with SessionWriter(path) as writer:
        for message in messages:
            writer.add(message)
    return path


def quote(seconds: float, *cells: object) -> Message:
    return Message(int(seconds * S), int(seconds * S), "quote", list(cells))


def bar(seconds: int, symbol: str, close: float, length: int = 60) -> Message:
    cells = [symbol, length, close - 1.0, close + 1.0, close - 2.0, close, 9.0]
    return Message(seconds * S, seconds * S, "bar", cells)


def test_quotes_and_prints_come_as_they_were_recorded(tmp_path: Path) -> None:
    path = session(
        tmp_path / "s",
        [
            quote(1, "AA", 9.9, 10.0, 300, 200),
            quote(2, "BB", 5.0, 5.1, 1, 1),
            Message(3 * S, 3 * S, "trade", ["AA", 9.95, 40, "N"]),
            quote(4, "AA", None, 10.2, None, 50),  # the bid as it was
            quote(5, "AA", 10.4, None, 7, None),  # above the ask: crossed, nobody could trade
            quote(6, "AA", 10.1, None, 8, None),
            Message(7 * S, 0, "raw", ["binance", "{}"]),
        ],
    )
    assert list(session_contents(path).quoted) == ["AA", "BB"]
    assert list(session_events(path, ["AA"])) == [
        Touch(1 * S, "AA", 9.9, 10.0, 300.0, 200.0),
        Print(3 * S, "AA", 9.95, 40.0),
        Touch(4 * S, "AA", 9.9, 10.2, 300.0, 50.0),
        Touch(6 * S, "AA", 10.1, 10.2, 8.0, 50.0),
    ]


def test_a_side_that_was_never_told_is_none(tmp_path: Path) -> None:
    path = session(tmp_path / "s", [quote(1, "AA", 9.9, None, 300, None)])
    assert list(session_events(path, ["AA"])) == [Touch(1 * S, "AA", 9.9, 0.0, 300.0, 0.0)]


def test_the_underlying_of_recorded_chains_is_quoted(tmp_path: Path) -> None:
    market = DemoMarket(0, ["ZETF", "ZIDX"], compact=True, planted=False)
    messages = []
    for second in range(3):
        market.run_until(market.now_ns + second * S)
        for symbol in market.symbols:
            loaded = Loaded(market.chain(symbol), market.carry(symbol))
            messages.append(message_of(loaded, 5))  # all recorded at once: the chain's time counts
    path = session(tmp_path / "s", messages)
    assert list(session_contents(path).quoted) == ["ZETF"]  # an index cannot be traded
    events = list(session_events(path, ["ZETF"]))
    assert [one.time_ns for one in events] == [m.ts_event for m in messages[::2]]
    for event in events:
        assert isinstance(event, Touch)
        assert 0.0 < event.bid < event.ask
        assert event.ask_size > 0.0


def test_sizes_that_are_not_known_are_no_cap(tmp_path: Path) -> None:
    (event,) = session_events(
        session(tmp_path / "s", [quote(1, "AA", 1.0, 2.0, None, None)]), ["AA"]
    )
    assert isinstance(event, Touch)
    assert event.ask_size != event.ask_size


@pytest.mark.parametrize(
    "data",
    [
        ["AA", 1.0],
        ["AA", "9", 10.0, 1, 1],
        ["AA", -1.0, 10.0, 1, 1],
        ["AA", True, 10.0, 1, 1],
        ["", 1.0, 2.0, 1, 1],
        ["A" * 201, 1.0, 2.0, 1, 1],
        {"symbol": "AA"},
        "AA",
    ],
)
def test_what_is_no_quote_is_told_with_its_file(tmp_path: Path, data: object) -> None:
    path = session(tmp_path / "s", [Message(S, S, "quote", data)])
    with pytest.raises(BadDataError, match=r"/s: a quote at 1000000000 ns"):
        session_contents(path)


def test_time_that_goes_back_is_another_recording(tmp_path: Path) -> None:
    path = session(
        tmp_path / "s", [quote(100, "AA", 1.0, 2.0, 1, 1), quote(99, "AA", 1.1, 2.0, 1, 1)]
    )
    assert [one.time_ns for one in session_events(path, ["AA"])] == [100 * S, 100 * S]
    path = session(
        tmp_path / "t", [quote(100, "AA", 1.0, 2.0, 1, 1), quote(10, "BB", 1.1, 2.0, 1, 1)]
    )
    with pytest.raises(BadDataError, match="back by 90 s: record one import a file"):
        list(session_events(path, ["AA", "BB"]))


def test_bars_of_a_session_are_those_that_were_recorded(tmp_path: Path) -> None:
    path = session(tmp_path / "s", [bar(60, "AA", 10.0), bar(120, "AA", 11.0), bar(60, "BB", 5.0)])
    contents = session_contents(path)
    assert (list(contents.bars), contents.seconds) == (["AA", "BB"], 60)
    data = session_bars(path, contents, [])
    assert data.interval_ns == 60 * S
    assert list(data.bars["AA"].close) == [10.0, 11.0]
    first, second = bar_events(data)
    assert (first.time_ns, list(first.bars)) == (60 * S, ["AA", "BB"])
    assert (second.time_ns, list(second.bars)) == (120 * S, ["AA"])
    assert second.bars["AA"].symbol == "AA"
    assert second.bars["AA"].low == 9.0


def test_bars_that_are_none_and_of_two_lengths_are_refused(tmp_path: Path) -> None:
    wrong = Message(60 * S, 0, "bar", ["AA", 60, 10.0, 9.0, 8.0, 10.0, 1.0])  # high below open
    with pytest.raises(BadDataError, match="a bar of AA"):
        session_contents(session(tmp_path / "s", [wrong]))
    with pytest.raises(BadDataError, match="bars of 60 s and of 300 s"):
        session_contents(session(tmp_path / "t", [bar(60, "AA", 9.0), bar(300, "AA", 9.0, 300)]))
    with pytest.raises(NoInputError, match="no quote, print or bar"):
        session_contents(session(tmp_path / "u", [Message(S, S, "raw", ["x", "{}"])]))


def test_names_are_those_that_are_there() -> None:
    assert chosen([], ["AA", "BB"], "it") == ("AA", "BB")
    with pytest.raises(NoInputError, match="it: nothing of AB in it"):
        chosen(["AB"], ["AA", "BB"], "it")


def test_bars_come_in_the_order_of_time() -> None:
    def bars(*times: int) -> Bars:
        ones = array("d", [1.0] * len(times))
        return Bars(array("q", times), ones, ones, ones, ones, ones)

    data = Data({"A": bars(1, 3), "B": bars(2, 3, 4), "C": bars()}, 1, "test")
    assert [(one.time_ns, list(one.bars)) for one in bar_events(data)] == [
        (1, ["A"]), (2, ["B"]), (3, ["A", "B"]), (4, ["B"]),
    ]  # fmt: skip


def test_the_demo_market_is_quoted_while_it_is_open() -> None:
    assert "ZIDX" not in demo_symbols([])
    with pytest.raises(NoInputError, match="ZETT"):
        demo_symbols(["ZETT"])
    events = list(demo_touches(["ZETF"], 1, 600.0))
    assert events == list(demo_touches(["ZETF"], 1, 600.0))
    assert events != list(demo_touches(["ZETF"], 2, 600.0))
    assert 200 < len(events) <= 600
    times = [one.time_ns for one in events]
    assert times == sorted(set(times))
    for before, after in pairwise(events):
        assert (before.bid, before.ask, before.ask_size) != (after.bid, after.ask, after.ask_size)
    for one in events:
        assert 0.0 < one.bid < one.ask
        assert min(one.bid_size, one.ask_size) > 0.0


def test_shares_move_without_their_options() -> None:
    market = DemoMarket(3, ["ZCOIN", "ZDIV"], compact=True, has_options=False)
    assert {one.kind for one in market.instruments} == {"STK", "CRYPTO", "FUT"}
    sent: list[str] = []
    market.listener = lambda index: sent.append(market.instruments[index].kind)
    spots = {market.symbols["ZDIV"].spot}
    for _ in range(60):
        market.run_until(market.now_ns + S)
        spots.add(market.symbols["ZDIV"].spot)
    assert len(spots) > 30
    assert set(sent) == {"STK", "CRYPTO", "FUT"}
    assert [market.plants(name) for name in market.symbols] == [[], []]


@pytest.mark.long
def test_the_demo_market_sleeps_at_night() -> None:
    events = list(islice(demo_touches(["ZETF"], 1, inf), 30_000))
    steps = [after.time_ns - before.time_ns for before, after in pairwise(events)]
    assert max(steps) > 10 * 3_600 * S
    assert nan not in [one.bid for one in events]
