"""The moving demo market as quotes of its underlyings, for strategies on paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.clock import NS_PER_SECOND
from engine.feeds.demo_listing import KINDS
from engine.feeds.demo_market import DemoMarket, Rates
from engine.market.chain import INDEX
from engine.paper.events import Touch
from engine.trading.paper_feeds import chosen

_RATES = Rates(spot_every=1.0)
_STEP_NS = NS_PER_SECOND


def demo_symbols(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the underlyings asked for, or all that can be traded.

    Raises
    ------
    NoInputError
        If the demo market has no such underlying.
    """
    known = [name for name, kind in KINDS.items() if kind.kind != INDEX]
    return chosen(symbols, known, "the demo market")


def demo_touches(symbols: Sequence[str], seed: int, seconds: float) -> Iterator[Touch]:
    """Yield the quotes of `seconds` of open market, at most one a second and symbol.

    Nights and weekends are left out. The same seed gives the same quotes on every runtime.
    """
    market = DemoMarket(seed, symbols, compact=True, planted=False, has_options=False, rates=_RATES)
    quotes = {name: market.symbols[name].spot_quote for name in symbols}
    shown: dict[str, tuple[float, float, float, float]] = {}
    passed, now = 0.0, market.now_ns
    while passed < seconds:
        for name, quote in quotes.items():
            touch = (quote.bid, quote.ask, quote.bid_size, quote.ask_size)
            if market.is_open[name] and shown.get(name) != touch:
                shown[name] = touch
                yield Touch(now, name, *touch)
        opens = market.next_open_ns()
        if opens:
            now = opens
        else:
            now += _STEP_NS
            passed += _STEP_NS / NS_PER_SECOND
        market.run_until(now)
