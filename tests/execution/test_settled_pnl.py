"""What was locked in is there in the end: packages traded, then carried to their expiry.

The trader trades packages with the gateway. Then each goes through futures of its own, by the
gateway's rules of settlement, with an adversary who assigns early: what is *settled* is the cash
that can be taken out today and leaves nothing owed in the end, and it is never below what was
*locked*. So the locked amount is taken out, and in the end the account must not owe anything.

Where the gateway's rules and the proof's differ, the proof's count. Money costs the same at every
term: the gateway books interest night by night at the rate of one day. The fee of short stock is
on the price at which it was sold: a fee that grows with the price is not in any locked amount. The
hours of the first day, the one by which clocks change, and those between the open at which a
dividend comes and the close, are added to the nights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

pytest.importorskip("ib_async", reason="ib_async is not installed: requirements-ib.txt")

from broker_scene import ACCOUNT, IbScene, play
from client_time import keep_clock_out
from venue import MemoryLog

from engine.backend import select
from engine.clock import NS_PER_SECOND, from_ns
from engine.config import ScanSettings
from engine.execution.pnl import worst_value
from engine.execution.risk import Refusal
from engine.execution.rules import Rules
from engine.execution.trader import Trader
from engine.feeds.demo_market import Rates
from engine.gateway.account import Account
from engine.gateway.settlement import EX_DATE, NEVER, RANDOM, Settlement
from engine.market.carry import PROJECTED, Carry, RateCurve

BUSY = Rates(spot_every=0.7, flicks=20.0, plant_every=0.5, plant_life=(2.0, 8.0))
SYMBOLS = ("ZETF", "ZDIV")
GREEDY, EAGER = "greedy", "eager"
ADVERSARIES = (NEVER, EX_DATE, RANDOM, GREEDY, EAGER)
# What is bought below its intrinsic value is worth what its holder makes of it by exercising on the
# best day. Nor are packages of two expiries gone through: they need a trade on the first.
LEFT_OUT = ("intrinsic",)
_SECONDS = 25
_YEAR_NS = 365 * 86_400 * NS_PER_SECOND
# The hours that are added are reckoned from the first balance, not from each.
NEAR = 0.02
_OPEN_HOURS = 6.5


class Traded:
    """A package as the gateway booked it."""

    def __init__(self, plan: Any, lots: int, account: Account, refs: list[str]) -> None:
        self.plan, self.lots = plan, lots
        self.held: dict[int, int] = {}
        cash, fees = [], []
        for one in account.executions:
            if one.ref in refs and one.instrument >= 0:
                size = one.side * one.quantity
                self.held[one.instrument] = self.held.get(one.instrument, 0) + size
                cash.append(-size * one.price * account.rows[one.instrument].multiplier)
                fees.append(one.commission)
        self.cash, self.fees = math.fsum(cash), math.fsum(fees)
        self.locked = self.cash - self.fees + worst_value(plan) * lots


class Deal:
    """What the trader has traded in one market, and that market's instruments."""

    def __init__(self, symbol: str, seed: int) -> None:
        self.symbol, self.packages = symbol, list[Traded]()
        scene = play(
            "ib", self._story, symbols=(symbol,), rates=BUSY, planted=True, seed=seed, most_lines=0
        )
        gateway = scene.world.gateway
        self.listing, self.market = gateway.listing, gateway.market
        self.now_ns = gateway.market.now_ns
        self.spot = gateway.tape.value(gateway.listing.instruments[0].underlying)

    async def _story(self, scene: IbScene) -> None:
        world = scene.world
        market, symbol = world.gateway.market, self.symbol
        self.carry = flat(market.carry(symbol))
        settings = replace(ScanSettings(), carry=self.carry)
        scanner = make_scanner(settings, world.clock)
        log = MemoryLog(world.clock)  # type: ignore[arg-type]

        class Unconditional:
            """Refuses what holds on a condition alone: that is not locked in."""

            def check(self, plan: Any, *_: object) -> tuple[Any, ...]:
                return (Refusal("conditions", "; ".join(plan.conditions)),) * bool(plan.conditions)

        trader = Trader(
            scene.broker, log, Unconditional(), world.clock, is_armed=True, rules=Rules()
        )
        for _ in range(_SECONDS * 10):
            await scene.wait(0.1)
            trader.on_time()
            found = scanner.find(market.chain(symbol))
            trader.consider(found, scanner, world.clock.now_ns())
        trader.drain()
        while not trader.is_quiet:
            await scene.wait(0.1)
            trader.on_time()
        await scene.wait(1.0)
        account = world.gateway.accounts[ACCOUNT]
        for trade in trader.state.trades.values():
            days = {leg.expiry for leg in trade.plan.legs if leg.expiry is not None}
            is_held = trade.plan.family not in LEFT_OUT and len(days) == 1
            if trade.lots and trade.is_hedged and is_held:
                self.packages.append(Traded(trade.plan, trade.lots, account, list(trade.sent)))


