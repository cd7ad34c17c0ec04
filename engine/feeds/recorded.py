"""Chains as messages of a session and back: exact to the last bit, and checked when read.

A session file may come from anywhere. Its checksums say that it is what was written; that it is a
chain, with columns that fit together, is checked here, because kernels do not look.
"""

from __future__ import annotations

import math
from array import array
from typing import Any

from engine.codec import decode, encode
from engine.errors import BadDataError, UsageError
from engine.feeds.protocol import Loaded
from engine.market.calendar import calendar_named
from engine.market.chain import AMERICAN, COIN, EQUITY, EUROPEAN, INDEX, OptionChain
from engine.market.quoting import IN_COIN, IN_MONEY
from engine.session.recording import Message

KIND = "loaded"
_MOST_TS = 1 << 62
_LONGEST_NAME = 200


def message_of(loaded: Loaded, ts_recv: int) -> Message:
    """Return the message of a chain that arrived at `ts_recv` (UTC nanoseconds)."""
    data = {"symbol": loaded.chain.symbol, "loaded": encode(loaded, packed=True)}
    return Message(ts_recv, loaded.chain.ts_ns, KIND, data)


def symbol_of(message: Message) -> str | None:
    """Return the underlying of a message that holds a chain; None for every other message."""
    if message.kind != KIND or not isinstance(message.data, dict):
        return None
    symbol = message.data.get("symbol")
    return symbol if isinstance(symbol, str) else None


def loaded_of(message: Message) -> Loaded:
    """Return the chain of a message of kind "loaded". O(contracts).

    Raises
    ------
    BadDataError
        If it is not one that every part of this program may rely on.
    """
    data = message.data
    if message.kind != KIND or not isinstance(data, dict):
        raise BadDataError(f"a message of kind {message.kind[:40]!r} is not a chain")
    try:
        loaded = decode(Loaded, data.get("loaded"))
        check_chain(loaded.chain)
        if not all(isinstance(problem, str) for problem in loaded.problems):
            raise ValueError("a problem is a line of text")
    except (ValueError, OverflowError, UsageError) as error:
        raise BadDataError(f"a recorded chain is not one: {error}") from None
    return loaded


def check_chain(chain: OptionChain) -> None:
    """Refuse a chain whose columns or facts do not fit together. O(contracts).

    Raises
    ------
    ValueError
        What does not fit.
    """
    _check_facts(chain)
    n_rows, n_expiries = len(chain.strike), len(chain.expiries)
    _check_columns(chain, n_rows, n_expiries)
    first = chain.first
    if first[0] != 0 or first[-1] != n_rows:
        raise ValueError("the expiries do not cover the rows")
    for e in range(n_expiries):
        if first[e + 1] < first[e]:
            raise ValueError(f"expiry {e} has fewer than no rows")
        if e and not chain.expiries[e - 1] < chain.expiries[e]:
            raise ValueError("the expiries are not in order")
        last = 0.0
        for row in range(first[e], first[e + 1]):
            strike = chain.strike[row]
            if not last < strike < math.inf:
                raise ValueError(f"strike {strike!r} after {last!r}")
            last = strike


def _check_facts(chain: OptionChain) -> None:
    spot = chain.underlying
    names = (chain.symbol, spot.symbol, chain.currency, chain.source, *chain.contract_ids)
    if not all(isinstance(name, str) and len(name) <= _LONGEST_NAME for name in names):
        raise ValueError("a name is a short text")
    if type(chain.ts_ns) is not int or abs(chain.ts_ns) >= _MOST_TS:
        raise ValueError(f"its time is {chain.ts_ns!r}")
    if chain.style not in (AMERICAN, EUROPEAN) or spot.kind not in (EQUITY, INDEX, COIN):
        raise ValueError(f"a chain of style {chain.style!r} on {spot.kind!r}")
    if chain.quoting not in (IN_MONEY, IN_COIN):
        raise ValueError(f"quoted in {chain.quoting!r}")
    for name in ("multiplier", "tick"):
        if not 0.0 < getattr(chain, name) < math.inf:
            raise ValueError(f"its {name} is {getattr(chain, name)!r}")
    for flag in (chain.is_delayed, chain.is_halted):
        if type(flag) is not bool:
            raise ValueError("whether it is delayed or halted is not said")
    if not isinstance(chain.calendar, str):
        raise ValueError(f"its calendar is {chain.calendar!r}")
    calendar_named(chain.calendar)
    for expiry in chain.expiries:
        if type(expiry.settles_ns) is not int or abs(expiry.settles_ns) >= _MOST_TS:
            raise ValueError(f"an expiry settles at {expiry.settles_ns!r}")
        if expiry.settlement not in ("AM", "PM") or not isinstance(expiry.trading_class, str):
            raise ValueError(f"an expiry settles {expiry.settlement!r}")
    for future in chain.futures:
        if type(future.is_quoted) is not bool:
            raise ValueError("whether a future is quoted is not said")
    _check_numbers("underlying", array("d", (spot.bid, spot.ask, spot.bid_size, spot.ask_size)))


def _check_columns(chain: OptionChain, n_rows: int, n_expiries: int) -> None:
    lengths = {
        "first": (n_expiries + 1,),
        **dict.fromkeys(("bid", "ask", "bid_size", "ask_size"), (2 * n_rows,)),
        **dict.fromkeys(("bid_age", "ask_age"), (2 * n_rows,)),
        **dict.fromkeys(("volume", "open_interest", "contract_ids"), (0, 2 * n_rows)),
        **dict.fromkeys(("forward_bid", "forward_ask", "futures"), (0, n_expiries)),
    }
    for name, allowed in lengths.items():
        column: Any = getattr(chain, name)
        if len(column) not in allowed:
            raise ValueError(f"{name} has {len(column)} entries, not {allowed[-1]}")
    for name in ("bid", "ask", "bid_size", "ask_size", "forward_bid", "forward_ask"):
        _check_numbers(name, getattr(chain, name))


def _check_numbers(name: str, column: array[float]) -> None:
    """Let through what is not known (nan) or a finite number that is not negative."""
    for value in column:
        if value < 0.0 or value == math.inf:
            raise ValueError(f"{name} {value!r} is no price and no size")
