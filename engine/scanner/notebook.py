"""What a notebook shows of a result: a table in HTML, every word of it escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from engine.scoring.opportunity import Opportunity

_HEAD = ("symbol", "family", "class", "edge", "total", "lots", "capital", "days", "conditions")
_MOST_ROWS = 100


def opportunities_html(title: str, rows: Iterable[Opportunity]) -> str:
    """Return a title and a table of opportunities, the first hundred of them."""
    listed = list(rows)
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    body = "".join(f"<tr>{_cells(one)}</tr>" for one in listed[:_MOST_ROWS])
    left = len(listed) - _MOST_ROWS
    more = f"<p>and {left:,} more</p>" if left > 0 else ""
    return (
        f"<p>{escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"{more}"
    )


def _cells(one: Opportunity) -> str:
    texts = (
        one.symbol, one.family, one.grade, _number(one.edge, 4), _number(one.edge_usd, 2),
        f"{one.lots:,}", _number(one.capital, 2), _number(one.days, 1), ", ".join(one.conditions),
    )  # fmt: skip
    return "".join(f"<td>{escape(_printable(text))}</td>" for text in texts)


def _number(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if math.isfinite(value) else ""


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else "\ufffd" for mark in text)
