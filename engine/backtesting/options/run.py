"""Run a strategy over recorded chains.

At each chain, in this order: what time has done since the last one (opens and closes, below); the
strategy sees the chain; its orders are filled; margin is looked at; the account is written down.

An open splits, pays dividends and lets stock go ex. A close settles what expires on that day, then
assigns early, then charges the night. What settles in the morning does so at the first chain after.
A chain that stands at the very close is traded before that close is rung.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import date
from math import exp, fsum
from random import Random

from engine.backtesting.data import Split
from engine.backtesting.options.assignment import exercised_early
from engine.backtesting.options.host import Host
from engine.backtesting.options.moments import OPEN, Closes, Moment, Recording, bells
from engine.backtesting.options.package import Holding, Package
from engine.backtesting.options.result import OptionsResult
from engine.backtesting.options.settlement import (
    Level,
    exercise,
    go_ex,
    pay_borrow,
    pay_dividends,
    settle,
    split,
    trade_at_close,
)
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.options.terms import NEVER, RATIONAL, WORST, Terms
from engine.backtesting.orders import ASSIGNMENT, EXPIRY, Trade
from engine.backtesting.parameters import parameters
from engine.backtesting.result import Result
from engine.errors import UsageError
from engine.market.calendar import calendar_named
from engine.market.carry import PROJECTED
from engine.market.contract import OPTION

_YEAR = 365.0
# So many nights of one package are tried for the worst.
MOST_NIGHTS = 64
# A quote of the underlying this old at the close is said to be so.
_OLD_NS = 1_800_000_000_000

Nights = Mapping[int, date]
"""On which close which package is assigned all that is in the money, by its number."""


def run(
    make: Callable[[], ChainStrategy], recording: Recording, terms: Terms, *, seed: int = 0
) -> OptionsResult:
    """Return what an account becomes when a strategy trades the chains of `recording`.

    `make` returns a new strategy. With `WORST` assignment the recording is gone through twice: once
    to find, for every package, the night on which an assignment costs most, and once with these.

    Raises
    ------
    UsageError
        If a chain is settled in coins, or the strategy asks for what no chain can give.
    """
    first = Walk(make(), terms, seed, recording.splits, recording.closes)
    found = _through(first, recording)
    if terms.assignment != WORST:
        return found
    nights = first.worst_nights()
    return _through(
        Walk(make(), terms, seed, recording.splits, recording.closes, nights), recording
    )


def _through(walk: Walk, recording: Recording) -> OptionsResult:
    for moment in recording.moments():
        walk.hear(moment)
    walk.end()
    return walk.result()


class Walk:
    """One strategy with its account, led by chains as they come: `hear` each, then `end`.

    `nights` are those on which packages are assigned early; None: by the rule of `terms`.
    """

    def __init__(
        self, strategy: ChainStrategy, terms: Terms, seed: int = 0, splits: Sequence[Split] = (),
        closes: Closes | None = None, nights: Nights | None = None,
    ) -> None:  # fmt: skip
        self.strategy = strategy
        self.terms = terms
        self.closes: Closes = closes or {}
        self.host = Host(terms)
        self.nights = nights
        self._assigned_on: dict[int, list[date]] = {}
        self.times = array("q")
        self.columns = [array("d") for _ in range(6)]
        self.n_moments = 0
        self._last = 0
        self._day: date | None = None
        self._notes: dict[str, None] = {}
        self._started, self._calendar = False, ""
        self._splits = sorted(splits, key=lambda one: (one.time_ns, one.symbol))
        strategy.account = self.host
        strategy.rng = Random(seed)

    def hear(self, moment: Moment) -> None:
        """Take the next chain.

        Raises
        ------
        UsageError
            If it settles in coins.
        """
        chain = moment.chain
        if not chain.quoting.is_linear:
            raise UsageError(f"{chain.symbol} settles in coins: strategies over chains do not")
        if chain.symbol not in self.strategy.symbols:
            self.strategy.symbols += (chain.symbol,)
        if not self._started:
            self._started, self._last = True, chain.ts_ns
            self._splits = [one for one in self._splits if one.time_ns > chain.ts_ns]
            self.strategy.start()
        self._ring(chain.calendar, chain.ts_ns)
        self._at(moment)
        self._calendar = chain.calendar

    def end(self) -> None:
        """Ring the close at which the last chain stood, if it did."""
        if self._started:
            self._ring(self._calendar, self._last + 1)
            self._write(self._last)

    def result(self) -> OptionsResult:
        """Return what the account has become."""
        return self._summary()

    def worst_nights(self) -> dict[int, date]:
        """Return on which close each package would have lost most by an assignment."""
        found = {}
        for one in (*self.host.closed, *self.host.open):
            shadows = self.host.shadows.get(one.number, [])
            days = self._assigned_on.get(one.number, [])
            gains = [shadow.gain for shadow in shadows]
            if gains and min(gains) < one.gain:
                found[one.number] = days[gains.index(min(gains))]
        return found

    # a chain

    def _at(self, moment: Moment) -> None:
        chain, host, strategy = moment.chain, self.host, self.strategy
        host.show(moment)
        self._settle_morning(moment)
        self.n_moments += 1
        self._last = chain.ts_ns
        today = calendar_named(chain.calendar).session_date(chain.ts_ns)
        if today != self._day:
            self._day = today
            strategy.on_start_of_session(chain.ts_ns)
        due = [at for at in host.wakes if at <= chain.ts_ns]
        if due:
            host.wakes = [at for at in host.wakes if at > chain.ts_ns]
            strategy.on_timer(chain.ts_ns)
        self._leave_what_is_over(chain.symbol)
        strategy.on_chain(chain)
        host.carry_out(chain.symbol)
        host.hold_to_margin(chain.symbol)
        host.retire()
        heard, host.heard = host.heard, []
        for fill in heard:
            strategy.on_fill(fill)
        self._write(chain.ts_ns)

    def _leave_what_is_over(self, symbol: str) -> None:
        """Close what is stock alone, and (unless it is to be held) what exercise has broken."""
        for one in self.host.living(symbol):
            is_broken = one.was_assigned or (one.was_delivered and one.stock != 0.0)
            had_options = any(leg.kind == OPTION for _, leg in one.combo.legs)
            if had_options and not one.holdings:
                one.leaving = one.leaving or EXPIRY
            elif is_broken and not self.terms.holds:
                one.leaving = one.leaving or ASSIGNMENT

    def _write(self, at_ns: int) -> None:
        host = self.host
        low, high = host.pins
        equity, gross = host.equity, fsum(one.gross for one in host.open)
        row = (
            equity + low, equity + high, host.cash, gross / equity if equity > 0.0 else 0.0,
            host.mid_equity, fsum(one.margin for one in host.open),
        )  # fmt: skip
        if self.times and self.times[-1] == at_ns:
            for column, value in zip(self.columns, row, strict=True):
                column[-1] = value
            return
        self.times.append(at_ns)
        for column, value in zip(self.columns, row, strict=True):
            column.append(value)

    # opens and closes

    def _ring(self, calendar: str, until_ns: int) -> None:
        """Ring opens up to `until_ns` and closes before it: a chain at a close is traded first."""
        for at, what, day in bells(calendar, self._last - 1, until_ns):
            if what == OPEN and at > self._last:
                self._open(at, day)
            elif what != OPEN and at < until_ns:
                self._close(at, day)
        self.host.retire()

    def _open(self, at_ns: int, day: date) -> None:
        host = self.host
        while self._splits and self._splits[0].time_ns <= at_ns:
            event = self._splits.pop(0)
            for one in host.living(event.symbol):
                split(one, at_ns, event.ratio)
        for symbol, moment in host.moments.items():
            calendar = calendar_named(moment.chain.calendar)
            living = host.living(symbol)
            for dividend in moment.carry.dividends:
                if dividend.ex_date != day or not living:
                    continue
                if dividend.is_adjusted_for:
                    self._note(f"{symbol}: strikes were not lowered by the dividend of {day}")
                if dividend.status == PROJECTED:
                    self._note(f"{symbol}: the dividend of {day} was only projected on its eve")
                pays_ns = calendar.open_ns(dividend.pay_date)
                for one in living:
                    go_ex(one, dividend.amount, moment.carry.withholding, pays_ns)
        for one in self._all():
            one.commissions.clear()
            pay_dividends(one, at_ns)

    def _all(self) -> list[Package]:
        shadows = [one for those in self.host.shadows.values() for one in those]
        return [*self.host.open, *shadows]

    def _settle_morning(self, moment: Moment) -> None:
        spot = moment.chain.underlying
        level = Level(spot.mid, spot.bid, spot.ask)
        self._settle(moment, moment.chain.ts_ns - 1, moment.chain.ts_ns, level)

    def _close(self, at_ns: int, day: date) -> None:
        host = self.host
        for symbol, moment in host.moments.items():
            spot = moment.chain.underlying
            level = Level(spot.mid, spot.bid, spot.ask)
            official = self.closes.get((symbol, day))
            if official is not None:
                level = Level(official, min(official, spot.bid), max(official, spot.ask))
            is_due = any(
                held.settles_ns <= at_ns for one in host.living(symbol) for held in one.holdings
            )
            if is_due and official is None and at_ns - moment.chain.ts_ns > _OLD_NS:
                minutes = (at_ns - moment.chain.ts_ns) // 60_000_000_000
                self._note(f"{symbol}: settled on {day} at quotes {minutes} minutes old")
            self._settle(moment, at_ns, at_ns, level)
            self._assign(symbol, at_ns, day)
            calendar = calendar_named(moment.chain.calendar)
            nights = calendar.nights_to_settlement(day)
            for one in host.living(symbol):
                pay_borrow(one, at_ns, moment.carry.borrow_fee, nights)
        if self.terms.has_interest and host.moments:
            self._earn(next(iter(host.moments.values())), day)
        host.retire()

    def _settle(self, moment: Moment, until_ns: int, at_ns: int, level: Level) -> None:
        is_cash = not moment.chain.underlying.is_tradable
        for one in self.host.living(moment.chain.symbol):
            n_before = len(one.holdings)
            settle(one, until_ns, level, is_cash=is_cash, least=self.terms.exercise_at)
            if self.terms.holds and n_before and not one.holdings and one.stock:
                trade_at_close(one, at_ns, level.price, self.terms.fees)

    def _earn(self, moment: Moment, day: date) -> None:
        cash = self.host.cash
        nights = calendar_named(moment.chain.calendar).nights_to_settlement(day)
        tau = nights / _YEAR
        curve = moment.carry.lend if cash >= 0.0 else moment.carry.borrow
        self.host.interest += cash * (exp(curve.rate(tau) * tau) - 1.0)

    # early assignment

    def _assign(self, symbol: str, at_ns: int, day: date) -> None:
        host = self.host
        chain = host.moments[symbol].chain
        if chain.is_european or self.terms.assignment == NEVER:
            return
        for one in host.packages(symbol):
            shorts = [
                held
                for held in one.holdings
                if held.quantity < 0.0 and held.intrinsic(chain.underlying.mid) >= 0.01
            ]
            if not shorts:
                continue
            if self.terms.assignment == RATIONAL:
                sight, board = host.sight(symbol), host.boards[symbol]
                for held in shorts:
                    if exercised_early(sight, board, held):
                        self._deliver(one, [held], at_ns, chain.underlying.mid)
            elif self.nights is not None:
                if self.nights.get(one.number) == day:
                    self._deliver(one, shorts, at_ns, chain.underlying.mid)
            else:
                self._branch(one, at_ns, day, chain.underlying.mid)

    def _deliver(self, one: Package, shorts: Sequence[Holding], at_ns: int, spot: float) -> None:
        one.was_assigned = True
        for held in shorts:
            exercise(
                one, held, -held.quantity, at_ns, spot, is_cash=False, least=0.0, what=ASSIGNMENT
            )

    def _branch(self, one: Package, at_ns: int, day: date, spot: float) -> None:
        """Follow beside `one` what it becomes if it is assigned tonight."""
        shadows = self.host.shadows.setdefault(one.number, [])
        if len(shadows) >= MOST_NIGHTS:
            self._note(f"package {one.number}: only its first {MOST_NIGHTS} nights were tried")
            return
        shadow = deepcopy(one)
        self._deliver(
            shadow,
            [h for h in shadow.holdings if h.quantity < 0.0 and h.intrinsic(spot) >= 0.01],
            at_ns,
            spot,
        )
        shadows.append(shadow)
        self._assigned_on.setdefault(one.number, []).append(day)

    def _note(self, text: str) -> None:
        self._notes[text] = None

    # the end

    def _summary(self) -> OptionsResult:
        host, strategy = self.host, self.strategy
        packages = tuple(sorted([*host.closed, *host.open], key=lambda one: one.number))
        equity, high, cash, invested, mid, margin = self.columns
        trades = tuple(_trade(one) for one in packages if one.closed_ns)
        values = {name: getattr(strategy, name) for name in parameters(type(strategy))}
        account = Result(
            strategy=type(strategy).__name__,
            parameters=values,
            symbols=strategy.symbols,
            start_cash=self.terms.cash,
            time_ns=self.times,
            equity=equity,
            high_equity=high if any(one.n_pinned for one in packages) else equity,
            cash=cash,
            invested=invested,
            fills=tuple(host.fills),
            trades=trades,
            n_orders=host.n_orders,
            n_ambiguous=sum(one.n_pinned for one in packages),
            fees=fsum(one.fees for one in packages),
            borrow_fees=fsum(one.borrow_fees for one in packages),
            dividends=fsum(one.dividends for one in packages),
            notes=tuple(self._notes),
        )
        return OptionsResult(
            account, mid, margin, packages, dict(host.refusals), dict(strategy.skipped),
            host.interest, host.calls,
            self.n_moments,
        )  # fmt: skip


def _trade(one: Package) -> Trade:
    """Return a package as one trade: prices per share of a lot."""
    return Trade(
        one.label or one.combo.key, one.opened_ns, one.closed_ns, one.n_lots, one.price,
        one.price + (one.cash + one.fees) / one.unit, one.fees, one.cash, one.reason,
        one.n_pinned > 0,
    )  # fmt: skip
