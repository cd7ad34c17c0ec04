"""The Deribit source on small files written by hand in the shapes the REST API has."""

from __future__ import annotations

import json
import math
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from engine.clock import to_ns
from engine.errors import BadDataError, NoInputError
from engine.feeds.deribit import DeribitFeed
from engine.market.chain import COIN, OptionChain
from engine.market.quoting import IN_COIN

STAMP = 1704712781417


def summary(name: str, **changes: object) -> dict[str, object]:
    return {
        "instrument_name": name, "bid_price": 0.03, "ask_price": 0.031, "volume": 24.0,
        "open_interest": 5157.0, "underlying_price": 2269.04, "underlying_index": "ETH-23FEB24",
        "estimated_delivery_price": 2222.19, "creation_timestamp": STAMP, **changes,
    }  # fmt: skip


CALL = "ETH-23FEB24-2800-C"


def written(folder: Path, items: object, name: str = "book.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(items), encoding="utf-8")
    return path


def chain_of(path: Path, symbol: str = "ETH") -> OptionChain:
    (loaded,) = DeribitFeed(path).chains(symbol)
    assert loaded.problems == ()
    return loaded.chain


@pytest.mark.parametrize("wrap", [list, lambda items: {"jsonrpc": "2.0", "result": items}])
def test_a_rest_answer_makes_an_inverse_chain(tmp_path: Path, wrap) -> None:  # type: ignore[no-untyped-def]
    items = [
        summary(CALL, creation_timestamp=STAMP + 8),
        summary("ETH-23FEB24-2800-P", bid_price=None, underlying_price=2269.03),
        summary("ETH-9JAN24-1900-C", underlying_index="SYN.ETH-9JAN24", underlying_price=2223.1),
    ]
    chain = chain_of(written(tmp_path, wrap(items)))
    assert (chain.quoting, chain.currency, chain.multiplier) == (IN_COIN, "ETH", 1.0)
    assert (chain.style, chain.calendar, chain.underlying.kind) == ("european", "crypto", COIN)
    assert chain.underlying.bid == chain.underlying.ask == 2222.19
    assert chain.ts_ns == (STAMP + 8) * 1_000_000
    assert [expiry.date for expiry in chain.expiries] == [date(2024, 1, 9), date(2024, 2, 23)]
    assert chain.expiries[1].settles_ns == to_ns(datetime(2024, 2, 23, 8, tzinfo=timezone.utc))
    assert list(chain.strike) == [1900.0, 2800.0]
    assert (chain.bid[1], chain.ask[1]) == (0.03, 0.031)
    assert (chain.bid[3], chain.ask[3]) == (0.0, 0.031)
    assert math.isnan(chain.bid_size[1])
    assert (chain.bid_age[1], chain.bid_age[3]) == (0.0, 0.008)
    assert chain.open_interest[1] == 5157.0
    # Two marks of one expiry in one answer: the wider band, never a better price than either.
    assert (chain.forward_bid[1], chain.forward_ask[1]) == (2269.03, 2269.04)
    assert "1 synthetic, 1 at mark" in chain.source


def test_a_quoted_future_beats_the_mark(tmp_path: Path) -> None:
    future = summary("ETH-23FEB24", bid_price=2268.5, ask_price=2269.5)
    chain = chain_of(written(tmp_path, [summary(CALL), future, summary("ETH-PERPETUAL")]))
    assert (chain.forward_bid[0], chain.forward_ask[0]) == (2268.5, 2269.5)
    assert "1 quoted" in chain.source


def test_no_underlying_price_is_no_forward(tmp_path: Path) -> None:
    missing = summary(CALL, underlying_price=None, estimated_delivery_price=None)
    chain = chain_of(written(tmp_path, [missing]))
    assert len(chain.forward_bid) == 0
    assert math.isnan(chain.underlying.bid)
    assert "1 unknown" in chain.source


def test_fractional_strikes_and_several_coins(tmp_path: Path) -> None:
    items = [summary(CALL), summary("BTC-23FEB24-40000-P"), summary("XRP-23FEB24-0d65-C")]
    path = written(tmp_path, items)
    assert DeribitFeed(path).symbols() == ("BTC", "ETH", "XRP")
    assert chain_of(path, "xrp").strike[0] == 0.65


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (summary("ETH_USDC-23FEB24-2800-C"), "item:2: column instrument_name: expected a coin-"),
        (summary("ETH-31FEB24-2800-C"), "column instrument_name: expected a coin-settled"),
        (summary("ETH-23FOO24-2800-C"), "column instrument_name: expected a coin-settled"),
        (summary("ETH-23FEB24-0-C"), "column instrument_name: expected a strike > 0"),
        (summary(CALL, bid_price="abc"), "column bid_price: expected a number >= 0, got 'abc'"),
        (summary(CALL, ask_price=-1), "column ask_price: expected a number >= 0, got '-1'"),
        (summary(CALL, bid_price=math.nan), "column bid_price: expected a number >= 0"),
        (summary(CALL, creation_timestamp=None), "column creation_timestamp: expected a number >"),
        (summary(CALL, creation_timestamp=STAMP * 1000), "expected milliseconds since 1970"),
        (summary(CALL, volume="-1"), "column volume: expected a number >= 0"),
        (summary("ETH-5JAN24-2800-C"), "column instrument_name: expected a series that settles"),
        (summary("ETH-23FEB24-2900-C"), "column instrument_name: expected one row for each"),
        ("text", "[2]: expected an object"),
        ({"instrument_name": CALL}, "item:2: no bid_price"),
    ],
)
def test_a_bad_item_costs_itself_only(tmp_path: Path, item: object, expected: str) -> None:
    path = written(tmp_path, [summary("ETH-23FEB24-2900-C"), item])
    (loaded,) = DeribitFeed(path).chains("ETH")
    assert list(loaded.chain.strike) == [2900.0]
    (problem,) = loaded.problems
    assert problem.startswith("book.json:")
    assert expected in problem
    with pytest.raises(BadDataError) as fatal:
        list(DeribitFeed(path, strict=True).chains("ETH"))
    assert str(fatal.value) == problem


def test_csv_of_summaries(tmp_path: Path) -> None:
    rows = [summary(CALL), summary("ETH-23FEB24-2800-P", bid_price="")]
    lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    path = tmp_path / "book.csv"
    path.write_text("\n".join(lines))
    chain = chain_of(path)
    assert (chain.bid[0], chain.bid[1]) == (0.03, 0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("[]", "no valid option: it has no rows"),
        ("[{]", "is not JSON"),
        ('{"error": {"code": 1}}', "expected a list of summaries"),
        ("a,b\n1,2\n", "no column instrument_name"),
        (json.dumps([summary("ETH-PERPETUAL")]), "no valid option"),
    ],
)
def test_files_without_an_option(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "book.json"
    path.write_text(text)
    with pytest.raises(BadDataError, match=expected):
        DeribitFeed(path)


def test_unknown_coin_and_settled_chain(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match="no chain of BTC: "):
        list(DeribitFeed(written(tmp_path, [summary(CALL)])).chains("BTC"))
    with pytest.raises(BadDataError, match="a series that settles after"):
        list(DeribitFeed(written(tmp_path, [summary("ETH-5JAN24-2800-C")])).chains("ETH"))
