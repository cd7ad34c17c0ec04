"""What a person sees after a scan: what was found, what died where, what nearly passed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.losers import render_carry_line, render_funnel, render_near_misses
from engine.report.money import back_days, back_words, signed_money
from engine.report.together import order_groups, render_footer
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
    price,
    time_words,
)
from engine.scoring.gate_table import AGES, SIZES
from engine.scoring.opportunity import CARRY, CONDITIONAL, LOCKED, SYNTHETIC, Opportunity
from engine.strategies.registry import family_named

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Scan, Survey

WIDE, WIDEST = 100, 140
_LEGS, _NAME, _NOTES = {0: 13, WIDE: 18, WIDEST: 20}, 10, 12
_STYLE = {LOCKED: "bold green", CONDITIONAL: "yellow", CARRY: "dim", SYNTHETIC: "cyan"}
_CHAINS_NAMED = 8
_FLAG_OF = {AGES.name: "age-unknown", SIZES.name: "size-unknown"}
LEGEND = (
    "net, limit and edge are of one package per share; buy it at the limit or less (negative is "
    "money received). now: cash of all lots after fees; later: what comes back, at worst where "
    '"up" stands behind it.'
)


def render(survey: Survey, console: Console) -> None:
    """Print the whole result of a scan: chains, opportunities, funnel, near misses, CARRY.

    From 100 columns on every row has what it costs now, what comes back and what it binds; it fits
    down to 80. Failed symbols and refused rows are not its business: they are not results.
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
        render_opportunities(found, survey.scans, console, is_grouped=True)
        render_footer(survey, console)
        console.print(Text(LEGEND, style="dim"))
        console.print()
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
    found: Iterable[Opportunity],
    scans: Sequence[Scan],
    console: Console,
    *,
    is_grouped: bool = False,
) -> None:
    """Print a table of `found`, three lines or more for each; with its time where times differ.

    Grouped, rows stand under the quote that they rest on.
    """
    instants = [scan.result.chain.ts_ns for scan in scans]
    homes = {
        id(one): scan
        for scan in scans
        for group in (scan.result.opportunities, scan.result.carry, scan.result.synthetics)
        for one in group
    }
    width = max(least for least in _LEGS if console.width >= least)
    table = grid()
    # Headings stand at the bottom: as many lines for each, so that they read like the rows.
    legs = "legs\nexpiry, days\n" if width < WIDEST else "legs\n\n"
    add_columns(table, "symbol\nfamily\n", legs, align="left")
    if width == WIDEST:
        add_columns(table, "expiry\ndays\n", align="left")
    add_columns(table, "class\nid\n", align="left")
    add_columns(table, "net\nlimit\nlots", "edge\ntotal\n", "now\nlater\nwhen")
    if width >= WIDE:
        add_columns(table, "margin\ncapital\nleg out", "excess\nimplied\nyours")
    if width == WIDEST:
        add_columns(table, "expected\nto fill\n")
    listed = list(found)
    groups = order_groups(listed, scans) if is_grouped else [("", listed)]
    for heading, rows in groups:
        if heading:
            table.add_section()
        for place, one in enumerate(rows):
            when = time_words(one.ts_ns, instants)
            cells = _cells(one, homes[id(one)], when, width)
            table.add_row(*cells, end_section=place + 1 == len(rows) and bool(heading))
    show(table, console)
    if table.row_count:
        console.print()


