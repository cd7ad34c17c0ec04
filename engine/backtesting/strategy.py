"""The strategy: what a trader writes. The same file runs in backtests, on paper and live.

A strategy sees the events it is given, its own state and its account. It is asked after a bar has
closed, and what it sends is filled at the next bar's open or later: there is no way to trade at a
price that has been seen.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Protocol

from engine.backtesting.orders import UNTIL_CANCELLED, Fill, Order
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.backtesting.touch import Touch
    from engine.market.bars import Bar
    from engine.market.chain import OptionChain


class Account(Protocol):
    """What a strategy may know of its account, and ask of it. Each host has one of its own."""

    @property
    def cash(self) -> float:
        """Return what is not invested."""
        ...

    @property
    def equity(self) -> float:
        """Return cash and positions at the last prices that the strategy has seen."""
        ...

    def position(self, symbol: str) -> float:
        """Return the units held, below 0 where sold short."""
        ...

    def orders(self, symbol: str) -> tuple[Order, ...]:
        """Return the orders that rest."""
        ...

    def target(self, part: float, symbol: str) -> None:
        """Ask for a position of `part` of the account's size."""
        ...

    def send(
        self,
        units: float,
        symbol: str,
        limit: float,
        stop: float,
        stop_loss: float,
        take_profit: float,
        time_in_force: str,
    ) -> Order:
        """Send an order, units signed, and return it."""
        ...

    def cancel(self, order: Order) -> None:
        """Cancel an order if it still rests."""
        ...

    def wake(self, time_ns: int) -> None:
        """Ask for `on_timer` at or after `time_ns`."""
        ...


class Strategy:
    """Decide what to hold. Write `on_bar`, and what else is needed; the rest does nothing.

    Parameters are class attributes (`engine.backtesting.parameters`). `symbols` are those that the
    run was given, in its order; the methods that take a symbol mean the first where none is named.
    `rng` is seeded by the run: a strategy that needs chance takes it from there.
    """

    symbols: tuple[str, ...] = ()
    account: Account
    rng: Random

    def start(self) -> None:
        """Make ready; called once, before the first event."""

    def on_start_of_session(self, time_ns: int) -> None:
        """Meet the first event of a trading day, before it is handed on."""

    def on_bar(self, bar: Bar) -> float | None:
        """Decide after a bar of `bar.symbol` has closed.

        A number that is returned is a target for that symbol, as `target` takes it.
        """

    def on_fill(self, fill: Fill) -> None:
        """Learn of a fill, before the next `on_bar`."""

    def on_quote(self, quote: Touch) -> None:
        """Meet a quote of one of the symbols, on paper and live; a backtest of bars has none.

        What is sent here is filled at the next quote or later; live it is on its way at once.
        """

    def on_chain(self, chain: OptionChain) -> None:
        """Decide on a chain of option quotes, as it stands at `chain.as_of`."""

    def on_timer(self, time_ns: int) -> None:
        """Meet a time asked for by `wake`."""

    def target(self, part: float, symbol: str = "") -> None:
        """Hold `part` of the account in `symbol`: 1 long, -1 short, 0 flat; nan keeps."""
        self.account.target(part, symbol or self.symbols[0])

    def buy(
        self,
        units: float,
        *,
        limit: float = 0.0,
        stop: float = 0.0,
        sl: float = 0.0,
        tp: float = 0.0,
        tif: str = UNTIL_CANCELLED,
        symbol: str = "",
    ) -> Order:
        """Buy `units`: at the market, up to `limit`, from `stop` on; then rest `sl` and `tp`."""
        _check_side(units, "buy", "sell")
        return self.account.send(units, symbol or self.symbols[0], limit, stop, sl, tp, tif)

    def sell(
        self,
        units: float,
        *,
        limit: float = 0.0,
        stop: float = 0.0,
        sl: float = 0.0,
        tp: float = 0.0,
        tif: str = UNTIL_CANCELLED,
        symbol: str = "",
    ) -> Order:
        """Sell `units`, short where none are held; as `buy`."""
        _check_side(units, "sell", "buy")
        return self.account.send(-units, symbol or self.symbols[0], limit, stop, sl, tp, tif)

    def close(self, symbol: str = "") -> None:
        """Sell what is held, or buy back what was sold."""
        self.account.target(0.0, symbol or self.symbols[0])

    def cancel(self, order: Order) -> None:
        """Cancel an order if it still rests.

        Raises
        ------
        ValueError
            If it is no order: `buy` and `sell` return one.
        """
        if not isinstance(order, Order):
            raise ValueError(f"cancel takes what buy or sell returned, not {order!r}")
        self.account.cancel(order)

    def position(self, symbol: str = "") -> float:
        """Return the units held of `symbol`."""
        return self.account.position(symbol or self.symbols[0])

    @property
    def cash(self) -> float:
        """Return what is not invested."""
        return self.account.cash

    @property
    def equity(self) -> float:
        """Return what the account is worth at the last prices."""
        return self.account.equity

    def orders(self, symbol: str = "") -> tuple[Order, ...]:
        """Return the orders of `symbol` that rest."""
        return self.account.orders(symbol or self.symbols[0])


def _check_side(units: float, verb: str, other: str) -> None:
    if units < 0.0:
        raise UsageError(f"{verb}({units:g}): units are above 0; {other}({-units:g}) is meant?")
