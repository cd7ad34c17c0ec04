"""The figures of a backtest as objects of JSON; what is not defined is null, times are ISO 8601.

The names are those of the dataclasses, without the ``_ns`` of times.
"""

from __future__ import annotations

from dataclasses import fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from engine.clock import NS_PER_SECOND

if TYPE_CHECKING:
    from engine.performance.figures import Figures
    from engine.performance.judgement import Judgement, Selection


def figures_object(figures: Figures) -> dict[str, Any]:
    """Return every figure of a run by its name."""
    found: dict[str, Any] = plain(figures)
    return found


def judgement_object(judgement: Judgement) -> dict[str, Any]:
    """Return what speaks for and against one run."""
    found: dict[str, Any] = plain(judgement)
    return found


def selection_object(selection: Selection) -> dict[str, Any]:
    """Return what is to be said of choosing among runs, without the list of logits."""
    found: dict[str, Any] = plain(selection)
    if found["overfitting"] is not None:
        del found["overfitting"]["logits"]
    return found


def plain(value: object) -> Any:
    """Return a value as JSON has it: dataclasses as objects, what is not finite as None."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return dict(_field(value, one.name) for one in fields(value))  # type: ignore[arg-type]


def instant(time_ns: int) -> str:
    """Return an instant as ISO 8601, UTC.

    >>> instant(1_782_864_000 * NS_PER_SECOND)
    '2026-07-01T00:00:00Z'
    """
    from time import gmtime, strftime

    seconds, rest = divmod(time_ns, NS_PER_SECOND)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return strftime("%Y-%m-%dT%H:%M:%S", gmtime(seconds)) + fraction + "Z"


def _field(value: object, name: str) -> tuple[str, Any]:
    """Return a field as key and value; a time in nanoseconds is written out."""
    inner = getattr(value, name)
    if name.endswith("_ns") and isinstance(inner, int):
        return name.removesuffix("_ns"), instant(inner)
    return name.removesuffix("_ns"), plain(inner)
