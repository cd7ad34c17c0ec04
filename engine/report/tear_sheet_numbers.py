"""Numbers of a tear sheet are taken from the object that the page carries, so that both agree."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from math import nan
from typing import Any

from engine.report.tear_sheet_words import count, days, money, percent, probability, ratio

# How a number is written, by the word that stands beside it on the page.
WRITTEN: dict[str, Callable[[float], str]] = {
    "percent": percent,
    "gain": lambda value: percent(value, signed=True),
    "fall": lambda value: percent(-value),
    "ratio": ratio,
    "money": money,
    "change": lambda value: money(value, signed=True),
    "probability": probability,
    "count": count,
    "days": days,
    "p": lambda value: ratio(value, 3),
}
# Of these the sign has a colour.
_SIGNED = ("gain", "change")


class Numbers:
    """Write numbers of an object, each by its path in it: ``runs.0.figures.sharpe``."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole

    def value(self, path: str) -> float:
        """Return the number at a path, nan where it is null."""
        found: Any = self._whole
        for name in path.split("."):
            found = None if found is None else found[int(name) if name.isdigit() else name]
        return nan if found is None else float(found)

    def show(self, path: str, form: str, tag: str = "span") -> str:
        """Return the number as an element that says where it is from and how it is written."""
        value = self.value(path)
        style = "n"
        if form in _SIGNED and value != 0.0 and value == value:
            style = "n up" if value > 0.0 else "n down"
        return (
            f'<{tag} class="{style}" data-from="{html.escape(path)}" data-as="{form}">'
            f"{html.escape(WRITTEN[form](value))}</{tag}>"
        )
