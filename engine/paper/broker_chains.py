"""A strategy over chains whose packages go to a broker: what it wants, and what it got.

The rules are those of paper (`engine.backtesting.options.host`): what may be had at the touch and
within the account's margin is a `PackageWish`. Whoever holds the seat sends an order for it and
says what came of that with `granted`; until then nothing more is wished for that package. What time
does to options the broker tells (`settled`): nothing is assigned, exercised or paid here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import fsum, gcd, inf

from engine.backtesting.options.board import Board
from engine.backtesting.options.fills import Lines, offer, settles_of
from engine.backtesting.options.host import Host, Ticket
from engine.backtesting.options.margin import Requirement
from engine.backtesting.options.moments import Moment
from engine.backtesting.options.package import Entry, Package
from engine.backtesting.options.run import Walk
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.options.terms import NEVER, NO_MARGIN, Terms
from engine.backtesting.orders import ASSIGNMENT, EXERCISE, EXPIRY, MARGIN_CALL, MARKET, Fill
from engine.errors import UsageError
from engine.market.combo import Combo
from engine.market.contract import OPTION, STOCK, Contract
from engine.paper.chain_desk import ChainSeat
from engine.paper.package_wishes import Ended, Known, PackageWish, Traded, closing_of, part_of
from engine.paper.seats import broken

UNFILLED = "the broker filled nothing"
_NEAR = 1e-6


@dataclass(slots=True)
class _Asked:
    wish: PackageWish
    ticket: Ticket | None
    reason: str


class BrokerHost(Host):
    """One account, whose orders become wishes. `wishes` are those that nobody has taken yet."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self.wishes: list[PackageWish] = []
        self._asked: dict[int, _Asked] = {}
        self._last_number = 0

    # what is wished for

    def _begin(
        self, board: Board, ticket: Ticket, package: Package, lines: Lines, fills: list[Fill]
    ) -> None:
        self._last_number += 1
        share = gcd(*(ratio for ratio, _ in ticket.combo.legs))
        legs = tuple((ratio // share, contract) for ratio, contract in ticket.combo.legs)
        binds = self._requirement(package).initial + max(0.0, -package.cash)
        wish = PackageWish(
            self._last_number, Combo(ticket.combo.symbol, legs), package.lots * share,
            ticket.label, False, binds,
        )  # fmt: skip
        self._ask(wish, ticket, MARKET)
        self._use(board, lines, package.lots)

    def _close(self, board: Board, one: Package) -> None:
        if one.number in self._asked:
            return
        found = closing_of(one, board.chain.multiplier)
        if found is None:
            return
        combo, lots = found
        lines = [
            (contract, ratio * (board.chain.multiplier if contract.kind == STOCK else 1.0))
            for ratio, contract in combo.legs
        ]
        is_stock = all(contract.kind == STOCK for _, contract in combo.legs)
        if is_stock:
            lines = [(contract, float(ratio)) for ratio, contract in combo.legs]
        can = offer(board, lines, lots, self.terms.max_age)
        if isinstance(can, str):
            self.refusals[can] += 1
            return
        self._ask(PackageWish(one.number, combo, can.lots, one.label, True), None, one.leaving)

    def _ask(self, wish: PackageWish, ticket: Ticket | None, reason: str) -> None:
        self._asked[wish.package] = _Asked(wish, ticket, reason)
        self.wishes.append(wish)

    def hold_to_margin(self, symbol: str) -> None:
        """Work out what packages require; close the greatest, one at a time, where it lacks."""
        if self.terms.margin == NO_MARGIN:
            return
        packages = self.packages(symbol)
        for one in packages:
            one.margin = self._requirement(one).maintenance
        is_closing = any(asked.reason == MARGIN_CALL for asked in self._asked.values())
        if self.excess() >= 0.0 or is_closing or not any(one.margin > 0.0 for one in packages):
            return
        greatest = max(packages, key=lambda one: (one.margin, -one.number))
        self.calls += greatest.leaving != MARGIN_CALL
        greatest.leaving = MARGIN_CALL
        self._close(self.boards[symbol], greatest)

    def exercise(self, package: Package, contract: Contract) -> None:
        """Refuse: nothing here tells a broker to exercise.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(
            "at a broker options are exercised by hand: self.leave(package) sells them"
        )

    def excess(self, more: Requirement | None = None, one: Package | None = None) -> float:
        """Return what the account has beyond what it is held to, wishes on their way included."""
        return super().excess(more, one) - fsum(
            asked.wish.capital for asked in self._asked.values()
        )

    @property
    def n_waiting(self) -> int:
        """Return how many orders for packages have not been answered."""
        return len(self._tickets) + len(self._asked)

    def waiting(self, symbol: str) -> int:
        """Return how many orders for packages of a symbol have not been answered."""
        sent = sum(asked.wish.combo.symbol == symbol for asked in self._asked.values())
        return super().waiting(symbol) + sent

    # what came of it

    def granted(
        self, number: int, traded: Sequence[Traded], fees: float, now_ns: int
    ) -> tuple[Fill, ...]:
        """Take what was traded for a wish (nothing, or a part), and return the fills."""
        if not traded:
            self.decline(number, UNFILLED)
            return ()
        asked = self._asked.pop(number)
        wish = asked.wish
        if asked.ticket is not None:
            one = self._new(number, asked.ticket.combo, wish.label, now_ns)
            one.detected = asked.ticket.detected
            one.is_secured = asked.ticket.is_secured
        else:
            one = self._package(number)
        before = one.lots
        fills = self._book(one, traded, fees, now_ns, asked.reason)
        if asked.ticket is not None:
            self._count(one)
        elif one.is_open:
            # Nothing left of what could be traded: what nobody bids for keeps its lots.
            one.lots = round(before * (1.0 - part_of(wish, traded))) or before
        else:
            one.closed_ns, one.reason = now_ns, one.leaving
        self.fills += fills
        self._mark(one)
        self.retire()
        return tuple(fills)

    def decline(self, number: int, why: str) -> None:
        """Take that nothing comes of a wish, and count why."""
        del self._asked[number]
        self.refusals[why] = self.refusals.get(why, 0) + 1

    def settled(self, ended: Iterable[Ended], now_ns: int) -> list[Ended]:
        """Take what has become of options by themselves: the oldest packages come first.

        What is left is returned: it is of other accounts. What pays in cash is taken at the last
        quote of its underlying: nobody tells the level.
        """
        rest = []
        for row in ended:
            left = row.quantity
            for one in list(self.open):
                held = next((h for h in one.holdings if h.contract.name == row.contract), None)
                if held is None or held.quantity * left <= 0.0:
                    continue
                taken = min(abs(held.quantity), abs(left)) * (1.0 if left > 0.0 else -1.0)
                left -= taken
                self._end(one, held.contract, taken, row, now_ns)
            if left:
                rest.append(replace(row, quantity=left, shares=row.shares * left / row.quantity))
        self.retire()
        return rest

    def _end(self, one: Package, contract: Contract, taken: float, row: Ended, now_ns: int) -> None:
        shares = row.shares * taken / row.quantity
        amount, price, what = -shares * row.strike, row.strike, EXPIRY
        if shares:
            what = EXERCISE if taken > 0.0 else ASSIGNMENT
            one.stock += shares
            one.was_delivered = True
        elif self._pays_cash(one.symbol):
            held = next(h for h in one.holdings if h.contract == contract)
            price = held.intrinsic(one.spot.mid) if one.spot.mid == one.spot.mid else 0.0
            amount = taken * contract.multiplier * price
        else:
            price = 0.0
        one.hold(contract, -taken)
        one.book(Entry(now_ns, one.number, what, contract.name, -taken, price, amount))
        if not one.is_open:
            one.closed_ns, one.reason = now_ns, what

    def restore(self, packages: Iterable[Known]) -> None:
        """Take the packages of an earlier engine, before the first chain."""
        for known in packages:
            self._last_number = max(self._last_number, known.number)
            one = self._new(known.number, known.combo, known.label, known.opened_ns)
            self._book(one, known.opening, known.fees, known.opened_ns, MARKET)
            self._count(one)
            n_opened = _size(one)
            self._book(one, known.closing, 0.0, known.opened_ns, MARKET)
            one.lots = max(1, round(one.lots * _size(one) / n_opened)) if n_opened else 1
        self.retire()

    # inside

    def _package(self, number: int) -> Package:
        """Return an open package, or one that time has ended while an order was on its way."""
        for one in self.open:
            if one.number == number:
                return one
        one = next(package for package in self.closed if package.number == number)
        self.reopen(one)
        return one

    def _new(self, number: int, combo: Combo, label: str, now_ns: int) -> Package:
        size = next((c.multiplier for _, c in combo.legs if c.kind == OPTION), 1.0)
        one = Package(number, combo.symbol, combo, label, 1, now_ns, n_lots=1, multiplier=size)
        moment = self.moments.get(combo.symbol)
        if moment is not None:
            one.carry = moment.carry
        self.open.append(one)
        return one

    def _count(self, one: Package) -> None:
        """Count the lots of a package that was opened, and what it cost at the prices it got."""
        held = {contract.name: quantity for contract, quantity in one.lines()}
        lots: float = inf
        for ratio, contract in one.combo.legs:
            size = ratio * (one.multiplier if contract.kind == STOCK else 1.0)
            lots = min(lots, held.get(contract.name, 0.0) / size)
        # Legs that were filled unequally are no whole lot of anything, but held they are.
        one.lots = one.n_lots = max(1, int(lots + _NEAR)) if lots < inf else 1
        one.premium = -one.cash - one.fees
        one.option_premium = fsum(
            entry.quantity * entry.price * self._size(one, entry.contract)
            for entry in one.entries
            if entry.contract != one.symbol
        )

    def _size(self, one: Package, name: str) -> float:
        return next((h.contract.multiplier for h in one.holdings if h.contract.name == name), 0.0)

    def _book(
        self, one: Package, traded: Sequence[Traded], fees: float, now_ns: int, reason: str
    ) -> list[Fill]:
        board = self.boards.get(one.symbol)
        fills = []
        for place, part in enumerate(traded):
            contract, quantity = part.contract, part.quantity
            size = 1.0 if contract.kind == STOCK else contract.multiplier
            fee = fees if place == 0 else 0.0  # a broker tells those of the order
            settles = 0 if board is None else settles_of(board, contract)
            one.hold(contract, quantity, settles)
            what = "buy" if quantity > 0.0 else "sell"
            amount = -quantity * size * part.price - fee
            one.book(
                Entry(now_ns, one.number, what, contract.name, quantity, part.price, amount, fee)
            )
            fills.append(Fill(one.number, contract.name, now_ns, quantity, part.price, fee, reason))
        return fills

    def _mark(self, one: Package) -> None:
        board = self.boards.get(one.symbol)
        if board is not None:
            one.mark(board)

    def _pays_cash(self, symbol: str) -> bool:
        moment = self.moments.get(symbol)
        return moment is not None and not moment.chain.underlying.is_tradable


def _size(one: Package) -> float:
    """Return how many contracts a package holds, or shares where it holds none."""
    return fsum(abs(held.quantity) for held in one.holdings) or abs(one.stock)


class BrokerWalk(Walk):
    """Leads a strategy by chains; opens and closes of the exchange change nothing by themselves."""

    host: BrokerHost

    def __init__(self, strategy: ChainStrategy, terms: Terms, seed: int) -> None:
        super().__init__(strategy, replace(terms, assignment=NEVER, has_interest=False), seed)
        self.host = BrokerHost(self.terms)
        strategy.account = self.host

    def _ring(self, calendar: str, until_ns: int) -> None:
        self.host.retire()

    def _settle_morning(self, moment: Moment) -> None:
        """Do nothing: the broker tells."""


class BrokerChainSeat(ChainSeat):
    """One strategy over chains with its account at a broker."""

    walk: BrokerWalk

    def __init__(
        self, name: str, strategy: ChainStrategy, terms: Terms, seed: int,
        before: Iterable[Known] = (),
    ) -> None:  # fmt: skip
        super().__init__(name, BrokerWalk(strategy, terms, seed))
        self.walk.host.restore(before)

    @property
    def start_cash(self) -> float:
        """What it began with."""
        return self.walk.terms.cash

    def is_priced(self) -> bool:
        """Tell whether all that is held has had a quote."""
        host = self.walk.host
        return all(one.symbol in host.moments for one in host.open)

    def held_usd(self) -> float:
        """Return the size of all that is held, long and short, in currency."""
        return fsum(one.gross for one in self.walk.host.open)

    def take_wishes(self) -> tuple[PackageWish, ...]:
        """Return what is wished for and not on its way yet."""
        host = self.walk.host
        wishes, host.wishes = tuple(host.wishes), []
        return wishes

    def granted(self, number: int, traded: Sequence[Traded], fees: float, now_ns: int) -> None:
        """Take what came of a wish, and tell the strategy."""
        for fill in self.walk.host.granted(number, traded, fees, now_ns):
            try:
                self.strategy.on_fill(fill)
            except (Exception, SystemExit) as error:
                raise broken(self.name, self.strategy, error) from error

    def declined(self, number: int, why: str) -> None:
        """Take that nothing comes of a wish."""
        self.walk.host.decline(number, why)

    def settled(self, ended: Iterable[Ended], now_ns: int) -> list[Ended]:
        """Take what became of options by themselves; return what is of other accounts."""
        return self.walk.host.settled(ended, now_ns)

    def deltas(self, combo: Combo) -> tuple[float, ...]:
        """Return the delta of a share of each contract of a combo."""
        host = self.walk.host
        board, sight = host.boards[combo.symbol], host.sight(combo.symbol)
        found = []
        for _, contract in combo.legs:
            quote = -1 if contract.kind == STOCK else board.find(contract)
            delta = 1.0 if contract.kind == STOCK else sight.delta(quote)
            if delta != delta:  # no volatility: what an option at the money has
                delta = 0.5 if contract.right == "C" else -0.5
            found.append(delta)
        return tuple(found)
