"""Text from files, shown to people: what would steer a terminal or a spreadsheet is spelled out."""

from __future__ import annotations

# What makes a cell of a spreadsheet a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    r"""Return `text` with every character that does not print spelled as Python spells it.

    >>> printable("\x1b[31mred")
    '\\x1b[31mred'
    """
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def cell(value: object) -> object:
    """Return a value as a cell of CSV: text that a spreadsheet would run gets a quote before it.

    >>> cell("=1+1"), cell(-0.5), cell("box")
    ("'=1+1", -0.5, 'box')
    """
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
