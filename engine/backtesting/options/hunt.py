"""The finds of a scan as a strategy: detect, trade what can be had together, hold to settlement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import fsum
from typing import TYPE_CHECKING

from engine.backtesting.options.board import Board
from engine.backtesting.options.fills import fee_of
from engine.backtesting.options.package import Package, stock_of
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.orders import ASSIGNMENT
from engine.config import ScanSettings
from engine.market.calendar import US, calendar_named
from engine.market.carry import DECLARED, Carry
from engine.market.combo import OPTION, STOCK, combo_of
from engine.market.contract import Contract
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.backtesting.orders import Fill
    from engine.market.chain import OptionChain

_NONE: frozenset[str] = frozenset()
# Bought to be exercised on the day that pays most: a put with stock, a call with stock sold short.
EXERCISED = "intrinsic"
# What is delivered at its first expiry stays until the second takes it back.
HELD_ON = ("jelly_roll",)


class Hunt(ChainStrategy):
    """Scan every chain, and trade the selection of LOCKED finds that are not held already.

    `settings` are those of the scan, whose rates and dividends are taken from each chain's moment;
    `families` restricts what is traded, none is all. `found` counts what was selected.
    """

    settings: ScanSettings
    backend: Backend
    families: frozenset[str] = _NONE

    def start(self) -> None:
        """Make ready."""
        self.found = 0

    def on_chain(self, chain: OptionChain) -> None:
        """Answer assignments, scan, and enter what is new."""
        symbol = chain.symbol
        board = self.sight(symbol).board
        for package in self.packages(symbol):
            if package.was_delivered and package.label not in HELD_ON:
                self.answer(package, board)
        moment = self.account.moment(symbol)
        self._exercise_due(chain)
        settings = replace(
            self.settings, carry=moment.carry, knows_dividends=moment.knows_dividends,
            near_misses=0, find_carry=False,
        )  # fmt: skip
        result = scan_chain(chain, settings, self.backend)
        held = {package.combo.key for package in self.packages(symbol)}
        for order in result.selection.orders:
            is_wanted = not self.families or order.family in self.families
            combo = combo_of(chain, order.legs)
            if order.grade != LOCKED or not is_wanted or combo.key in held:
                continue
            held.add(combo.key)
            self.found += 1
            self.enter(combo, order.lots, label=order.family, detected=order.edge_usd)

    def on_fill(self, fill: Fill) -> None:
        """Exercise at once what was bought for it, where no later day pays more."""
        for symbol in self.symbols:
            self._exercise_due(self.account.moment(symbol).chain)

    def _exercise_due(self, chain: OptionChain) -> None:
        """Exercise what was bought for it, from the day on that pays most."""
        if chain.is_european:
            return
        carry = self.account.moment(chain.symbol).carry
        today = calendar_named(chain.calendar).session_date(chain.ts_ns)
        for package in self.packages(chain.symbol):
            if package.label != EXERCISED or not package.stock:
                continue
            for contract, quantity in package.lines():
                if contract.kind != OPTION or quantity < 0.0:
                    continue
                if best_day(contract, package.spot.mid, carry, today) <= today:
                    self.exercise(package, contract)

    def answer(self, package: Package, board: Board) -> None:
        """Answer stock that was delivered: exercise what offsets it, or close the package.

        An option is exercised where selling it and the stock, after fees, brings no more.
        """
        stock = [ratio for ratio, leg in package.combo.legs if leg.kind == STOCK]
        if not package.stock or any(ratio * package.stock > 0.0 for ratio in stock):
            return
        spot = board.chain.underlying
        level = spot.bid if package.stock > 0.0 else spot.ask
        fees = self.settings.fees
        for one in sorted(package.holdings, key=lambda one: -one.intrinsic(level)):
            brings, shares = one.intrinsic(level), one.shares
            is_offset = shares * package.stock < 0.0 and abs(shares) <= abs(package.stock)
            if not (one.quantity > 0.0 and is_offset and brings > 0.0):
                continue
            selling = fee_of(fees, one.contract, -one.quantity, one.bid)
            selling += fee_of(fees, stock_of(package.symbol), shares, level)
            if brings * abs(shares) >= one.bid * abs(shares) - selling:
                self.exercise(package, one.contract)
        if package.stock:
            self.leave(package, ASSIGNMENT)


def best_day(contract: Contract, spot: float, carry: Carry, today: date) -> date:
    """Return the day on which exercise pays most beside the stock that it closes.

    A put, beside stock that is held, waits for dividends: it is exercised today, on an ex-date, or
    at expiry. A call, beside stock sold short, avoids them: today, on an eve, or at expiry.
    """
    last = contract.expiry
    if last is None:
        raise ValueError(f"{contract.name} has no expiry")
    is_put = contract.right == "P"
    known = [one for one in carry.dividends if today < one.ex_date <= last]
    known = [one for one in known if one.status == DECLARED and not one.is_adjusted_for]
    days = [one.ex_date if is_put else US.previous_session(one.ex_date) for one in known]

    def worth(day: date) -> float:
        """Return what exercise on `day` brings today, with the dividends until then."""
        tau = (day - today).days / 365.0
        curve = carry.borrow if is_put else carry.lend
        flows = [contract.strike * curve.discount(tau)]
        if not is_put:
            flows.append(carry.borrow_fee * spot * tau)
        for one in known:
            if one.ex_date <= day:
                kept = 1.0 - carry.withholding if is_put else 1.0
                paid = (one.pay_date - today).days / 365.0
                flows.append(kept * one.amount * curve.discount(paid))
        return fsum(flows) if is_put else -fsum(flows)

    return max([today, *days, last], key=worth)
