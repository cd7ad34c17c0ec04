"""The way of an order, walked before the first one counts: interpreters compile what runs often.

Orders go from `IbBroker.place` through ib_async's encoder into a transport that leads nowhere, and
what a gateway would say of them comes back through its decoder as events. The first order takes
PyPy some twenty times as long as one after a few thousand, and a day has fewer than a thousand.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import median

from engine.clock import SYSTEM, Clock
from engine.execution.broker import BrokerEvent
from engine.execution.orders import PREFIX, Order
from engine.ib import rehearsal
from engine.ib.broker import IbBroker
from engine.ib.connection import LinkSettings
from engine.ib.orders import Contracts
from engine.ib.states import State
from engine.market.combo import Combo
from engine.market.contract import OPTION, STOCK, Contract

# CPython compiles nothing; PyPy's orders still get faster after a thousand of them.
ORDERS = 3_000 if sys.implementation.name == "pypy" else 300
_CLIENT_ID, _KILL_CLIENT_ID = 1, 2
_ACCOUNT, _SYMBOL = "DU0", "WARM"
_DAY = date(2026, 4, 17)
_AT_ONCE = 10  # orders between two chances for others on the loop
_EVERY_CANCELLED = 5
_FIRST, _LAST = 10, 100


@dataclass(frozen=True, slots=True)
class Warmth:
    """What a warm-up has done; times of `place` are medians in microseconds.

    `n_events` counts what came back.
    """

    n_orders: int
    n_events: int
    seconds: float
    first_us: float
    last_us: float


async def warm_up(n_orders: int = ORDERS, clock: Clock = SYSTEM) -> Warmth:
    """Send so many orders nowhere, and hear of each what a gateway would say.

    Others on the loop get their turn every few orders. Nothing of it touches a socket, a journal
    or a broker that is in use.
    """
    begun = clock.monotonic_ns()
    events: list[BrokerEvent] = []
    broker = _broker(events, clock)
    client = broker.link.ib.client
    took: list[int] = []
    n_events = 0
    for k in range(n_orders):
        order = _order(k)
        start = clock.monotonic_ns()
        is_sent = broker.place(order)
        took.append(clock.monotonic_ns() - start)
        if not is_sent or broker.n_failures:
            raise RuntimeError(f"a warm-up went wrong at order {k}: {broker.refusal}")
        for data in _answers(broker, order, k):
            client._onSocketHasData(data)
        if k % _AT_ONCE == _AT_ONCE - 1:
            n_events += len(events)
            events.clear()
            await asyncio.sleep(0)
    n_events += len(events)
    client.reset()
    client.conn.transport = None
    seconds = (clock.monotonic_ns() - begun) / 1e9
    return Warmth(n_orders, n_events, seconds, _median(took[:_FIRST]), _median(took[-_LAST:]))


def _broker(events: list[BrokerEvent], clock: Clock) -> IbBroker:
    contracts = Contracts(zip(_legs(), rehearsal.CON_IDS, strict=True))
    settings = LinkSettings(client_id=_CLIENT_ID)
    broker = IbBroker(
        _ACCOUNT, settings, _KILL_CLIENT_ID, contracts, sink=events.append, clock=clock
    )
    rehearsal.attach(broker.link.ib.client, _CLIENT_ID)
    broker.link.state = State.READY
    return broker


def _legs() -> tuple[Contract, ...]:
    return (
        Contract(STOCK, _SYMBOL, multiplier=1.0),
        Contract(OPTION, _SYMBOL, "", _DAY, "C", 105.0),
        Contract(OPTION, _SYMBOL, "", _DAY, "P", 105.0),
    )


def _order(k: int) -> Order:
    combo = Combo(_SYMBOL, tuple(zip((1, -1, 1), _legs(), strict=True)))
    return Order(f"{PREFIX}-warm{k}-0.1", _ACCOUNT, combo, 1, 104.84 + 0.01 * (k % 7))


def _answers(broker: IbBroker, order: Order, k: int) -> Iterator[bytes]:
    said = {
        "id": broker.table.high_water, "ref": order.ref, "client": _CLIENT_ID,
        "permanent": 1_000_000 + k, "account": _ACCOUNT, "symbol": _SYMBOL,
    }  # fmt: skip
    if k % _EVERY_CANCELLED != _EVERY_CANCELLED - 1:
        return rehearsal.bought(**said)
    return _cancelling(broker, order, rehearsal.cancelled(**said))


def _cancelling(broker: IbBroker, order: Order, answers: Iterator[bytes]) -> Iterator[bytes]:
    yield next(answers)
    broker.cancel(order.ref)
    yield from answers


def _median(nanoseconds: list[int]) -> float:
    return median(nanoseconds) / 1e3 if nanoseconds else 0.0
