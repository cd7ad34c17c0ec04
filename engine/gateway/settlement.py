"""What time does to positions: dividends, interest, borrow fees, assignment, expiry. By our rules.

What IB books and when is not known here; these rules are the ones the demo market's prices are
free of arbitrage under:

* at a close, series whose last day it is (PM) settle at the middle of the underlying; at the open,
  those that settle in the morning (AM). A cent in the money is exercised. Index options pay cash,
  others deliver stock at the strike.
* at every close an American option that was sold may be assigned: never, when it pays its holder
  to exercise before an ex-date or to collect a strike (`ex_date`), or also with a probability.
* notice is late: what a close has done to an account is told at the next open.
* at an open that is an ex-date, stock held since the close before it earns the dividend, and stock
  sold short owes it; both on the pay date.
* for each night, cash earns the lending rate of one day or pays the borrowing rate, and stock sold
  short pays its fee.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from engine.gateway.account import Account
from engine.gateway.listing import Listing
from engine.gateway.venue import Market

NEVER, EX_DATE, RANDOM = "never", "ex_date", "random"
POLICIES = (NEVER, EX_DATE, RANDOM)
_CENT = 0.005
_CHANCE = 0.02
_INDEX = "IND"
_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Booking:
    """One thing that time has done: for the record and the tests."""

    ts_ns: int
    account: str
    what: str
    instrument: int
    quantity: int
    amount: float


class Settlement:
    """The days of all symbols ahead, and what they do to `accounts`."""

    def __init__(
        self,
        listing: Listing,
        market: Market,
        accounts: Mapping[str, Account],
        price: Callable[[int], float],
        *,
        random: Random,
        policy: str = EX_DATE,
    ) -> None:
        self.listing = listing
        self.market = market
        self.accounts = accounts
        self.price = price
        self.policy = policy
        self.record: list[Booking] = []
        self.moved: list[tuple[str, int]] = []
        self._random = random
        self._due: list[tuple[int, int, str, str, date]] = []
        self._owed: list[tuple[int, str, float]] = []
        for symbol in listing.symbols():
            calendar = market.calendar(symbol)
            day = calendar.session_date(market.now_ns)
            if not calendar.is_session(day) or calendar.close_ns(day) <= market.now_ns:
                day = calendar.next_session(day)
            self._push(calendar.close_ns(day) - 1, "close", symbol, day)

    def next_ns(self) -> int:
        """Return when something is due next."""
        return self._due[0][0] if self._due else 1 << 62

    def run(self) -> list[str]:
        """Do what is due first; return the symbols whose session ends with it.

        The market stands at that time. Afterwards `moved` has (account, instrument) to be told of,
        once a session begins.
        """
        ts_ns, _, what, symbol, day = heapq.heappop(self._due)
        calendar = self.market.calendar(symbol)
        if what == "open":
            self._open(ts_ns, symbol, day)
            self._push(calendar.close_ns(day) - 1, "close", symbol, day)
            return []
        self._close(ts_ns, symbol, day)
        following = calendar.next_session(day)
        self._push(calendar.open_ns(following) + 1, "open", symbol, following)
        return [symbol]

    def _push(self, ts_ns: int, what: str, symbol: str, day: date) -> None:
        # An open comes before a close at one instant; symbols in the order of the listing.
        order = self.listing.symbols().index(symbol)
        heapq.heappush(self._due, (ts_ns, order, what, symbol, day))

    # a close

    def _close(self, ts_ns: int, symbol: str, day: date) -> None:
        calendar = self.market.calendar(symbol)
        following = calendar.next_session(day)
        nights = (following - day).days
        # 24-hour markets settle at a time of their own; theirs is the end of that day here.
        self._expire(ts_ns, symbol, ts_ns + 1 if calendar.settles_pm is None else ts_ns)
        self._assign_early(ts_ns, symbol, following)
        carry = self.market.carry(symbol)
        for account in self.accounts.values():
            for i in self.listing.of_symbol(symbol):
                held = account.quantity(i)
                row = self.listing.instruments[i]
                if held < 0 and row.kind == "STK":
                    fee = -held * self.price(i) * carry.borrow_fee * nights / _YEAR
                    account.cash -= fee
                    account.borrow_fees += fee
                    self._note(ts_ns, account, "borrow fee", i, held, -fee)
        if symbol == self.listing.symbols()[0]:
            self._interest(ts_ns, symbol, nights)

    def _interest(self, ts_ns: int, symbol: str, nights: int) -> None:
        carry = self.market.carry(symbol)
        tau = nights / _YEAR
        for account in self.accounts.values():
            curve = carry.lend if account.cash >= 0.0 else carry.borrow
            gained = account.cash * (math.exp(curve.rate(tau) * tau) - 1.0)
            account.cash += gained
            account.interest += gained
            self._note(ts_ns, account, "interest", -1, 0, gained)

    def _expire(self, ts_ns: int, symbol: str, until_ns: int) -> None:
        """Settle every series of `symbol` that settles by `until_ns`."""
        for i in self.listing.of_symbol(symbol):
            row = self.listing.instruments[i]
            if not row.right or row.settles_ns > until_ns:
                continue
            for account in self.accounts.values():
                held = account.quantity(i)
                if held:
                    self._settle(ts_ns, account, i, held, "expiry")

    def _settle(self, ts_ns: int, account: Account, i: int, held: int, what: str) -> None:
        """End `held` of option `i`: exercised or assigned if in the money, else worthless."""
        row = self.listing.instruments[i]
        level = self.price(row.underlying)
        sign = 1 if row.right == "C" else -1
        pays = sign * (level - row.strike)
        is_cash = self.listing.instruments[row.underlying].kind == _INDEX
        if pays < _CENT and what == "expiry":
            account.transfer(i, -held, 0.0)
            self._note(ts_ns, account, "expired worthless", i, held, 0.0)
        elif is_cash:
            amount = held * pays * row.multiplier
            account.cash += amount
            account.transfer(i, -held, pays)
            self._note(ts_ns, account, "cash settlement", i, held, amount)
        else:
            shares = int(held * sign * row.multiplier)
            amount = -shares * row.strike
            account.transfer(i, -held, 0.0)
            account.trade(row.underlying, shares, row.strike)
            name = "exercise" if held > 0 else "assignment"
            self._note(ts_ns, account, name, i, held, amount)
            self.moved.append((account.name, row.underlying))
        self.moved.append((account.name, i))

    def _assign_early(self, ts_ns: int, symbol: str, following: date) -> None:
        """Assign sold American options tonight, as the policy has it."""
        if self.policy == NEVER:
            return
        due = [d.amount for d in self.market.carry(symbol).dividends if d.ex_date == following]
        dividend = due[0] if due else 0.0
        for i in self.listing.of_symbol(symbol):
            row = self.listing.instruments[i]
            if not row.right or row.style != "american" or row.settles_ns <= ts_ns + 1:
                continue
            for account in self.accounts.values():
                held = account.quantity(i)
                if held >= 0 or not self._is_exercised(i, dividend):
                    continue
                self._settle(ts_ns, account, i, held, "early")

    def _is_exercised(self, i: int, dividend: float) -> bool:
        row = self.listing.instruments[i]
        level = self.price(row.underlying)
        pays = level - row.strike if row.right == "C" else row.strike - level
        if pays < _CENT:
            return False
        left = self.price(i) - pays
        is_worth_it = left < dividend if row.right == "C" else left <= 0.0
        return is_worth_it or (self.policy == RANDOM and self._random.random() < _CHANCE)

    # an open

    def _open(self, ts_ns: int, symbol: str, day: date) -> None:
        carry = self.market.carry(symbol)
        calendar = self.market.calendar(symbol)
        # The holdings of the eve: nothing has traded since.
        for dividend in carry.dividends:
            if dividend.ex_date != day:
                continue
            for account in self.accounts.values():
                for i in self.listing.of_symbol(symbol):
                    held = account.quantity(i)
                    if held and self.listing.instruments[i].kind == "STK":
                        kept = 1.0 - carry.withholding if held > 0 else 1.0
                        amount = held * dividend.amount * kept
                        pay_ns = calendar.open_ns(dividend.pay_date)
                        self._owed.append((pay_ns, account.name, amount))
                        self._note(ts_ns, account, "ex-date", i, held, amount)
        due = [owed for owed in self._owed if owed[0] <= ts_ns]
        self._owed = [owed for owed in self._owed if owed[0] > ts_ns]
        for _, name, amount in due:
            account = self.accounts[name]
            account.cash += amount
            account.dividends += amount
            self._note(ts_ns, account, "dividend", -1, 0, amount)
        self._expire(ts_ns, symbol, ts_ns)

    def _note(
        self, ts_ns: int, account: Account, what: str, instrument: int, quantity: int, amount: float
    ) -> None:
        self.record.append(Booking(ts_ns, account.name, what, instrument, quantity, amount))
