"""What a broker is to a trader: a few requests out, events in, nothing that waits.

A request only says that it was handed on; what became of it comes as an event. Whoever implements
this keeps these promises, which tests/execution/test_brokers.py puts to every broker:

* An order's events carry its `ref`, also after a reconnect and a restart of this process.
* Nothing is made up: silence stays silence. Only what the broker has said is an event.
* A fill comes at least once, perhaps twice, perhaps before the acknowledgement; a correction has
  the same stem of the execution's id (up to its last dot) and replaces.
* A combo that fills brings the fills of its legs, each under its contract's name: cash, positions
  and filled lots are counted from these alone. A fill of the combo as a whole may come beside them.
* What was taken back altogether (a bust) is a correction to a quantity of 0.
* `Absent` says whether it is evidence: asked after the order on its own connection, or after a
  reconnect under the same client id.
* Events may come while a request is being made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from engine.execution.orders import Order


class Acked(NamedTuple):
    """The broker has the order; `permanent` is its own name of it, "" where it has none yet.

    A second `permanent` for one `ref` is a second order that lives.
    """

    ref: str
    permanent: str = ""


class Fill(NamedTuple):
    """An execution. `contract` is the leg's name, "" for the combo as a whole.

    `quantity` is in contracts or shares (lots for the combo as a whole), negative for sold, `price`
    per share, `ts_ns` the broker's time, 0 where not known.
    """

    ref: str
    execution: str
    contract: str
    quantity: float
    price: float
    ts_ns: int = 0
    permanent: str = ""


class Fee(NamedTuple):
    """What an execution cost; late, and again, as brokers send it."""

    execution: str
    amount: float
    currency: str = "USD"


class Ended(NamedTuple):
    """The order is over: `filled` lots in all, which may be ahead of the executions."""

    ref: str
    filled: int
    status: str
    reason: str = ""


class Warned(NamedTuple):
    """A message about an order that says nothing certain about its state.

    `is_refusal` is whether a new order that gets it is refused; whether it was new only the answer
    to a question tells.
    """

    ref: str
    code: int
    text: str
    is_refusal: bool = False


class Seen(NamedTuple):
    """The answer about an order: it lives or is over, with `filled` lots.

    Where several orders live or lived under one reference, an answer of its own comes for each.
    """

    ref: str
    filled: int
    is_live: bool
    permanent: str = ""


class Absent(NamedTuple):
    """The answer that the broker does not know an order."""

    ref: str
    is_beyond_barrier: bool


class LinkDown(NamedTuple):
    """Nothing can be sent or heard; orders may live."""

    reason: str


class LinkUp(NamedTuple):
    """The connection is up under the same client id; nothing has been reconciled yet."""


class Evidence(NamedTuple):
    """All that the broker says about the account at one moment, in answer to one request.

    `orders` are open and completed ones with a reference of ours, `foreign` how many open ones
    without; `positions` are by contract name, in contracts or shares; `executions` of this day.
    `is_beyond_barrier` says whether an order that is not in it does not exist.
    """

    orders: tuple[Seen, ...]
    executions: tuple[Fill, ...]
    fees: tuple[Fee, ...]
    positions: tuple[tuple[str, float], ...]
    foreign: int = 0
    is_beyond_barrier: bool = True
    cash: float | None = None


BrokerEvent = Acked | Fill | Fee | Ended | Warned | Seen | Absent | LinkDown | LinkUp | Evidence
Sink = Callable[[BrokerEvent], None]


class Broker(Protocol):
    """Where orders go. Nothing here waits, and nothing raises for what the broker may say."""

    account: str
    sink: Sink

    def is_ready(self) -> bool:
        """Tell whether an order given now would be sent now."""
        ...

    def place(self, order: Order) -> bool:
        """Send an order; False if it was certainly not sent."""
        ...

    def cancel(self, ref: str) -> bool:
        """Ask to cancel every order that lives under `ref`; False if that was not sent."""
        ...

    def ask(self, ref: str) -> bool:
        """Ask what became of an order: `Seen` or `Absent` follow, and executions not yet told."""
        ...

    def request_evidence(self) -> bool:
        """Ask for everything: `Evidence` follows."""
        ...

    def cancel_all(self) -> bool:
        """Cancel every open order of the account, by a way that no queue delays."""
        ...
