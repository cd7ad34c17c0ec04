"""What a rule chooses in a chain, when an exit closes, and how often a rule enters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from engine.backtesting.options.board import Board
from engine.backtesting.options.choosing import choose
from engine.backtesting.options.entries import parse_entry
from engine.backtesting.options.exits import parse_exits
from engine.backtesting.options.package import Package
from engine.backtesting.options.result import OptionsResult
from engine.backtesting.options.rules import rules
from engine.backtesting.options.run import run
from engine.backtesting.options.sight import Sight
from engine.backtesting.options.terms import NEVER, NO_MARGIN, Terms
from engine.market.calendar import US
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.market.fees import FREE
from kernels_pure.lattice import american_lattice
from tests.options.markets import HOUR, MONDAY, at, chain_at, later, recording, worth

NEAR, FAR = later(18), later(46)
STRIKES = tuple(80.0 + 2.5 * k for k in range(17))
CHAIN = chain_at(at(MONDAY), 100.0, [NEAR, FAR], strikes=STRIKES, half=0.02)
TERMS = Terms(fees=FREE, margin=NO_MARGIN, assignment=NEVER)


def chosen(words: str, chain: OptionChain = CHAIN, carry: Carry = Carry()) -> list[tuple[int, str]]:  # noqa: B008
    found = choose(parse_entry(words), Sight(Board(chain), carry))
    assert not isinstance(found, str), found
    return [(ratio, leg.name.removeprefix("XYZ")) for ratio, leg in found.legs]


def why(words: str, chain: OptionChain = CHAIN) -> str:
    found = choose(parse_entry(words), Sight(Board(chain), Carry()))
    assert isinstance(found, str)
    return found


def delta(strike: float, right: str, day: object = NEAR, vol: float = 0.25) -> float:
    """By a difference of prices, at the volatility that made the chain."""
    tau = (US.settlement_ns(day) - CHAIN.ts_ns) / 1e9 / 86_400 / 365.0  # type: ignore[arg-type]
    up, down = (worth(100.0 + x, strike, tau, vol, right) for x in (0.01, -0.01))
    return abs(up - down) / 0.02


@pytest.mark.parametrize("wanted", [0.10, 0.25, 0.30, 0.50, 0.70])
@pytest.mark.parametrize("right", ["C", "P"])
def test_a_delta_chooses_the_nearest_strike(wanted: float, right: str) -> None:
    ((_, name),) = chosen(f"single {right} 12-30d {wanted}")
    best = min(STRIKES, key=lambda strike: abs(delta(strike, right) - wanted))
    assert name == f"260320{right}{best:g}"


def test_other_strikes_are_counted_from_the_spot_and_from_each_other() -> None:
    assert chosen("single C 12-30d atm") == [(1, "260320C100")]
    assert chosen("single C 12-30d 6%") == [(1, "260320C105")]
    assert chosen("single P 12-30d -6%") == [(1, "260320P95")]
    assert chosen("single P 12-30d K92.5") == [(1, "260320P92.5")]
    assert chosen("vertical P 12-30d atm w5") == [(1, "260320P100"), (-1, "260320P95")]
    assert chosen("butterfly C 12-30d atm w5") == [
        (-2, "260320C100"), (1, "260320C105"), (1, "260320C95"),
    ]  # fmt: skip
    assert chosen("custom +1 C 12-30d K90, -1 C 12-30d +7") == [
        (1, "260320C90"), (-1, "260320C97.5"),
    ]  # fmt: skip


def test_days_choose_the_nearest_expiry_within_their_range() -> None:
    assert chosen("single C 30d atm") == [(1, "260320C100")]  # 18 days away, the other 46
    assert chosen("single C 33d atm") == [(1, "260417C100")]
    assert chosen("calendar C 18d/46d atm") == [(-1, "260320C100"), (1, "260417C100")]
    assert why("single C 19-45d atm") == "no expiry within 19 to 45 days"
    assert why("single C 8d atm") == "no expiry within 4 to 16 days"
    assert why("calendar C 18-40d/18-42d atm") == "two legs are the same contract"


def test_what_is_not_as_asked_for_is_nothing() -> None:
    assert why("single C 12-30d K101") == "no strike as asked for"
    assert why("vertical C 12-30d 0.30/0.29") == "two legs are the same contract"
    few = chain_at(at(MONDAY), 100.0, [NEAR], strikes=(85.0, 115.0))
    assert why("single C 12-30d 0.50", few) == "no strike as asked for"
    assert why("vertical C 12-30d K120 w5") == "no strike as asked for"


def test_deltas_of_american_options_are_those_of_a_lattice() -> None:
    from array import array

    carry = Carry(
        RateCurve.flat(0.05), RateCurve.flat(0.05),
        dividends=(Dividend(later(10), later(20), 2.0),),
    )  # fmt: skip
    sight = Sight(Board(CHAIN), carry)
    row = sight.board.row(0, 110.0)
    times, amounts = sight.model.dividends(CHAIN.tau(0))
    work = array("d", bytes(8 * 2100)), array("d", bytes(8 * 1100))
    for right, sign in (("C", 1), ("P", -1)):
        _, wanted, _, _ = american_lattice(
            100.0, 110.0, CHAIN.tau(0), 0.05, 0.0, sight.vol(row), sign, 1000, times, amounts, *work
        )
        quote = CHAIN.quote_index(row, right)
        assert sight.delta(quote) == pytest.approx(wanted, abs=0.002)
    european = Sight(Board(replace(CHAIN, style="european")), carry)
    put = CHAIN.quote_index(row, "P")
    assert abs(european.delta(put) - sight.delta(put)) > 0.005
    assert european.delta(put) == european.plain_delta(put)


def test_a_volatility_is_that_of_the_option_out_of_the_money() -> None:
    sight = Sight(Board(CHAIN), Carry())
    for strike in (90.0, 100.0, 110.0):
        assert sight.vol(sight.board.row(0, strike)) == pytest.approx(0.25, abs=0.02)
    # A call in the money whose quote is nonsense does not matter.
    q = sight.board.find(sight.board.listed(sight.board.row(0, 90.0), "C").contract)
    ask = CHAIN.ask[:]
    ask[q] = 19.0
    assert Sight(Board(replace(CHAIN, ask=ask)), Carry()).vol(
        sight.board.row(0, 90.0)
    ) == sight.vol(sight.board.row(0, 90.0))


def ran(
    exits: str, spots: list[float], *, entry: str = "short single C 12-30d K105", step: int = 1,
    **choice: float,
) -> OptionsResult:  # fmt: skip
    """Go through chains of `step` days apart at these spots."""
    days = [US.last_trading_day(MONDAY + timedelta(days=step * k)) for k in range(len(spots))]
    chains = [
        chain_at(at(day), spot, [NEAR, FAR], strikes=STRIKES, half=0.02)
        for day, spot in zip(days, spots, strict=True)
    ]
    wanted = parse_entry(entry)
    made = lambda: rules(wanted, parse_exits(exits), **choice)  # type: ignore[arg-type]  # noqa: E731
    return run(made, recording(chains), TERMS)


def first(result: OptionsResult) -> Package:
    return result.packages[0]


def test_a_share_of_the_premium_is_taken_when_it_can_be_had_at_the_touch() -> None:
    spots = [100.0, 99.0, 97.0, 95.0]
    for share in (10, 50, 90):
        one = first(ran(f"{share}%", spots))
        result = ran("expiry", spots)
        gains = []
        for k in range(1, len(spots)):
            gains.append(result.account.equity[k] - result.account.equity[0])
        cost = result.account.equity[0] - 1e5  # the spread of the entry
        reached = [k for k, gain in enumerate(gains, 1)
                   if gain + cost >= share / 100 * -one.option_premium]  # fmt: skip
        days = [US.session_date(at_ns) for at_ns in result.account.time_ns]
        assert US.session_date(one.closed_ns) == days[reached[0]] if reached else not one.closed_ns
        assert one.reason == (f"{share}%" if reached else "")


def test_a_stop_is_a_multiple_of_the_premium() -> None:
    spots = [100.0, 102.0, 104.0, 107.0, 111.0]
    closes = {}
    for stop in ("0.5x", "2x", "20x"):
        one = first(ran(stop, spots))
        closes[stop] = one.closed_ns
        if one.closed_ns:
            assert one.cash <= -float(stop[:-1]) * -one.option_premium
            assert one.reason == stop
    assert 0 < closes["0.5x"] < closes["2x"]
    assert closes["20x"] == 0


def test_days_to_expiry_are_those_of_the_first_leg_to_expire() -> None:
    spots = [100.0] * 8
    one = first(ran("14dte", spots, entry="calendar C 18d/46d atm"))
    assert US.session_date(one.closed_ns) == later(4)
    assert first(ran("5dte", spots)).closed_ns == 0


def test_the_delta_of_a_sold_option_closes_and_that_of_a_bought_one_does_not() -> None:
    spots = [100.0, 101.0, 103.0, 106.0]
    result = ran("0.50delta", spots)
    one = first(result)
    assert one.closed_ns == result.account.time_ns[3]
    assert first(ran("0.20delta", spots)).closed_ns == result.account.time_ns[1]
    assert first(ran("0.10delta", spots, entry="single C 12-30d K105")).closed_ns == 0


def test_time_closes() -> None:
    one = first(ran("2d", [100.0] * 5))
    assert US.session_date(one.closed_ns) == later(2)


def test_a_rule_holds_so_many_packages_and_waits_between_entries() -> None:
    spots = [100.0] * 5
    assert len(ran("expiry", spots).packages) == 1
    assert len(ran("expiry", spots, most=3).packages) == 3
    waits = ran("expiry", spots, most=5, every=1.5 * 86_400)
    opened = [one.opened_ns for one in waits.packages]
    assert len(opened) == 3
    assert all(b - a >= 36 * HOUR for a, b in pairwise(opened))
    assert first(ran("expiry", spots, lots=4)).n_lots == 4
