"""The same run again: what is shared between runs, and what hangs on the order of symbols."""

from __future__ import annotations

from dataclasses import replace

from engine.backtesting.data import Data
from engine.checking.decisions import Difference, Log, first_difference
from engine.checking.recorder import FOREVER
from engine.checking.subject import Subject


def shared_state(subject: Subject, data: Data, full: Log) -> Difference | None:
    """Return where a second run parts from `full`: it has kept something of the first."""
    return first_difference(full, subject.play(data), FOREVER)


def symbol_order(subject: Subject, data: Data, full: Log) -> Difference | None:
    """Return where a run with the symbols in reverse parts from `full`, each symbol by itself."""
    turned = replace(data, bars=dict(reversed(list(data.bars.items()))))
    other = subject.play(turned)
    found = [
        difference
        for symbol in data.symbols
        if (difference := first_difference(_of(full, symbol), _of(other, symbol), FOREVER))
    ]
    return min(found, key=lambda one: one.event.time_ns, default=None)


def _of(log: Log, symbol: str) -> Log:
    """Return the decisions of a symbol; other symbols may have made them."""
    chosen = Log()
    for event, decision in zip(log.events, log.decisions, strict=True):
        if decision.symbol == symbol:
            # At one instant it is no matter whose bar came first.
            chosen.add(replace(event, symbol="", row=0), decision)
    return chosen
