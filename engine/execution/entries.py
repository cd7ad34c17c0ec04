"""What a trader writes in its journal, as JSON, and how it is read back.

An entry has a kind and data. Whoever reads a journal (recovery, status, explanations, reports)
reads it with the functions of this file, so that what an entry means is said once:

=============  ===================================================================================
kind           data
=============  ===================================================================================
start          a trader began: ``account``, ``is_armed``, ``torn`` (why the journal is torn, or "")
plan           a package begins: ``plan``, ``style`` (combo or parallel), ``deltas``, ``loss_usd``.
               The package is named after the entry's sequence number (`package_id`)
intent         an order that is about to be sent (`Intent`); durable before it is
sent           ``ref``, ``is_sent``: whether the broker took it
event          what a broker said (`event_of`); executions are durable before they are acted on
phase          ``package``, ``phase``, ``text``
unhedged       ``package``, ``since`` (UTC nanoseconds, 0 once it is hedged), ``residual``
refused        ``sighting``, ``key``, ``refusals``: pairs of code and message
proof          ``package``, ``edge``, ``is_good``, ``text``: what the verifier said after sending
baseline       ``positions``: what the account held that is not ours, by contract
reconciled     ``differences``: triples of contract, journal and broker; ``text``
settled        ``bookings``: rows of contract, quantity, what became of it, stock, shares and
               strike; ``text``
alert          ``text``, ``package``: what a person must know
halt           ``reason``
resume         ``reason``, ``accepted_usd``: the loss of the day that is accepted with it
gains          ``day``, ``start``, ``now``: what strategies had gained when the day began, and now
late           ``ref``: an order that shows up after it was taken as over
stop           ``policy``, ``is_clean``
=============  ===================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from engine.codec import Said, decode, encode, json_text
from engine.execution.broker import (
    Absent,
    Acked,
    BrokerEvent,
    Ended,
    Evidence,
    Fee,
    Fill,
    LinkDown,
    LinkUp,
    Seen,
    Warned,
)
from engine.execution.orders import PREFIX, Order, Plan
from engine.market.combo import Combo

START, PLAN, INTENT, SENT, EVENT, PHASE = "start", "plan", "intent", "sent", "event", "phase"
UNHEDGED, REFUSED, PROOF, BASELINE = "unhedged", "refused", "proof", "baseline"
SETTLED, GAINS = "settled", "gains"
RECONCILED, ALERT, HALT, RESUME, LATE, STOP = (
    "reconciled", "alert", "halt", "resume", "late", "stop",
)  # fmt: skip
COMBO, PARALLEL = "combo", "parallel"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EVENTS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Acked, Fill, Fee, Ended, Warned, Seen, Absent)
}


class Written(Protocol):
    """An entry of a journal, as `engine.session.journal.Entry` has it."""

    @property
    def seq(self) -> int:
        """Its place in the order of entries."""
        ...

    @property
    def ts_ns(self) -> int:
        """When it was written, by the wall clock."""
        ...

    @property
    def kind(self) -> str:
        """Its kind."""
        ...

    @property
    def data(self) -> Mapping[str, object]:
        """What it says."""
        ...


class Log(Protocol):
    """Where a trader writes; `engine.session.journal.Journal` is one."""

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Written:
        """Write an entry; on return it is acknowledged. Raises when nothing was written."""
        ...

    def entries(self) -> Iterable[Written]:
        """Return every acknowledged entry, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Intent:
    """An order before it is sent, and what it is for.

    Attributes
    ----------
    leg, attempt
        Which order of its package it is; both are in its reference.
    side
        +1 opens the leg, -1 closes it.
    lots
        In the units of the package's machine.
    reference
        Net price per share that its slippage is measured from; the limit is at most `allowed`
        currency worse for all lots.
    allowed
        What of the package's loss budget it may use.
    """

    order: Order
    package: str
    leg: int
    attempt: int
    side: int
    lots: int
    reference: float
    allowed: float = 0.0


