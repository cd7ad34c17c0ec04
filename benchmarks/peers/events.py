"""Engines that replay events one at a time, on the random walk of our workloads."""

from __future__ import annotations

from benchmarks.peers.adapter import Adapter, Columns, Run

# hftbacktest compiles its loop; the objects and callbacks of nautilus_trader are slow.
MANY, FEW = 100_000, 10_000
# Trades come a millisecond apart; a clock at zero breaks nautilus_trader 1.221.
NANOSECONDS, FIRST_NS = 1_000_000, 1_700_000_000_000_000_000
WEIGHT = 0.04


def _hftbacktest(columns: Columns) -> Run:
    import numpy as np
    from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest
    from hftbacktest.types import (
        BUY_EVENT,
        EXCH_EVENT,
        LOCAL_EVENT,
        SELL_EVENT,
        TRADE_EVENT,
        event_dtype,
    )
    from numba import njit

    close = np.frombuffer(columns["close"])[:MANY]
    trades = np.zeros(MANY, event_dtype)
    is_up = np.diff(close, prepend=close[0]) > 0.0
    side = np.where(is_up, BUY_EVENT, SELL_EVENT)
    trades["ev"] = side | TRADE_EVENT | EXCH_EVENT | LOCAL_EVENT
    trades["exch_ts"] = trades["local_ts"] = FIRST_NS + NANOSECONDS * np.arange(MANY)
    trades["px"], trades["qty"] = close, 1.0
    ended = 1

    @njit
    def average(replay):  # type: ignore[no-untyped-def]
        level, seen = 0.0, 0
        while replay.wait_next_feed(False, 10_000 * NANOSECONDS) != ended:
            for trade in replay.last_trades(0):
                level += WEIGHT * (trade.px - level)
                seen += 1
            replay.clear_last_trades(0)
        return level, seen

    def run() -> tuple[float, int]:
        asset = (
            BacktestAsset()
            .data(trades)
            .linear_asset(1.0)
            .constant_order_latency(0, 0)
            .risk_adverse_queue_model()
            .no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0)
            .tick_size(0.01)
            .lot_size(0.001)
            .last_trades_capacity(16)
        )
        replay = HashMapMarketDepthBacktest([asset])
        found: tuple[float, int] = average(replay)
        replay.close()
        if found[1] < MANY - 1:
            raise ValueError(f"it replayed {found[1]} of {MANY} trades")
        return found

    return run


def _nautilus(columns: Columns) -> Run:
    from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
    from nautilus_trader.config import LoggingConfig
    from nautilus_trader.model.currencies import USD
    from nautilus_trader.model.data import TradeTick
    from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType
    from nautilus_trader.model.identifiers import TradeId, Venue
    from nautilus_trader.model.objects import Money, Price, Quantity
    from nautilus_trader.test_kit.providers import TestInstrumentProvider
    from nautilus_trader.trading.strategy import Strategy

    venue = "XNAS"
    stock = TestInstrumentProvider.equity("AAPL", venue)

    class Average(Strategy):  # type: ignore[misc]
        level, seen = 0.0, 0

        def on_start(self) -> None:
            self.subscribe_trade_ticks(stock.id)

        def on_trade_tick(self, tick: TradeTick) -> None:
            self.level += WEIGHT * (tick.price.as_double() - self.level)
            self.seen += 1

    one, buyer = Quantity.from_int(1), AggressorSide.BUYER
    times = (FIRST_NS + NANOSECONDS * k for k in range(FEW))
    ticks = [
        TradeTick(stock.id, Price(price, 2), one, buyer, TradeId(str(k)), now, now)
        for k, (price, now) in enumerate(zip(columns["close"][:FEW], times, strict=True))
    ]
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    money = [Money(1_000_000, USD)]
    engine.add_venue(Venue(venue), OmsType.NETTING, AccountType.CASH, money, base_currency=USD)
    engine.add_instrument(stock)
    engine.add_data(ticks)
    strategy = Average()
    engine.add_strategy(strategy)

    def run() -> None:
        before = strategy.seen
        engine.run()
        engine.reset()
        if strategy.seen - before != FEW:
            raise ValueError(f"it replayed {strategy.seen - before} of {FEW} trades")

    return run


TICK = "kernel/tick, one call/100000"
_REPLAY = "replays through a venue with orders and latencies, of which nothing is asked; an average"
ADAPTERS = {
    "hftbacktest": (Adapter(TICK, _hftbacktest, "", f"{_REPLAY} in a compiled loop", str(MANY)),),
    "nautilus_trader": (
        Adapter(TICK, _nautilus, "", f"{_REPLAY} in a callback; {FEW:,} trades", str(FEW)),
    ),
}
