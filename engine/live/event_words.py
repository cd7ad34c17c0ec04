"""What a broker says of an order, in words."""

from __future__ import annotations

from engine.execution.broker import Absent, Acked, Ended, Fill, Seen, Warned


def event_words(event: Acked | Fill | Ended | Seen | Absent | Warned) -> str:
    """Return what an event says."""
    if isinstance(event, Acked):
        return f"acknowledged{f' as {event.permanent}' if event.permanent else ''}"
    if isinstance(event, Fill):
        name = event.contract or "the combo"
        verb = "bought" if event.quantity > 0 else "sold"
        return f"{verb} {abs(event.quantity):g} {name} at {event.price:g} ({event.execution})"
    if isinstance(event, Ended):
        reason = f": {event.reason}" if event.reason else ""
        return f"over, {event.status}, {event.filled} filled{reason}"
    if isinstance(event, Seen):
        return f"asked: {'lives' if event.is_live else 'is over'}, {event.filled} filled"
    if isinstance(event, Warned):
        return f"warning {event.code}: {event.text}"
    proves = "" if event.is_beyond_barrier else ", which proves nothing yet"
    return f"asked: not known to the broker{proves}"
