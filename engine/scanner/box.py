"""The box: bounds of every quote within which a chain has no candidate, certified by one search.

Every edge rises with each bid and falls with each ask. So if a search of the far corner of a box,
each bid at its highest and each ask at its lowest, finds nothing, no chain inside has a candidate
(docs/SCANNER.md, "A quote that moves", has the argument family by family). A quote that stays
inside is answered by one comparison; one that leaves makes the box larger, if a search of the
larger box finds nothing either.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from engine.backend import Backend
from engine.clock import NS_PER_SECOND, SECONDS_PER_YEAR, to_ns
from engine.config import ScanSettings
from engine.market.calendar import calendar_named, zone_named
from engine.market.carry import Carry, RateCurve
from engine.market.chain import OptionChain, Underlying
from engine.market.listing import Listing
from engine.market.terms import Terms, at_spot
from engine.scanner.search import terms_of
from engine.strategies.butterfly import highest_body
from engine.strategies.candidates import CandidateTable
from engine.strategies.covered_mix import has_mix
from engine.strategies.partial_box import has_part
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.scratch import Scratch
from engine.strategies.screen import ruled_out_families
from engine.strategies.three_legs import has_three_legs
from engine.strategies.view import View, days_by_row, net_prices

MARGIN = 1e-3
"""Edges above minus this must not be found: half pays for time, half for what follows the spot."""

# Shares of the spreads and of the spot by which a new box is wider than the market.
_SIZES = ((0.4, 0.0), (0.3, 3e-4), (0.25, 3e-4), (0.2, 2e-4), (0.1, 1e-4), (0.05, 5e-5), (0.0, 0.0))
# Of its spread, how far a quote that left may move on until it leaves again.
_AHEAD = 0.2
_STOCK_AHEAD = 2e-4
# Sold options with later covers, of which a search lists the best whole ones: these are clear only
# where no bid is above the hull of all covers.
_LATER = ("calendar", "calendar_butterfly")
# Of these a search lists what the sizes shown allow, or what is worth more than its box: whether
# there is any, whatever sizes and the quotes of other legs.
_UNEQUAL = {"three_legs": has_three_legs, "partial_box": has_part, "covered_mix": has_mix}


@dataclass(frozen=True, slots=True)
class Frame:
    """The terms that a box is searched under, and how far they serve.

    Attributes
    ----------
    chain
        Its instant and listing; prices are not read but for those of the underlying.
    terms, paid
        Without and with projected dividends as receipts, None where there are none.
    until_ns
        Before it no edge has moved by more than half of `MARGIN`, and no date has passed.
    reach
        How far the spot may go before fees and yields in proportion to it move edges as much.
    """

    chain: OptionChain
    terms: Terms
    paid: Terms | None
    until_ns: int
    reach: float

    @classmethod
    def of(
        cls, chain: OptionChain, settings: ScanSettings, *, counts_projected: bool = True
    ) -> Frame:
        """Make the terms of a chain. O(expiries x dividends)."""
        carry = settings.carry
        terms, paid = terms_of(chain, settings, counts_projected=counts_projected)
        following = (carry.borrow_fee + carry.index_yield) * max(terms.tau, default=0.0)
        is_fixed = not (following > 0.0 and chain.underlying.is_tradable)
        reach = math.inf if is_fixed else 0.5 * MARGIN / following
        return cls(chain, terms, paid, _until(chain, carry), reach)

    def moved(self, spot: Underlying, settings: ScanSettings) -> Frame | None:
        """Return the same for another quote of the underlying, None if that is out of reach."""
        old, fees = self.chain.underlying, settings.fees
        gap = max(abs(spot.bid - old.bid), abs(spot.ask - old.ask))
        if self.reach < math.inf and not gap <= self.reach:
            return None
        return replace(
            self, terms=at_spot(self.terms, spot, fees),
            paid=None if self.paid is None else at_spot(self.paid, spot, fees),
        )  # fmt: skip


class Box:
    """Bounds by quote index, empty or certified.

    `most_bid` and `least_ask` are prices of the exchange: a bid up to the one and an ask from the
    other on are inside; ``-inf`` and ``inf`` admit no price. `until_ns` is when the box ends. While
    it `is_empty` nothing is inside. `counts_projected` is that of its scanner.
    """

    def __init__(
        self, listing: Listing, settings: ScanSettings, backend: Backend,
        *, counts_projected: bool = True,
    ) -> None:  # fmt: skip
        self._counts_projected = counts_projected
        n, fees = listing.n_quotes, settings.fees
        self.settings, self.backend = settings, backend
        self.is_empty = True
        self.most_bid = array("d", [-math.inf]) * n
        self.least_ask = array("d", [math.inf]) * n
        self.until_ns = 0
        self._receive, self._pay = array("d", bytes(8 * n)), array("d", bytes(8 * n))
        self._scratch = Scratch()
        self._starts = array("d", (start for start, _ in fees.tiers))
        self._fees = array(
            "d", ((fee + fees.exchange) / listing.multiplier for _, fee in fees.tiers)
        )
        self._kernels = backend.load("box")
        # What the corner was certified under, and the underlying's part of the corner.
        self._frame: Frame | None = None
        self._corner = Underlying(listing.symbol, math.nan, math.nan)
        self._days = array("d")

    def build(self, chain: OptionChain, without: Iterable[tuple[int, int]] = ()) -> bool:
        """Put the largest certified box of a few sizes around a chain; return whether there is one.

        `without` are sides that count as absent: (quote index, +1 for its ask, -1 for its bid).
        O(search), a few times.
        """
        self.is_empty = True
        if not chain.quoting.is_linear:
            return False  # in coins every edge depends on the futures, which move with the spot
        receive, pay = net_prices(chain, self.settings.fees, self.backend, self._scratch)
        for quote, side in without:
            (pay if side > 0 else receive)[quote] = math.nan
        frame = Frame.of(chain, self.settings, counts_projected=self._counts_projected)
        self._days = days_by_row(chain, self.backend, self._scratch)
        for share, ahead in _SIZES:
            self._kernels.box_columns(receive, pay, share, self._receive, self._pay)
            if self._holds(frame, _around(frame, chain.underlying, ahead)):
                self._kernels.price_limits(
                    self._receive, self._pay, self._starts, self._fees, self.most_bid,
                    self.least_ask,
                )  # fmt: skip
                self.is_empty = False
                return True
        return False

    def extend(self, quote: int, side: int, bid: float, ask: float) -> bool:
        """Take a bid (`side` -1) or an ask (+1) that left into the box, if that stays certified.

        `bid` and `ask` are the quote's prices now. O(search).
        """
        if self.is_empty or self._frame is None:
            return False
        kernels, tiers = self._kernels, (self._starts, self._fees)
        column = self._pay if side > 0 else self._receive
        old = column[quote]
        net = kernels.ask_cost(ask, *tiers) if side > 0 else kernels.bid_worth(bid, *tiers)
        gap = _AHEAD * (ask - bid) if 0.0 < bid < ask else 0.0
        for ahead in (gap, 0.0) if gap > 0.0 else (0.0,):
            column[quote] = net - side * ahead
            if self._is_clear(self._frame):
                # Never past the price itself by a rounding error: `MARGIN` is there for that.
                if side > 0:
                    self.least_ask[quote] = min(ask, kernels.least_ask(column[quote], *tiers))
                else:
                    self.most_bid[quote] = max(bid, kernels.most_bid(column[quote], *tiers))
                return True
        column[quote] = old
        return False

    def renew(self, spot: Underlying, now_ns: int) -> bool:
        """Certify the box for a quote of the underlying and an instant, else empty it."""
        if self.is_empty or self._frame is None:
            return False
        frame = self._frame
        if now_ns >= frame.until_ns or frame.moved(spot, self.settings) is None:
            chain = replace(frame.chain, ts_ns=now_ns, underlying=spot)
            frame = Frame.of(chain, self.settings, counts_projected=self._counts_projected)
            self._days = days_by_row(chain, self.backend, self._scratch)
        self.is_empty = not any(
            self._holds(frame, _around(frame, spot, ahead)) for ahead in (_STOCK_AHEAD, 0.0)
        )
        return not self.is_empty

    def has(self, quote: int, side: int, price: float) -> bool:
        """Tell whether an ask (`side` +1) or a bid (-1) is inside."""
        if self.is_empty:
            return False
        if not price > 0.0:
            return True  # without it there are only fewer positions
        return price >= self.least_ask[quote] if side > 0 else price <= self.most_bid[quote]

    def has_stock(self, bid: float, ask: float) -> bool:
        """Tell whether a quote of the underlying is inside."""
        if self._frame is None or self.is_empty:
            return False
        spot = self._frame.chain.underlying
        if not (spot.is_tradable and bid > 0.0 and ask > 0.0):
            return True  # without it there are only fewer positions
        corner, reach = self._corner, self._frame.reach
        return (
            corner.bid > 0.0 and corner.ask > 0.0  # else no position with stock was looked for
            and bid <= corner.bid and ask >= corner.ask
            and bid >= spot.bid - reach and ask <= spot.ask + reach
        )  # fmt: skip

    def _holds(self, frame: Frame, spot: Underlying) -> bool:
        """Certify the columns for a corner of the underlying; keep that if it is clear."""
        moved = frame.moved(spot, self.settings)
        if moved is None or not self._is_clear(moved, spot):
            return False
        self._frame, self.until_ns = replace(moved, chain=frame.chain), frame.until_ns
        self._corner = spot
        return True

    def _is_clear(self, frame: Frame, spot: Underlying | None = None) -> bool:
        """Tell whether the corner of the box has no edge above minus `MARGIN`."""
        chain = replace(frame.chain, underlying=spot or self._corner)
        for terms in (frame.terms, frame.paid):
            if terms is not None:
                view = View(
                    chain, terms, self.settings.fees, self.backend, self._receive, self._pay,
                    self._days, floor=-MARGIN, scratch=self._scratch,
                )  # fmt: skip
                if not is_clear(view, self.settings.families):
                    return False
        return True


def is_clear(view: View, families: Iterable[str]) -> bool:
    """Tell whether no position of the families has an edge above the floor of `view`.

    Sharper than that a search finds none, which lists one cover for each sold quote and only in
    whole contracts: here no mixture of longs may cover one for less than it brings.
    """
    n = view.chain.n_rows
    asked = [name for name in families if name in REGISTRY and not why_not(REGISTRY[name], view)]
    ruled_out = ruled_out_families(view, asked)
    table = CandidateTable(view.backend, n, view.days, wants_near=False)
    for name in asked:
        if name in ruled_out:
            continue
        if name in _LATER:
            return False
        if name == "butterfly":
            if max(highest_body(view, 0), highest_body(view, n)) > view.floor:
                return False
            continue
        if name in _UNEQUAL:
            if _UNEQUAL[name](view):
                return False
            continue
        REGISTRY[name].find(view, table)
        if table.found.count:
            return False
    return True


def _around(frame: Frame, spot: Underlying, share: float) -> Underlying:
    """Return a better quote of the underlying by a share of its price, half its reach at most."""
    bid, ask = (min(share * price, 0.5 * frame.reach) for price in (spot.bid, spot.ask))
    return replace(spot, bid=spot.bid + bid, ask=spot.ask - ask)


def _until(chain: OptionChain, carry: Carry) -> int:
    """Return until when no edge moves by more than half of `MARGIN`, nor a date passes.

    An edge pays and receives strikes, dividends and fees, each discounted: four strikes at most
    count in full (both ends of two expiries).
    """
    spot = chain.underlying
    amount = 4.0 * (
        max(chain.strike, default=0.0) + (spot.ask if spot.ask > 0.0 else 0.0)
        + math.fsum(dividend.amount for dividend in carry.dividends)
    )  # fmt: skip
    fastest = max(_steepest(carry.lend), _steepest(carry.borrow))
    yearly = amount * (fastest + carry.borrow_fee + carry.index_yield)
    now, calendar = chain.ts_ns, calendar_named(chain.calendar)
    day = calendar.session_date(now)
    tomorrow = datetime.combine(day + timedelta(days=1), time(), zone_named(calendar.zone))
    ends = [to_ns(tomorrow), calendar.open_ns(day), calendar.close_ns(day)]
    ends += [expiry.settles_ns for expiry in chain.expiries[:1]]
    if yearly > 0.0:
        ends.append(now + int(0.5 * MARGIN / yearly * SECONDS_PER_YEAR * NS_PER_SECOND))
    return min((end for end in ends if end > now), default=now)


def _steepest(curve: RateCurve) -> float:
    """Return the greatest forward rate of a curve, without its sign."""
    rates = [abs(rate) for rate in curve.rates]
    for k in range(1, len(curve.days)):
        days, before = curve.days[k], curve.days[k - 1]
        slope = (curve.rates[k] - curve.rates[k - 1]) / (days - before)
        rates += [abs(curve.rates[k - 1] + slope * before), abs(curve.rates[k] + slope * days)]
    return max(rates)
