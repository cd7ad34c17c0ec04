"""The kernel of a rule against its `on_bar`: the same targets, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.backtesting.data import Data
from engine.backtesting.kernel import Kernel
from engine.backtesting.strategy import Strategy
from engine.checking.decisions import TARGET, Difference, Event
from engine.checking.subject import Subject

if TYPE_CHECKING:
    from engine.backend import Backend


def kernel_of(strategy: type) -> Kernel | None:
    """Return the kernel that a class names, or None."""
    found = getattr(strategy, "kernel", None)
    return found if isinstance(found, Kernel) else None


def kernel_difference(
    subject: Subject,
    kernel: Kernel,
    make: Callable[[], Strategy],
    data: Data,
    backend: Backend,
) -> Difference | None:
    """Return the first row where the kernel wants something else than `on_bar` does.

    Each symbol is tried by itself, as a kernel has one. What `on_bar` does not ask anew it keeps.
    O(bars).
    """
    for symbol, bars in data.bars.items():
        log = subject.play(replace(data, bars={symbol: bars}))
        asked = {
            event.row: one.values[0]
            for event, one in zip(log.events, log.decisions, strict=True)
            if one.kind == TARGET
        }
        kept = 0.0
        for row, target in enumerate(kernel.targets(backend, make(), bars)):
            new = asked.get(row + 1)
            if isinstance(new, float) and new == new:
                kept = new
            if target == target and target != kept:
                event = Event(bars.time_ns[row], symbol, row + 1)
                return Difference(event, symbol, TARGET, kept, target)
    return None
