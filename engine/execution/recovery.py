"""The state of a trader from its journal alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.execution import entries
from engine.execution.broker import Fee, Fill
from engine.execution.entries import Written
from engine.execution.package import PHASES
from engine.execution.settlements import Booking
from engine.execution.state import State
from engine.execution.trade import restored


def recover(written: Iterable[Written], *, completes: bool = True) -> State:
    """Return what the entries of a journal say, oldest first.

    What was open is UNKNOWN until the broker has been asked.

    Raises
    ------
    ValueError
        If an entry is not what its kind promises.
    """
    state = State()
    phases: dict[str, int] = {}
    for entry in written:
        _apply(state, phases, entry, completes=completes)
    for name, trade in state.trades.items():
        restored(trade, state.executions, phases.get(name, trade.value.phase))
    return state


def _apply(state: State, phases: dict[str, int], entry: Written, *, completes: bool) -> None:
    kind, data = entry.kind, entry.data
    try:
        _take(state, phases, entry, kind, dict(data), completes=completes)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"journal entry {entry.seq:,} ({kind}): {error}") from None


def _take(
    state: State, phases: dict[str, int], entry: Written, kind: str, data: Mapping[str, Any],
    *, completes: bool,
) -> None:  # fmt: skip
    if kind == entries.EVENT:
        _event(state, data)
    elif kind == entries.INTENT:
        state.add(entries.read_intent(entry), entry.ts_ns)
    elif kind == entries.PLAN:
        state.begin(entries.read_plan(entry), entry.ts_ns, completes=completes)
    elif kind == entries.PHASE:
        phases[data["package"]] = PHASES.index(data["phase"])
    elif kind == entries.UNHEDGED:
        trade = state.trades[data["package"]]
        trade.unhedged_ns = int(data["since"])
    elif kind == entries.BASELINE:
        state.baseline = {str(name): float(held) for name, held in data["positions"].items()}
    elif kind == entries.SETTLED:
        for contract, quantity, what, stock, shares, strike in data["bookings"]:
            state.settle(Booking(
                str(contract), float(quantity), str(what), str(stock), float(shares), float(strike)
            ))  # fmt: skip
    elif kind == entries.HALT:
        state.halts.append(str(data["reason"]))
    elif kind == entries.RESUME:
        state.halts.clear()
        state.torn = ""
        state.accept(float(data.get("accepted_usd", 0.0)), entry.ts_ns)
    elif kind == entries.START:
        state.torn = str(data["torn"]) or state.torn
    elif kind == entries.LATE:
        found = state.find(str(data["ref"]))
        if found is None:
            state.strays[str(data["ref"])] = None
        else:
            found[1].reported = -1


def _event(state: State, data: Mapping[str, object]) -> None:
    event = entries.read_event(data)
    if isinstance(event, Fill):
        state.executions.book(event)
        if state.find(event.ref) is None:
            state.strays[event.ref] = None
    elif isinstance(event, Fee):
        state.executions.book_fee(event)
    elif event is not None:
        found = state.find(getattr(event, "ref", ""))
        if found is not None:
            state.note(found[1], event)
