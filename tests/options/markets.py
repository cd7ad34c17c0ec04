"""Chains of a made-up share at chosen spots, priced by a formula of the tests' own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from engine.backtesting.data import Split
from engine.backtesting.options.board import Board
from engine.backtesting.options.moments import Moment, Recording
from engine.backtesting.options.strategy import ChainStrategy
from engine.clock import NS_PER_SECOND, years_between
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.combo import Combo
from engine.market.contract import OPTION, STOCK, Contract

MONDAY = date(2026, 3, 2)
NO_CARRY = Carry()
HOUR = 3600 * NS_PER_SECOND
STRIKES = tuple(float(strike) for strike in range(80, 125, 5))


def at(day: date, hours_before_close: float = 1.0) -> int:
    """Return an instant of a session, so many hours before its close."""
    return US.close_ns(day) - int(hours_before_close * HOUR)


def later(days: int, start: date = MONDAY) -> date:
    """Return the session so many calendar days after `start`, or the one before."""
    return US.last_trading_day(start + timedelta(days=days))


def worth(spot: float, strike: float, tau: float, vol: float, right: str) -> float:
    """Return what an option is worth without rates, by the error function."""
    sign = 1.0 if right == "C" else -1.0
    if tau <= 0.0:
        return max(0.0, sign * (spot - strike))
    deviation = vol * math.sqrt(tau)
    d1 = math.log(spot / strike) / deviation + 0.5 * deviation

    def below(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    return sign * (spot * below(sign * d1) - strike * below(sign * (d1 - deviation)))


def chain_at(
    ts_ns: int,
    spot: float,
    days: Sequence[date],
    *,
    strikes: Iterable[float] = STRIKES,
    vol: float = 0.25,
    half: float = 0.05,
    size: float = 50.0,
    age: float = 1.0,
    style: str = AMERICAN,
    kind: str = "equity",
    settlement: str = "PM",
    spot_half: float = 0.01,
    symbol: str = "XYZ",
) -> OptionChain:
    """Return a chain with every quote `half` beside its value, on cents."""
    underlying = Underlying(
        symbol, spot - spot_half, spot + spot_half, 1e5, 1e5, age, age, kind=kind
    )
    builder = ChainBuilder(symbol, ts_ns, underlying)
    for day in days:
        expiry = Expiry(US.settlement_ns(day, settlement), day, settlement)
        if expiry.settles_ns < ts_ns:
            continue
        tau = years_between(ts_ns, expiry.settles_ns)
        for strike in strikes:
            for right in "CP":
                value = worth(spot, strike, tau, vol, right)
                bid, ask = max(0.0, math.floor(100.0 * (value - half)) / 100.0), value + half
                ask = math.ceil(100.0 * ask) / 100.0
                builder.add(expiry, strike, right, bid, ask, size, size, age, age)
    return builder.build(style=style)


def recording(
    chains: Iterable[OptionChain],
    carry: Carry = NO_CARRY,
    *,
    splits: tuple[Split, ...] = (),
    closes: dict[tuple[str, date], float] | None = None,
) -> Recording:
    """Return chains as a recording, all under one carry."""
    kept = [Moment(chain, carry) for chain in chains]
    return Recording(lambda: kept, "tests", splits, closes or {})


def option(day: date, right: str, strike: float, symbol: str = "XYZ") -> Contract:
    return Contract(OPTION, symbol, "", day, right, strike)


def combo(*legs: tuple[int, Contract], symbol: str = "XYZ") -> Combo:
    return Combo(symbol, tuple(sorted(legs, key=lambda leg: (leg[1].name, leg[0]))))


def stock(symbol: str = "XYZ") -> Contract:
    return Contract(STOCK, symbol, multiplier=1.0)


def quote(chain: OptionChain, contract: Contract) -> tuple[float, float]:
    """Return bid and ask of a contract as the chain's columns have them."""
    if contract.kind == STOCK:
        return chain.underlying.bid, chain.underlying.ask
    q = Board(chain).find(contract)
    return chain.bid[q], chain.ask[q]


class Script(ChainStrategy):
    """Enter and leave by the number of the chain: `enters[k]` and `leaves[k]` (package numbers)."""

    def __init__(
        self,
        enters: dict[int, list[tuple[Combo, int]]],
        leaves: dict[int, list[int]] | None = None,
        *,
        is_secured: bool = False,
    ) -> None:
        self.enters, self.leaves, self.is_secured = enters, leaves or {}, is_secured
        self.seen = -1

    def on_chain(self, chain: OptionChain) -> None:
        self.seen += 1
        for package in self.packages(chain.symbol):
            if package.number in self.leaves.get(self.seen, []):
                self.leave(package)
        for wanted, lots in self.enters.get(self.seen, []):
            self.enter(wanted, lots, is_secured=self.is_secured)