def make_scanner(settings: ScanSettings, clock: Any) -> Any:
    from engine.scanner.scanner import Scanner

    return Scanner(settings, select(None), clock)


def flat(carry: Carry) -> Carry:
    """Return `carry` with the worse end of each curve at every term, and rates without dates."""
    return replace(
        carry, lend=RateCurve.flat(min(carry.lend.rates)),
        borrow=RateCurve.flat(max(carry.borrow.rates)),
    )  # fmt: skip


class Future:
    """One path of the stock, day by day; a `Market` as far as settlement needs one."""

    def __init__(self, deal: Deal, seed: int, *, pays_projected: bool) -> None:
        random = Random(seed)
        self._deal, self._random = deal, random
        self.now_ns, self.spot, self.level = deal.now_ns, deal.spot, deal.spot
        self.is_over = False
        self._sigma = random.choice((0.05, 0.2, 0.5, 1.0))
        self._drift = random.choice((-1.0, -0.3, 0.0, 0.3, 1.0))
        carry = deal.carry
        kept = tuple(d for d in carry.dividends if pays_projected or d.status != PROJECTED)
        self._carry = replace(carry, dividends=kept)
        self.premium = random.choice((0.0, 0.002, 0.02))

    def calendar(self, symbol: str) -> Any:
        return self._deal.market.calendar(symbol)

    def carry(self, symbol: str) -> Carry:
        # The proof counts the fee of short stock on today's price, whatever it is later.
        fee = 0.0 if self.is_over else self._carry.borrow_fee * self._deal.spot / self.spot
        return replace(self._carry, borrow_fee=fee)

    def move_to(self, ts_ns: int) -> None:
        tau = max(0, ts_ns - self.now_ns) / _YEAR_NS
        self.now_ns = max(ts_ns, self.now_ns)
        shock = self._random.gauss(0.0, 1.0) * self._sigma * math.sqrt(tau)
        self.level *= math.exp(self._drift * tau + shock)
        # Stocks close at whole cents: half a cent in the money is not exercised.
        self.spot = round(self.level, 2)

    def price(self, index: int) -> float:
        """Return the stock's price, or what an option is worth to whoever may exercise it."""
        row = self._deal.listing.instruments[index]
        if not row.right:
            return self.spot
        pays = self.spot - row.strike if row.right == "C" else row.strike - self.spot
        return max(0.0, pays) + self.premium * self.spot


class Adversary(Settlement):
    """Assigns early what pays its holder, all of it (greedy) or when he likes (eager)."""

    kind = NEVER
    chance: Random

    def _is_exercised(self, i: int, dividend: float) -> bool:
        if self.kind not in (GREEDY, EAGER):
            return super()._is_exercised(i, dividend)
        row = self.listing.instruments[i]
        level = self.price(row.underlying)
        pays = level - row.strike if row.right == "C" else row.strike - level
        if pays < 0.01:
            return False
        return self.kind == GREEDY or dividend > 0.0 or self.chance.random() < 0.15


def settle(deal: Deal, package: Traded, seed: int, kind: str, take_out: float) -> float:
    """Take money out, carry a package to its expiry, close what is left; return the cash then."""
    future = Future(deal, seed, pays_projected=seed % 2 == 1)
    rows = list(deal.listing.instruments)
    account = Account(ACCOUNT, rows, package.cash - package.fees - take_out)
    for index, quantity in package.held.items():
        account.transfer(index, quantity, 0.0)
    policy = EX_DATE if kind in (GREEDY, EAGER) else kind
    time = Adversary(
        deal.listing, future, {ACCOUNT: account}, future.price, random=Random(seed), policy=policy
    )  # type: ignore[arg-type]
    time.kind, time.chance = kind, Random(seed ^ 0xA5)
    stock = next(iter(deal.listing.of_symbol(deal.symbol)))
    begun = account.quantity(stock)
    end = max(rows[i].settles_ns for i in package.held if rows[i].right)
    nights = (from_ns(end).date() - from_ns(time.next_ns()).date()).days
    hours = (end - future.now_ns) / _YEAR_NS - nights / 365.0
    curve = future.carry("").lend if account.cash >= 0.0 else future.carry("").borrow
    account.cash *= math.exp(curve.rate(1.0) * hours)
    night = (0, future.now_ns)
    while time.next_ns() <= end:
        future.move_to(time.next_ns())
        is_last = time.next_ns() + 1 >= end
        if is_last:  # the night after the last close is nobody's
            time._interest = lambda *_: None  # type: ignore[method-assign]
            future.is_over = True
        n_before = len(time.record)
        if time.run():
            night = (n_before, future.now_ns)
        elif answer(account, rows, stock, begun):
            account.cash += settled_later(time, night, account, future)
    left = account.quantity(stock)
    account.trade(stock, -left, future.spot)
    carry = future.carry("")
    later = []
    for pays_ns, _, amount in time._owed:
        tau = (pays_ns - end) / _YEAR_NS
        curve = carry.lend if amount < 0.0 else carry.borrow
        later.append(amount * curve.discount(tau))
    for one in time.record:
        if one.what == "dividend":
            curve = carry.lend if one.amount < 0.0 else carry.borrow
            later.append(one.amount * curve.rate(1.0) * _OPEN_HOURS / 8_760.0)
    assert not any(p.quantity for i, p in account.held().items() if rows[i].right)
    return account.cash + math.fsum(later)


