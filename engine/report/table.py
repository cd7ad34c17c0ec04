"""What a person sees after a scan: what was found, what died where, what nearly passed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from engine.report.losers import render_carry_line, render_funnel, render_near_misses
from engine.report.wording import (
    ABSENT,
    chain_words,
    family_words,
    figure,
    legs_by_expiry,
    money,
    packed,
    percent,
    plural,
    price,
)
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, OPTION, SYNTHETIC, Opportunity
from engine.scoring.rates import is_long_box

if TYPE_CHECKING:
    from rich.console import Console

    from engine.survey import Scan, Survey

WIDE, NARROW = 100, 80
_STYLE = {LOCKED: "bold green", CONDITIONAL: "yellow", CARRY: "dim", SYNTHETIC: "cyan"}
_CHAINS_NAMED = 8


def render(survey: Survey, console: Console) -> None:
    """Print the whole result of a scan: chains, opportunities, funnel, near misses, CARRY.

    It fits 100 columns; below that expiries move above the legs, down to 80. Failed symbols and
    refused rows are not its business: they are not results.
    """
    _render_chains(survey, console)
    found = survey.opportunities
    for scan in survey.scans:
        if scan.result.unusable:
            words = f"{scan.result.chain.symbol}: {scan.result.unusable}"
            console.print(Text(words, style="bold yellow"))
    if found:
        total = sum(r.funnel.passed for r in survey.results if not r.unusable)
        best = f"The best {len(found):,} of " if total > len(found) else ""
        head = best + plural(max(total, len(found)), "opportunity")
        console.print(Text(head, style="bold"))
        render_opportunities(found, survey.scans, console)
    elif survey.scans:
        console.print(Text("No arbitrage passed every gate.", style="bold"), end="\n\n")
    if survey.synthetics:
        console.print(Text("Bounded risks, not arbitrages", style="bold"))
        render_opportunities(survey.synthetics, survey.scans, console)
    render_funnel(survey, console)
    render_near_misses(survey, console)
    render_carry_line(survey, console)
    if any(scan.settings.show_carry for scan in survey.scans):
        render_opportunities(survey.carry, survey.scans, console)


def render_opportunities(
    found: Iterable[Opportunity], scans: Iterable[Scan], console: Console
) -> None:
    """Print a table of `found`, two lines or more for each."""
    homes = {
        id(one): scan
        for scan in scans
        for group in (scan.result.opportunities, scan.result.carry, scan.result.synthetics)
        for one in group
    }
    is_wide = console.width >= WIDE
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("symbol\nfamily", max_width=14 if is_wide else 10)
    table.add_column("legs", no_wrap=True)
    if is_wide:
        table.add_column("expiry", no_wrap=True)
    table.add_column("class\nid", max_width=12 if is_wide else 11)
    for name in ("edge\ntotal", "lots\ncapital", "excess/yr\nscore", "implied\nyours"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        table.add_row(*_cells(one, homes[id(one)], is_wide))
    if table.row_count:
        # A line that a narrow terminal breaks is better than digits cut off.
        console.print(table, width=max(console.width, NARROW), crop=False)
        console.print()


def _cells(one: Opportunity, scan: Scan, is_wide: bool) -> list[Text]:
    groups = legs_by_expiry(one.legs)
    days = f"{one.days:,.0f} days"
    notes = "; ".join((*one.conditions, *one.flags)).replace("-", " ")
    if is_wide:
        blocks = [packed(words, 20) for _, words in groups]
        # Each expiry stands beside the first line of its legs.
        dates = [
            day + "\n" * block.count("\n") for (day, _), block in zip(groups, blocks, strict=True)
        ]
        place = [Text("\n".join(blocks)), _lines("\n".join(dates).rstrip("\n"), days)]
    else:
        place = [Text("\n".join(f"{day}\n{packed(words, 14)}" for day, words in groups))]
    is_coin = scan.result.chain.is_inverse
    return [
        _lines(one.symbol, family_words(one.family)),
        *place,
        _lines(one.grade, one.id, notes, style=_STYLE[one.grade]),
        _lines(price(one.edge, is_coin=is_coin), money(one.edge_usd)),
        _lines(f"{one.lots:,}", money(one.capital)),
        _lines(percent(one.annualised), figure(one.score)),
        _lines(*implied_against_yours(one, scan)),
    ]


def implied_against_yours(one: Opportunity, scan: Scan) -> tuple[str, str]:
    """Return the rate a package lends or borrows at, and the rate of yours it competes with.

    What lends is paid for with money you borrow; what borrows earns the rate at which you lend.
    """
    if one.implied_rate != one.implied_rate:
        return ABSENT, ""
    options = [leg for leg in one.legs if leg.kind == OPTION]
    lends = one.family == "conversion" or (one.family == "box" and is_long_box(options))
    carry = scan.settings.carry
    yours = (carry.borrow if lends else carry.lend).rate(one.days / 365.0)
    verb = "lends" if lends else "owes"
    return f"{verb} {percent(one.implied_rate)}", f"yours {percent(yours)}"


def _lines(first: str, *rest: str, style: str = "") -> Text:
    text = Text()
    text.append(first, style=style)
    for line in rest:
        if line:
            text.append("\n")
            text.append(line, style="dim")
    return text


def _render_chains(survey: Survey, console: Console) -> None:
    for scan in survey.scans[:_CHAINS_NAMED]:
        console.print(Text(chain_words(scan.result.chain)))
    left = len(survey.scans) - _CHAINS_NAMED
    if left > 0:
        console.print(Text(f"and {plural(left, 'more chain')}", style="dim"))
    if survey.scans:
        console.print()
