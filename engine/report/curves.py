"""The implied curves of each chain as a table for people."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from engine.market.chain import INDEX, OptionChain
from engine.market.combo import FUTURE
from engine.report.grid import add_columns, grid, show
from engine.report.wording import ABSENT, chain_words, percent
from engine.scoring.curves import CurvePoint, curves

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Survey

_CROSSED = "bold yellow"
# Beside the style: not every terminal shows one.
_MARK = "*"


def render(survey: Survey, console: Console) -> None:
    """Print implied forward, implied borrow and box rates, bid over ask, for each expiry."""
    for scan in survey.scans:
        chain = scan.result.chain
        points = curves(chain, scan.settings.carry, scan.settings.fees)
        console.print(Text(chain_words(chain), style="bold"))
        show(_table(chain, points), console)
        for line in notes(chain, points):
            console.print(Text(line, style="dim"))
        console.print()


def _table(chain: OptionChain, points: tuple[CurvePoint, ...]) -> Table:
    table = grid()
    add_columns(table, "expiry\ndays", align="left")
    carry = "quoted\nfuture" if chain.quoting.hedge == FUTURE else "your\nforward"
    add_columns(table, "pairs", "implied\nforward", carry)
    if chain.quoting.has_carry:
        add_columns(
            table, "implied\nyield" if chain.underlying.kind == INDEX else "implied\nborrow"
        )
    add_columns(table, "box lends / owes\nmiddle", "you lend\nborrow")
    for point in points:
        row = [
            _pair(point.expiry.date.isoformat(), f"{point.days:,.1f} d"),
            Text(f"{point.n_pairs:,}"),
            _band(_level(point.forward_bid), _level(point.forward_ask),
                  point.forward_bid > point.forward_ask),
            _band(_level(point.carry_bid), _level(point.carry_ask), False),
        ]  # fmt: skip
        if chain.quoting.has_carry:
            row.append(
                _band(percent(point.borrow_bid), percent(point.borrow_ask),
                      point.borrow_bid > point.borrow_ask)
            )  # fmt: skip
        boxes = f"{percent(point.box_lend)} / {percent(point.box_borrow)}"
        is_crossed = point.box_lend > point.box_borrow
        middle = _pair(
            _MARK + boxes if is_crossed else boxes,
            percent(point.box_mid),
            _CROSSED if is_crossed else "",
        )
        row += [middle, _pair(percent(point.lend), percent(point.borrow))]
        table.add_row(*row)
    return table


def notes(chain: OptionChain, points: tuple[CurvePoint, ...]) -> list[str]:
    """Return what one must know to read the curves of `chain`."""
    lines = [
        "Bid over ask, before fees and gates. Boxes lend at the first rate, owe at the second."
    ]
    if any(point.is_approximate for point in points):
        lines.append(
            "American options: early exercise is in the prices, so all but near forwards are rough."
        )
    crossed = any(
        point.forward_bid > point.forward_ask or point.box_lend > point.box_borrow
        for point in points
    )
    if crossed:
        lines.append(f"{_MARK} bid above ask: quotes not simultaneous, early exercise, or a find.")
    if chain.underlying.kind == INDEX:
        lines.append("Implied yield: the dividend yield that makes your rates meet the forward.")
    return lines


def _level(value: float) -> str:
    return ABSENT if math.isnan(value) else f"{value:,.2f}"


def _band(bid: str, ask: str, is_crossed: bool) -> Text:
    text = Text(style=_CROSSED if is_crossed else "")
    text.append(_MARK + bid if is_crossed else bid)
    text.append(f"\n{ask}")
    return text


def _pair(first: str, second: str, style: str = "") -> Text:
    text = Text()
    text.append(first, style=style)
    text.append(f"\n{second}", style="dim")
    return text
