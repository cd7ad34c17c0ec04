"""A package that is held: its contracts, its stock, and every amount it has paid and received."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from math import nan

from engine.backtesting.options.board import Board, Quote
from engine.clock import years_between
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.combo import Combo
from engine.market.contract import STOCK, Contract


@dataclass(slots=True)
class Holding:
    """An option that a package holds: `quantity` in contracts, below 0 where sold.

    `bid`, `ask` and `mid` are those of the last chain that quoted it; `is_live` tells whether that
    was the last chain of its underlying.
    """

    contract: Contract
    quantity: float
    settles_ns: int
    bid: float = 0.0
    ask: float = nan
    mid: float = nan
    is_live: bool = False

    def mark(self, quote: Quote, spot: Quote) -> None:
        """Take the prices of a chain; a sold option without an offer keeps the last one.

        Without any offer yet it would cost what exercise brings its holder.
        """
        self.is_live = quote.ask > 0.0 or quote.bid > 0.0
        self.bid = max(0.0, quote.bid) if quote.bid == quote.bid else 0.0
        worth = self.intrinsic(spot.ask if self.contract.right == "C" else spot.bid)
        if quote.ask > 0.0:
            self.ask = quote.ask
        elif not self.ask >= worth:
            self.ask = worth
        middle = quote.mid
        self.mid = middle if middle == middle else 0.5 * (self.bid + self.ask)

    def intrinsic(self, level: float) -> float:
        """Return what exercise brings at a level of the underlying, per share."""
        strike = self.contract.strike
        return max(0.0, level - strike if self.contract.right == "C" else strike - level)

    @property
    def shares(self) -> float:
        """What exercise of all of it adds to the stock."""
        sign = 1.0 if self.contract.right == "C" else -1.0
        return sign * self.quantity * self.contract.multiplier


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that changed a package: `quantity` of a contract (name) at a price.

    `amount` is what the cash changed by, `fee` included. `what` is "buy", "sell", "exercise",
    "assignment", or a word of `engine.backtesting.options.settlement`.
    """

    time_ns: int
    package: int
    what: str
    contract: str
    quantity: float
    price: float
    amount: float
    fee: float = 0.0


UNSEEN = Quote(nan, nan, nan, nan, nan, nan)
NO_CARRY = Carry()


