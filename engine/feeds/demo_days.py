"""The demo market as a history: its chains at regular times over days, from one seed.

Spots walk, time passes, stock goes ex and series expire; nothing is listed anew. With plants there
are arbitrages that appear and go; without them no instant has one.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.clock import NS_PER_SECOND
from engine.feeds.demo_market import DemoMarket, Rates
from engine.feeds.protocol import Loaded

# As lively as chains some minutes apart show: between them nobody sees what moves.
RATES = Rates(
    spot_every=300.0, flicks=0.05, plant_every=1800.0, plant_life=(600.0, 7200.0)
)  # fmt: skip


def demo_days(
    seed: int,
    symbol: str,
    days: int,
    every_seconds: float,
    *,
    planted: bool = True,
    compact: bool = False,
) -> Iterator[Loaded]:
    """Yield the chains of `symbol` on so many days, the last of each a moment before the close.

    Raises
    ------
    NoInputError
        If the demo exchange does not list `symbol`.
    """
    market = DemoMarket(seed, [symbol], compact=compact, planted=planted, rates=RATES)
    calendar = market.calendar(symbol)
    day = calendar.session_date(market.now_ns)
    step = int(every_seconds * NS_PER_SECOND)
    for _ in range(days):
        last = calendar.close_ns(day) - 1
        opens = max(calendar.open_ns(day), market.now_ns)
        count = (last - opens) // step
        for k in range(count, -1, -1):
            market.run_until(last - k * step)
            chain = market.chain(symbol)
            if chain.n_rows:
                yield Loaded(chain, market.carry(symbol), knows_dividends=True)
        day = calendar.next_session(day)
