"""What the broker says the account holds against what the journal says, contract by contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from engine.execution.trade import Trade

_NEAR = 1e-6


class Difference(NamedTuple):
    """A contract of which the journal and the broker do not hold the same."""

    contract: str
    journal: float
    broker: float

    def __str__(self) -> str:
        """Return it as a phrase."""
        return f"{self.contract}: {_number(self.journal)} here, {_number(self.broker)} there"


def baseline_of(broker: Iterable[tuple[str, float]], ours: Mapping[str, float]) -> dict[str, float]:
    """Return what the account holds that is not ours."""
    held = dict(broker)
    left = {name: held.get(name, 0.0) - ours.get(name, 0.0) for name in sorted({**held, **ours})}
    return {name: quantity for name, quantity in left.items() if abs(quantity) > _NEAR}


def differences(
    ours: Mapping[str, float],
    baseline: Mapping[str, float],
    broker: Iterable[tuple[str, float]],
    settled: Iterable[str] = (),
    *,
    counts_foreign: bool = False,
) -> tuple[Difference, ...]:
    """Return where the account is not what the journal says, by contract name.

    Only contracts that we have traded count, unless `counts_foreign`; `settled` ones do not: they
    are gone by themselves.
    """
    held = dict(broker)
    gone = set(settled)
    names = dict.fromkeys(ours)
    if counts_foreign:
        names.update(dict.fromkeys([*baseline, *held]))
    found = []
    for name in sorted(names):
        here = ours.get(name, 0.0) + baseline.get(name, 0.0)
        there = held.get(name, 0.0)
        if name not in gone and not abs(here - there) <= _NEAR:  # nan is no agreement
            found.append(Difference(name, here, there))
    return tuple(found)


def settled_names(trades: Iterable[Trade], today: date) -> tuple[str, ...]:
    """Return the contracts of packages whose last trading day is before `today`."""
    names: dict[str, None] = {}
    for trade in trades:
        for _, contract in trade.plan.combo.legs:
            if contract.expiry is not None and contract.expiry < today:
                names[contract.name] = None
    return tuple(names)


def difference_text(found: Iterable[Difference]) -> str:
    """Return differences in one line."""
    return "; ".join(str(one) for one in found)


def residual_text(residual: Mapping[str, float]) -> str:
    """Return a position in one line, ``-1 ZETF260417C100, +100 ZETF``; "nothing" if it is empty."""
    return ", ".join(f"{quantity:+g} {name}" for name, quantity in residual.items()) or "nothing"


def _number(value: float) -> str:
    return f"{value:+g}" if value else "0"
