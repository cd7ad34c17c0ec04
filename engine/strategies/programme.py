"""The profit programme: the most that one European expiry pays for certain, at displayed sizes.

Variables are contracts bought and sold of every quote, shares bought and sold short, money lent
and borrowed. The position may lose in no state: at no strike, not at a price of 0, and not
beyond the last strike, where its slope counts. Between strikes payoffs are straight, so these
states are enough. The optimum is 0 exactly when there are *state prices*: non-negative prices of
a unit in each state that put every quote between its bid and its ask, the share between what
shorting brings and buying costs, and money between the two rates. They are the duals, and the
answer to "why not".

Source: Davis and Hobson 2007 (duality on finitely many quotes); Cousot 2007; SCANNER section 4.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from engine.market.combo import FUTURE
from engine.strategies.view import View

_CALL, _PUT, _STOCK, _MONEY = 1, -1, 0, 2
_UNLIMITED = 1e300
_OPTIMAL = 0


@dataclass(frozen=True, slots=True)
class ProgrammeResult:
    """The optimum of one expiry, or the proof that there is none.

    Attributes
    ----------
    expiry
        Its index.
    value
        Largest locked profit per share (present value; times the multiplier for currency); 0 when
        there is none, nan if the simplex gave up.
    positions
        (quote index, signed contracts) of every option held.
    stock
        Signed shares over the multiplier.
    lend, borrow
        Money lent and borrowed today, per share.
    states, state_prices
        Prices of the underlying, and what one unit paid in that state alone is worth.
    tail_price
        What a unit of slope beyond the last state is worth.
    steps
        How many steps the simplex took.
    """

    expiry: int
    value: float
    positions: tuple[tuple[int, float], ...]
    stock: float
    lend: float
    borrow: float
    states: tuple[float, ...]
    state_prices: tuple[float, ...]
    tail_price: float
    steps: int

    @property
    def discount(self) -> float:
        """What the state prices say that a certain unit is worth."""
        return math.fsum(self.state_prices)

    @property
    def stock_value(self) -> float:
        """What the state prices say that a share delivered at expiry is worth."""
        return self.call_value(0.0)

    def call_value(self, strike: float) -> float:
        """Return what the state prices say that a call is worth."""
        pairs = zip(self.states, self.state_prices, strict=True)
        return math.fsum(price * max(s - strike, 0.0) for s, price in pairs) + self.tail_price

    def put_value(self, strike: float) -> float:
        """Return what the state prices say that a put is worth."""
        pairs = zip(self.states, self.state_prices, strict=True)
        return math.fsum(price * max(strike - s, 0.0) for s, price in pairs)


class Columns:
    """The instruments of one programme, one column each, in units of a typical strike."""

    def __init__(self, scale: float, gain_scale: float) -> None:
        self.scale = scale
        self.gain_scale = gain_scale
        self.quote = array("l")
        self.kind = array("l")
        self.side = array("d")
        self.strike = array("d")
        self.gain = array("d")
        self.bound = array("d")

    def add(
        self,
        kind: int,
        side: float,
        gain: float,
        bound: float,
        strike: float = 0.0,
        quote: int = -1,
    ) -> None:
        """Append one, unless it cannot be had or has no price."""
        if bound > 0.0 and math.isfinite(gain):
            self.quote.append(quote)
            self.kind.append(kind)
            self.side.append(side)
            self.strike.append(strike)
            self.gain.append(gain / self.gain_scale)
            self.bound.append(bound)

    def limited(self, most: Mapping[int, float]) -> Columns:
        """Return a copy in which quotes are limited to `most` contracts; 0 leaves one out."""
        other = Columns(self.scale, self.gain_scale)
        bound = self.bound[:]
        for j in [j for j, quote in enumerate(self.quote) if quote in most] if most else ():
            bound[j] = min(bound[j], most[self.quote[j]])
        if min(bound, default=1.0) > 0.0:
            other.quote, other.kind, other.bound = self.quote[:], self.kind[:], bound
            other.side, other.strike, other.gain = self.side[:], self.strike[:], self.gain[:]
            return other
        for j in [j for j, size in enumerate(bound) if size > 0.0]:
            other.quote.append(self.quote[j])
            other.kind.append(self.kind[j])
            other.side.append(self.side[j])
            other.strike.append(self.strike[j])
            other.gain.append(self.gain[j])
            other.bound.append(bound[j])
        return other


def solve_programme(
    view: View,
    expiry: int,
    *,
    allow_short: bool = True,
    shortable: float = math.nan,
    unknown_size: float = 1.0,
    most: Mapping[int, float] | None = None,
    options: Columns | None = None,
) -> ProgrammeResult | None:
    """Solve the profit programme of one expiry of a European chain.

    `allow_short` False forbids selling stock short, as LOCKED demands; a coin's future may always
    be sold. `shortable` is in shares, nan is not known and does not limit. Options of unknown size
    count as `unknown_size` contracts; stock of unknown size does not limit. `most` limits quotes
    (-1 is the stock) further,
    in contracts. `options` are the `option_columns` of the expiry, for who solves it several times.
    Returns None where the expiry has no carry (a coin expiry without its future).
    O(steps x strikes^2).

    Raises
    ------
    ValueError
        For an American chain: short options could be assigned early, so its verdict would mean
        nothing (it blesses short boxes).
    """
    chain, terms = view.chain, view.terms
    if not chain.is_european:
        raise ValueError("the profit programme cannot judge American options")
    rows = chain.rows(expiry)
    if not (terms.lend[expiry] > 0.0 and terms.borrow[expiry] > 0.0 and len(rows)):
        return None
    limits = most or {}
    if options is None:
        options = option_columns(view, expiry, unknown_size)
    columns = options.limited(limits)
    if view.has_stock:
        # What hedges a coin is a dated future: it is sold without borrowing anything.
        allow_short = allow_short or chain.quoting.hedge == FUTURE
        _add_stock(view, expiry, columns, allow_short, shortable, limits)
    columns.add(_MONEY, 1.0, -terms.lend[expiry] * columns.scale, _UNLIMITED)
    columns.add(_MONEY, -1.0, terms.borrow[expiry] * columns.scale, _UNLIMITED)
    states = array("d", (0.0, *chain.strike[rows[0] : rows[-1] + 1]))
    return _solve(view, expiry, columns, states)


def option_columns(view: View, expiry: int, unknown_size: float) -> Columns:
    """Return the options of an expiry that is not empty as columns of its programme. O(rows)."""
    chain, rows = view.chain, view.chain.rows(expiry)
    receive, pay = view.usable_receive, view.usable_pay
    scale = chain.strike[rows[len(rows) // 2]]
    columns = Columns(scale, view.terms.lend[expiry] * scale)
    for kind, shift in ((_CALL, 0), (_PUT, chain.n_rows)):
        for row in rows:
            q, strike = shift + row, chain.strike[row]
            if receive[q] > pay[q]:
                continue  # crossed: refused by a gate, and an "arbitrage" of its own here
            bid_size, ask_size = chain.bid_size[q], chain.ask_size[q]
            buys = unknown_size if math.isnan(ask_size) else ask_size
            sells = unknown_size if math.isnan(bid_size) else bid_size
            columns.add(kind, 1.0, -pay[q], buys, strike, q)
            if receive[q] > 0.0:
                columns.add(kind, -1.0, receive[q], sells, strike, q)
    return columns


def _add_stock(
    view: View,
    expiry: int,
    columns: Columns,
    allow_short: bool,
    shortable: float,
    most: Mapping[int, float],
) -> None:
    terms, spot, multiplier = view.terms, view.chain.underlying, view.chain.multiplier
    enough = min(1.0 + math.fsum(columns.bound), most.get(-1, math.inf))
    buys = enough if math.isnan(spot.ask_size) else spot.ask_size / multiplier
    columns.add(_STOCK, 1.0, terms.div_in[expiry] - terms.stock_pay[expiry], min(buys, enough))
    if allow_short:
        sizes = [x / multiplier for x in (spot.bid_size, shortable) if not math.isnan(x)]
        gain = terms.stock_receive[expiry] - terms.div_out[expiry] - terms.stock_borrow[expiry]
        columns.add(_STOCK, -1.0, gain, min([*sizes, enough]))


def _solve(view: View, expiry: int, columns: Columns, states: array[float]) -> ProgrammeResult:
    n_rows, n_columns = len(states) + 1, len(columns.kind)
    matrix = array("d", bytes(8 * n_rows * n_columns))
    kernels = view.backend.simplex
    kernels.payoff_rows(
        len(states), n_columns, states, columns.kind, columns.side, columns.strike,
        columns.scale, matrix,
    )  # fmt: skip
    amount = array("d", bytes(8 * n_columns))
    dual = array("d", bytes(8 * n_rows))
    status, value, steps = kernels.simplex(
        n_rows, n_columns, matrix, columns.gain, columns.bound, amount, dual,
        array("d", bytes(8 * ((n_rows + 2) * n_columns + 3 * n_rows))),
        array("l", bytes(8 * (n_rows + 2 * n_columns))),
    )  # fmt: skip
    if status != _OPTIMAL:
        value = math.nan
    held: dict[int, float] = {}
    for j in range(n_columns - 2):
        if amount[j] != 0.0:
            quote = columns.quote[j]
            held[quote] = held.get(quote, 0.0) + columns.side[j] * amount[j]
    stock = held.pop(-1, 0.0)
    unit = columns.gain_scale
    return ProgrammeResult(
        expiry=expiry,
        value=value * unit,
        positions=tuple(sorted(held.items())),
        stock=stock,
        lend=-columns.gain[-2] * amount[-2] * unit,
        borrow=columns.gain[-1] * amount[-1] * unit,
        states=tuple(states),
        state_prices=tuple(price * unit / columns.scale for price in dual[:-1]),
        tail_price=dual[-1] * unit,
        steps=steps,
    )
