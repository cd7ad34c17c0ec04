"""What did not pass: the funnel, the near misses, and profits that are only interest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from engine.plural import plural
from engine.report.grid import add_columns, grid, show
from engine.report.wording import (
    family_words,
    legs_by_expiry,
    legs_text,
    packed,
    price,
    time_words,
)
from engine.scanner.survey import once
from engine.scoring.gate_table import GATES, gate_words

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Scan, Survey
    from engine.scoring.opportunity import NearMiss

NEAR_SHOWN = 10
_BAR, _LEGS, _NAME, _CHANGE = 24, 26, 14, 24


def render_funnel(survey: Survey, console: Console) -> None:
    """Print how many candidates failed at each gate, in the order in which gates are checked."""
    funnel = survey.funnel
    console.print(Text("Funnel", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    add_columns(table, "")
    add_columns(table, "", align="left")
    table.add_column(min_width=_BAR)
    families = ", ".join(
        plural(count, family_words(name)) for name, count in funnel.by_family.items() if count
    )
    table.add_row(f"{funnel.candidates:,}", "candidates", Text(families, style="dim"))
    order = {gate.name: gate.code for gate in GATES}
    for reason in sorted(funnel.rejected, key=lambda name: order.get(name, len(order))):
        count = funnel.rejected[reason]
        bar = "-" * max(1, round(_BAR * count / max(funnel.candidates, 1)))
        words = Text(gate_words(reason))
        table.add_row(f"-{count:,}", words, Text(bar, style="dim"))
    table.add_row(Text(f"{funnel.passed:,}", style="bold"), Text("passed", style="bold"), "")
    show(table, console)
    _render_skipped(survey, console)
    console.print()


def _render_skipped(survey: Survey, console: Console) -> None:
    told: dict[str, dict[str, set[str]]] = {}
    for result in survey.results:
        for family, why in result.funnel.skipped.items():
            families = told.setdefault(why, {"families": set(), "symbols": set()})
            families["families"].add(family_words(family))
            families["symbols"].add(result.chain.symbol)
    for why, names in told.items():
        symbols = "" if len(survey.scans) == 1 else f" of {', '.join(sorted(names['symbols']))}"
        families_text = ", ".join(sorted(names["families"]))
        console.print(Text(f"Not searched{symbols}, {why}: {families_text}", style="dim"))


def near_misses(scans: Sequence[Scan]) -> list[tuple[Scan, NearMiss]]:
    """Return all near misses in the order of their numbers: one of each gate, then the next."""
    by_gate: dict[str, list[tuple[int, int, Scan, NearMiss]]] = {}
    for k, scan in enumerate(scans):
        places: Counter[str] = Counter()
        for miss in once(scan.result.near_misses):
            by_gate.setdefault(miss.reason, []).append((places[miss.reason], k, scan, miss))
            places[miss.reason] += 1
    order = {gate.name: gate.code for gate in GATES}
    numbered = []
    for reason, entries in by_gate.items():
        entries.sort(key=lambda entry: entry[:2])
        gate = order.get(reason, len(order))
        numbered += [((turn, gate), scan, miss) for turn, (_, _, scan, miss) in enumerate(entries)]
    numbered.sort(key=lambda entry: entry[0])
    return [(scan, miss) for _, scan, miss in numbered]


def render_near_misses(survey: Survey, console: Console) -> None:
    """Print the candidates that failed by least, each with the change that would let it pass."""
    near = near_misses(survey.scans)
    if not near:
        return
    console.print(Text("Near misses, and the smallest change that would do", style="bold"))
    table = grid()
    add_columns(table, "symbol\nfamily", "legs\nexpiry", align="left")
    add_columns(table, "edge")
    table.add_column("fails at\nwould pass with", min_width=_CHANGE)
    instants = [result.chain.ts_ns for result in survey.results]
    for number, (scan, miss) in enumerate(near[:NEAR_SHOWN], 1):
        chain = scan.result.chain
        name = Text(chain.symbol)
        for line in wrap(family_words(miss.family), _NAME):
            name.append(f"\n{line}", style="dim")
        if when := time_words(chain.ts_ns, instants):
            name.append(f"\n{when}", style="dim")
        legs = Text()
        for day, words in legs_by_expiry(miss.legs, chain.symbol):
            legs.append(packed(words, _LEGS) + "\n")
            legs.append(day + "\n", style="dim")
        legs.rstrip()
        why = Text(gate_words(miss.reason))
        why.append(f"  near-{number}", style="dim")
        why.append(f"\n{miss.change}", style="cyan")
        table.add_row(name, legs, price(miss.edge, decimals=chain.quoting.decimals), why)
    show(table, console)
    left = len(near) - NEAR_SHOWN
    if left > 0:
        console.print(Text(f"and {left:,} more, in --json", style="dim"))
    console.print()


def render_carry_line(survey: Survey, console: Console) -> None:
    """Print how many positions look profitable only because financing is ignored."""
    rows = [one for scan in survey.scans for one in scan.result.carry]
    if not rows:
        return
    count = sum(scan.result.n_carry for scan in survey.scans)
    best = max(rows, key=lambda one: one.plain)
    verb = "looks" if count == 1 else "look"
    told = f"{plural(count, 'stock position')} {verb}"
    line = (
        f"{told} profitable only because financing is ignored; "
        f"best {best.plain:+.2f} plain, {best.edge:+.2f} after "
        f"({best.symbol} {legs_text(best.legs, best.symbol)})."
    )
    console.print(Text("CARRY  ", style="bold").append(line, style="none"))
