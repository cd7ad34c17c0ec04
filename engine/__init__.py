"""Options arbitrage, and backtests: chains of quotes in, proven and ranked opportunities out.

>>> from engine import __version__
>>> __version__.count(".")
2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.api import (
        borrow,
        lend,
        load,
        load_chain,
        rates,
        scan,
        to_frame,
        to_ticket_frame,
    )
    from engine.api_backtest import backtest
    from engine.api_search import search
    from engine.backtesting.parameters import choice, real, whole
    from engine.backtesting.strategy import Strategy
    from engine.backtesting.terms import Terms

# What a backtest needs: name: module.
_BACKTEST = {
    "Strategy": "engine.backtesting.strategy",
    "Terms": "engine.backtesting.terms",
    "backtest": "engine.api_backtest",
    "choice": "engine.backtesting.parameters",
    "real": "engine.backtesting.parameters",
    "search": "engine.api_search",
    "whole": "engine.backtesting.parameters",
}

__all__ = (
    "Strategy", "Terms", "__version__", "backtest", "borrow", "choice", "lend", "load",
    "load_chain", "rates", "real", "scan", "search", "to_frame", "to_ticket_frame", "whole",
)  # fmt: skip

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Lazy, so that `import engine.errors` does not read every feed and strategy.
    if name in _BACKTEST:
        from importlib import import_module

        return getattr(import_module(_BACKTEST[name]), name)
    if name in __all__:
        from engine import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
