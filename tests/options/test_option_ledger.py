"""Nothing is made or lost: a naive ledger beside runs of a strategy that does as it pleases."""

from __future__ import annotations

import math
from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtesting.days import DAY_NS
from engine.backtesting.options.board import Board
from engine.backtesting.options.result import OptionsResult
from engine.backtesting.options.run import run
from engine.backtesting.options.strategy import ChainStrategy
from engine.backtesting.options.terms import ASSIGNMENTS, MARGINS, SCENARIOS, Terms
from engine.market.calendar import US
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.market.combo import Combo
from engine.market.contract import STOCK
from tests.options.markets import MONDAY, STRIKES, at, chain_at, later, option, recording, stock

NEAR, FAR = later(4), later(18)


class Whim(ChainStrategy):
    """Enters and leaves packages by chance."""

    def on_chain(self, chain: OptionChain) -> None:
        for one in self.packages(chain.symbol):
            if self.rng.random() < 0.2:
                self.leave(one)
        if self.rng.random() < 0.7:
            legs = {}
            for _ in range(self.rng.randint(1, 4)):
                contract = option(
                    self.rng.choice((NEAR, FAR)), self.rng.choice("CP"), self.rng.choice(STRIKES)
                )
                legs[contract] = self.rng.choice((-2, -1, 1, 3))
            if self.rng.random() < 0.3:
                legs[stock()] = self.rng.choice((-1, 1))
            wanted = Combo("XYZ", tuple((ratio, contract) for contract, ratio in legs.items()))
            self.enter(wanted, self.rng.randint(1, 9))


def market(seed: int, style: str) -> list[OptionChain]:
    rng = Random(seed)
    spot, chains = 100.0, []
    day = MONDAY
    while day <= later(20):
        for hours in (3.0, 0.0):
            spot = round(spot * math.exp(rng.gauss(0.0, 0.02)), 2)
            chains.append(
                chain_at(at(day, hours), spot, [NEAR, FAR], style=style, size=rng.randint(1, 12))
            )
        day = US.next_session(day)
    return chains


CARRY = Carry(
    RateCurve.flat(0.03), RateCurve.flat(0.05),
    dividends=(Dividend(later(3), later(10), 0.8), Dividend(later(11), later(16), 0.5)),
    withholding=0.1, borrow_fee=0.02,
)  # fmt: skip


def replayed(result: OptionsResult, chains: list[OptionChain], terms: Terms) -> None:
    """Work the account out again from fills and entries, with nothing of the engine's ledger."""
    by_time = {chain.ts_ns: chain for chain in chains}
    traded = {(one.time_ns, one.order, one.symbol, one.units) for one in result.account.fills}
    spread: dict[int, float] = {}
    for one in result.packages:
        cash, held = [], defaultdict(float)
        orders: dict[tuple[str, int, bool], float] = {}
        for entry in one.entries:
            cash.append(entry.amount)
            held[entry.contract] += entry.quantity
            is_fill = (entry.time_ns, one.number, entry.contract, entry.quantity) in traded
            if is_fill and entry.what in ("buy", "sell"):
                chain = by_time[entry.time_ns]
                contract = next(
                    leg for _, leg in [*one.combo.legs, (1, stock())] if leg.name == entry.contract
                )
                quote = Board(chain).quote(contract)
                side = quote.ask if entry.quantity > 0.0 else quote.bid
                assert entry.price == side
                # Each leg's order pays its minimum, with the first of what fills it on a day.
                ratios = {leg.name: ratio for ratio, leg in one.combo.legs}
                is_entry = entry.time_ns == one.opened_ns
                is_entry = is_entry and entry.quantity * ratios[entry.contract] > 0.0
                order = entry.contract, entry.time_ns // DAY_NS, is_entry
                size, schedule = abs(entry.quantity), terms.fees
                if contract.kind == STOCK:
                    each, beside, least = schedule.stock_fee(side), 0.0, schedule.stock_minimum
                else:
                    each, beside = schedule.commission(side), schedule.exchange
                    least = schedule.order_minimum
                before = orders.get(order, 0.0)
                orders[order] = before + size * each
                due = max(least, orders[order]) - (max(least, before) if before else 0.0)
                assert math.isclose(entry.fee, due + size * beside, abs_tol=1e-9)
                expected = -entry.quantity * contract.multiplier * side - entry.fee
                assert math.isclose(entry.amount, expected, rel_tol=1e-12)
        left = {name: n for name, n in held.items() if n}
        assert left == {contract.name: quantity for contract, quantity in one.lines()}
        assert math.isclose(math.fsum(cash), one.cash, abs_tol=1e-6)
        spread[one.number] = math.fsum(cash)
    total = math.fsum([terms.cash, result.interest, *spread.values()])
    assert math.isclose(result.account.cash[-1], total, abs_tol=1e-6)
    # At the last chain: cash, and every holding at the side that would be hit.
    last, values = chains[-1], []
    board = Board(last)
    for one in result.packages:
        values.append(math.fsum(amount for _, amount in one.receivable))
        for contract, quantity in one.lines():
            quote = board.quote(contract)
            side = quote.bid if quantity > 0.0 else quote.ask
            values.append(quantity * contract.multiplier * side)
    pins = math.fsum(one.pin_low for one in result.packages)
    equity = math.fsum([total, *values, pins])
    assert math.isclose(result.account.equity[-1], equity, abs_tol=1e-5)


CASES = st.tuples(
    st.integers(0, 10**6), st.sampled_from(ASSIGNMENTS), st.sampled_from(MARGINS),
    st.sampled_from(["american", "european"]), st.booleans(), st.booleans(),
)  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(CASES)
def test_cash_and_positions_are_conserved(case: tuple[int, str, str, str, bool, bool]) -> None:
    conserved(*case)


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(CASES)
def test_cash_and_positions_are_conserved_in_many(
    case: tuple[int, str, str, str, bool, bool],
) -> None:
    conserved(*case)


def conserved(
    seed: int, assignment: str, margin: str, style: str, has_interest: bool, holds: bool
) -> None:
    if margin == SCENARIOS:
        style = "european"  # a grid of lattices is slow, and no other ledger
    chains = market(seed, style)
    terms = Terms(
        cash=50_000.0, assignment=assignment, margin=margin, has_interest=has_interest, holds=holds
    )
    result = run(Whim, recording(chains, CARRY), terms, seed=seed)
    replayed(result, chains, terms)
    shown = defaultdict(float)
    for fill in result.account.fills:
        shown[fill.time_ns, fill.symbol, fill.units > 0.0] += abs(fill.units)
    for (when, symbol, _), units in shown.items():
        chain = next(chain for chain in chains if chain.ts_ns == when)
        limit = 1e5 if symbol == "XYZ" else max(chain.ask_size)
        assert units <= limit + 1e-9
    assert all(fill.time_ns in {chain.ts_ns for chain in chains} for fill in result.account.fills)


def test_the_same_seed_gives_the_same_bits() -> None:
    chains = market(7, "american")
    first, second = (run(Whim, recording(chains, CARRY), Terms(), seed=7) for _ in range(2))
    assert first.account.equity == second.account.equity
    assert first.account.fills == second.account.fills