def _cells(one: Opportunity, scan: Scan, when: str, width: int) -> list[Text]:
    groups = legs_by_expiry(one.legs, one.symbol)
    days = f"{one.days:,.0f} days"
    # The flag of one leg says no more than the condition of them all.
    told = {_FLAG_OF.get(condition) for condition in one.conditions}
    said = [flag for flag in one.flags if flag not in told]
    notes = "; ".join((*one.conditions, *said)).replace("-", " ")
    if one.dividend_limit == one.dividend_limit:
        notes += f"; holds to a dividend of {_dividend_words(one)}"
    if one.ticket and one.ticket.leg_by_leg:
        notes += "; leg by leg" if notes else "leg by leg"
    room = _LEGS[width]
    # The quote that makes it and others; its expiry is among those of the legs.
    rests = "".join(f"\n{line}" for line in wrap(_rests_on(one), room))
    if width == WIDEST:
        blocks = [packed(words, room) for _, words in groups]
        # Each expiry stands beside the first line of its legs.
        dates = [
            day + "\n" * block.count("\n") for (day, _), block in zip(groups, blocks, strict=True)
        ]
        legs = Text("\n".join(blocks))
        legs.append(rests, style="dim")
        place = [legs, _lines("\n".join(dates).rstrip("\n"), days)]
    else:
        text = Text()
        for day, words in groups:
            text.append(packed(words, room) + "\n")
            text.append(day + "\n", style="dim")
        text.append(days, style="dim")
        text.append(rests, style="dim")
        place = [text]
    decimals = scan.result.chain.quoting.decimals
    net = 2 if scan.result.chain.quoting.is_linear else decimals
    ticket, cash = one.ticket, one.cash
    taken = f"take {one.take:,}" if one.take else ""
    rates = implied_against_yours(one, scan)
    cells = [
        _lines(one.symbol, *wrap(family_words(one.family), _NAME), when),
        *place,
        _lines(one.grade, one.id, *wrap(notes, _NOTES), style=_STYLE[one.grade]),
        _lines(price(ticket.net, decimals=net) if ticket else ABSENT,
               _strong(price(ticket.limit, decimals=net)) if ticket else "",
               f"x {ticket.quantity if ticket else one.lots:,}"),
        _lines(price(one.package_edge, decimals=min(decimals, 4) if net == 2 else decimals),
               money(one.edge_usd), _plain_words(one), taken, *(rates if width < WIDE else ())),
        _lines(signed_money(cash.today), back_words(cash), *back_days(cash))
        if cash else _lines(ABSENT),
    ]  # fmt: skip
    if width >= WIDE:
        margin = signed_money(one.binds.margin).lstrip("+") if one.binds else ABSENT
        cells += [
            _lines(margin, money(one.capital), money(one.leg_out_loss)),
            _lines(percent(one.annualised), *rates),
        ]
    if width == WIDEST:
        chance = f"{one.fill_probability:.0%}" if one.fill_probability >= 0.0 else ""
        cells.append(_lines(figure(one.score), chance))
    return cells


def _rests_on(one: Opportunity) -> str:
    """Return the quote that a row rests on without its expiry: ``on bid of C 5830``."""
    words = one.rests_on.split(" 20")[0]
    return f"on {words}" if words else ""


def _dividend_words(one: Opportunity) -> str:
    return "any size" if one.dividend_limit > 1e9 else f"{one.dividend_limit:,.2f}"


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
        return "", ""
    receives = family_named(one.family).receives
    lends = receives is not None and receives(one.legs)
    carry = scan.settings.carry
    yours = (carry.borrow if lends else carry.lend).rate(one.days / 365.0)
    verb = "lends" if lends else "owes"
    return f"{verb} {percent(one.implied_rate)}", f"yours {percent(yours)}"


def _strong(line: str) -> Text:
    return Text(line, style="bold")


def _lines(first: str, *rest: str | Text, style: str = "") -> Text:
    text = Text()
    text.append(first, style=style)
    for line in rest:
        if line:
            text.append("\n")
            text.append(line if isinstance(line, Text) else Text(line, style="dim"))
    return text


def _render_chains(survey: Survey, console: Console) -> None:
    for scan in survey.scans[:_CHAINS_NAMED]:
        console.print(Text(chain_words(scan.result.chain)))
    left = len(survey.scans) - _CHAINS_NAMED
    if left > 0:
        console.print(Text(f"and {plural(left, 'more chain')}", style="dim"))
    if survey.scans:
        console.print()
