"""The gates of a coin's future, which is not among the columns that the gate kernels read."""

from __future__ import annotations

from engine.config import ScanSettings
from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, Leg
from engine.scoring.gating import Gated, edge_usd
from engine.scoring.legs import future_book, future_leg, future_of
from engine.strategies.candidates import Columns
from engine.strategies.view import View
from kernels_pure import gates


def ask_futures(view: View, found: Columns, gated: Gated, settings: ScanSettings) -> None:
    """Ask the futures of the candidates, as the underlying is asked, for age, skew and size.

    Writes into `gated`; a candidate keeps the first gate it fails. An age or a size that is not
    known passes and sets the flag that it sets for an option. O(candidates).
    """
    if view.chain.quoting.hedge != FUTURE:
        return
    for row in range(found.count):
        future = future_of(view.chain, found, row)
        if future is not None:
            _ask(view, found, row, future_leg(view.chain, *future), gated, settings)


def _ask(
    view: View, found: Columns, row: int, future: Leg, gated: Gated, settings: ScanSettings
) -> None:
    chain, limits, code = view.chain, settings.gates, gated.gate[row]
    is_timed = future.age >= 0.0 and not settings.assume_synchronous
    failed = 0
    if future.bid > future.ask:
        failed = gates.CROSSED
    elif is_timed and future.age > limits.max_stock_age:
        failed = gates.STOCK_AGE
    elif is_timed and _skew(chain, found.legs(row), future.age) > limits.max_skew:
        failed = gates.SKEW
    elif future.size < limits.lots:
        failed = gates.SIZE
    if future.size < gated.lots[row]:
        lots = gated.lots[row] = float(int(future.size))
        usd = 0.0
        if lots > 0.0:
            options, unit = found.legs(row), found.unit[row]
            usd = edge_usd(view, options, 0, unit, found.edge[row], lots, settings)
        gated.usd[row] = usd
        if not failed and usd < limits.min_edge_usd:
            failed = gates.EDGE_USD
    if failed and (not code or failed < code):
        gated.gate[row] = failed
    flags = 0 if future.age >= 0.0 else gates.AGE_UNKNOWN
    flags |= 0 if future.size >= 0.0 else gates.SIZE_UNKNOWN
    # A mark is no market, not a locked one.
    if future.bid == future.ask and future_book(chain, future.settles_ns).is_quoted:
        flags |= gates.LOCKED_MARKET
    gated.flags[row] |= flags


def _skew(chain: OptionChain, options: tuple[tuple[int, int], ...], age: float) -> float:
    """Return the seconds between the oldest and the youngest of the quotes whose ages are known."""
    ages = [(chain.ask_age if ratio > 0 else chain.bid_age)[quote] for quote, ratio in options]
    known = [age, *(a for a in ages if a >= 0.0)]
    return max(known) - min(known)
