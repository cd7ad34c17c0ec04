"""A chain as columns: those of a CSV file, so that they can be scanned again."""

from __future__ import annotations

from engine.clock import from_ns
from engine.market.chain import COIN, EQUITY, OptionChain


def chain_columns(chain: OptionChain) -> dict[str, list[object]]:
    """Return the columns of a chain by name, one entry for each contract, calls first.

    A coin's underlying is the future of the row's expiry, where there is one.
    """
    kind = "share" if chain.underlying.kind == EQUITY else chain.underlying.kind
    at = from_ns(chain.ts_ns).isoformat()
    names = (
        "timestamp_utc", "underlying", "underlying_bid", "underlying_ask", "expiry", "strike",
        "right", "bid", "ask", "bid_size", "ask_size", "bid_age_s", "ask_age_s", "volume",
        "open_interest", "style", "multiplier", "currency", "trading_class", "kind",
        "underlying_bid_size", "underlying_ask_size", "underlying_bid_age_s",
        "underlying_ask_age_s",
    )  # fmt: skip
    columns: dict[str, list[object]] = {name: [] for name in names}
    spot = chain.underlying
    for quote in range(2 * chain.n_rows):
        row = chain.row_of(quote)
        number = chain.expiry_of(row)
        expiry = chain.expiries[number]
        bid, ask = spot.bid, spot.ask
        if spot.kind == COIN and chain.forward_bid:
            bid, ask = chain.forward_bid[number], chain.forward_ask[number]
        cells = (
            at, chain.symbol, bid, ask, expiry.date.isoformat(), chain.strike[row],
            chain.right_of(quote), chain.bid[quote], chain.ask[quote], chain.bid_size[quote],
            chain.ask_size[quote], chain.bid_age[quote], chain.ask_age[quote],
            chain.volume[quote] if chain.volume else None,
            chain.open_interest[quote] if chain.open_interest else None,
            chain.style, chain.multiplier, chain.currency, expiry.trading_class, kind,
            spot.bid_size, spot.ask_size, spot.bid_age, spot.ask_age,
        )  # fmt: skip
        for name, value in zip(names, cells, strict=True):
            columns[name].append(value)
    return columns
