"""A naive ledger reads the fills of any run and comes to the same account; all lie in their bars.

Cash, positions, fees and gains in exact fractions, from the fills alone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.backtesting.data import Data
from engine.backtesting.days import DAY_NS
from engine.backtesting.orders import MARKET, STOP, STOP_LOSS, TIMES_IN_FORCE
from engine.backtesting.result import Result
from engine.backtesting.run import run
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.market.bars import Bar, Bars
from engine.market.fees import FREE, FeeSchedule
from tests.backtesting.scripted import HOUR, bars

SYMBOLS = ("ONE", "TWO")
STEPS = st.integers(-8, 8)
PRICE = 100
# Kinds of orders, each with how far from the close its price is, in eighths.
ORDERS = st.tuples(
    st.sampled_from(["market", "limit", "stop", "stop-limit", "target", "close", "cancel"]),
    st.integers(-30, 30),
    STEPS,
    STEPS,
    st.sampled_from([0, 0, 3, 6]),
    st.sampled_from([0, 0, 3, 6]),
    st.sampled_from(TIMES_IN_FORCE),
)
Move = tuple[int, int, int, int]


@st.composite
def markets(draw: st.DrawFn) -> dict[str, Bars]:
    """Draw bars on a grid of eighths, a few without an open."""
    n = draw(st.integers(3, 30))
    made = {}
    for symbol in SYMBOLS[: draw(st.integers(1, 2))]:
        price, rows = 8 * PRICE, []
        for _ in range(n):
            gap, up, down, close = draw(st.tuples(STEPS, *[st.integers(0, 8)] * 2, st.integers()))
            opened = max(80, price + gap)
            high, low = opened + up, opened - down
            price = low + close % (high - low + 1)
            has_open = draw(st.integers(0, 15)) > 0
            rows.append((opened / 8 if has_open else float("nan"), high / 8, low / 8, price / 8,
                         float(draw(st.sampled_from([0, 10, 40, 1000])))))  # fmt: skip
        made[symbol] = bars(*rows)
    return made


class Drawn(Strategy):
    """Does at each bar what was drawn for it."""

    orders_of: Any = None

    def start(self) -> None:
        self.row = 0

    def on_bar(self, bar: Bar) -> None:
        kind, units, near, far, loss, gain, tif = self.orders_of[self.row % len(self.orders_of)]
        self.row += 1
        symbol, close = bar.symbol, bar.close
        if kind == "target":
            self.target(units / 30.0, symbol)
        elif kind == "close":
            self.close(symbol)
        elif kind == "cancel":
            for order in self.orders(symbol):
                self.cancel(order)
        elif units:
            side = 1 if units > 0 else -1
            prices = {}
            if "limit" in kind:
                prices["limit"] = close + near / 8
            if "stop" in kind:
                prices["stop"] = close + far / 8
            send = self.buy if units > 0 else self.sell
            send(
                abs(units), symbol=symbol, tif=tif, **prices,
                sl=close - side * loss / 8 if loss else 0.0,
                tp=close + side * gain / 8 if gain else 0.0,
            )  # fmt: skip


TERMS = {
    "free": Terms(cash=100_000.0, units=30.0),
    "dear": Terms(cash=20_000.0, fee_rate=0.001, fee_unit=0.01, fee_order=1.0,
                  participation=0.5, lot=1.0),
    "tight": Terms(cash=2_000.0, fee_order=1.0, initial_equity=0.5, through=True),
    "broker": Terms(cash=20_000.0, fees=FeeSchedule(stock_per_share=0.1), participation=0.2),
}  # fmt: skip


def check_prices(result: Result, market: dict[str, Bars], terms: Terms) -> None:
    """Hold each fill to its bar: at the open, or within it; after the bar of its order."""
    for fill in result.fills:
        one = market[fill.symbol]
        row = one.time_ns.index(fill.time_ns)
        assert one.open[row] > 0.0
        assert fill.price == one.open[row] or one.low[row] <= fill.price <= one.high[row]
        assert row > 0
        if terms.participation:
            whole = [one.units for one in result.fills
                     if (one.symbol, one.time_ns) == (fill.symbol, fill.time_ns)]  # fmt: skip
            assert Fraction(0) < sum(map(abs, map(Fraction, whole))) <= one.volume[row] / 2


def check_books(result: Result, market: dict[str, Bars], terms: Terms) -> None:
    """Read the fills again, in fractions: cash and equity at each instant.

    What an order pays once, and the minimum of a broker, it pays once a day.
    """
    parts: dict[tuple[int, str, int], Fraction] = {}
    schedule = terms.fees or FREE
    least, share = Fraction(schedule.stock_minimum), Fraction(schedule.stock_per_share)
    cash, held = Fraction(terms.cash), dict.fromkeys(market, Fraction(0))
    fills, prices = list(result.fills), dict.fromkeys(market, Fraction(0))
    rows = {
        symbol: dict(zip(one.time_ns, one.close, strict=True)) for symbol, one in market.items()
    }
    for place, now in enumerate(result.time_ns):
        while fills and fills[0].time_ns == now:
            fill = fills.pop(0)
            units, price = Fraction(fill.units), Fraction(fill.price)
            fee = abs(units) * (Fraction(terms.fee_unit) + Fraction(terms.fee_rate) * price)
            key = (fill.order, fill.reason, (fill.time_ns - 1) // DAY_NS)
            if key not in parts:
                fee += Fraction(terms.fee_order) + least
                parts[key] = Fraction(0)
            fee -= max(least, parts[key])
            parts[key] += abs(units) * share
            fee += max(least, parts[key])
            assert float(fee) == pytest.approx(fill.fee)
            cash -= units * price + fee
            held[fill.symbol] += units
        for symbol, closes in rows.items():
            if now in closes:
                prices[symbol] = Fraction(closes[now])
        worth = [held[symbol] * prices[symbol] for symbol in market]
        assert result.cash[place] == pytest.approx(float(cash))
        equity = float(cash + sum(worth))
        assert result.equity[place] == pytest.approx(equity)
        gross = float(sum(map(abs, worth)))
        assert result.invested[place] == pytest.approx(
            gross / equity if equity > 0 else 0.0, abs=1e-9
        )
    assert fills == []
    assert result.fees == pytest.approx(sum(Fraction(one.fee) for one in result.fills))
    # What trades gained, and what is still open, is what the account gained.
    still = {symbol: units for symbol, units in held.items() if abs(units) > 1e-9}
    if not still:
        gains = float(sum(Fraction(one.gain) for one in result.trades))
        assert result.cash[-1] - terms.cash == pytest.approx(gains, abs=1e-6)


def check_trades(result: Result) -> None:
    """Put trades together from positions that begin and end at nothing."""
    found: list[tuple[str, int, int, float]] = []
    held: dict[str, Fraction] = {}
    begun: dict[str, int] = {}
    for fill in result.fills:
        before = held.get(fill.symbol, Fraction(0))
        after = before + Fraction(fill.units)
        if abs(after) < 1e-9:
            after = Fraction(0)
        if before and before * after <= 0:
            found.append(
                (fill.symbol, begun[fill.symbol], fill.time_ns, 1.0 if before > 0 else -1.0)
            )
        if after and before * after <= 0:
            begun[fill.symbol] = fill.time_ns
        held[fill.symbol] = after
    assert found == [
        (one.symbol, one.opened_ns, one.closed_ns, 1.0 if one.units > 0 else -1.0)
        for one in result.trades
    ]
    by_order: dict[int, Fraction] = {}
    for fill in result.fills:
        if fill.reason in (MARKET, STOP, "limit", "stop_limit"):
            by_order[fill.order] = by_order.get(fill.order, Fraction(0)) + Fraction(fill.units)
        if fill.reason in (STOP_LOSS, "take_profit"):
            # A bracket closes at most what its order opened.
            by_order[fill.order] += Fraction(fill.units)
            assert by_order[fill.order] * Fraction(-fill.units) >= 0


@pytest.mark.parametrize("terms", TERMS.values(), ids=list(TERMS))
@given(market=markets(), orders=st.lists(ORDERS, min_size=1, max_size=40))
# Shrinking so large a market takes minutes.
@settings(max_examples=40, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_a_naive_ledger_comes_to_the_same_account(
    terms: Terms, market: dict[str, Bars], orders: list[Any]
) -> None:
    for is_optimistic in (False, True):
        strategy = Drawn()
        strategy.orders_of = orders
        result = run(strategy, Data(market, HOUR, "drawn"), terms, is_optimistic=is_optimistic)
        check_prices(result, market, terms)
        check_books(result, market, terms)
        check_trades(result)
