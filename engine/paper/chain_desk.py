"""Strategies over chains on paper: the accounts are those of `parity backtest options`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, nan

from engine.backtesting.options.moments import Moment
from engine.backtesting.options.run import Walk
from engine.backtesting.orders import Fill
from engine.backtesting.parameters import parameters
from engine.backtesting.result import Result
from engine.backtesting.touch import Touch
from engine.market.combo import Combo
from engine.market.contract import OPTION
from engine.paper.seats import broken
from engine.paper.standings import Standing
from engine.plural import plural


class ChainSeat:
    """A strategy that decides over chains, and its account. `end` comes after the last chain."""

    def __init__(self, name: str, walk: Walk) -> None:
        self.name, self.walk, self.strategy = name, walk, walk.strategy
        self.peak, self.drawdown = walk.terms.cash, 0.0

    def chain(self, moment: Moment) -> None:
        """Meet a chain."""
        try:
            self.walk.hear(moment)
        except (Exception, SystemExit) as error:
            raise broken(self.name, self.strategy, error) from error
        worth = self.worth()
        self.peak = max(self.peak, worth)
        if self.peak > 0.0:
            self.drawdown = max(self.drawdown, 1.0 - worth / self.peak)

    def end(self) -> None:
        """Ring the close at which the last chain stood."""
        self.walk.end()

    def worth(self) -> float:
        """Return cash and what closing everything would bring, at the lower end of a pin."""
        host = self.walk.host
        return host.equity + host.pins[0] if host.moments else self.walk.terms.cash

    def fills(self, since: int = 0) -> tuple[Fill, ...]:
        """Return the fills from the one of number `since` on."""
        return tuple(self.walk.host.fills[since:])

    def standing(self) -> Standing:
        """Return how the account stands. O(packages)."""
        host, kind, equity = self.walk.host, type(self.strategy), self.worth()
        held: dict[str, float] = {}
        for one in host.open:
            name = f"{one.label or _legs(one.combo)} {one.symbol}"
            held[name] = held.get(name, 0.0) + one.n_lots
        gains = [one.gain for one in host.closed]
        n_won = len([1 for gain in gains if gain > 0.0])
        return Standing(
            name=self.name,
            strategy=kind.__name__,
            parameters={name: getattr(self.strategy, name) for name in parameters(kind)},
            equity=equity,
            gain=equity - self.walk.terms.cash,
            cash=host.cash,
            positions=held,
            n_resting=host.n_waiting,
            n_fills=len(host.fills),
            n_trades=len(gains),
            win_rate=n_won / len(gains) if gains else nan,
            fees=fsum(one.fees for one in (*host.closed, *host.open)),
            drawdown=max(self.drawdown, 1.0 - equity / self.peak),
            notes=tuple(
                f"{n:,} {'order' if n == 1 else 'orders'} not filled: {why}"
                for why, n in host.refusals.items()
                if n
            ),
        )

    def result(self) -> Result:
        """Return what the account has come to."""
        return self.walk.result().account


def _legs(combo: Combo) -> str:
    """Return the legs of a combo in few letters: ``-C140 -P120``."""
    return " ".join(
        f"{'+' if ratio > 0 else '-'}{abs(ratio) if abs(ratio) > 1 else ''}"
        + (f"{contract.right}{contract.strike:g}" if contract.kind == OPTION else contract.symbol)
        for ratio, contract in combo.legs
    )


@dataclass(frozen=True, slots=True)
class Chained:
    """A chain that a feed delivers."""

    moment: Moment

    @property
    def time_ns(self) -> int:
        """When it stood."""
        return self.moment.chain.ts_ns


class ChainDesk:
    """Many seats at one feed of chains, in one thread."""

    def __init__(self, seats: Sequence[ChainSeat]) -> None:
        self.seats = tuple(seats)
        self.now_ns = self.n_events = self.n_bars = 0
        self.touches: dict[str, Touch] = {}

    @property
    def heard(self) -> str:
        """What it has heard, in words."""
        return plural(self.n_events, "chain")

    def hear(self, event: Chained) -> None:
        """Take one chain. O(seats)."""
        self.n_events += 1
        self.now_ns = event.time_ns
        chain = event.moment.chain
        spot = chain.underlying
        self.touches[chain.symbol] = Touch(self.now_ns, chain.symbol, spot.bid, spot.ask, nan, nan)
        for seat in self.seats:
            seat.chain(event.moment)

    def end(self) -> None:
        """Ring the close at which the last chain stood."""
        for seat in self.seats:
            seat.end()
