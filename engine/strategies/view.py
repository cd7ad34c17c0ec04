"""One chain as the families see it: net quotes, terms and scratch columns."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import add

from engine.backend import Backend
from engine.clock import years_between
from engine.market.chain import COIN, OptionChain
from engine.market.combo import FUTURE
from engine.market.fees import FeeSchedule
from engine.market.terms import Terms
from engine.strategies.scratch import Scratch
from kernels_pure.gates import MAX_DAYS
from kernels_pure.rolls import PARTS as ROLL_PARTS

CAPACITY = 256


@dataclass(frozen=True, slots=True)
class View:
    """What a family needs to search one chain.

    Attributes
    ----------
    receive, pay
        Net quotes by quote index, nan absent.
    days
        Days to expiry by row.
    limits
        Limits of the gates, in the order that their kernels read; empty if no quote fails one.
    floor
        Edges above it make candidates; 0 in a scan.
    condition
        Added to every candidate of this view.
    """

    chain: OptionChain
    terms: Terms
    fees: FeeSchedule
    backend: Backend
    receive: array[float]
    pay: array[float]
    days: array[float]
    limits: array[float] = field(default_factory=lambda: array("d"))
    floor: float = 0.0
    condition: int = 0
    scratch: Scratch = field(default_factory=Scratch)
    _judged: dict[str, tuple[array[float], array[float]]] = field(default_factory=dict, init=False)
    _uncovered: dict[int, array[int]] = field(default_factory=dict, init=False)
    _flags: dict[str, array[int]] = field(default_factory=dict, init=False)
    _around: dict[tuple[int, bool], array[int]] = field(default_factory=dict, init=False)

    @property
    def has_stock(self) -> bool:
        """Whether the underlying (or the future of a coin) can be traded at a known quote."""
        spot = self.chain.underlying
        if self.chain.quoting.hedge == FUTURE:
            return len(self.chain.forward_bid) > 0
        return spot.is_tradable and spot.kind != COIN and spot.bid > 0.0 and spot.ask > 0.0

    @property
    def usable_receive(self) -> array[float]:
        """What `receive` is with quotes that fail a gate of their own absent.

        Judged when first asked for.
        """
        return self._usable()[0]

    @property
    def usable_pay(self) -> array[float]:
        """The same for `pay`."""
        return self._usable()[1]

    def _usable(self) -> tuple[array[float], array[float]]:
        if not self.limits:
            return self.receive, self.pay
        if "usable" not in self._judged:
            chain, names = self.chain, ("usable receive", "usable pay")
            receive, pay = (self.column(name, len(chain.bid)) for name in names)
            refused = self.backend.limits.usable_quotes(
                chain.bid, chain.ask, chain.bid_size, chain.ask_size, chain.bid_age,
                chain.ask_age, chain.volume, chain.open_interest, self.receive, self.pay,
                self.limits, receive, pay,
            )  # fmt: skip
            self._judged["usable"] = (receive, pay) if refused else (self.receive, self.pay)
        return self._judged["usable"]

    @property
    def timely_quotes(self) -> tuple[array[float], array[float]]:
        """Usable `receive` and `pay` of the expiries that are not too late for the gate of days.

        What families that report one cover per sold quote search first, so that a quote that
        may not be traded cannot hide a dearer one that may.
        """
        receive, pay = self._usable()
        last = self.limits[MAX_DAYS] if self.limits else math.inf
        # Rows stand in the order of their expiries.
        if not self.days or not self.days[-1] > last:
            return receive, pay
        if "timely" not in self._judged:
            receive, pay = receive[:], pay[:]
            for q in range(len(pay)):
                if self.days[self.chain.row_of(q)] > last:
                    receive[q] = pay[q] = math.nan
            self._judged["timely"] = receive, pay
        return self._judged["timely"]

    def uncovered(self, shift: int) -> array[int]:
        """Return the rows whose bid lies above what longs of its right cost, mixtures included.

        No other row can be sold in a position of options of one right: neither verticals nor
        butterflies nor calendars. `shift` is 0 for calls, ``n_rows`` for puts. O(rows) as a rule.
        """
        found = self._uncovered.get(shift)
        if found is None:
            found = self._uncovered[shift] = self._find_uncovered(shift)
        return found

    def around(self, shift: int, *, later: bool = False) -> array[int]:
        """Return `chain.first` with no expiries but those with an uncovered row, and between them.

        All others are empty; with `later`, only those before. Some row of `shift` is uncovered.
        """
        key = shift, later
        found = self._around.get(key)
        if found is None:
            chain, rows = self.chain, self.uncovered(shift)
            # Those of the last expiry stand first.
            last = len(chain.expiries) if later else chain.expiry_of(rows[0]) + 1
            found = self._around[key] = _between(chain.first, chain.expiry_of(rows[-1]), last)
        return found

    def flags_to_fill(self) -> array[int]:
        """Return the column that the screen writes the flags of every expiry to."""
        flags = self.indices(f"flags {self.condition}", len(self.chain.expiries))
        self._flags["expiries"] = flags
        return flags

    @property
    def flags(self) -> array[int] | None:
        """What the screen says of every expiry; None where it was not asked."""
        return self._flags.get("expiries")

    def flagged(self, flag: int, *also: int) -> array[int]:
        """Return `chain.first` with no expiries but from the first to the last that has `flag`.

        The others are empty. All of them where the chain has not been screened, or none has it.
        Expiries in `also` count as flagged.
        """
        chain = self.chain
        flags = self.flags
        if flags is None:
            return chain.first
        found = [e for e in range(len(chain.expiries)) if flags[e] & flag]
        found += also
        if not found:
            return chain.first
        return _between(chain.first, min(found), max(found) + 1)

    def roll_columns(self) -> tuple[array[float], ...]:
        """Return the columns in which expiries are judged for jelly rolls: sold, bought, now."""
        n = ROLL_PARTS * len(self.chain.expiries)
        names = ("rolls sold", "rolls bought", "rolls now")
        return tuple(self.column(f"{name} {self.condition}", n) for name in names)

    def _find_uncovered(self, shift: int) -> array[int]:
        chain, terms, n = self.chain, self.terms, len(self.chain.expiries)
        if not chain.is_european:
            scale, offset = array("d", [1.0]) * n, self.zeros
        elif not chain.quoting.is_linear:
            scale, offset = self._per_future(shift), self.zeros
        else:
            scale, offset = (terms.borrow, terms.div_in) if shift else (terms.lend, terms.div_out)
            # Only covers by a later expiry depend on it, and these need the stock.
            if not self.has_stock:
                offset = self.zeros
            elif not shift:
                offset = array("d", map(add, offset, terms.stock_borrow))
        rows = self.indices("uncovered", chain.n_rows)
        hits = self.backend.cover.screen_cover(
            chain.first, chain.strike, shift, self.receive, self.pay, scale, offset, self.floor,
            rows, self.column("cover hull", 4 * (chain.n_rows + n + 2)),
        )  # fmt: skip
        return rows[:hits]

    def _per_future(self, shift: int) -> array[float]:
        """Return one over the future by expiry; where there is none, what fits strikes roughly.

        Covers by a later expiry need both futures; within one expiry any scale will do.
        """
        chain = self.chain
        futures = (chain.forward_ask if shift else chain.forward_bid) or self.zeros
        rough = 1.0 / max(chain.strike, default=1.0)
        return array("d", (1.0 / future if future > 0.0 else rough for future in futures))

    @property
    def zeros(self) -> array[float]:
        """A column of zeros by expiry, that nobody writes to."""
        groups, n = self.scratch.groups, len(self.chain.expiries)
        known: array[float] | None = groups.get("zeros")
        if known is None or len(known) != n:
            known = groups["zeros"] = array("d", [0.0]) * n
        return known

    def line(
        self,
        name: str,
        slope: array[float],
        value: array[float],
        first: array[int] | None = None,
    ) -> array[float]:
        """Return ``slope * strike + value`` by row, slope and value by expiry.

        With `first` from `around`, only the rows of these expiries.
        """
        column, strike = self.rows(name), self.chain.strike
        self.backend.surface.roll_scale(first or self.chain.first, strike, slope, value, column)
        return column

    def column(self, name: str, length: int) -> array[float]:
        """Return a scratch column; its content is whatever the last user left."""
        return self.scratch.column(name, length)

    def indices(self, name: str, length: int) -> array[int]:
        """Return an integer scratch column."""
        return self.scratch.indices(name, length)

    def rows(self, name: str) -> array[float]:
        """Return a scratch column with exactly one element per row."""
        return self.scratch.column("rows " + name, len(self.chain.strike))


@dataclass(frozen=True, slots=True)
class Hits:
    """Columns that a family kernel writes positions to."""

    low: array[int]
    middle: array[int]
    high: array[int]
    edge: array[float]

    @classmethod
    def of(cls, view: View, capacity: int) -> Hits:
        """Return scratch columns of at least `capacity`."""
        groups = view.scratch.groups
        known: Hits | None = groups.get("hits")
        if known is None or len(known.edge) < capacity:
            known = groups["hits"] = cls(
                view.indices("low", capacity), view.indices("middle", capacity),
                view.indices("high", capacity), view.column("edge", capacity),
            )  # fmt: skip
        return known


def _between(first: array[int], start: int, stop: int) -> array[int]:
    """Return `first` with no expiries but ``start .. stop - 1``: all others are empty."""
    before, behind = first[start : start + 1], first[stop : stop + 1]
    return before * start + first[start : stop + 1] + behind * (len(first) - 1 - stop)


def all_hits(view: View, search: Callable[[Hits], tuple[int, ...]]) -> tuple[Hits, tuple[int, ...]]:
    """Run `search`, again with room for every hit if there were more than fit.

    `search` returns the number of hits first.
    """
    hits = Hits.of(view, CAPACITY)
    answer = search(hits)
    if answer[0] > len(hits.edge):
        hits = Hits.of(view, answer[0])
        answer = search(hits)
    return hits, answer


def net_prices(
    chain: OptionChain, fees: FeeSchedule, backend: Backend, scratch: Scratch
) -> tuple[array[float], array[float]]:
    """Return what each quote brings and costs after fees, by quote index."""
    receive, pay = (scratch.column(name, len(chain.bid)) for name in ("receive", "pay"))
    backend.parity.net_prices(
        chain.bid, chain.ask,
        array("d", (start for start, _ in fees.tiers)),
        array("d", ((fee + fees.exchange) / chain.multiplier for _, fee in fees.tiers)),
        fees.proportional, fees.premium_cap, receive, pay,
    )  # fmt: skip
    return receive, pay


def days_by_row(chain: OptionChain, backend: Backend, scratch: Scratch) -> array[float]:
    """Return days to expiry by row, from the chain's instant to settlement."""
    column = scratch.column("days", chain.n_rows)
    now = chain.ts_ns
    days = array("d", [years_between(now, one.settles_ns) * 365.0 for one in chain.expiries])
    nothing = array("d", [0.0]) * len(days)
    backend.surface.roll_scale(chain.first, chain.strike, nothing, days, column)
    return column


def shape_of(chain: OptionChain) -> tuple[int, ...]:
    """Return what the lengths of a chain's scratch columns depend on."""
    return chain.n_rows, len(chain.bid), len(chain.expiries)
