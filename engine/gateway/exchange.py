"""The exchange behind the gateway: books in price-time order, combos against their legs, fills.

The market maker's displayed quote is one participant among customers: a price that it shows before
an order came has priority over it. What a fill takes is gone from what is displayed. A combo
trades when the touch of all its legs, together, meets its net limit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

from engine.gateway.account import Account, Execution
from engine.gateway.book import Book, limit_of
from engine.gateway.charges import charge
from engine.gateway.listing import Listing
from engine.gateway.order import (
    CANCELLED,
    FILLED,
    PRE_SUBMITTED,
    SUBMITTED,
    Order,
    Placed,
)
from engine.gateway.venue import Market, Reports
from engine.market.fees import FeeSchedule

_TINY = 1e-9


class Exchange:
    """All books; the accounts are booked here, reports go to `reports`."""

    def __init__(
        self,
        listing: Listing,
        market: Market,
        accounts: Mapping[str, Account],
        reports: Reports,
        fees: FeeSchedule,
    ) -> None:
        self.listing = listing
        self.market = market
        self.accounts = accounts
        self.reports = reports
        self.fees = fees
        self.halted: list[str] = []
        self.books: dict[int, Book] = {}
        self.combos: dict[int, list[Order]] = {}
        self._sequence = 0
        self._executions = 0
        self._used: dict[tuple[int, int], int] = {}
        self._due: deque[int] = deque()
        self._is_matching = False

    def unit(self, order: Order) -> float:
        """Return what a combo's price is per: the greatest multiplier of its legs."""
        return max(self.listing.instruments[index].multiplier for index, _ in order.legs)

    # placing, changing, cancelling

    def next_sequence(self) -> int:
        """Return the next place in time."""
        self._sequence += 1
        return self._sequence

    def place(self, order: Order) -> None:
        """Take an order that was checked; report what becomes of it."""
        order.status = PRE_SUBMITTED
        self.reports.changed(order)
        self.work(order)

    def work(self, order: Order) -> None:
        """Match an order, and let what is left rest or go."""
        self._is_matching, was = True, self._is_matching
        self._match(order)
        self._is_matching = was
        if not order.is_final:
            if order.placed.tif in ("IOC", "FOK"):
                self.finish(order, "")
            else:
                self._rest(order)
                order.status = SUBMITTED
                self.reports.changed(order)
        self._settle_due()

    def change(self, order: Order, placed: Placed, legs: tuple[tuple[int, int], ...]) -> None:
        """Give a live order other terms; it keeps its place only if it just becomes smaller."""
        old = order.placed
        is_smaller = placed.quantity <= old.quantity
        keeps = is_smaller and (placed.limit, placed.kind) == (old.limit, old.kind)
        self._unrest(order)
        order.placed, order.legs = placed, legs
        if not keeps:
            order.sequence = self.next_sequence()
        if order.remaining <= 0:
            order.status = FILLED
            self.reports.changed(order)
            return
        self.reports.changed(order)
        self.work(order)

    def finish(self, order: Order, why: str) -> None:
        """Cancel what is left of an order."""
        self._unrest(order)
        order.status, order.why = CANCELLED, why
        self.reports.changed(order)

    def _rest(self, order: Order) -> None:
        if order.placed.is_combo:
            for index, _ in order.legs:
                self.combos.setdefault(index, []).append(order)
                self._book(index)
        else:
            self._book(order.legs[0][0]).add(order)

    def _unrest(self, order: Order) -> None:
        for index, _ in order.legs:
            if order.placed.is_combo:
                waiting = self.combos.get(index, [])
                waiting[:] = [other for other in waiting if other is not order]
            elif index in self.books:
                self.books[index].remove(order)
            if index in self.books and self.books[index].is_empty and not self.combos.get(index):
                del self.books[index]
                self.combos.pop(index, None)

    def _book(self, index: int) -> Book:
        book = self.books.get(index)
        if book is None:
            quote = self.market.quotes[index]
            book = self.books[index] = Book(bid=quote.bid, ask=quote.ask)
        return book

    # quotes

    def touch(self, index: int) -> tuple[float, float, float, float]:
        """Return bid, bid size, ask and ask size as displayed, customers' orders in them."""
        quote = self.market.quotes[index]
        bid, bid_size, ask, ask_size = quote.bid, quote.bid_size, quote.ask, quote.ask_size
        book = self.books.get(index)
        if book is None:
            return bid, bid_size, ask, ask_size
        price, size = book.shown(1)
        if size and price > bid:
            bid, bid_size = price, float(size)
        elif size and price == bid:
            bid_size += size
        price, size = book.shown(-1)
        if size and (price < ask or ask <= 0.0):
            ask, ask_size = price, float(size)
        elif size and price == ask:
            ask_size += size
        return bid, bid_size, ask, ask_size

    def middle(self, index: int) -> float:
        """Return a value for `index`: the middle of its quote, or the side there is."""
        quote = self.market.quotes[index]
        if quote.bid > 0.0 and quote.ask > 0.0:
            return 0.5 * (quote.bid + quote.ask)
        return quote.ask if quote.ask > 0.0 else quote.bid

    def quoted(self, index: int) -> None:
        """Take note that the market maker's quote of `index` has changed."""
        self._used.pop((index, 1), None)
        self._used.pop((index, -1), None)
        book = self.books.get(index)
        if book is None:
            return
        quote = self.market.quotes[index]
        if quote.bid != book.bid:
            book.bid, book.bid_since = quote.bid, self.next_sequence()
        if quote.ask != book.ask:
            book.ask, book.ask_since = quote.ask, self.next_sequence()
        self._due.append(index)
        if not self._is_matching:
            self._settle_due()

    def _settle_due(self) -> None:
        """Match resting orders whose contracts were quoted anew."""
        if self._is_matching:
            return
        self._is_matching = True
        while self._due:
            index = self._due.popleft()
            book = self.books.get(index)
            if book is not None:
                for side in (1, -1):
                    for _, _, order in list(book.side(side)):
                        if not self._rematch(order):
                            break
            for order in list(self.combos.get(index, ())):
                self._rematch(order)
        self._is_matching = False

    def _rematch(self, order: Order) -> bool:
        """Match a resting order; return whether the next one in line may be tried."""
        if order.is_final or order.status == PRE_SUBMITTED:
            return True
        self._match(order, is_resting=True)
        return order.is_final

    # matching

    def _match(self, order: Order, *, is_resting: bool = False) -> None:
        if self.listing.instruments[order.legs[0][0]].symbol in self.halted:
            return
        is_whole = order.placed.tif == "FOK" or order.placed.is_all_or_none
        if is_whole and self._reachable(order) < order.remaining:
            return
        if order.placed.is_combo:
            self._match_combo(order)
        else:
            self._match_single(order, is_resting=is_resting)

    def _best(self, index: int, side: int) -> tuple[float, int, Order | None]:
        """Return price, size and owner (None: the market maker) of what can be bought or sold."""
        quote = self.market.quotes[index]
        price, shown = (quote.ask, quote.ask_size) if side > 0 else (quote.bid, quote.bid_size)
        size = int(shown) - self._used.get((index, side), 0)
        if price <= 0.0 or size <= 0:
            price, size = 0.0, 0
        book = self.books.get(index)
        other = book.best(-side) if book else None
        if book is None or other is None or other.placed.kind == "MKT":
            return price, size, None
        limit = other.placed.limit
        since = book.ask_since if side > 0 else book.bid_since
        is_better = size == 0 or side * (price - limit) > 0.0
        if is_better or (limit == price and other.sequence < since):
            return limit, other.remaining, other
        return price, size, None

    def _reachable(self, order: Order) -> int:
        """Return how much of `order` could be filled at its limit at once."""
        if order.placed.is_combo:
            return self._combo_size(order)
        ((index, _),) = order.legs
        side = order.placed.side
        price, size, owner = self._best(index, side)
        if size == 0 or side * price > side * limit_of(order) + _TINY:
            return 0
        if owner is None:
            return size
        book = self.books[index]
        total = sum(
            int(other.remaining)
            for _, _, other in book.side(-side)
            if side * other.placed.limit <= side * limit_of(order) + _TINY
        )
        quote = self.market.quotes[index]
        maker, shown = (quote.ask, quote.ask_size) if side > 0 else (quote.bid, quote.bid_size)
        return total + (int(shown) if side * maker <= side * limit_of(order) + _TINY else 0)

    def _match_single(self, order: Order, *, is_resting: bool) -> None:
        ((index, _),) = order.legs
        side, limit = order.placed.side, limit_of(order)
        while order.remaining:
            price, size, owner = self._best(index, side)
            if size == 0 or side * price > side * limit + _TINY or owner is order:
                return
            quantity = self.reports.allowed(order, min(size, order.remaining))
            if quantity <= 0:
                return
            # A quote that comes to a resting order trades at the order's price.
            if is_resting and owner is None and math.isfinite(limit):
                price = limit
            self._take(index, side, quantity, owner, price)
            self._filled(order, quantity, price, ((index, side * quantity, price),))

    def _combo_net(self, order: Order) -> tuple[float, list[tuple[int, int, float, int]]]:
        """Return what a unit costs to buy, or brings when sold, and each leg's touch."""
        net, lines = 0.0, []
        for index, ratio in order.legs:
            side = order.placed.side * (1 if ratio > 0 else -1)
            price, size, _ = self._best(index, side)
            if size == 0:
                return math.nan, []
            lines.append((index, side, price, self._size_at(index, side, price)))
            net += side * abs(ratio) * price * self.listing.instruments[index].multiplier
        return order.placed.side * net / self.unit(order), lines

    def _size_at(self, index: int, side: int, price: float) -> int:
        quote = self.market.quotes[index]
        maker, shown = (quote.ask, quote.ask_size) if side > 0 else (quote.bid, quote.bid_size)
        total = int(shown) - self._used.get((index, side), 0) if maker == price else 0
        book = self.books.get(index)
        if book is not None:
            resting = [o for _, _, o in book.side(-side) if o.placed.limit == price]
            total += sum(int(o.remaining) for o in resting)
        return total

    def _combo_size(self, order: Order) -> int:
        net, lines = self._combo_net(order)
        if net != net:
            return 0
        side = order.placed.side
        if side * net > side * limit_of(order) + _TINY:
            return 0
        ratios = [abs(ratio) for _, ratio in order.legs]
        return min(size // ratio for (_, _, _, size), ratio in zip(lines, ratios, strict=True))

    def _match_combo(self, order: Order) -> None:
        size = min(self._combo_size(order), order.remaining)
        quantity = self.reports.allowed(order, size) if size > 0 else 0
        if quantity <= 0:
            return
        net, lines = self._combo_net(order)
        # Planned whole before anything is taken: what one leg takes may change the others' quotes.
        plans = [
            (index, side, price, self._plan(index, side, price, quantity * abs(ratio)))
            for (index, side, price, _), (_, ratio) in zip(lines, order.legs, strict=True)
        ]
        for index, side, price, parts in plans:
            for owner, part in parts:
                self._take(index, side, part, owner, price)
        fills = [
            (i, side * sum(int(n) for _, n in parts), price) for i, side, price, parts in plans
        ]
        self._filled(order, quantity, round(net, 8), fills)

    def _plan(
        self, index: int, side: int, price: float, quantity: int
    ) -> list[tuple[Order | None, int]]:
        """Return from whom `quantity` at `price` is taken, in order of time."""
        quote, book = self.market.quotes[index], self.books.get(index)
        maker, shown = (quote.ask, quote.ask_size) if side > 0 else (quote.bid, quote.bid_size)
        queue: list[tuple[int, int, Order | None]] = []
        if maker == price:
            since = 0 if book is None else book.ask_since if side > 0 else book.bid_since
            queue.append((since, int(shown) - self._used.get((index, side), 0), None))
        for _, sequence, other in book.side(-side) if book else ():
            if other.placed.limit == price:
                queue.append((sequence, other.remaining, other))
        parts: list[tuple[Order | None, int]] = []
        for _, available, owner in sorted(queue, key=lambda entry: entry[0]):
            part = min(available, quantity)
            if part > 0:
                parts.append((owner, part))
                quantity -= part
        return parts

    def force(self, order: Order) -> None:
        """Fill the rest of an order at its limit, whatever is displayed: a fault asks for it."""
        quantity = order.remaining
        if order.placed.is_combo:
            net, lines = self._combo_net(order)
            if net != net:
                return
            fills = [
                (index, side * quantity * abs(ratio), price)
                for (index, side, price, _), (_, ratio) in zip(lines, order.legs, strict=True)
            ]
            self._filled(order, quantity, round(net, 8), fills)
            return
        ((index, _),) = order.legs
        limit = limit_of(order)
        price = limit if math.isfinite(limit) else self.middle(index)
        self._filled(order, quantity, price, ((index, order.placed.side * quantity, price),))

    def _take(
        self, index: int, side: int, quantity: int, owner: Order | None, price: float
    ) -> None:
        """Consume what is displayed, or a customer's resting order."""
        if owner is not None:
            fill = (index, owner.placed.side * quantity, price)
            self._filled(owner, quantity, price, (fill,))
            return
        if not self.listing.instruments[index].right:
            self._used[index, side] = self._used.get((index, side), 0) + quantity
        self.market.take(index, side, float(quantity))

    def _filled(
        self, order: Order, quantity: int, price: float, fills: Sequence[tuple[int, int, float]]
    ) -> None:
        order.filled += quantity
        order.spent += quantity * price
        order.last_price = price
        account = self.accounts[order.account]
        executions = []
        if order.placed.is_combo:
            whole = self._execution(order, -1, order.placed.side * quantity, price, 0.0)
            executions.append(account.book(whole))
        for index, signed, leg_price in fills:
            fee = charge(self.fees, order, self.listing.instruments[index], abs(signed), leg_price)
            executions.append(account.book(self._execution(order, index, signed, leg_price, fee)))
        paid = math.fsum(execution.commission for execution in executions)
        order.commission = paid if order.commission != order.commission else order.commission + paid
        if not order.remaining:
            self._unrest(order)
            order.status = FILLED
        self.reports.executed(order, executions)

    def _execution(
        self, order: Order, index: int, signed: int, price: float, fee: float
    ) -> Execution:
        self._executions += 1
        total, average = order.filled, order.average
        if order.placed.is_combo and index >= 0:
            ratio = next(abs(ratio) for leg, ratio in order.legs if leg == index)
            total, average = order.filled * ratio, price
        return Execution(
            exec_id=f"{order.perm_id:08x}.{self._executions:08x}.01",
            order_id=order.placed.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            account=order.account,
            instrument=index,
            side=1 if signed > 0 else -1,
            quantity=abs(signed),
            price=price,
            total=total,
            average=average,
            ts_ns=self.market.now_ns,
            ref=order.placed.ref,
            commission=fee,
        )
