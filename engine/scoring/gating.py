"""Gates of a whole scan: limits in, first failing gates out, counted in a funnel."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.config import ScanSettings
from engine.market.combo import FUTURE
from engine.scoring.gate_table import GATES, limits_in
from engine.scoring.legs import future_book, future_leg, future_of
from engine.strategies.candidates import Columns
from engine.strategies.view import View
from kernels_pure import gates as slots


@dataclass(frozen=True, slots=True)
class Gated:
    """Gate codes (0 passes), lots, edge in currency and flags, by candidate row."""

    gate: array[int]
    lots: array[float]
    usd: array[float]
    flags: array[int]


@dataclass(frozen=True, slots=True)
class Hedges:
    """The stock, or the coin's future, of candidates as the gate kernels read it.

    `sides` are signed multiples by candidate, `quotes` slots of numbers that start at ``apart row``
    for a candidate: `apart` is 0 where all have the same stock.
    """

    sides: array[int]
    quotes: array[float]
    apart: int = 0


def check_gates(view: View, table: Columns, settings: ScanSettings) -> Gated:
    """Check the gates of every candidate in `table`. O(candidates)."""
    chain, n = view.chain, table.count
    gated = Gated(
        array("b", bytes(n)), array("d", bytes(8 * n)), array("d", bytes(8 * n)),
        array("b", bytes(n)),
    )  # fmt: skip
    if n == 0:
        return gated
    hedges = _hedges(view, table, settings)
    view.backend.gates.gate_rows(
        n, table.quote, table.ratio, hedges.sides, table.unit, table.days, view.days, table.edge,
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
        chain.volume, chain.open_interest, view.receive, view.pay, hedges.quotes, hedges.apart,
        limits_in(view, settings), gated.gate, gated.lots, gated.usd, gated.flags,
    )  # fmt: skip
    return gated


def check_combo(
    view: View,
    legs: Sequence[tuple[int, int]],
    stock: int,
    unit: int,
    days: float,
    edge: float,
    settings: ScanSettings,
    most: float = slots.EVERY_SIZE,
) -> tuple[int, float, float, int]:
    """Check the gates of one combo of any number of option `legs` (quote index, signed ratio).

    Returns the code of the first gate it fails (0 passes), lots, edge in currency and flags; no
    more than `most` lots. O(legs).
    """
    chain = view.chain
    code, lots, usd, flags = view.backend.gates.gate_row(
        0, len(legs), array("l", (quote for quote, _ in legs)),
        array("l", (ratio for _, ratio in legs)), array("l", (stock,)), array("l", (unit,)),
        array("d", (days,)), view.days, array("d", (edge,)),
        chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age, chain.ask_age,
        chain.volume, chain.open_interest, view.receive, view.pay, _stock_quote(view, settings), 0,
        most, limits_in(view, settings),
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
    fee = _stock_quote(view, settings)[slots.STOCK_FEE]
    usd: float = view.backend.proceeds.package_usd(
        edge, unit, lots, 0, len(legs), array("l", (quote for quote, _ in legs)),
        array("l", (ratio for _, ratio in legs)), stock, view.receive, view.pay,
        chain.bid, chain.ask, fee, limits_in(view, settings),
    )  # fmt: skip
    return usd


def _stock_quote(view: View, settings: ScanSettings) -> array[float]:
    """Return the quote of the stock by the slots of the gate kernels."""
    spot = view.chain.underlying
    quote = array("d", bytes(8 * slots.N_STOCK))
    quote[slots.STOCK_BID], quote[slots.STOCK_ASK] = spot.bid, spot.ask
    quote[slots.STOCK_BID_SIZE], quote[slots.STOCK_ASK_SIZE] = spot.bid_size, spot.ask_size
    quote[slots.STOCK_BID_AGE], quote[slots.STOCK_ASK_AGE] = spot.bid_age, spot.ask_age
    quote[slots.STOCK_FEE] = settings.fees.stock_fee(spot.ask)
    quote[slots.STOCK_SHORTABLE] = settings.carry.shortable
    return quote


def _hedges(view: View, table: Columns, settings: ScanSettings) -> Hedges:
    """Return the stock of all candidates, or the future of each. O(candidates) for coins."""
    chain = view.chain
    if chain.quoting.hedge != FUTURE:
        return Hedges(table.stock, _stock_quote(view, settings))
    sides = array("l", bytes(8 * table.count))
    quotes = array("d", bytes(8 * slots.N_STOCK * table.count))
    for row in range(table.count):
        found = future_of(chain, table, row)
        if found is not None:
            leg, start = future_leg(chain, *found), slots.N_STOCK * row
            sides[row] = leg.side
            # Sizes of a future are in packages; those of a stock in shares.
            size = leg.size * chain.contract_value
            quotes[start + slots.STOCK_BID], quotes[start + slots.STOCK_ASK] = leg.bid, leg.ask
            for side in (slots.STOCK_BID_SIZE, slots.STOCK_ASK_SIZE):
                quotes[start + side] = size
            for side in (slots.STOCK_BID_AGE, slots.STOCK_ASK_AGE):
                quotes[start + side] = leg.age
            quotes[start + slots.STOCK_SHORTABLE] = math.nan
            quotes[start + slots.STOCK_IS_FUTURE] = 1.0
            is_quoted = future_book(chain, leg.settles_ns).is_quoted
            quotes[start + slots.STOCK_IS_MARK] = 0.0 if is_quoted else 1.0
    return Hedges(sides, quotes, slots.N_STOCK)


def count_reasons(codes: Iterable[int], capital: int) -> dict[str, int]:
    """Return how many candidates failed at each gate that any failed, in order of the gates.

    `codes` are their gate codes; `capital` more of those that passed died of the capital limit.
    """
    counts = [0] * (len(GATES) + 1)
    for code in codes:
        counts[code] += 1
    counts[slots.CAPITAL] += capital
    return {gate.name: counts[gate.code] for gate in GATES if counts[gate.code]}


def affordable_lots(view: View, lots: float, capital: float, settings: ScanSettings) -> float:
    """Return how many of `lots` packages, `capital` in all, the capital limit allows."""
    limits = limits_in(view, settings)
    return float(view.backend.limits.affordable_lots(lots, capital, limits))
