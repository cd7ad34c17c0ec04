"""Our orders in IB's words: what is on the wire means what was meant, or nothing is sent."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest

pytest.importorskip(
    "ib_async", reason="ib_async is installed by tox (requirements-ib.txt, --no-deps)"
)

from hypothesis import given
from hypothesis import strategies as st
from ib_async.contract import Contract as IbContract

from engine.execution.orders import Order
from engine.ib.orders import Contracts, ImpossibleOrderError, rounded_down, to_ib
from engine.market.combo import Combo
from engine.market.contract import FUTURE, OPTION, STOCK, Contract

DAY = date(2026, 3, 20)


def ids() -> Contracts:
    return Contracts([(Contract(STOCK, "ZETF", multiplier=1.0), 700)])


def option(right: str, strike: float, con_id: int, multiplier: float = 100.0) -> Contract:
    return Contract(OPTION, "ZETF", "", DAY, right, strike, multiplier, "USD", str(con_id))


CALL, PUT = option("C", 100.0, 1), option("P", 100.0, 2)
SHARES = Contract(STOCK, "ZETF", multiplier=1.0)


def order(*legs: tuple[int, Contract], limit: float = 1.5, lots: int = 2, **said: object) -> Order:
    made = Order("parity-x-0.1", "DU1", Combo("ZETF", legs), lots, limit)
    return replace(made, **said)  # type: ignore[arg-type]


def test_a_conversion_is_one_order_at_a_price_per_share() -> None:
    contract, sent = to_ib(order((-1, CALL), (1, PUT), (1, SHARES), limit=99.999), ids())
    assert (contract.secType, contract.symbol, contract.exchange) == ("BAG", "ZETF", "SMART")
    assert [(leg.conId, leg.ratio, leg.action) for leg in contract.comboLegs] == [
        (1, 1, "SELL"), (2, 1, "BUY"), (700, 100, "BUY"),
    ]  # fmt: skip
    assert (sent.action, sent.totalQuantity, sent.lmtPrice) == ("BUY", 2, 99.99)
    assert (sent.orderType, sent.tif, sent.orderRef, sent.account) == (
        "LMT", "DAY", "parity-x-0.1", "DU1",
    )  # fmt: skip
    # A guaranteed combo: no routing tag, and no price for a leg.
    assert sent.smartComboRoutingParams == []
    assert sent.orderComboLegs == []


@pytest.mark.parametrize("multiplier", [10.0, 100.0])
@given(prices=st.lists(st.integers(1, 30_000), min_size=3, max_size=3), ratio=st.integers(-3, 3))
def test_the_price_is_in_ibs_unit(multiplier: float, prices: list[int], ratio: int) -> None:
    """Worked out from the wire alone: sum of sign x ratio x price x multiplier, by the greatest."""
    call = option("C", 100.0, 1, multiplier)
    put = option("P", 100.0, 2, multiplier)
    legs = [(-1, call), (1, put), (ratio or 1, SHARES)]
    made = order(*legs, multiplier=multiplier)
    contract, _ = to_ib(made, ids())
    worth = {1: (prices[0], multiplier), 2: (prices[1], multiplier), 700: (prices[2], 1.0)}
    total = 0.0
    for leg in contract.comboLegs:
        price, each = worth[leg.conId]
        total += (1 if leg.action == "BUY" else -1) * leg.ratio * price * each
    by_us = math.fsum(r * p for (r, _), p in zip(legs, prices, strict=True))
    assert total / multiplier == pytest.approx(by_us, abs=1e-6)


def test_one_contract_is_a_plain_order_that_buys_or_sells() -> None:
    contract, sent = to_ib(order((1, CALL), limit=2.639, lots=3), ids())
    assert (contract.secType, contract.conId, contract.comboLegs) == ("OPT", 1, [])
    assert (sent.action, sent.totalQuantity, sent.lmtPrice) == ("BUY", 3, 2.63)
    _, sent = to_ib(order((-1, CALL), limit=-2.631, lots=3), ids())
    assert (sent.action, sent.totalQuantity, sent.lmtPrice) == ("SELL", 3, 2.64)
    contract, sent = to_ib(order((-1, SHARES), limit=-50.0, lots=3), ids())
    assert (contract.secType, contract.conId) == ("STK", 700)
    assert (sent.action, sent.totalQuantity, sent.lmtPrice) == ("SELL", 300, 50.0)


@given(st.integers(-1_000_000, 1_000_000), st.sampled_from((0.01, 0.05, 0.1, 0.5)))
def test_a_limit_on_the_tick_stays_and_any_other_goes_down(cents: int, tick: float) -> None:
    per_unit = round(1.0 / tick)
    assert rounded_down(cents / per_unit, tick) == cents / per_unit
    assert rounded_down(cents / per_unit + 0.4 * tick, tick) == cents / per_unit
    assert rounded_down(cents / per_unit - 0.4 * tick, tick) == (cents - 1) / per_unit


def test_a_negative_and_a_zero_price_of_a_combo_are_sent() -> None:
    for limit in (-5.28, 0.0):
        _, sent = to_ib(order((1, CALL), (-1, PUT), limit=limit), ids())
        assert (sent.action, sent.lmtPrice) == ("BUY", limit)


IMPOSSIBLE = {
    "mixed multipliers": (order((1, CALL), (-1, option("P", 90.0, 3, 10.0))), "multiplier 10"),
    "no conId": (order((1, CALL), (-1, replace(PUT, exchange_id=""))), "conId of ZETF260320P100"),
    "a conId in words": (order((1, replace(CALL, exchange_id="C1"))), "conId"),
    "nan": (order((1, CALL), limit=math.nan), "a limit of nan"),
    "infinite": (order((1, CALL), limit=math.inf), "a limit of inf"),
    "no lots": (order((1, CALL), lots=0), "0 lots"),
    "too many lots": (order((1, CALL), lots=10_001), "10001 lots"),
    "no legs": (order(), "0 legs"),
    "nine legs": (order(*((1, option("C", 1.0 + k, k + 1)) for k in range(9))), "9 legs"),
    "twice the same": (order((1, CALL), (-1, CALL)), "in it twice"),
    "ratio 0": (order((1, CALL), (0, PUT)), "ratio of ZETF260320P100 is 0"),
    "a future": (order((1, CALL), (1, Contract(FUTURE, "ZETF", expiry=DAY))), "is a future"),
    "not reduced": (order((2, CALL), (-2, PUT)), "common factor"),
    "two of one": (order((2, CALL)), "common factor"),
    "stocks alone": (order((1, SHARES), (-1, Contract(STOCK, "ZIDX"))), "stocks alone"),
    "broken shares": (order((1, SHARES), (1, CALL), multiplier=0.5), "multiplier"),
    "two currencies": (order((1, CALL), (-1, replace(PUT, currency="EUR"))), "EUR and USD"),
    "no account": (order((1, CALL), account=""), "no account"),
    "another time": (order((1, CALL), tif="GTC"), "'GTC'"),
    "no reference": (order((1, CALL), ref=""), "reference"),
    "a long reference": (order((1, CALL), ref="parity-" + "x" * 60), "reference"),
    "a reference of two fields": (order((1, CALL), ref="parity-x\0BUY"), "reference"),
    "free": (order((1, CALL), limit=0.0), "price of 0"),
    "paid to buy": (order((1, CALL), limit=-0.5), "price of -0.5"),
    "sold for less than nothing": (order((-1, CALL), limit=0.5), "price of -0.5"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_what_cannot_be_said_is_not_sent(what: str) -> None:
    made, why = IMPOSSIBLE[what]
    with pytest.raises(ImpossibleOrderError) as raised:
        to_ib(made, ids())
    message = str(raised.value)
    assert why in message
    assert "\n" not in message
    assert len(message) < 200


@given(
    st.sampled_from(("ZETF", "SPX", "A")), st.sampled_from(("", "SPXW", "ZETF")),
    st.dates(date(2026, 1, 1), date(2039, 1, 1)), st.sampled_from("CP"),
    st.integers(1, 400_000).map(lambda k: k / 8.0),
)  # fmt: skip
def test_names_come_back(
    symbol: str, trading_class: str, day: date, right: str, strike: float
) -> None:
    ours = Contract(OPTION, symbol, trading_class, day, right, strike)
    theirs = IbContract(
        conId=9, symbol=symbol, secType="OPT", lastTradeDateOrContractMonth=f"{day:%Y%m%d}",
        right=right, strike=strike, tradingClass=trading_class,
    )  # fmt: skip
    assert Contracts().name(theirs) == ours.name
    assert Contracts([(replace(ours, strike=1.0), 9)]).name(theirs).endswith(f"{right}1")


def test_a_combo_as_a_whole_has_no_name() -> None:
    assert Contracts().name(IbContract(conId=28812380, symbol="ZETF", secType="BAG")) == ""
    assert Contracts().name(IbContract(conId=1, symbol="ZETF", secType="STK")) == "ZETF"
