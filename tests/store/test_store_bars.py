"""Backtests over bars of the store, in both databases."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from engine.cli.load import Rows as Loaded
from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.errors import BadDataError, EngineError, NoInputError, UsageError
from engine.session.recording import Message
from engine.store.address import Address
from engine.store.protocol import Store
from engine.trading.intervals import HOUR
from engine.trading.sources import open_bars

START = 1_704_499_200 * NS_PER_SECOND  # Saturday 2024-01-06, midnight


@pytest.fixture(autouse=True)
def chosen(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = quote(address.password, safe="")
    text = str(address).replace("@", f":{secret}@") if secret else str(address)
    monkeypatch.setenv("ENGINE_STORE", text)


@pytest.fixture
def filled(store: Store) -> Store:
    """Bars as `parity collect` puts them there: hours of one coin, minutes of another."""
    rows = Loaded()
    for symbol, seconds, count in (("BTC-USD", 3600, 60), ("ETH-USD", 60, 180)):
        for k in range(count):
            begin = START + k * seconds * NS_PER_SECOND
            prices = [10.0 + k, 11.0 + k, 9.0 + k, 10.5 + k, 2.0]
            rows.take(Message(begin, begin, "bar", [symbol, seconds, *prices]))
    with store.transaction():
        rows.write(store)
    return store


def test_bars_close_when_they_are_over(filled: Store) -> None:
    data = open_bars("store", ["BTC-USD"])
    bars = data.bars["BTC-USD"]
    assert (len(bars), bars.time_ns[0], data.interval_ns) == (60, START + HOUR, HOUR)
    assert (bars.open[1], bars.high[1], bars.low[1], bars.close[1], bars.volume[1]) == (
        11.0, 12.0, 10.0, 11.5, 2.0,
    )  # fmt: skip
    assert (data.calendar, data.notes) == ("crypto", ())


def test_bars_of_all_symbols_are_of_one_length(filled: Store) -> None:
    data = open_bars("store", interval="1h")
    assert {symbol: len(bars) for symbol, bars in data.bars.items()} == {
        "BTC-USD": 60,
        "ETH-USD": 3,
    }
    assert data.bars["ETH-USD"].volume[0] == 120.0


def test_the_last_days_are_asked_for_alone(filled: Store) -> None:
    data = open_bars("store", ["BTC-USD"], days=1)
    bars = data.bars["BTC-USD"]
    assert len(bars) == 24
    assert bars.time_ns[-1] - bars.time_ns[0] < NS_PER_DAY


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        ({"symbols": ["BTC-EUR"]}, NoInputError, "no bars of BTC-EUR: did you mean 'BTC-USD'?"),
        ({"symbols": ["BTC-USD"], "interval": "1m"}, UsageError, "has BTC-USD only in 1h"),
    ],
)
def test_what_is_not_there_is_said(
    filled: Store, choice: dict[str, object], error: type[EngineError], words: str
) -> None:
    with pytest.raises(error) as told:
        open_bars("store", **choice)  # type: ignore[arg-type]
    assert words in str(told.value)


def test_an_empty_store_says_how_to_fill_it(store: Store) -> None:
    with pytest.raises(NoInputError, match="parity collect"):
        open_bars("store")


def test_a_row_that_is_no_bar_is_left_out(filled: Store) -> None:
    filled.run("UPDATE bars SET high = 1 WHERE seconds = 3600 AND time_ns = ?", (START,))
    data = open_bars("store", ["BTC-USD"])
    assert len(data.bars["BTC-USD"]) == 59
    assert "high 1 is below its open 10" in data.notes[0]
    filled.run("UPDATE bars SET high = -1 WHERE seconds = 3600")
    with pytest.raises(BadDataError, match="no bars in it"):
        open_bars("store", ["BTC-USD"])


def test_a_store_of_another_schema_is_refused(reopen: Callable[[], Store]) -> None:
    with reopen() as store:
        store.run("CREATE TABLE other (x INTEGER)")
    with pytest.raises(EngineError):
        open_bars("store")
