"""What a person sees after a scan: what was found, what died where, what nearly passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from engine.report.grid import add_columns, grid, show
from engine.report.losers import render_carry_line, render_funnel, render_near_misses
from engine.report.wording import (
    ABSENT,
    chain_words,
    family_words,
    figure,
    is_quoted,
    legs_by_expiry,
    money,
    packed,
    percent,
    plural,
    price,
    time_words,
)
from engine.scoring.gate_table import AGES, SIZES
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, SYNTHETIC, Opportunity
from engine.strategies.registry import family_named

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Scan, Survey

WIDE = 100
_WIDE_LEGS, _LEGS, _NAME, _NOTES = 20, 13, 10, 12
_STYLE = {LOCKED: "bold green", CONDITIONAL: "yellow", CARRY: "dim", SYNTHETIC: "cyan"}
_CHAINS_NAMED = 8
_FLAG_OF = {AGES.name: "age-unknown", SIZES.name: "size-unknown"}


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
        console.print(Text(_nothing_words(survey), style="bold"), end="\n\n")
    if survey.synthetics:
        console.print(Text("Bounded risks, not arbitrages", style="bold"))
        render_opportunities(survey.synthetics, survey.scans, console)
    render_funnel(survey, console)
    render_near_misses(survey, console)
    render_carry_line(survey, console)
    if any(scan.settings.show_carry for scan in survey.scans):
        render_opportunities(survey.carry, survey.scans, console)


def _nothing_words(survey: Survey) -> str:
    """Return why the list is empty."""
    passed = sum(result.funnel.passed for result in survey.results if not result.unusable)
    if passed:
        verb = "passes" if passed == 1 else "pass"
        return f"{plural(passed, 'opportunity')} {verb} every gate; --top 0 lists none of them."
    if not any(is_quoted(result.chain) for result in survey.results):
        return "There is no quote at all, so nothing can be said: no arbitrage was looked for."
    return "No arbitrage passed every gate."


def render_opportunities(
    found: Iterable[Opportunity], scans: Sequence[Scan], console: Console
) -> None:
    """Print a table of `found`, two lines or more for each; with its time where times differ."""
    instants = [scan.result.chain.ts_ns for scan in scans]
    homes = {
        id(one): scan
        for scan in scans
        for group in (scan.result.opportunities, scan.result.carry, scan.result.synthetics)
        for one in group
    }
    is_wide = console.width >= WIDE
    table = grid()
    add_columns(table, "symbol\nfamily", "legs", align="left")
    if is_wide:
        add_columns(table, "expiry", align="left")
    add_columns(table, "class\nid", align="left")
    add_columns(table, "edge\ntotal", "lots\ncapital", "excess\nscore", "implied\nyours")
    for one in found:
        when = time_words(one.ts_ns, instants)
        table.add_row(*_cells(one, homes[id(one)], when, is_wide))
    show(table, console)
    if table.row_count:
        console.print()


def _cells(one: Opportunity, scan: Scan, when: str, is_wide: bool) -> list[Text]:
    groups = legs_by_expiry(one.legs, one.symbol)
    days = f"{one.days:,.0f} days"
    # The flag of one leg says no more than the condition of them all.
    told = {_FLAG_OF.get(condition) for condition in one.conditions}
    said = [flag for flag in one.flags if flag not in told]
    notes = "; ".join((*one.conditions, *said)).replace("-", " ")
    if is_wide:
        blocks = [packed(words, _WIDE_LEGS) for _, words in groups]
        # Each expiry stands beside the first line of its legs.
        dates = [
            day + "\n" * block.count("\n") for (day, _), block in zip(groups, blocks, strict=True)
        ]
        place = [Text("\n".join(blocks)), _lines("\n".join(dates).rstrip("\n"), days)]
    else:
        place = [Text("\n".join(f"{day}\n{packed(words, _LEGS)}" for day, words in groups))]
    decimals = scan.result.chain.quoting.decimals
    return [
        _lines(one.symbol, *wrap(family_words(one.family), _NAME), when),
        *place,
        _lines(one.grade, one.id, *wrap(notes, _NOTES), style=_STYLE[one.grade]),
        _lines(price(one.edge, decimals=decimals), money(one.edge_usd), _plain_words(one)),
        _lines(f"{one.lots:,}", money(one.capital)),
        _lines(percent(one.annualised), figure(one.score)),
        _lines(*implied_against_yours(one, scan)),
    ]


def _plain_words(one: Opportunity) -> str:
    """Return the figure of scanners without financing, beside what is left of it."""
    return f"plain {one.plain:+.4f}" if one.grade == CARRY and one.plain == one.plain else ""


def implied_against_yours(one: Opportunity, scan: Scan) -> tuple[str, str]:
    """Return the rate a package lends or borrows at, and the rate of yours it competes with.

    What lends is paid for with money you borrow; what borrows earns the rate at which you lend.
    A bounded risk shows its reward over risk and the chance of a profit instead.
    """
    if one.grade == SYNTHETIC and one.ratio == one.ratio:
        chance = f"{one.probability:.0%} likely" if one.probability >= 0.0 else ""
        return f"{one.ratio:.2f} : 1", chance
    if one.implied_rate != one.implied_rate:
        return ABSENT, ""
    receives = family_named(one.family).receives
    lends = receives is not None and receives(one.legs)
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
