"""How a peer does the work of one of our workloads, as a value."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Columns = dict[str, array]  # type: ignore[type-arg]
Run = Callable[[], Any]
OPTION = ("spot", "strike", "tau", "rate", "div", "vol")


@dataclass(frozen=True, slots=True)
class Adapter:
    """How a peer does the work of one of our workloads.

    `prepare` is not timed and returns what is; `answers` names the column that the result of that
    is compared with, "" where the peer answers something else; `part` which of several results it
    is; `note` says what is not alike.
    """

    workload: str
    prepare: Callable[[Columns], Run]
    answers: str
    note: str
    count: str = "spot"
    part: int | None = None