@dataclass(slots=True, eq=False)
class Package:
    """One package: `lots` times the combo it was bought as, and what has become of it.

    Attributes
    ----------
    number
        Counts the packages of an account from 1.
    combo, label, n_lots, multiplier
        As it was bought: what its strategy calls it, how many, and shares per contract.
    lots
        How many are held still.
    opened_ns, closed_ns
        0 while it is open.
    premium, option_premium
        What its legs cost at the touch when it was opened, in currency; negative brought money.
        The other is that of its options alone.
    spread_cost
        What its fills have cost beyond the middle of the quotes.
    holdings, stock
        What is held now; shares are below 0 where sold short.
    cash, fees
        All that came in less all that was paid, fees included; the fees alone.
    receivable
        Dividends that have gone ex and are not paid yet, as (pay time, amount).
    reason
        Why it was closed.
    pin_low, pin_high
        How much less or more it could have got at settlements within the pin band.
    detected
        The edge of the scan that found it, in currency; nan for others.
    carry
        Rates, dividends and borrow fee as they were known when it was opened.
    is_secured
        Whether the strikes of sold puts are set aside in cash.
    margin
        What it required when it was last looked at, in currency.
    was_assigned, was_delivered, leaving
        Whether an option of it was assigned early, and whether exercise has moved stock; why it
        waits to be closed, "" if it does not.
    commissions
        What its closing has paid for each contract today, before any minimum, where it is closed in
        parts.
    worst_gain
        What it would have earned if it had been assigned on the worst night; nan if not asked.
    """

    number: int
    symbol: str
    combo: Combo
    label: str
    lots: int
    opened_ns: int
    n_lots: int = 0
    multiplier: float = 100.0
    closed_ns: int = 0
    premium: float = 0.0
    option_premium: float = 0.0
    spread_cost: float = 0.0
    holdings: list[Holding] = field(default_factory=list)
    stock: float = 0.0
    spot: Quote = UNSEEN
    cash: float = 0.0
    fees: float = 0.0
    dividends: float = 0.0
    borrow_fees: float = 0.0
    receivable: list[tuple[int, float]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    reason: str = ""
    pin_low: float = 0.0
    pin_high: float = 0.0
    n_pinned: int = 0
    detected: float = nan
    carry: Carry = NO_CARRY
    is_secured: bool = False
    margin: float = 0.0
    was_assigned: bool = False
    was_delivered: bool = False
    leaving: str = ""
    commissions: dict[Contract, float] = field(default_factory=dict)
    worst_gain: float = nan

    @property
    def unit(self) -> float:
        """Return the shares that a price of it is per: the multiplier times the lots bought."""
        return self.multiplier * self.n_lots

    @property
    def price(self) -> float:
        """Return what it cost at the touch per share of a lot; below 0 it brought money."""
        return self.premium / self.unit

    @property
    def is_open(self) -> bool:
        """Whether anything is held."""
        return bool(self.holdings) or self.stock != 0.0

    @property
    def value(self) -> float:
        """What closing it would bring now: longs at the bid, shorts at the ask, in currency."""
        return math.fsum(self._values(is_mid=False))

    @property
    def mid_value(self) -> float:
        """The same at the middle of every quote."""
        return math.fsum(self._values(is_mid=True))

    @property
    def gain(self) -> float:
        """What it has earned: cash, dividends to come, and what closing it would bring."""
        return self.cash + self.owed + self.value

    @property
    def mid_gain(self) -> float:
        """What it had earned if all its fills had been, and its closing were, at the middle."""
        return self.cash + self.owed + self.spread_cost + self.mid_value

    @property
    def owed(self) -> float:
        """Dividends to come, negative where they are to be paid."""
        return math.fsum(amount for _, amount in self.receivable)

    @property
    def option_gain(self) -> float:
        """What its options held still have gained at the touch, before fees, in currency."""
        values = [
            one.quantity * one.contract.multiplier * (one.bid if one.quantity > 0.0 else one.ask)
            for one in self.holdings
        ]
        return math.fsum(values) - self.option_premium * self.lots / self.n_lots

    @property
    def gross(self) -> float:
        """The size of all that is held, long and short, in currency."""
        values = self._values(is_mid=False)
        return math.fsum(abs(value) for value in values)

    def _values(self, *, is_mid: bool) -> list[float]:
        values = [
            one.quantity
            * one.contract.multiplier
            * (one.mid if is_mid else one.bid if one.quantity > 0.0 else one.ask)
            for one in self.holdings
        ]
        if self.stock:
            side = self.spot.bid if self.stock > 0.0 else self.spot.ask
            values.append(self.stock * (self.spot.mid if is_mid else side))
        return values

    def realised(self) -> float:
        """Return what its amounts were worth when it was opened, valued as a scan values them.

        What is received is worth what one could borrow against it, what is paid what one must lend
        for it; by the curves of `carry`. What moves from a close to the end of the next session is
        one amount, with the interest of the night between: an assignment is answered then.
        Dividends to come count, holdings do not.
        """
        moved: dict[int, list[float]] = {}
        for entry in self.entries:
            if entry.amount:
                moved.setdefault(entry.time_ns, []).append(entry.amount)
        for at, amount in self.receivable:
            moved.setdefault(at, []).append(amount)
        worth = []
        balance, began, last = 0.0, 0, self.opened_ns
        for at in sorted(moved):
            is_same = last > self.opened_ns and began >= _eve_ns(at)
            if not is_same:
                worth.append(self._worth(balance, last))
                balance, began = 0.0, at
            else:
                curve = self.carry.lend if balance > 0.0 else self.carry.borrow
                balance *= curve.discount(self._tau(last)) / curve.discount(self._tau(at))
            balance += math.fsum(moved[at])
            last = at
        return math.fsum([*worth, self._worth(balance, last)])

    def _tau(self, at_ns: int) -> float:
        return years_between(self.opened_ns, at_ns)

    def _worth(self, amount: float, at_ns: int) -> float:
        curve = self.carry.borrow if amount > 0.0 else self.carry.lend
        return amount * curve.discount(self._tau(at_ns))

    def mark(self, board: Board) -> None:
        """Take the prices of a chain of its underlying."""
        spot = board.chain.underlying
        self.spot = Quote(
            spot.bid, spot.ask, spot.bid_size, spot.ask_size, spot.bid_age, spot.ask_age
        )
        for one in self.holdings:
            one.mark(board.quote(one.contract), self.spot)

    def book(self, entry: Entry) -> None:
        """Take an amount and write it down."""
        self.cash += entry.amount
        self.fees += entry.fee
        self.entries.append(entry)

    def hold(self, contract: Contract, quantity: float, settles_ns: int = 0) -> None:
        """Add to what is held of a contract; what comes to nothing is dropped."""
        if contract.kind == STOCK:
            self.stock += quantity
            return
        for one in self.holdings:
            if one.contract == contract:
                one.quantity += quantity
                break
        else:
            self.holdings.append(Holding(contract, quantity, settles_ns))
        self.holdings = [one for one in self.holdings if one.quantity != 0.0]

    def lines(self) -> list[tuple[Contract, float]]:
        """Return what is held: contracts (shares of stock last) and quantities."""
        held = [(one.contract, one.quantity) for one in self.holdings]
        if self.stock:
            held.append((stock_of(self.symbol), self.stock))
        return held


def _eve_ns(at_ns: int) -> int:
    """Return the close of the session before that of an instant."""
    return US.close_ns(US.previous_session(US.session_date(at_ns)))


def stock_of(symbol: str) -> Contract:
    """Return the stock of a symbol as a contract."""
    return Contract(STOCK, symbol, multiplier=1.0)
