"""The figures of a backtest as an object of JSON; what is not defined is null, times are ISO."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from engine.report.document import instant

if TYPE_CHECKING:
    from engine.performance.figures import Figures
    from engine.performance.judgement import Judgement, Selection


def figures_object(figures: Figures) -> dict[str, Any]:
    """Return the figures of one run, names as in `engine.performance.figures.Figures`."""
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


def plain(value: Any) -> Any:
    """Return dataclasses as objects, what is not finite as None, fields ``*_ns`` as ISO times."""
    if is_dataclass(value):
        return {
            one.name.removesuffix("_ns"): _timed(one.name, getattr(value, one.name))
            for one in fields(value)
        }
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _timed(name: str, value: Any) -> Any:
    return instant(value) if name.endswith("_ns") and value is not None else plain(value)
