"""How packages are filled: at the touch, whole, within what is shown, by quotes that are fresh."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backtesting.options.run import run
from engine.backtesting.options.terms import NO_MARGIN, Terms
from engine.market.chain import OptionChain
from engine.market.fees import FREE, FeeSchedule
from tests.options.markets import (
    MONDAY,
    Script,
    at,
    chain_at,
    combo,
    later,
    option,
    quote,
    recording,
    stock,
)

FRIDAY = later(18)
SPREAD = combo((1, option(FRIDAY, "C", 100.0)), (-1, option(FRIDAY, "C", 105.0)))
PLAIN = Terms(fees=FREE, margin=NO_MARGIN)


def market(**changes: float) -> list[OptionChain]:
    return [chain_at(at(MONDAY, hours), 100.0, [FRIDAY], **changes) for hours in (3.0, 2.0, 1.0)]


def changed(chain: OptionChain, contract: object, **sides: float) -> OptionChain:
    """Return a chain with columns of one quote replaced: ``ask_size=2.0``."""
    from engine.backtesting.options.board import Board

    q = Board(chain).find(contract)  # type: ignore[arg-type]
    for name, value in sides.items():
        column = getattr(chain, name)[:]
        column[q] = value
        chain = replace(chain, **{name: column})
    return chain


def test_what_is_bought_pays_the_ask_and_what_is_sold_gets_the_bid() -> None:
    chains = market()
    result = run(lambda: Script({0: [(SPREAD, 2)]}, {2: [1]}), recording(chains), PLAIN)
    (one,) = result.packages
    (low, high) = (option(FRIDAY, "C", 100.0), option(FRIDAY, "C", 105.0))
    paid = quote(chains[0], low)[1] - quote(chains[0], high)[0]
    back = quote(chains[2], low)[0] - quote(chains[2], high)[1]
    assert one.price == pytest.approx(paid, abs=1e-12)
    assert one.gain == pytest.approx(200.0 * (back - paid), abs=1e-9)
    assert result.account.equity[-1] == pytest.approx(1e5 + one.gain)
    assert one.reason == "strategy"
    assert one.closed_ns == chains[2].ts_ns


def test_equity_is_what_closing_would_bring_and_the_middle_stands_beside() -> None:
    chains = market()
    result = run(lambda: Script({0: [(SPREAD, 1)]}), recording(chains), PLAIN)
    low, high = option(FRIDAY, "C", 100.0), option(FRIDAY, "C", 105.0)
    for k, chain in enumerate(chains):
        (lb, la), (hb, ha) = quote(chain, low), quote(chain, high)
        cost = quote(chains[0], low)[1] - quote(chains[0], high)[0]
        assert result.account.equity[k] == pytest.approx(1e5 + 100.0 * (lb - ha - cost))
        first = [0.5 * sum(quote(chains[0], leg)) for leg in (low, high)]
        now = 0.5 * (lb + la) - 0.5 * (hb + ha)
        assert result.mid_equity[k] == pytest.approx(1e5 + 100.0 * (now - first[0] + first[1]))


@pytest.mark.parametrize(
    ("sides", "leg", "why"),
    [
        ({"ask": 0.0}, 0, "no quote"),
        ({"bid": 0.0}, 1, "no quote"),
        ({"ask": 0.01}, 0, "crossed"),
        ({"ask_age": 301.0}, 0, "old quote"),
        ({"bid_age": 301.0}, 1, "old quote"),
        ({"ask_size": 0.0}, 0, "size"),
        ({"bid_size": 0.5}, 1, "size"),
    ],
)
def test_one_bad_leg_stops_the_whole_package(sides: dict[str, float], leg: int, why: str) -> None:
    chain = changed(market()[0], SPREAD.legs[leg][1], **sides)
    result = run(lambda: Script({0: [(SPREAD, 1)]}), recording([chain]), PLAIN)
    assert result.packages == ()
    assert {name: n for name, n in result.refusals.items() if n} == {why: 1}
    assert result.account.fills == ()


@pytest.mark.parametrize(
    "sides", [{"bid_age": 301.0}, {"bid_size": 0.0}, {"ask_age": float("nan")},
              {"ask_size": float("nan")}],
)  # fmt: skip
def test_the_other_side_and_what_is_not_known_stop_nothing(sides: dict[str, float]) -> None:
    chain = changed(market()[0], SPREAD.legs[0][1], **sides)
    result = run(lambda: Script({0: [(SPREAD, 1)]}), recording([chain]), PLAIN)
    assert len(result.packages) == 1


def test_what_is_not_listed_and_a_halt_are_refused() -> None:
    other = combo((1, option(FRIDAY, "C", 101.0)))
    halted = replace(market()[1], is_halted=True)
    orders = {0: [(other, 1)], 1: [(SPREAD, 1)]}
    result = run(lambda: Script(orders), recording([market()[0], halted]), PLAIN)
    assert {name: n for name, n in result.refusals.items() if n} == {"not listed": 1, "halted": 1}


def test_lots_are_what_the_scarcest_leg_shows_and_orders_share_it() -> None:
    chain = changed(market()[0], SPREAD.legs[1][1], bid_size=5.0)
    orders = [(SPREAD, 3), (SPREAD, 3), (SPREAD, 3)]
    result = run(lambda: Script({0: orders}), recording([chain]), PLAIN)
    assert [one.n_lots for one in result.packages] == [3, 2]
    assert result.refusals["size"] == 1


def test_a_package_is_closed_lot_by_lot_as_sizes_allow() -> None:
    chains = market()
    chains[1] = changed(chains[1], SPREAD.legs[0][1], bid_size=2.0)
    result = run(lambda: Script({0: [(SPREAD, 5)]}, {1: [1]}), recording(chains), PLAIN)
    (one,) = result.packages
    sold = [f for f in result.account.fills if f.symbol.endswith("C100") and f.units < 0.0]
    assert [(fill.time_ns, fill.units) for fill in sold] == [
        (chains[1].ts_ns, -2.0), (chains[2].ts_ns, -3.0),
    ]  # fmt: skip
    assert one.closed_ns == chains[2].ts_ns


def test_every_leg_pays_its_commission_or_the_least_of_an_order() -> None:
    fees = FeeSchedule(tiers=((0.0, 0.65),), exchange=0.05, order_minimum=1.0)
    terms = Terms(fees=fees, margin=NO_MARGIN)
    one_lot = run(lambda: Script({0: [(SPREAD, 1)]}), recording(market()), terms)
    ten = run(lambda: Script({0: [(SPREAD, 10)]}), recording(market()), terms)
    assert one_lot.account.fees == pytest.approx(2 * (1.0 + 0.05))  # the minimum, twice
    assert ten.account.fees == pytest.approx(2 * 10 * 0.70)
    covered = combo((1, stock()), (-1, option(FRIDAY, "C", 105.0)))
    both = run(lambda: Script({0: [(covered, 4)]}), recording(market()), terms)
    assert both.account.fees == pytest.approx(400 * 0.005 + 4 * 0.70)


def test_a_leg_that_is_closed_in_parts_pays_the_least_of_an_order_once_a_day() -> None:
    fees = FeeSchedule(tiers=((0.0, 0.30),), exchange=0.05, order_minimum=1.0)
    terms = Terms(fees=fees, margin=NO_MARGIN)
    chains = [
        chain_at(at(day, hours), 100.0, [FRIDAY])
        for day, hours in ((MONDAY, 4.0), (MONDAY, 3.0), (MONDAY, 2.0), (later(1), 3.0))
    ]
    for k in (1, 2):
        chains[k] = changed(chains[k], SPREAD.legs[0][1], bid_size=2.0)
    result = run(lambda: Script({0: [(SPREAD, 5)]}, {1: [1]}), recording(chains), terms)
    leaving = [f for f in result.account.fills if f.symbol.endswith("C100") and f.units < 0.0]
    assert [one.units for one in leaving] == [-2.0, -2.0, -1.0]
    # 0.60 is raised to 1, another 0.60 makes it 1.20; the next day is another order.
    assert [one.fee for one in leaving] == pytest.approx([1.0 + 0.10, 0.20 + 0.10, 1.0 + 0.05])


def test_an_order_with_a_delay_meets_a_later_chain() -> None:
    chains = [chain_at(at(MONDAY, h), s, [FRIDAY]) for h, s in ((3.0, 100.0), (2.0, 103.0))]
    terms = replace(PLAIN, delay_ns=60 * 10**9)
    result = run(lambda: Script({0: [(SPREAD, 1)]}), recording(chains), terms)
    (one,) = result.packages
    low, high = option(FRIDAY, "C", 100.0), option(FRIDAY, "C", 105.0)
    assert one.opened_ns == chains[1].ts_ns
    assert one.price == pytest.approx(quote(chains[1], low)[1] - quote(chains[1], high)[0])


def test_stock_is_bought_by_the_round_lot() -> None:
    chains = market()
    covered = combo((1, stock()), (-1, option(FRIDAY, "C", 105.0)))
    result = run(lambda: Script({0: [(covered, 2)]}), recording(chains), PLAIN)
    (one,) = result.packages
    assert one.stock == 200.0
    bid = quote(chains[0], option(FRIDAY, "C", 105.0))[0]
    assert one.price == pytest.approx(chains[0].underlying.ask - bid)


def test_an_option_without_a_bid_does_not_keep_the_rest_from_being_closed() -> None:
    wing = option(FRIDAY, "C", 120.0)
    wide = combo((-1, option(FRIDAY, "C", 105.0)), (1, wing))
    chains = market()
    last = changed(chains[2], wing, bid=0.0)
    result = run(lambda: Script({0: [(wide, 1)]}, {2: [1]}), recording([*chains[:2], last]), PLAIN)
    (one,) = result.packages
    assert [(held.contract, held.quantity) for held in one.holdings] == [(wing, 1.0)]


def test_a_sold_option_without_an_offer_counts_at_the_last_one() -> None:
    chains = market()
    call = option(FRIDAY, "C", 105.0)
    before = quote(chains[1], call)[1]
    there = [*chains[:2], changed(chains[2], call, ask=0.0)]
    result = run(lambda: Script({0: [(combo((-1, call)), 1)]}), recording(there), PLAIN)
    (one,) = result.packages
    assert one.value == pytest.approx(-100.0 * before)
    # Where there never was one, it costs what exercise brings its holder.
    deep = option(FRIDAY, "C", 80.0)
    blind = [changed(chain, deep, ask=0.0) for chain in chains]
    never = run(lambda: Script({0: [(combo((-1, deep)), 1)]}), recording(blind), PLAIN)
    assert never.packages[0].value == pytest.approx(-100.0 * (100.01 - 80.0))
