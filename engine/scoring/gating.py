"""Gates of a whole scan: limits in, first failing gates out, counted in a funnel."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from engine.config import ScanSettings
from engine.market.chain import COIN, STANDARD_MULTIPLIER, OptionChain
from engine.market.combo import FUTURE
from engine.strategies.candidates import Columns
from engine.strategies.view import View
from kernels_pure.gates import STOCK_FEE


class RejectionReason(str, Enum):
    """Why a candidate died; the order is the order in which gates are asked."""

    QUOTE = "quote"
    CROSSED = "crossed"
    DELAYED = "delayed"
    STOCK_AGE = "stock_age"
    OPTION_AGE = "option_age"
    SKEW = "skew"
    SIZE = "size"
    SPREAD = "spread"
    SPREAD_SUM = "spread_sum"
    DAYS = "days"
    OPEN_INTEREST = "open_interest"
    VOLUME = "volume"
    EDGE = "edge"
    EDGE_USD = "edge_usd"
    RATES = "rates"
    DELIVERABLE = "deliverable"
    CAPITAL = "capital"


REASONS = tuple(RejectionReason)
"""A kernel's gate code g > 0 is ``REASONS[g - 1]``."""


@dataclass(frozen=True, slots=True)
class Gated:
    """Gate codes (0 passes), lots, edge in currency and flags, by candidate row."""

    gate: array[int]
    lots: array[float]
    usd: array[float]
    flags: array[int]


def limits_of(chain: OptionChain, settings: ScanSettings) -> array[float]:
    """Return the limits in the order that the gate kernels read."""
    gates, fees = settings.gates, settings.fees
    # Limits are in dollars; the prices of an inverse chain are in coins.
    price = chain.dollars
    age = settings.carry.rate_age_days(chain.ts_ns)
    return array(
        "d",
        (
            gates.max_stock_age, gates.max_option_age, gates.max_skew, gates.lots,
            gates.max_spread / price, gates.max_spread_fraction, gates.max_spread_per_edge,
            gates.min_days, gates.max_days, gates.min_open_interest, gates.min_volume,
            gates.min_edge / price, gates.min_edge_usd, chain.contract_value, fees.exchange,
            fees.order_minimum, fees.stock_minimum,
            float(chain.is_delayed and not gates.allow_delayed),
            float(age > gates.max_rate_age_days), float(chain.is_halted or not is_standard(chain)),
            float(settings.assume_synchronous),
        ),
    )  # fmt: skip


def is_standard(chain: OptionChain) -> bool:
    """Tell whether the contracts deliver what their strikes say: coins, or 100 shares."""
    is_coin = chain.quoting.hedge == FUTURE or chain.underlying.kind == COIN
    return is_coin or chain.multiplier == STANDARD_MULTIPLIER


def ask_gates(view: View, table: Columns, settings: ScanSettings) -> Gated:
    """Ask the gates of every candidate in `table`. O(candidates)."""
    chain, n = view.chain, table.count
    gated = Gated(
        array("b", bytes(n)), array("d", bytes(8 * n)), array("d", bytes(8 * n)),
        array("b", bytes(n)),
    )  # fmt: skip
    if n == 0:
        return gated
    # The future of a coin is not among the columns; its quote gates nothing.
    stock = array("l", bytes(8 * n)) if chain.quoting.hedge == FUTURE else table.stock
    view.backend.gates.gate_rows(
        n, table.quote, table.ratio, stock, table.unit, table.days, view.days, table.edge,
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
        chain.volume, chain.open_interest, view.receive, view.pay, _stock_quote(view, settings),
        limits_of(chain, settings), gated.gate, gated.lots, gated.usd, gated.flags,
    )  # fmt: skip
    return gated


def ask_position(
    view: View,
    legs: Sequence[tuple[int, int]],
    stock: int,
    unit: int,
    days: float,
    edge: float,
    settings: ScanSettings,
) -> tuple[int, float, float, int]:
    """Ask the gates of one position of any number of option `legs` (quote index, signed ratio).

    Returns the code of the first gate it fails (0 passes), lots, edge in currency and flags.
    O(legs).
    """
    chain = view.chain
    code, lots, usd, flags = view.backend.gates.gate_row(
        0, len(legs), array("l", (quote for quote, _ in legs)),
        array("l", (ratio for _, ratio in legs)), array("l", (stock,)), array("l", (unit,)),
        array("d", (days,)), view.days, array("d", (edge,)),
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
        chain.volume, chain.open_interest, view.receive, view.pay, _stock_quote(view, settings),
        limits_of(chain, settings),
    )  # fmt: skip
    return int(code), float(lots), float(usd), int(flags)


def edge_usd(
    view: View,
    legs: Sequence[tuple[int, int]],
    stock: int,
    unit: int,
    edge: float,
    lots: float,
    settings: ScanSettings,
) -> float:
    """Return the edge of `lots` packages in currency, order minimums paid. O(legs)."""
    chain = view.chain
    usd: float = view.backend.proceeds.package_usd(
        edge, unit, lots, 0, len(legs), array("l", (quote for quote, _ in legs)),
        array("l", (ratio for _, ratio in legs)), stock, view.receive, view.pay,
        chain.bid, chain.ask, _stock_quote(view, settings)[STOCK_FEE], limits_of(chain, settings),
    )  # fmt: skip
    return usd


def _stock_quote(view: View, settings: ScanSettings) -> array[float]:
    """Return the quote of the stock in the order that the gate kernels read."""
    spot = view.chain.underlying
    return array(
        "d",
        (
            spot.bid, spot.ask, spot.bid_size, spot.ask_size, spot.bid_age, spot.ask_age,
            0.0 if view.chain.quoting.hedge == FUTURE else settings.fees.stock_fee(spot.ask),
            settings.carry.shortable,
        ),
    )  # fmt: skip


def count_reasons(codes: Iterable[int], capital: int) -> dict[str, int]:
    """Return how many candidates died at each gate that killed any, in order of the gates.

    `codes` are their gate codes; `capital` more of those that passed died of the capital limit.
    """
    counts = [0] * (len(REASONS) + 1)
    for code in codes:
        counts[code] += 1
    counts[len(REASONS)] += capital
    return {reason.value: counts[g] for g, reason in enumerate(REASONS, start=1) if counts[g]}


def affordable_lots(lots: float, capital: float, settings: ScanSettings) -> float:
    """Return how many of `lots` packages, `capital` in all, the capital limit allows."""
    limit = settings.gates.max_capital
    if math.isnan(limit) or capital <= limit or capital <= 0.0:
        return lots
    return float(int(lots * limit / capital))
