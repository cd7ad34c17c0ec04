"""A stream over snapshots: whoever follows its events has the snapshots again, bit by bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.feeds.csv_file import CsvFeed
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Feed
from engine.feeds.stream import Follower, Listed, Quoted, SnapshotStream
from engine.market.chain import OptionChain
from tests.unit.csv_chains import written

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask,bid_size,"
    "ask_size,bid_age_s,ask_age_s,style,multiplier"
)
ROW = "2015-12-24T{},{},99.9,{},2016-01-15,{},{},{},{},3,4,{},,american,100"


def rows() -> list[str]:
    return [
        ROW.format("14:35:00Z", "XYZ", 100.1, 100, "C", 2.5, 2.6, 1.5),
        ROW.format("14:35:00Z", "XYZ", 100.1, 100, "P", 2.4, 2.5, ""),
        ROW.format("14:35:30Z", "ABC", 100.1, 100, "C", 2.5, 2.6, 0),
        ROW.format("14:36:00Z", "XYZ", 100.1, 100, "C", 2.5, 2.7, 61.5),  # its bid stood still
        ROW.format("14:36:00Z", "XYZ", 100.1, 100, "P", 2.4, 2.5, ""),
        ROW.format("14:37:00Z", "XYZ", 100.2, 100, "C", 2.5, 2.7, 0.5),
        ROW.format("14:37:00Z", "XYZ", 100.2, 105, "C", 1.5, 1.7, 0.5),
    ]


def figures(chain: OptionChain) -> str:
    """Everything of a chain but where it is from and its totals, nan equal to nan."""
    spot = replace(chain.underlying)
    return repr(replace(chain, source="", volume=chain.volume[:0], underlying=spot,
                        open_interest=chain.open_interest[:0])) + repr(
        [list(getattr(chain, name)) for name in (
            "strike", "bid", "ask", "bid_size", "ask_size", "bid_age", "ask_age", "forward_bid",
            "forward_ask")] + [chain.futures, spot, chain.expiries, chain.ts_ns]
    )  # fmt: skip


def followed(feed: Feed) -> None:
    follower = Follower()
    events = list(SnapshotStream(feed).events())
    received = [event.ts_recv for event in events]
    assert received == sorted(received)
    assert all(event.ts_event <= event.ts_recv for event in events)
    chains = sorted(
        (loaded.chain for symbol in feed.symbols() for loaded in feed.chains(symbol)),
        key=lambda chain: chain.ts_ns,
    )
    at = 0
    for chain in chains:
        while at < len(events) and events[at].ts_recv <= chain.ts_ns:
            follower.take(events[at])
            at += 1
        book = follower.books[chain.symbol]
        assert figures(book.snapshot(chain.ts_ns)) == figures(chain)
    assert at == len(events)


def test_a_book_that_follows_has_every_snapshot_again(tmp_path: Path) -> None:
    followed(CsvFeed(written(tmp_path, *rows(), header=HEADER)))


@pytest.mark.parametrize("symbol", ["ZETF", "ZCOIN"])
def test_so_has_one_that_follows_the_demo(symbol: str) -> None:
    followed(DemoFeed(3, [symbol], compact=True))


def test_only_what_changed_is_an_event(tmp_path: Path) -> None:
    stream = SnapshotStream(CsvFeed(written(tmp_path, *rows(), header=HEADER)))
    events = [event for event in stream.events() if event.symbol == "XYZ"]
    later = [event for event in events if event.ts_recv == events[0].ts_recv + 60 * 10**9]
    # The bid of the call is the same of 14:34:58.5: its age has grown with the clock.
    (moved,) = later
    assert isinstance(moved, Quoted)
    assert (moved.what, moved.side, moved.price, moved.ts_event) == ("option", "ask", 2.7, 0)
    # Another strike is another listing, after which every side is told again.
    last = [event for event in events if event.ts_recv == events[0].ts_recv + 120 * 10**9]
    assert isinstance(last[0], Listed)
    assert len(last) == 1 + 2 + 2 * len(last[0].listing.strike) * 2


def test_a_range_is_a_part_of_the_stream(tmp_path: Path) -> None:
    feed = CsvFeed(written(tmp_path, *rows(), header=HEADER))
    first = next(iter(feed.chains("XYZ"))).chain.ts_ns
    some = list(SnapshotStream(feed, first + 1, first + 60 * 10**9).events(["XYZ"]))
    assert {event.ts_recv for event in some} == {first + 60 * 10**9}
