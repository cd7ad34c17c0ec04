"""The verifier's table, what it refuses to prove, and how near an edge must come to its proof."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import pytest
from oracles.verifier_desk import NOW, TODAY, chain, future, option, stock

from engine.clock import NS_PER_DAY
from engine.market.carry import Carry, Dividend
from engine.market.chain import EUROPEAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.combo import Leg
from engine.market.quoting import IN_COIN
from engine.proof.state_table import MOST_ROWS
from engine.proof.states import Proof
from engine.proof.verifier import reproduces
from tests.unit.verified_positions import conversion, prove


def test_the_table_is_sorted_short_and_starts_at_the_minimum() -> None:
    many = [option((-1) ** k, 1, "C", 50.0 + k, 50.0 - k, 60, 0.0) for k in range(80)]
    proof = prove(chain(EUROPEAN), many)
    values = [state.pv for state in proof.states]
    assert values == sorted(values)
    assert len(values) == MOST_ROWS < proof.n_states
    assert proof.worst.pv == proof.minimum
    assert len({(state.event, state.spot) for state in proof.states}) == MOST_ROWS


def quoted() -> tuple[OptionChain, Leg]:
    settles = NOW + 60 * NS_PER_DAY
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", 100.0, 100.02))
    expiry = Expiry(settles, date(2016, 1, 8))
    builder.add(expiry, 95.0, "C", 6.0, 6.1)
    builder.add(expiry, 100.0, "C", 3.0, 3.1)
    built = builder.build(style=EUROPEAN)
    bought = replace(option(1, 1, "C", 95, 6.1, 60), quote=0)
    return built, bought


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"price": 6.0}, "C 95 has ask 6.1: not 6"),
        ({"side": -1}, "C 95 has bid 6: not 6.1"),
        ({"strike": 100.0}, "C 100 is not the contract of quote 0"),
        ({"right": "P"}, "P 95 is not the contract of quote 0"),
        ({"settles_ns": NOW + NS_PER_DAY}, "C 95 is not the contract of quote 0"),
        ({"quote": 2, "right": "P"}, "P 95 has ask 0: not 6.1"),
    ],
)
def test_a_leg_that_the_chain_does_not_offer_proves_nothing(
    change: dict[str, object], phrase: str
) -> None:
    on, bought = quoted()
    assert prove(on, [bought]).minimum == pytest.approx(-6.107)
    assert prove(on, [replace(bought, price=6.2)]).minimum == pytest.approx(-6.207)
    assert prove(on, [replace(bought, settles_ns=0)]).minimum == pytest.approx(-6.107)
    proof = prove(on, [replace(bought, **change)])  # type: ignore[arg-type]
    assert proof.minimum == -math.inf
    assert proof.worst.event == phrase


def test_stock_and_futures_are_not_had_below_their_quote() -> None:
    assert prove(chain(EUROPEAN), [stock(1, 100.0), *conversion()[1:]]).minimum == -math.inf
    on, _ = quoted()
    with_future = replace(on, forward_bid=on.bid[:1], forward_ask=on.ask[:1])
    ask = with_future.forward_ask[0]
    call = option(1, 1, "C", 95, 6.1, 60)
    assert prove(with_future, [call, future(1, ask, math.nan, 60)]).minimum > -math.inf
    coins = prove(chain(EUROPEAN, quoting=IN_COIN), conversion())
    assert coins.minimum == -math.inf
    assert "stock" in coins.worst.event
    bad = prove(with_future, [call, future(1, ask - 0.1, math.nan, 60)])
    assert bad.worst.event == "future has ask 6.1: not 6"


def test_legs_that_make_no_position_are_refused() -> None:
    with pytest.raises(ValueError, match="unit 0"):
        prove(chain(), conversion(), unit=0)
    with pytest.raises(ValueError, match="no leg settles"):
        prove(chain(), [stock(1, 100.02)])
    with pytest.raises(ValueError, match="no settlement instant"):
        prove(chain(), [replace(option(1, 1, "C", 100, 1.0, 60), settles_ns=0)])
    with pytest.raises(ValueError, match="'bond'"):
        prove(chain(), [replace(option(1, 1, "C", 100, 1.0, 60), kind="bond")])


def test_an_edge_is_reproduced_down_to_rounding() -> None:
    proof = Proof(0.5, (), 1)
    assert reproduces(0.5, proof)
    assert reproduces(0.5 + 9e-10, proof)
    assert not reproduces(0.5 + 2e-9, proof)
    assert not reproduces(math.nan, proof)
    assert not reproduces(0.5, Proof(math.nan, (), 1))


def test_rounding_is_relative_to_the_amounts() -> None:
    """At 600,000 a share, numbers are 1.2e-10 apart, and a few dozen of them are added."""
    proof = Proof(0.5, (), 1, 600_000.0)
    assert reproduces(0.5 + 5e-7, proof)
    assert not reproduces(0.5 + 7e-7, proof)
    # Below a thousand it is the tolerance that it was.
    assert not reproduces(0.5 + 2e-9, Proof(0.5, (), 1, 999.0))
    # The strike, and a dividend that may be a slip of the pen.
    assert prove(chain(), conversion(105.0)).scale == 105.0
    slip = Dividend(TODAY + timedelta(days=9), TODAY + timedelta(days=9), 700.0)
    assert prove(chain(), conversion(), Carry(dividends=(slip,))).scale == 700.0
