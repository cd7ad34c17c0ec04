"""The sections of a tear sheet that are text and tables: costs, luck, figures, lists."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import isfinite

from engine.backtesting.orders import Trade
from engine.backtesting.result import Result
from engine.performance.figures import Figures
from engine.report.tear_sheet_numbers import Numbers
from engine.report.tear_sheet_tables import (
    MOST_TRADES,
    definitions,
    noted,
    shown_value,
    table,
    trades_table,
)


def section(title: str, words: str, content: str) -> list[str]:
    """Return a heading with a sentence below it, and content that is HTML already."""
    said = f"<p>{html.escape(words)}</p>" if words else ""
    empty = "<p>nothing to show</p>"
    return [f"<section><h2>{html.escape(title)}</h2>{said}{content or empty}</section>"]


def costs(figures: Figures, path: str, show: Numbers) -> list[str]:
    """Return fees, borrow fees and dividends, and the share of fees in what was earned."""
    rows = [
        [name, show.show(f"{path}.figures.{field}", "money")]
        for name, field in (
            ("fees", "fees"), ("borrow fees", "borrow_fees"), ("dividends", "dividends"),
        )
    ]  # fmt: skip
    share = figures.fees_share
    words = "Nothing was earned before fees and borrow fees, so they have no share in it."
    if isfinite(share):
        part = 100.0 * min(1.0, max(0.0, share))
        bar = (
            f'<div class="bar"><i class="paid" style="width:{part:.1f}%"></i>'
            f'<i class="kept" style="width:{100.0 - part:.1f}%"></i></div>'
        )
        shown = show.show(f"{path}.figures.fees_share", "percent")
        return section("Costs", "", f"<p>{shown} of what was earned went in fees.</p>{bar}"
                        + table(("", ""), rows))  # fmt: skip
    return section("Costs", words, table(("", ""), rows))


def ambiguity(figures: Figures, path: str, show: Numbers) -> list[str]:
    """Return the interval that bars leave open."""
    if not figures.n_ambiguous:
        return section("What bars do not tell", "No exit was ambiguous.", " ")
    own = f"{path}.figures"
    low, high = (show.show(f"{own}.{name}", "gain") for name in ("total_return", "high_return"))
    first, second = (show.show(f"{own}.{name}", "ratio") for name in ("sharpe", "high_sharpe"))
    n = show.show(f"{own}.n_ambiguous", "count")
    return section(
        "What bars do not tell",
        "Where two exits lay within one bar, it does not tell which came first. Every figure of "
        "this page takes the worse; finer bars would decide.",
        f"<p>Exits that are ambiguous: {n}. Total return {low} to {high}, Sharpe ratio {first} to "
        f"{second}.</p>",
    )


def validation(path: str, show: Numbers) -> list[str]:
    """Return what speaks for skill, and how far figures could be off."""
    judged = f"{path}.judgement"

    def span(field: str, form: str) -> str:
        return (
            show.show(f"{judged}.{field}.low", form)
            + " to "
            + show.show(f"{judged}.{field}.high", form)
        )

    tried, there = (
        show.show(f"{judged}.n_trials", "count"),
        show.show(f"{path}.figures.n_returns", "count"),
    )
    bars, trades = "of 95 % of resamples of bars", "of 95 % of resamples of trades"
    rows = [
        ("Sharpe ratio above 0", show.show(f"{judged}.probabilistic", "probability"),
         "probability, given skewness and tails"),
        ("above what luck gives the best", show.show(f"{judged}.deflated", "probability"),
         f"of {tried} tried; above 95 % is hardly luck"),
        ("returns needed to be sure of it", show.show(f"{judged}.least_returns", "count"),
         f"there are {there}"),
        ("Sharpe ratio", span("bars.sharpe", "ratio"), bars),
        ("total return", span("bars.total_return", "gain"), bars),
        ("sum of gains", span("trades.gain", "change"), trades),
        ("deepest drawdown", span("trades.max_drawdown", "percent"), trades),
    ]  # fmt: skip
    return section(
        "Luck or skill",
        "The more strategies are tried, the better the best of them looks by luck alone.",
        noted(rows),
    )


def every_figure(path: str, show: Numbers) -> list[str]:
    """Return all figures of an account in two columns."""
    rows = [
        [name, show.show(f"{path}.figures.{field}", form)]
        for name, field, form in (
            ("total return", "total_return", "gain"), ("growth a year", "cagr", "gain"),
            ("volatility a year", "volatility", "percent"), ("Sharpe ratio", "sharpe", "ratio"),
            ("Sortino ratio", "sortino", "ratio"), ("Calmar ratio", "calmar", "ratio"),
            ("deepest drawdown", "max_drawdown", "fall"), ("skewness", "skew", "ratio"),
            ("excess kurtosis", "kurtosis", "ratio"),
            ("value at risk, 5 % of bars", "var", "gain"),
            ("mean of these (CVaR)", "cvar", "gain"), ("tail ratio", "tail_ratio", "ratio"),
            ("exposure", "exposure", "percent"), ("orders", "n_orders", "count"),
            ("returns", "n_returns", "count"), ("years", "years", "ratio"),
            ("bars a year", "periods_per_year", "count"),
        )
    ]  # fmt: skip
    half = -(-len(rows) // 2)
    halves = "".join(f"<div>{table(('', ''), part)}</div>" for part in (rows[:half], rows[half:]))
    return section("Every figure", "", f'<div class="columns">{halves}</div>')


def parameters(result: Result) -> list[str]:
    """Return the values of the strategy's parameters."""
    found = {name: shown_value(value) for name, value in result.parameters.items()}
    return section("Parameters", "", definitions(found or {"parameters": "none"}))


def trade_list(trades: Sequence[Trade]) -> list[str]:
    """Return the last trades as a table."""
    if not trades:
        return []
    words = "The newest first."
    if len(trades) > MOST_TRADES:
        words += f" The last {MOST_TRADES:,} of {len(trades):,}."
    return section("Trade list", words, trades_table(trades))
