"""Strategies that decide over chains of options, where a verb has bars alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.backtesting.strategy import Strategy


def over_chains(kinds: Mapping[str, type[Strategy]]) -> list[str]:
    """Return the names of the strategies that decide over chains of options."""
    from engine.backtesting.strategy import Strategy

    return [name for name, kind in kinds.items() if kind.on_chain is not Strategy.on_chain]


def need_bars(kinds: Mapping[str, type[Strategy]], else_where: str) -> None:
    """Refuse strategies over chains, where there are none.

    Raises
    ------
    UsageError
        If one is; `else_where` is the command that runs it.
    """
    for name in over_chains(kinds):
        raise UsageError(f"{name} decides over chains of options: {else_where}")
