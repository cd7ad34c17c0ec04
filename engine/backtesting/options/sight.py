"""Volatility and delta of a chain's options, from its own quotes.

The volatility of a strike is that of its option out of the money, at the middle of the quote: there
early exercise is worth least. An option that may be exercised early gets its delta from a lattice
with the dividends that are known, others from Black and Scholes on the spot less dividends.
"""

from __future__ import annotations

import math
from array import array
from datetime import date

from engine.backtesting.options.board import Board
from engine.clock import years_between
from engine.market.calendar import calendar_named
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from kernels_pure.escrow import dividends_due, never_early
from kernels_pure.implied import implied_vol
from kernels_pure.lattice import american_lattice
from kernels_pure.pricing import bs_greeks, bs_price

STEPS = 64
# A volatility is looked for in so many strikes on each side where a strike has none of its own.
_NEIGHBOURS = 3


class Model:
    """Values of options of one underlying at one instant, under one carry."""

    def __init__(self, chain: OptionChain, carry: Carry) -> None:
        self.chain = chain
        self.carry = carry
        self._spots = array("d", bytes(8 * (2 * STEPS + 12)))
        self._values = array("d", bytes(8 * (STEPS + 3)))
        calendar = calendar_named(chain.calendar)
        flows = [
            (years_between(chain.ts_ns, calendar.open_ns(one.ex_date)), one.amount)
            for one in carry.dividends
            if not one.is_adjusted_for
        ]
        self._flows = [flow for flow in flows if flow[0] > 0.0]

    def rate(self, tau: float) -> float:
        """Return the rate between lending and borrowing for `tau` years."""
        return 0.5 * (self.carry.lend.rate(tau) + self.carry.borrow.rate(tau))

    def dividends(self, until: float, since: float = 0.0) -> tuple[array[float], array[float]]:
        """Return times and amounts of the cash dividends in ``since < time <= until``, in years."""
        flows = [flow for flow in self._flows if since < flow[0] <= until]
        return array("d", [t for t, _ in flows]), array("d", [d for _, d in flows])

    def escrowed(self, spot: float, tau: float) -> float:
        """Return the spot less the present value of dividends within `tau`."""
        times, amounts = self.dividends(tau)
        return spot - dividends_due(0.0, tau, self.rate(tau), times, amounts)

    def value(
        self, spot: float, strike: float, tau: float, vol: float, right: int, *,
        since: float = 0.0, steps: int = STEPS,
    ) -> tuple[float, float]:  # fmt: skip
        """Return price and delta of an option; nan where it has none. O(steps squared) at most.

        Only dividends later than `since` years count. European options, and American ones that
        nobody exercises early, are valued in closed form.
        """
        rate, div = self.rate(tau), self.carry.index_yield
        times, amounts = self.dividends(tau, since)
        due = dividends_due(0.0, tau, rate, times, amounts)
        is_late = never_early(rate, div, right) == 1 and (right < 0 or not len(times))
        if self.chain.is_european or is_late or not tau > 0.0:
            free = spot - due
            price = bs_price(free, strike, tau, rate, div, vol, right)
            return price, bs_greeks(free, strike, tau, rate, div, vol, right)[0]
        price, delta, _, _ = american_lattice(
            spot, strike, tau, rate, div, vol, right, steps, times, amounts, self._spots,
            self._values,
        )  # fmt: skip
        return price, delta


class Sight:
    """What a strategy sees beside quotes: `vol`, `delta` and `expiry_near` of one chain."""

    def __init__(self, board: Board, carry: Carry) -> None:
        self.board = board
        self.chain = board.chain
        self.model = Model(board.chain, carry)
        self._vols: dict[int, float] = {}
        self._deltas: dict[int, float] = {}
        calendar = calendar_named(self.chain.calendar)
        self.today = calendar.session_date(self.chain.ts_ns)

    def days(self, expiry: int) -> int:
        """Return the calendar days to an expiry."""
        return (self.chain.expiries[expiry].date - self.today).days

    def day_of(self, expiry: int) -> date:
        """Return the last trading day of an expiry."""
        return self.chain.expiries[expiry].date

    def vol(self, row: int) -> float:
        """Return the implied volatility of a strike; of its neighbours where it has none; else nan.

        O(1) once it is known.
        """
        found = self._own_vol(row)
        if found == found:
            return found
        rows = self.chain.rows(self.chain.expiry_of(row))
        for away in range(1, _NEIGHBOURS + 1):
            near = [self._own_vol(one) for one in (row - away, row + away) if one in rows]
            known = [vol for vol in near if vol == vol]
            if known:
                return math.fsum(known) / len(known)
        return math.nan

    def _own_vol(self, row: int) -> float:
        known = self._vols.get(row)
        if known is not None:
            return known
        chain, model = self.chain, self.model
        e = chain.expiry_of(row)
        tau, strike = chain.tau(e), chain.strike[row]
        vol = math.nan
        if tau > 0.0:
            free, rate = model.escrowed(chain.underlying.mid, tau), model.rate(tau)
            right = 1 if strike >= free * math.exp(rate * tau) else -1
            q = chain.quote_index(row, "C" if right > 0 else "P")
            bid, ask = chain.bid[q], chain.ask[q]
            if 0.0 < bid <= ask:
                price, div = 0.5 * (bid + ask), model.carry.index_yield
                found, status = implied_vol(price, free, strike, tau, rate, div, right)
                if status == 0 and found > 0.0:
                    vol = found
        self._vols[row] = vol
        return vol

    def delta(self, quote: int) -> float:
        """Return the delta of an option by its quote index; nan where no volatility is known."""
        known = self._deltas.get(quote)
        if known is not None:
            return known
        chain, row = self.chain, self.chain.row_of(quote)
        vol, tau = self.vol(row), chain.tau(chain.expiry_of(row))
        right = 1 if chain.right_of(quote) == "C" else -1
        delta = math.nan
        if vol == vol and tau > 0.0:
            spot = chain.underlying.mid
            delta = self.model.value(spot, chain.strike[row], tau, vol, right)[1]
        self._deltas[quote] = delta
        return delta

    def plain_delta(self, quote: int) -> float:
        """Return the delta as if the option were European: near `delta`, without a lattice."""
        chain, row = self.chain, self.chain.row_of(quote)
        vol, tau = self.vol(row), chain.tau(chain.expiry_of(row))
        if not (vol == vol and tau > 0.0):
            return math.nan
        free, rate = self.model.escrowed(chain.underlying.mid, tau), self.model.rate(tau)
        right = 1 if chain.right_of(quote) == "C" else -1
        div = self.model.carry.index_yield
        return float(bs_greeks(free, chain.strike[row], tau, rate, div, vol, right)[0])

    def expiry_near(self, days: float, least: float, most: float) -> int:
        """Return the expiry within ``least <= days <= most`` nearest to `days`; -1 for none.

        Of two as near the earlier one; series that settle on this day are left out.
        """
        found, best = -1, math.inf
        for e in range(len(self.chain.expiries)):
            left = self.days(e)
            if left >= 1 and least <= left <= most and abs(left - days) < best:
                found, best = e, abs(left - days)
        return found
