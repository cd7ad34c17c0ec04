"""The profit of a position by the price of the underlying, as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from engine.report.grid import add_columns, grid, show
from engine.report.money import signed_money
from engine.report.wording import family_words, legs_text
from engine.scoring.opportunity import Opportunity
from engine.scoring.payoff import levels_of

if TYPE_CHECKING:
    from rich.console import Console

    from engine.scanner.survey import Scan

_ROWS = 21


def render_payoff(one: Opportunity, scan: Scan, console: Console) -> None:
    """Print the profit of all lots where the underlying settles, as a bar for each price.

    In present value, at the first expiry; strikes and the spot are marked.
    """
    market = one.market
    head = Text(f"{family_words(one.family)} {one.id}", style="bold")
    console.print(
        head.append(f"  {one.symbol} {legs_text(one.legs, one.symbol)}", style="not bold")
    )
    if not market.horizons:
        console.print("No profit by spot: payoffs in coins are not straight between strikes.")
        return
    first = market.horizons[0]
    rest = ", what lives on at today's volatilities" if len(market.horizons) > 1 else ""
    console.print(
        Text(
            f"Profit of {one.lots:,} lots by spot on {first.expiry}, worth today{rest}", style="dim"
        )
    )
    levels = levels_of(market, one.legs, _ROWS)
    profits = [one.profit(level) for level in levels]
    most = max(abs(value) for value in profits)
    room = max(10, min(60, console.width - 46))
    strikes = {leg.strike for leg in one.legs if leg.strike == leg.strike}
    table = grid()
    add_columns(table, "spot", "profit")
    add_columns(table, "", "", align="left")
    for level, value in zip(levels, profits, strict=True):
        length = round(room * abs(value) / most) if most > 0.0 else 0
        mark = "strike" if level in strikes else "now" if level == market.spot else ""
        table.add_row(
            f"{level:,.2f}", signed_money(value),
            Text(("#" if value >= 0.0 else "-") * length, style="green" if value >= 0.0 else "red"),
            Text(mark, style="dim"),
        )  # fmt: skip
    show(table, console)
    console.print(Text(breakeven_words(one)))
    console.print(Text(greek_words(one)))
    console.print()


def breakeven_words(one: Opportunity) -> str:
    """Return where the profit changes its sign."""
    found = one.breakevens
    if not one.market.horizons:
        return ""
    if not found:
        return "breakeven: none, it pays at every price" if one.edge > 0.0 else "breakeven: none"
    return "breakeven: " + ", ".join(f"{level:,.2f}" for level in found)


def greek_words(one: Opportunity) -> str:
    """Return the Greeks of all lots as traders say them: per 1 % of volatility, per day."""
    greeks = one.greeks
    if math.isnan(greeks.delta):
        return ""
    return (
        f"delta {greeks.delta:+,.0f} shares, gamma {greeks.gamma:+,.2f}, "
        f"vega {signed_money(greeks.vega / 100.0)} per 1 %, "
        f"theta {signed_money(greeks.theta / 365.0)} per day, "
        f"rho {signed_money(greeks.rho / 100.0)} per 1 %"
    )
