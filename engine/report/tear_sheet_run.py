"""The part of a tear sheet that is about one run."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from engine.backtesting.data import Data
from engine.backtesting.result import Result
from engine.clock import from_ns
from engine.market.bars import Bars
from engine.performance.benchmark import Comparison, compare
from engine.performance.drawdowns import Drawdown, list_drawdowns
from engine.performance.figures import Figures, curve
from engine.performance.holding import held
from engine.performance.judgement import Judgement
from engine.performance.months import Year, monthly
from engine.performance.returns import simple_returns
from engine.performance.rolling import rolling_sharpe
from engine.report.tear_sheet_charts import (
    Curve,
    candles_charts,
    equity_chart,
    overlaid_chart,
    rolling_chart,
    trades_chart,
)
from engine.report.tear_sheet_numbers import Numbers
from engine.report.tear_sheet_sections import (
    ambiguity,
    costs,
    every_figure,
    parameters,
    section,
    trade_list,
    validation,
)
from engine.report.tear_sheet_tables import (
    drawdowns_table,
    months_table,
    noted,
    table,
)

MOST_DRAWDOWNS = 10
# Symbols of one run whose candles are drawn.
MOST_SYMBOLS = 4


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the sheet shows it."""

    name: str
    result: Result
    figures: Figures
    judgement: Judgement
    curve: Curve
    years: tuple[Year, ...]
    drawdowns: tuple[Drawdown, ...]
    benchmark: Benchmark | None


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Its symbols bought and held over the same bars, without costs, and the run beside it."""

    total_return: float
    comparison: Comparison
    curve: Curve


def run_of(
    name: str, result: Result, figures: Figures, judgement: Judgement, data: Data | None
) -> Run:
    """Return a run with what its charts and tables need."""
    equity, stamps = curve(result)
    high = curve(result, is_high=True)[0]
    return Run(
        name, result, figures, judgement, Curve(name, stamps, equity, high),
        tuple(monthly(equity, stamps)), tuple(list_drawdowns(equity, stamps)[:MOST_DRAWDOWNS]),
        _benchmark(result, equity, stamps, figures.periods_per_year, data),
    )  # fmt: skip


def _benchmark(
    result: Result,
    equity: array[float],
    stamps: Sequence[int],
    periods_per_year: float,
    data: Data | None,
) -> Benchmark | None:
    if data is None or not all(symbol in data.bars for symbol in result.symbols):
        return None
    growth = held(data, result.symbols, stamps)
    compared = compare(simple_returns(equity), simple_returns(growth), periods_per_year)
    money = array("d", [result.start_cash * value for value in growth])
    name = f"holding {', '.join(result.symbols)}"
    return Benchmark(growth[-1] / growth[0] - 1.0, compared, Curve(name, stamps, money, money))


def run_parts(
    one: Run, path: str, show: Numbers, bars: Mapping[str, Bars], most_symbols: int = MOST_SYMBOLS
) -> list[str]:
    """Return the sections of a run; `path` is where the object has its numbers.

    Candles are drawn of the first `most_symbols` of its symbols.
    """
    return [
        tiles(one, path, show),
        *section("Equity and drawdown", _equity_words(one), equity_chart(one.curve)),
        *section(
            "Returns by month",
            "In UTC; a month is measured from the last value before it.",
            months_table(one.years, show, f"{path}.months"),
        ),
        *_holding(one, path, show),
        *_rolling(one),
        *_trades(one, path, show),
        *_candles(one, bars, most_symbols),
        *costs(one.figures, path, show),
        *ambiguity(one.figures, path, show),
        *validation(path, show),
        *section(
            "Deepest drawdowns",
            "From a peak until it is reached again, in calendar time.",
            drawdowns_table(one.drawdowns, show, f"{path}.drawdowns") if one.drawdowns else "",
        ),
        *every_figure(path, show),
        *parameters(one.result),
        *trade_list(one.result.trades),
    ]


def tiles(one: Run, path: str, show: Numbers) -> str:
    """Return the figures that are looked at first."""
    figures, n = f"{path}.figures", one.figures
    total = show.show(f"{figures}.total_return", "gain", "b")
    under = f"{show.show(f'{figures}.cagr', 'gain')} a year"
    if n.n_ambiguous:
        under = f"up to {show.show(f'{figures}.high_return', 'gain')}: bars are ambiguous"
    low, high = (
        show.show(f"{path}.judgement.bars.sharpe.{end}", "ratio") for end in ("low", "high")
    )
    fall = show.show(f"{figures}.drawdown.days", "days") if n.drawdown else "never"
    return (
        '<div class="tiles">'
        + _tile("total return", total, under)
        + _tile(
            "Sharpe ratio",
            show.show(f"{figures}.sharpe", "ratio", "b"),
            f"95 % of resamples {low} to {high}",
        )
        + _tile(
            "deflated Sharpe",
            show.show(f"{path}.judgement.deflated", "probability", "b"),
            f"{show.show(f'{path}.judgement.n_trials', 'count')} tried",
        )
        + _tile("deepest drawdown", show.show(f"{figures}.max_drawdown", "fall", "b"), fall)
        + _tile(
            "trades",
            show.show(f"{figures}.trades.n", "count", "b"),
            f"{show.show(f'{figures}.trades.win_rate', 'percent')} won",
        )
        + _tile(
            "profit factor",
            show.show(f"{figures}.trades.profit_factor", "ratio", "b"),
            f"{show.show(f'{figures}.trades.average', 'change')} a trade",
        )
        + _tile(
            "in the market",
            show.show(f"{figures}.exposure", "percent", "b"),
            f"{show.show(f'{figures}.mean_invested', 'percent')} invested on average",
        )
        + _tile(
            "fees",
            show.show(f"{figures}.fees", "money", "b"),
            f"{show.show(f'{figures}.fees_share', 'percent')} of what was earned"
            if isfinite(n.fees_share)
            else "nothing was earned",
        )
        + "</div>"
    )


def _tile(name: str, number: str, under: str) -> str:
    return f'<div class="tile"><span class="name">{name}</span>{number}<small>{under}</small></div>'


def _equity_words(one: Run) -> str:
    first, last = one.curve.time_ns[0], one.curve.time_ns[-1]
    words = f"From {from_ns(first):%Y-%m-%d %H:%M} to {from_ns(last):%Y-%m-%d %H:%M} UTC."
    if one.figures.n_ambiguous:
        words += " The band is what bars do not tell: which of two exits came first."
    return words


def _holding(one: Run, path: str, show: Numbers) -> list[str]:
    if one.benchmark is None:
        return []
    rows = [
        (name, show.show(f"{path}.benchmark.{field}", form), words)
        for name, words, field, form in (
            ("return of holding", "without costs", "total_return", "gain"),
            ("alpha", "a year, beyond beta times holding", "comparison.alpha", "gain"),
            ("beta", "how far it moves when holding moves by 1", "comparison.beta", "ratio"),
            ("correlation", "", "comparison.correlation", "ratio"),
            ("information ratio", "of the difference, a year", "comparison.information_ratio",
             "ratio"),
        )
    ]  # fmt: skip
    return section(
        "Beside buying and holding",
        "The same symbols in equal parts, bought at the first close.",
        overlaid_chart([one.curve, one.benchmark.curve]) + noted(rows),
    )


def _rolling(one: Run) -> list[str]:
    returns = simple_returns(one.curve.equity)
    n = len(returns)
    # A quarter of a year, or a quarter of the run where that is shorter.
    window = min(round(one.figures.periods_per_year / 4.0), n // 4)
    if window < 5:
        return section("Rolling Sharpe ratio", "The run is too short for one.", " ")
    values = rolling_sharpe(returns, window, one.figures.periods_per_year)
    if not any(map(isfinite, values)):
        return section("Rolling Sharpe ratio", "The account did not move.", " ")
    words = f"Of the last {window:,} bars, annualised by {one.figures.periods_per_year:,.10g}."
    return section(
        "Rolling Sharpe ratio",
        words,
        rolling_chart(one.curve.time_ns[1:], values, "rolling Sharpe ratio"),
    )


def _trades(one: Run, path: str, show: Numbers) -> list[str]:
    figures = f"{path}.figures.trades"
    rows = [
        [name, show.show(f"{figures}.{field}", form)]
        for name, field, form in (
            ("average gain", "average", "change"), ("average win", "average_win", "change"),
            ("average loss", "average_loss", "change"), ("best", "best", "change"),
            ("worst", "worst", "change"), ("average return", "average_return", "gain"),
            ("gain for each unit of average loss", "expectancy", "ratio"),
            ("held on average", "days", "days"),
        )
    ]  # fmt: skip
    words = "Each by when it was closed; a ring is a short. Returns are on the amount at entry."
    return section(
        "Trades", words, trades_chart(one.result.trades) + table(("", ""), rows)
    ) if one.result.trades else section("Trades", "", "")  # fmt: skip


def _candles(one: Run, bars: Mapping[str, Bars], most: int) -> list[str]:
    found = []
    symbols = [name for name in one.result.symbols if name in bars and len(bars[name])]
    for symbol in symbols[:most]:
        fills = [fill for fill in one.result.fills if fill.symbol == symbol]
        charts, each = candles_charts(bars[symbol], fills, symbol)
        words = "Triangles point up where it was bought and down where it was sold."
        if each > 1:
            words += f" A candle is {each:,} bars, of {len(bars[symbol]):,}."
        drawn = charts[-1]
        if charts[:-1]:
            folded = "".join(charts[:-1])
            drawn = f"<details><summary>earlier prices</summary>{folded}</details>{drawn}"
        found += section(f"Prices of {symbol}", words, drawn)
    rest = len(symbols) - most
    if rest > 0:
        noun = "symbol is" if rest == 1 else "symbols are"
        found.append(f"<p>The prices of {rest:,} more {noun} not drawn.</p>")
    return found
