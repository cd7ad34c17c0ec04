"""What can be taken together: the footer of the table, and the whole of it on request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.money import signed_money
from engine.report.wording import family_words, legs_text, money, price, whole
from engine.scoring.opportunity import Opportunity, Selection

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Scan, Survey

_GROUPS_NAMED = 4
_NARROW = 100


def order_groups(
    found: Sequence[Opportunity], scans: Sequence[Scan]
) -> list[tuple[str, list[Opportunity]]]:
    """Return rows by the quote that they rest on, in the order of the best row of each.

    Rows that share no quote stand alone, without a heading.
    """
    groups: dict[tuple[str, str], list[Opportunity]] = {}
    for place, one in enumerate(found):
        key = (one.symbol, one.rests_on) if one.rests_on else ("", str(place))
        groups.setdefault(key, []).append(one)
    return [(key[1] if key[0] else "", rows) for key, rows in groups.items()]


def render_footer(survey: Survey, console: Console) -> None:
    """Print what can be taken together, and the quotes that make the rows."""
    selections = [scan.result.selection for scan in survey.scans if scan.result.selection.rows]
    if not selections:
        return
    orders = sum(int(one.n_orders) for one in selections)
    value = _total([one.value for one in selections])
    console.print(
        Text("Together at the displayed sizes: ", style="bold").append(
            f"{money(value)} in {plural(orders, 'order')}", style="bold green"
        ).append(
            f"; no choice can give more than {money(_total([one.bound for one in selections]))}. "
            f"One by one the rows say {money(_total([one.listed for one in selections]))}, but "
            "they want the same quotes. --select lists the orders.", style="none",
        )
    )  # fmt: skip
    for scan in survey.scans:
        line = groups_words(scan.result.selection)
        if line:
            console.print(Text(f"{scan.result.chain.symbol}: {line}", style="dim"))


def groups_words(selection: Selection) -> str:
    """Return which quotes make the rows: look at these first."""
    groups = selection.groups
    if not groups:
        return ""
    inside = sum(int(one.rows) for one in groups)
    named = ", ".join(f"{one.quote} ({one.rows:,} rows)" for one in groups[:_GROUPS_NAMED])
    more = f" and {len(groups) - _GROUPS_NAMED} more" if len(groups) > _GROUPS_NAMED else ""
    return (
        f"{plural(len(groups), 'quote')} make {inside:,} of {plural(selection.rows, 'row')}: "
        f"{named}{more}"
    )


def render_selection(survey: Survey, console: Console) -> None:
    """Print the orders of every chain with their tickets, what they use up and what is left out."""
    for scan in survey.scans:
        selection = scan.result.selection
        if selection.rows:
            _render_one(scan, selection, console)
    render_footer(survey, console)


def _render_one(scan: Scan, selection: Selection, console: Console) -> None:
    symbol = scan.result.chain.symbol
    console.print(
        Text(f"{symbol}: {money(selection.value)} in {plural(len(selection.orders), 'order')}",
             style="bold")
    )  # fmt: skip
    table = grid()
    add_columns(table, "take")
    add_columns(table, "id", align="left")
    table.add_column("what", min_width=24)
    # Narrow terminals have the limit below the net price, and the capital below the cash.
    is_narrow = console.width < _NARROW
    heads = ("net\nlimit", "edge", "now\ncapital") if is_narrow else (
        "net", "limit", "edge", "now", "capital")  # fmt: skip
    add_columns(table, *heads)
    decimals = 2 if scan.result.chain.quoting.is_linear else scan.result.chain.quoting.decimals
    for one in selection.orders:
        ticket, cash = one.ticket, one.cash
        assert ticket is not None
        assert cash is not None
        net, limit = (price(value, decimals=decimals) for value in (ticket.net, ticket.limit))
        edge, now, capital = money(one.edge_usd), signed_money(cash.today), money(one.capital)
        cells = (f"{net}\n{limit}", edge, f"{now}\n{capital}") if is_narrow else (
            net, limit, edge, now, capital)  # fmt: skip
        words = f"{family_words(one.family)} {legs_text(one.legs, symbol)}"
        table.add_row(f"{one.take:,}", one.id, words, *cells)
    show(table, console)
    if selection.scarce:
        words = "; ".join(
            f"{one.quote}, {whole(one.size)}: {money(one.worth)}" for one in selection.scarce[:8]
        )
        console.print(Text(f"Used up (what one contract more would pay): {words}", style="dim"))
    console.print(
        Text(
            f"Left out: {selection.rows - len(selection.orders):,} rows that want the same quotes, "
            f"or pay less than what they use up. They bind {money(selection.capital)}.",
            style="dim",
        )
    )
    console.print()


def _total(values: Sequence[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total