def settled_later(time: Settlement, night: tuple[int, int], account: Account, future: Any) -> float:
    """Return what the nights but one between an assignment and its answer have cost.

    The gateway moves stock and money when they are traded, the proof when that settles, a session
    later: and then one night is between assignment and answer, over a weekend too.
    """
    begun, closed_ns = night
    nights = (from_ns(future.now_ns).date() - from_ns(closed_ns).date()).days
    carry = future.carry("")
    curve = carry.lend if account.cash >= 0.0 else carry.borrow
    of_night = [one for one in time.record[begun:] if one.ts_ns == closed_ns]
    fees = math.fsum(one.amount for one in of_night if one.what == "borrow fee")
    moved = math.fsum(one.amount for one in of_night if one.what == "assignment")
    share = (nights - 1) / nights
    return -fees * share - moved * math.expm1(curve.rate(1.0) * (nights - 1) / 365.0)


def answer(account: Account, rows: list[Any], stock: int, begun: int) -> int:
    """Close stock that an assignment has left, the next morning, by exercising what is held.

    Return how many shares.
    """
    shares = 0
    for sign, right in ((-1, "C"), (1, "P")):
        own = [i for i, p in account.held().items() if rows[i].right == right and p.quantity > 0]
        own.sort(key=lambda i: -sign * rows[i].strike)
        for i in own:
            left = account.quantity(stock)
            if left in (0, begun) or left * sign < 0:
                break
            count = min(account.quantity(i), abs(left) // 100)
            account.transfer(i, -count, 0.0)
            account.trade(stock, -sign * 100 * count, rows[i].strike)
            shares += 100 * count
    return shares


_DEALS: dict[tuple[str, int], Deal] = {}


@pytest.fixture
def deal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], Deal]:
    def make(symbol: str, seed: int) -> Deal:
        if (symbol, seed) not in _DEALS:
            keep_clock_out(monkeypatch)
            _DEALS[symbol, seed] = Deal(symbol, seed)
        return _DEALS[symbol, seed]

    return make


def check(deal: Deal, paths: int, first: int = 0) -> int:
    """Carry every package through `paths` futures; return how many were gone through."""
    n = 0
    for package in deal.packages:
        for k in range(paths):
            kind = ADVERSARIES[k % len(ADVERSARIES)]
            left = settle(deal, package, first + k, kind, package.locked)
            legs = [(leg.side, leg.right, leg.strike) for leg in package.plan.legs]
            assert left >= -NEAR, (package.plan.family, legs, kind, first + k, left)
            n += 1
    return n


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_locked_is_the_edge_less_slippage(symbol: str, deal: Callable[[str, int], Deal]) -> None:
    packages = deal(symbol, 1).packages
    assert len(packages) >= 2
    for one in packages:
        plan = one.plan
        edge = plan.edge * plan.unit * plan.multiplier * one.lots
        slippage = -one.cash - plan.touch * plan.multiplier * one.lots
        more_fees = one.fees - math.fsum(
            leg.fee * leg.ratio * plan.multiplier * one.lots for leg in plan.legs
        )
        assert one.locked == pytest.approx(edge - slippage - more_fees, abs=0.005)
        assert one.locked > 0.0


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_what_is_settled_is_not_below_what_was_locked(
    symbol: str, deal: Callable[[str, int], Deal]
) -> None:
    assert check(deal(symbol, 1), 10) >= 20


def test_more_than_was_locked_is_not_always_there(deal: Callable[[str, int], Deal]) -> None:
    """The other side: with a dollar a share more taken out, some path ends in debt."""
    made = deal("ZETF", 1)
    lefts = [
        settle(made, one, k, NEVER, one.locked + 100.0 * one.lots)
        for one in made.packages
        for k in range(5)
    ]
    assert min(lefts) < 0.0


@pytest.mark.long
@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_three_hundred_futures(symbol: str, seed: int, deal: Callable[[str, int], Deal]) -> None:
    made = deal(symbol, seed)
    assert check(made, 300, first=1_000) >= 300
    print(symbol, seed, len(made.packages), "packages of", _families(made))


def _families(made: Deal) -> list[str]:
    return sorted({one.plan.family for one in made.packages})
