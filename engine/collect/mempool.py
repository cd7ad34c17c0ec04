"""mempool.space: what a transaction of Bitcoin costs now, and how much waits.

Source: mempool.space REST API, ``/v1/fees/recommended`` and ``/mempool``. Fees are in satoshi per
virtual byte.
"""

from __future__ import annotations

from engine.clock import Clock
from engine.collect.client import Client, DriftError
from engine.collect.tasks import NUMBERS, Delivery, Task
from engine.session.recording import Message

URL = "https://mempool.space"
SYMBOL = "MEMPOOL"
# Name of ours: path and key of theirs.
_NUMBERS = {
    "mempool.fee_next_block": ("/api/v1/fees/recommended", "fastestFee"),
    "mempool.fee_half_hour": ("/api/v1/fees/recommended", "halfHourFee"),
    "mempool.fee_hour": ("/api/v1/fees/recommended", "hourFee"),
    "mempool.fee_economy": ("/api/v1/fees/recommended", "economyFee"),
    "mempool.fee_least": ("/api/v1/fees/recommended", "minimumFee"),
    "mempool.transactions": ("/api/mempool", "count"),
    "mempool.vsize": ("/api/mempool", "vsize"),
    "mempool.fees": ("/api/mempool", "total_fee"),
}


class Mempool:
    """Numbers about Bitcoin's queue, under the symbol MEMPOOL."""

    name = "mempool"
    kinds = (NUMBERS,)

    def has(self, kind: str, symbol: str) -> bool:
        """Tell whether it is MEMPOOL."""
        return kind == NUMBERS and symbol == SYMBOL

    async def fetch(self, client: Client, task: Task, clock: Clock) -> Delivery:
        """Return the numbers of now."""
        answers = {}
        for path in dict.fromkeys(path for path, _ in _NUMBERS.values()):
            answers[path] = await client.json(path)
        messages = []
        for name, (path, key) in _NUMBERS.items():
            answer = answers[path]
            value = answer.get(key) if isinstance(answer, dict) else None
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise DriftError(f"{path}: {key} is not a number")
            if not 0.0 <= value < 1e18:
                raise DriftError(f"{path}: {key} is {value}")
            messages.append(Message(clock.now_ns(), 0, "number", [name, float(value)]))
        return Delivery(tuple(messages), len(messages))
