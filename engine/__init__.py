"""Options arbitrage: chains of quotes in, proven and ranked opportunities out.

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

__all__ = (
    "__version__", "borrow", "lend", "load", "load_chain", "rates", "scan", "to_frame",
    "to_ticket_frame",
)  # fmt: skip

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Lazy, so that `import engine.errors` does not read every feed and strategy.
    if name in __all__:
        from engine import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