class Planned(NamedTuple):
    """A package as it began: its id, its plan, how it is sent, and its hedge plan."""

    package: str
    plan: Plan
    style: str
    deltas: tuple[float, ...]
    loss_usd: float


def package_id(seq: int) -> str:
    """Return the name of the package whose plan is the entry `seq` of the journal.

    >>> package_id(46655), package_id(36)
    ('zzz', '10')
    """
    digits = ""
    while seq:
        seq, digit = divmod(seq, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def order_ref(package: str, leg: int, attempt: int) -> str:
    """Return the reference of an order, never used twice: ``parity-<package>-<leg>.<attempt>``."""
    return f"{PREFIX}-{package}-{leg}.{attempt}"


def is_ours(ref: str) -> bool:
    """Tell whether a reference of an order is one that a trader of ours has given."""
    return ref.startswith(PREFIX + "-")


def package_of(ref: str) -> str:
    """Return the package in a reference of ours, "" if it is none."""
    parts = ref.split("-")
    return parts[1] if len(parts) == 3 and parts[0] == PREFIX else ""


def plan_data(
    plan: Plan, style: str, deltas: tuple[float, ...], loss_usd: float
) -> Mapping[str, object]:
    """Return the data of a plan's entry.

    Raises
    ------
    ValueError
        If a delta or the loss is no number: it could not be read back.
    """
    if not all(map(math.isfinite, (*deltas, loss_usd))):
        raise ValueError(f"{plan.key}: no numbers: deltas {deltas}, loss {loss_usd}")
    text = json_text(plan, {id(plan.combo): _combo_text(plan.combo)})
    return Said(
        f'{{"plan":{text},"style":{json_text(style)},"deltas":{json_text(deltas)},'
        f'"loss_usd":{json_text(loss_usd)}}}'
    )


def _combo_text(combo: Combo) -> str:
    # It stands in a plan, and in each order of it. Contracts are equal whatever an exchange calls
    # them, and their text is not.
    return _text_of(combo, tuple(contract.exchange_id for _, contract in combo.legs))


@lru_cache(maxsize=16)
def _text_of(combo: Combo, exchange_ids: tuple[str, ...]) -> str:
    return json_text(combo)


def read_plan(entry: Written) -> Planned:
    """Return what an entry of kind "plan" says.

    Raises
    ------
    ValueError
        If it is not of that shape.
    """
    data: Mapping[str, Any] = entry.data
    try:
        return Planned(
            package_id(entry.seq), decode(Plan, data["plan"]), str(data["style"]),
            tuple(float(delta) for delta in data["deltas"]), float(data["loss_usd"]),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(f"entry {entry.seq:,} is no plan: {error}") from None


def intent_data(intent: Intent) -> Mapping[str, object]:
    """Return the data of an intent's entry."""
    combo = intent.order.combo
    return Said(json_text(intent, {id(combo): _combo_text(combo)}))


def read_intent(entry: Written) -> Intent:
    """Return what an entry of kind "intent" says.

    Raises
    ------
    ValueError
        If it is not of that shape.
    """
    return decode(Intent, entry.data)


def event_data(event: BrokerEvent) -> dict[str, object]:
    """Return the data of an event's entry; of `Evidence` and of the link only that it came."""
    name = type(event).__name__
    if isinstance(event, Evidence):
        return {"event": name, "orders": len(event.orders), "foreign": event.foreign}
    if isinstance(event, LinkDown):
        return {"event": name, "reason": event.reason}
    if isinstance(event, LinkUp):
        return {"event": name}
    data = encode(event._asdict())
    assert isinstance(data, dict)
    return {"event": name, **data}


def read_event(data: Mapping[str, object]) -> BrokerEvent | None:
    """Return the event about an order or an execution of an entry; None for others.

    Raises
    ------
    ValueError
        If it is not of that shape.
    """
    values = dict(data)
    kind = _EVENTS.get(str(values.pop("event", "")))
    if kind is None:
        return None
    try:
        event: BrokerEvent = kind(**values)
    except TypeError as error:
        raise ValueError(f"no {kind.__name__}: {error}") from None
    return event
