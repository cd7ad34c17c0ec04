"""What a recorded message says of prices: quotes, trades and bars, by symbol.

Of captured messages these are read: Binance's ``bookTicker`` and ``trade``, Coinbase Exchange's
``ticker`` and ``match``. Books are the business of whoever follows their sequence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.session.recording import Message

Cell = (str, int, float, type(None))
# kind: how many cells a message of it has after the symbol, and how many of these are numbers
_CELLS = {"quote": (4, 4), "trade": (3, 2), "bar": (6, 6)}


@dataclass(frozen=True, slots=True)
class MarketValue:
    """One quote (bid, ask, sizes), trade (price, size, side) or bar (seconds, prices, volume)."""

    kind: str
    symbol: str
    cells: tuple[Any, ...]


def market_values(message: Message) -> Iterator[MarketValue]:
    """Yield what `message` says; nothing where it says nothing of prices, or cannot be read."""
    data = message.data
    if not isinstance(data, list) or not data or not all(isinstance(x, Cell) for x in data):
        return
    if message.kind == "raw" and len(data) == 2 and isinstance(data[1], str):
        yield from _raw(data[0], data[1])
    elif message.kind in _CELLS and isinstance(data[0], str):
        n_cells, n_numbers = _CELLS[message.kind]
        cells = tuple(data[1 : 1 + n_cells])
        if len(cells) == n_cells and all(map(_is_number, cells[:n_numbers])):
            yield MarketValue(message.kind, data[0], cells)


def _raw(venue: object, text: str) -> Iterator[MarketValue]:
    try:
        said = json.loads(text)
        if venue == "binance":
            found = _binance(said)
        elif venue == "coinbase":
            found = _coinbase(said)
        else:
            return
    except (KeyError, TypeError, ValueError, RecursionError):
        return
    if found is not None:
        yield found


def _binance(said: Any) -> MarketValue | None:
    data = said["data"]
    if said["stream"].endswith("@bookTicker"):
        cells = tuple(_price(data[key]) for key in "baBA")
        return MarketValue("quote", str(data["s"]), cells)
    if data.get("e") == "trade":
        side = "sell" if data["m"] else "buy"  # of the taker
        return MarketValue("trade", str(data["s"]), (_price(data["p"]), _price(data["q"]), side))
    return None


def _coinbase(said: Any) -> MarketValue | None:
    product = str(said.get("product_id", ""))
    if said.get("type") == "ticker":
        bid, ask = _price(said["best_bid"]), _price(said["best_ask"])
        return MarketValue("quote", product, (bid, ask, None, None))
    if said.get("type") == "match":
        side = {"sell": "buy", "buy": "sell"}[said["side"]]  # Coinbase names the maker's
        return MarketValue("trade", product, (_price(said["price"]), _price(said["size"]), side))
    return None


def _price(text: Any) -> float:
    value = float(text)
    if not 0.0 <= value < math.inf:
        raise ValueError(text)
    return value


def _is_number(cell: object) -> bool:
    if cell is None:
        return True
    return isinstance(cell, int | float) and not isinstance(cell, bool) and 0.0 <= cell < math.inf
