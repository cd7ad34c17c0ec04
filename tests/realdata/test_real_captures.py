"""The captures of Binance and Coinbase, whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.feeds.captures import import_captures
from engine.feeds.market_values import market_values


@pytest.mark.realdata
def test_the_real_captures_are_read_whole(data_root: Path) -> None:
    ticks = data_root / "ticks"
    binance = list(import_captures(f"binance:{ticks}/binance_spot_btcusdt_20240808.gz"))
    assert len(binance) == 41_249
    values = [value.kind for message in binance for value in market_values(message)]
    lines = [json.loads(str(message.data[1])) for message in binance]  # type: ignore[index]
    streams = [str(line.get("stream", "")) for line in lines]
    assert values.count("quote") == sum(s.endswith("@bookTicker") for s in streams)
    assert values.count("trade") == sum(s.endswith("@trade") for s in streams)
    # The recorder's clock ran behind the exchange's: both stamps are kept.
    lags = [m.ts_recv - m.ts_event for m in binance if m.ts_event]
    assert max(lags) < 0
    coinbase = list(import_captures(f"coinbase:{ticks}/coinbase_ws_20210417_dev_products.txt.gz"))
    assert len(coinbase) == 7_223
    assert sum(v.kind == "trade" for m in coinbase for v in market_values(m)) == 73
