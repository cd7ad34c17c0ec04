"""Packages that go to a broker: where it fills at the touch all is as on paper, else it adds up."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest

from engine.backtesting.options.moments import Moment
from engine.backtesting.options.package import Package
from engine.backtesting.options.run import Walk
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.options.terms import NEVER, NO_MARGIN, REG_T, SCENARIOS, Terms
from engine.backtesting.orders import ASSIGNMENT, EXERCISE, EXPIRY, MARGIN_CALL, Fill
from engine.errors import BadDataError, UsageError
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.chain import INDEX, OptionChain
from engine.market.combo import Combo
from engine.market.contract import STOCK
from engine.market.fees import FREE
from engine.paper.broker_chains import UNFILLED, BrokerChainSeat
from engine.paper.package_wishes import Ended, Known, PackageWish, Traded
from tests.options.markets import (
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    quote,
    stock,
)

NEAR, FAR = later(4), later(18)
STRIKES = tuple(float(strike) for strike in range(90, 115, 5))
TERMS = Terms(cash=1e7, fees=FREE, assignment=NEVER)
CARRY = Carry()
Share = Callable[[PackageWish], int]


class Whim(ChainStrategy):
    """Enters and leaves packages by chance."""

    def start(self) -> None:
        self.told: list[Fill] = []

    def on_chain(self, chain: OptionChain) -> None:
        for one in self.packages(chain.symbol):
            if self.rng.random() < 0.3:
                self.leave(one)
        if self.rng.random() < 0.7:
            legs = {}
            for _ in range(self.rng.randint(1, 4)):
                contract = option(
                    self.rng.choice((NEAR, FAR)), self.rng.choice("CP"), self.rng.choice(STRIKES)
                )
                legs[contract] = self.rng.choice((-4, -2, -1, 1, 2, 3))
            if self.rng.random() < 0.3:
                legs[stock()] = self.rng.choice((-1, 1, 2))
            wanted = Combo("XYZ", tuple((ratio, contract) for contract, ratio in legs.items()))
            self.enter(wanted, self.rng.randint(1, 5))

    def on_fill(self, fill: Fill) -> None:
        self.told.append(fill)


def market(seed: int, size: float = 1e6) -> list[OptionChain]:
    """Return chains of four days before the first expiry."""
    rng = Random(seed)
    spot, chains, day = 100.0, [], MONDAY
    while day <= later(3):
        for hours in (5.0, 3.0, 1.0):
            spot = round(spot * math.exp(rng.gauss(0.0, 0.02)), 2)
            chains.append(chain_at(at(day, hours), spot, [NEAR, FAR], strikes=STRIKES, size=size))
        day = US.next_session(day)
    return chains


def fill_at_touch(chain: OptionChain, wish: PackageWish, lots: int) -> tuple[Traded, ...]:
    """Return executions of `lots` of a wish at the touch of `chain`."""
    found = []
    for ratio, contract in wish.combo.legs if lots else ():
        bid, ask = quote(chain, contract)
        size = 100.0 if contract.kind == STOCK and not wish.is_stock else 1.0
        found.append(Traded(contract, ratio * size * lots, ask if ratio > 0 else bid))
    return tuple(found)


def led(seat: BrokerChainSeat, chains: list[OptionChain], share: Share) -> list[Traded]:
    """Lead a seat through chains; of each wish `share` lots are filled. Return all executions."""
    everything: list[Traded] = []
    for chain in chains:
        seat.chain(Moment(chain, CARRY))
        for wish in seat.take_wishes():
            traded = fill_at_touch(chain, wish, share(wish))
            seat.granted(wish.package, traded, 0.0, chain.ts_ns)
            everything += traded
        for one in seat.walk.host.open:
            assert one.is_open or one.closed_ns
    return everything


def all_of(wish: PackageWish) -> int:
    return wish.lots


def seat_of(strategy: ChainStrategy, terms: Terms = TERMS, seed: int = 0) -> BrokerChainSeat:
    return BrokerChainSeat("it", strategy, terms, seed)


def summed(fills: list[Fill]) -> dict[tuple[int, str, int], float]:
    """Return what was traded by package, contract and time."""
    found: dict[tuple[int, str, int], float] = defaultdict(float)
    for one in fills:
        found[one.order, one.symbol, one.time_ns] += one.units
    return {key: units for key, units in found.items() if units}


@pytest.mark.parametrize("margin", [REG_T, SCENARIOS, NO_MARGIN])
@pytest.mark.parametrize("seed", range(8))
def test_a_broker_that_fills_at_the_touch_is_paper(seed: int, margin: str) -> None:
    terms = Terms(cash=1e7, fees=FREE, assignment=NEVER, margin=margin)
    chains = market(seed)
    paper = Walk(Whim(), terms, seed)
    for chain in chains:
        paper.hear(Moment(chain, CARRY))
    seat = seat_of(Whim(), terms, seed)
    led(seat, chains, all_of)
    host = seat.walk.host
    # The last chain's fills are in the account; marks of both are those of the last chain.
    assert summed(host.fills) == summed(paper.host.fills)
    assert len(host.fills) > 5
    assert host.cash == pytest.approx(paper.host.cash, abs=1e-6)
    assert host.equity == pytest.approx(paper.host.equity, abs=1e-6)
    assert [one.number for one in host.open] == [one.number for one in paper.host.open]
    assert [one.lots for one in host.open] == [one.lots for one in paper.host.open]
    assert [one.premium for one in host.open] == pytest.approx(
        [one.premium for one in paper.host.open], abs=1e-6
    )
    assert [one.gain for one in host.closed] == pytest.approx(
        [one.gain for one in paper.host.closed], abs=1e-6
    )
    strategy = seat.strategy
    assert isinstance(strategy, Whim)
    assert strategy.told == host.fills


def test_cash_and_positions_add_up_whatever_is_filled() -> None:
    counts = [add_up(seed) for seed in range(12)]
    assert sum(n_traded for n_traded, _ in counts) > 100
    assert sum(n_refused for _, n_refused in counts) > 10


def add_up(seed: int) -> tuple[int, int]:
    rng = Random(seed)
    seat = seat_of(Whim(), TERMS, seed)
    traded = led(seat, market(seed, size=9.0), lambda wish: rng.randint(0, wish.lots))
    cash, held = TERMS.cash, defaultdict(float)
    for one in traded:
        cash -= one.quantity * one.price * (1.0 if one.contract.kind == STOCK else 100.0)
        held[one.contract.name] += one.quantity
    host = seat.walk.host
    assert host.cash == pytest.approx(cash, abs=1e-6)
    ours: dict[str, float] = defaultdict(float)
    for package in host.open:
        for contract, quantity in package.lines():
            ours[contract.name] += quantity
    assert {k: v for k, v in ours.items() if v} == {k: v for k, v in held.items() if v}
    return len(traded), host.refusals.get(UNFILLED, 0)


def test_nothing_more_is_wished_for_a_package_until_it_is_answered() -> None:
    put = combo((-1, option(FAR, "P", 95.0)))
    seat = seat_of(Script({0: [(put, 2)]}, {1: [1], 2: [1], 3: [1]}))
    chains = market(0)
    seat.chain(Moment(chains[0], CARRY))
    (wish,) = seat.take_wishes()
    assert (wish.package, wish.lots, wish.is_closing, wish.combo) == (1, 2, False, put)
    assert wish.capital > 0.0
    assert seat.standing().n_resting == 1
    seat.granted(1, fill_at_touch(chains[0], wish, 2), 2.6, chains[0].ts_ns)
    assert seat.walk.host.open[0].fees == 2.6
    seat.chain(Moment(chains[1], CARRY))
    (wish,) = seat.take_wishes()
    assert (wish.is_closing, wish.lots) == (True, 2)
    seat.chain(Moment(chains[2], CARRY))
    assert seat.take_wishes() == ()
    # Nothing of it was filled: it is asked for again, since the package is to be left.
    seat.granted(1, (), 0.0, chains[2].ts_ns)
    seat.chain(Moment(chains[3], CARRY))
    (wish,) = seat.take_wishes()
    seat.granted(1, fill_at_touch(chains[3], wish, 1), 0.0, chains[3].ts_ns)
    (package,) = seat.walk.host.open
    assert (package.lots, package.holdings[0].quantity) == (1, -1.0)


def test_two_orders_do_not_use_the_same_cash() -> None:
    calls = combo((1, option(FAR, "C", 100.0)))
    chain = market(0)[0]
    ask = quote(chain, option(FAR, "C", 100.0))[1]
    terms = Terms(cash=1.5 * 100.0 * ask, fees=FREE)
    seat = seat_of(Script({0: [(calls, 1), (calls, 1)]}), terms)
    seat.chain(Moment(chain, CARRY))
    assert len(seat.take_wishes()) == 1
    assert sum(seat.walk.host.refusals.values()) == 1


def opened(strategy: ChainStrategy, chain: OptionChain, terms: Terms = TERMS) -> BrokerChainSeat:
    seat = seat_of(strategy, terms)
    led(seat, [chain], all_of)
    return seat


def test_what_time_does_to_options_the_broker_tells() -> None:
    chain = market(0)[0]
    legs = combo((-1, option(NEAR, "C", 95.0)), (1, option(NEAR, "P", 110.0)))
    seat = opened(Script({0: [(legs, 2), (legs, 1)]}), chain)
    host = seat.walk.host
    cash = host.cash
    call, put = option(NEAR, "C", 95.0).name, option(NEAR, "P", 110.0).name
    # Two of three calls are assigned, all puts exercised: the oldest package comes first.
    seat.settled([Ended(call, -2.0, -200.0, 95.0), Ended(put, 3.0, -300.0, 110.0)], chain.ts_ns)
    assert host.cash - cash == 200.0 * 95.0 + 300.0 * 110.0
    first, second = host.open
    assert (first.stock, first.holdings) == (-400.0, [])
    assert (second.stock, [one.quantity for one in second.holdings]) == (-100.0, [-1.0])
    assert [one.what for one in first.entries[-2:]] == [ASSIGNMENT, EXERCISE]
    # Stock that is left goes at the next chain, by itself where an option is left beside it.
    seat.chain(Moment(chain, CARRY))
    wishes = {wish.package: wish for wish in seat.take_wishes()}
    assert wishes[1].is_stock
    assert (wishes[1].combo.legs, wishes[1].lots) == (((1, stock()),), 400)
    assert {contract.kind for _, contract in wishes[2].combo.legs} == {"stock", "option"}


def test_odd_shares_go_by_themselves_after_the_options() -> None:
    chain = market(0)[0]
    legs = combo((-1, option(NEAR, "C", 95.0)), (1, option(FAR, "P", 110.0)))
    seat = opened(Script({0: [(legs, 1)]}, {1: [1]}), chain)
    # A split has left a deliverable that is no round lot.
    seat.settled([Ended(option(NEAR, "C", 95.0).name, -1.0, -150.0, 95.0)], chain.ts_ns)
    seat.chain(Moment(chain, CARRY))
    (wish,) = seat.take_wishes()
    assert wish.combo.legs == ((-1, option(FAR, "P", 110.0)),)
    seat.granted(1, fill_at_touch(chain, wish, 1), 0.0, chain.ts_ns)
    seat.chain(Moment(chain, CARRY))
    (wish,) = seat.take_wishes()
    assert (wish.is_stock, wish.combo.legs[0][0] * wish.lots) == (True, 150)


def test_an_order_may_be_filled_after_time_has_ended_its_package() -> None:
    chain = market(0)[0]
    legs = combo((-1, option(NEAR, "C", 95.0)))
    seat = opened(Script({0: [(legs, 1)]}, {1: [1]}), chain)
    host = seat.walk.host
    seat.chain(Moment(chain, CARRY))
    (wish,) = seat.take_wishes()
    name = option(NEAR, "C", 95.0).name
    seat.settled([Ended(name, -1.0, 0.0, 95.0)], chain.ts_ns)
    assert (host.open, len(host.closed)) == ([], 1)
    cash = host.cash
    seat.granted(1, fill_at_touch(chain, wish, 1), 0.0, chain.ts_ns)
    (package,) = host.open
    assert package.holdings[0].quantity == 1.0
    assert host.closed == []
    ask = quote(chain, option(NEAR, "C", 95.0))[1]
    assert host.cash == pytest.approx(cash - 100.0 * ask)


def test_accounts_share_what_was_assigned() -> None:
    chain = market(0)[0]
    legs = combo((-1, option(NEAR, "C", 95.0)))
    first, second = (opened(Script({0: [(legs, 2)]}), chain) for _ in range(2))
    rest = first.settled([Ended(option(NEAR, "C", 95.0).name, -3.0, -300.0, 95.0)], chain.ts_ns)
    assert rest == [Ended(option(NEAR, "C", 95.0).name, -1.0, -100.0, 95.0)]
    assert second.settled(rest, chain.ts_ns) == []
    assert [one.walk.host.open[0].stock for one in (first, second)] == [-200.0, -100.0]
    assert second.walk.host.open[0].holdings[0].quantity == -1.0


def test_what_expires_worthless_ends_its_package() -> None:
    chain = market(0)[0]
    legs = combo((-1, option(NEAR, "C", 105.0)))
    seat = opened(Script({0: [(legs, 2)]}), chain)
    cash = seat.walk.host.cash
    seat.settled([Ended(legs.legs[0][1].name, -2.0, 0.0, 0.0)], chain.ts_ns)
    (package,) = seat.walk.host.closed
    assert (package.reason, package.is_open, seat.walk.host.cash) == (EXPIRY, False, cash)


def test_what_pays_in_cash_is_taken_at_the_last_quote() -> None:
    chain = chain_at(at(MONDAY), 100.0, [NEAR, FAR], strikes=STRIKES, kind=INDEX, size=1e6)
    legs = combo((1, option(NEAR, "C", 95.0)))
    seat = opened(Script({0: [(legs, 1)]}), chain)
    cash = seat.walk.host.cash
    seat.settled([Ended(legs.legs[0][1].name, 1.0, 0.0, 0.0)], chain.ts_ns)
    assert seat.walk.host.cash - cash == pytest.approx(500.0)


def known_of(package: Package, wish: Combo) -> Known:
    opening = tuple(
        Traded(contract, quantity, entry.price)
        for contract, quantity in package.lines()
        for entry in package.entries
        if entry.contract == contract.name
    )
    return Known(package.number, wish, package.label, package.opened_ns, opening, (), package.fees)


def test_an_earlier_engine_s_packages_go_on() -> None:
    chain, after = market(0)[:2]
    legs = combo((-2, option(FAR, "C", 105.0)), (1, stock()), (1, option(FAR, "P", 95.0)))
    seat = opened(Script({0: [(legs, 3)]}), chain)
    host = seat.walk.host
    known = known_of(host.open[0], legs)
    again = BrokerChainSeat("it", Script({}, {0: [1]}), TERMS, 0, [known])
    assert not again.is_priced()
    assert again.walk.host.cash == host.cash
    again.chain(Moment(after, CARRY))
    assert again.is_priced()
    seat.chain(Moment(after, CARRY))
    assert again.worth() == pytest.approx(seat.worth())
    assert (again.walk.host.open[0].lots, again.walk.host.open[0].n_lots) == (3, 3)
    (wish,) = again.take_wishes()
    assert (wish.package, wish.is_closing, wish.lots) == (1, True, 3)
    again.granted(1, fill_at_touch(after, wish, 3), 0.0, after.ts_ns)
    again.chain(Moment(after, CARRY))
    assert again.walk.host.open == []
    # New packages never take the number of an old one.
    half = Known(
        7,
        legs,
        "",
        chain.ts_ns,
        known.opening,
        tuple(Traded(o.contract, -o.quantity / 3.0, o.price) for o in known.opening),
        1.0,
    )
    third = BrokerChainSeat("it", Script({0: [(legs, 1)]}), TERMS, 0, [half])
    assert third.walk.host.open[0].lots == 2
    third.chain(Moment(after, CARRY))
    assert third.take_wishes()[0].package == 8


def test_margin_that_lacks_closes_one_package_at_a_time() -> None:
    chain = market(0)[0]
    put = combo((-1, option(FAR, "P", 100.0)))
    terms = Terms(cash=12_000.0, fees=FREE)
    seat = opened(Script({0: [(put, 2), (put, 1)]}), chain, terms)
    assert len(seat.walk.host.open) == 2
    crash = chain_at(at(later(1)), 40.0, [NEAR, FAR], strikes=STRIKES, size=1e6)
    seat.chain(Moment(crash, CARRY))
    (wish,) = seat.take_wishes()
    assert (wish.package, wish.is_closing) == (1, True)
    assert (seat.walk.host.open[0].leaving, seat.walk.host.calls) == (MARGIN_CALL, 1)
    seat.chain(Moment(crash, CARRY))
    assert seat.take_wishes() == ()


def test_a_broker_exercises_nothing_on_our_word() -> None:
    class Exercises(Script):
        def on_chain(self, chain: OptionChain) -> None:
            super().on_chain(chain)
            for package in self.packages(chain.symbol):
                self.exercise(package, package.holdings[0].contract)

    chains = market(0)
    seat = opened(Exercises({0: [(combo((1, option(FAR, "C", 90.0))), 1)]}), chains[0])
    with pytest.raises(UsageError, match="by hand"):
        seat.chain(Moment(chains[1], CARRY))


def test_an_error_in_on_fill_is_the_strategy_s() -> None:
    class Breaks(Script):
        def on_fill(self, fill: Fill) -> None:
            raise ZeroDivisionError("no")

    with pytest.raises(BadDataError, match=r"ZeroDivisionError: no \(strategy it\)"):
        opened(Breaks({0: [(combo((1, option(FAR, "C", 90.0))), 1)]}), market(0)[0])


def test_deltas_are_those_of_the_chain() -> None:
    chain = market(0)[0]
    seat = opened(Script({}), chain)
    legs = combo((1, option(FAR, "C", 90.0)), (1, option(FAR, "P", 90.0)), (1, stock()))
    deltas = dict(zip((c.name for _, c in legs.legs), seat.deltas(legs), strict=True))
    call, put = (deltas[option(FAR, right, 90.0).name] for right in "CP")
    assert deltas["XYZ"] == 1.0
    assert 0.5 < call < 1.0
    assert call - put == pytest.approx(1.0, abs=0.03)
