"""Deribit: the book summaries of a coin's options and futures, one chain at an instant.

Source: Deribit API v2, public/get_book_summary_by_currency. What the answer means is the business
of the feed that reads files of it: it is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.clock import Clock
from engine.collect.client import Client, DriftError
from engine.collect.tasks import CHAIN, Delivery, Task
from engine.session.recording import Message

URL = "https://www.deribit.com"
_COIN = re.compile(r"[A-Z]{3,5}")

Chain = Callable[[str, list[object], int], Message]
"""From a coin, its summaries and the time of receipt to the message of a chain; ValueError says
what is wrong with them."""


class Deribit:
    """Option chains of coins such as BTC and ETH."""

    name = "deribit"
    kinds = (CHAIN,)

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def has(self, kind: str, symbol: str) -> bool:
        """Tell whether it is the code of a coin."""
        return kind == CHAIN and _COIN.fullmatch(symbol) is not None

    async def fetch(self, client: Client, task: Task, clock: Clock) -> Delivery:
        """Return the chain of now."""
        rows: list[object] = []
        for kind in ("future", "option"):
            answer = await client.json(
                "/api/v2/public/get_book_summary_by_currency",
                {"currency": task.symbol, "kind": kind},
            )
            found = answer.get("result") if isinstance(answer, dict) else None
            if not isinstance(found, list):
                raise DriftError(f"{kind}s of {task.symbol}: expected an object with a result")
            rows += found
        try:
            message = self._chain(task.symbol, rows, clock.now_ns())
        except ValueError as error:
            raise DriftError(f"chain of {task.symbol}: {error}") from None
        return Delivery((message,), 1)
