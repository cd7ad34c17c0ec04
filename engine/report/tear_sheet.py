"""The tear sheet: one HTML file about one run or several, which loads nothing from anywhere.

Every number stands in an object of JSON that the page carries, `tear_sheet_object`, and is written
from there.
"""

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Mapping, Sequence
from math import inf, isfinite
from pathlib import Path
from typing import Any

from engine.backtesting.data import Data
from engine.backtesting.result import Result
from engine.clock import from_ns
from engine.market.bars import Bars
from engine.performance.figures import Figures, curve
from engine.performance.judgement import Selection, judge
from engine.performance.returns import simple_returns
from engine.report.figures_object import (
    figures_object,
    judgement_object,
    plain,
    selection_object,
)
from engine.report.page_file import write_whole
from engine.report.printable import cell
from engine.report.tear_sheet_charts import overlaid_chart
from engine.report.tear_sheet_numbers import Numbers
from engine.report.tear_sheet_run import MOST_SYMBOLS, Benchmark, Run, run_of, run_parts
from engine.report.tear_sheet_style import STYLE
from engine.report.tear_sheet_tables import comparison_table, definitions, shown_value

# Of more runs than these the best have charts; the others have a line each.
MOST_RUNS = 12
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_tear_sheet(
    results: Sequence[Result],
    figures: Sequence[Figures],
    path: Path,
    *,
    data: Data | None = None,
    n_trials: int | None = None,
    seed: int = 0,
    about: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Write the tear sheet of `results`, and return the object of its numbers.

    `data` are the bars of the runs: without them there are no candles. `n_trials` is how many runs
    were tried in all, where these are not all of them. `seed` is that of the resamples. `about` is
    shown as it stands: the terms of the account, the command.

    Raises
    ------
    ValueError
        If there is no run, or one without a bar.
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    page, found = tear_sheet(results, figures, data=data, n_trials=n_trials, seed=seed, about=about)
    write_whole(path, page)
    return found


def tear_sheet(
    results: Sequence[Result],
    figures: Sequence[Figures],
    *,
    data: Data | None = None,
    n_trials: int | None = None,
    seed: int = 0,
    about: Mapping[str, str] | None = None,
) -> tuple[str, dict[str, Any]]:
    """Return the page and the object of its numbers; see `write_tear_sheet`."""
    if not results or not all(len(result.time_ns) for result in results):
        raise ValueError("a tear sheet needs a run with bars")
    judgements, selection = judge(results, figures, n_trials, seed)
    names = names_of(results)
    runs = [
        run_of(names[k], result, figures[k], judgements[k], data)
        for k, result in enumerate(results)
    ]
    found = tear_sheet_object(runs, selection, data)
    show = Numbers(found)
    bars: Mapping[str, Bars] = data.bars if data is not None else {}
    title = runs[0].name if len(runs) == 1 else f"{len(runs):,} runs"
    body = [f"<header><h1>{html.escape(title)}</h1>{_subtitle(runs, data)}</header>"]
    if len(runs) > 1:
        body += _together(runs, selection, show)
    shown = _shown(runs)
    for k in shown:
        if len(runs) > 1:
            body.append(f'<h2 class="run">{html.escape(runs[k].name)}</h2>')
        most = MOST_SYMBOLS if len(runs) == 1 else 1
        body += run_parts(runs[k], f"runs.{k}", show, bars, most)
    if len(shown) < len(runs):
        body.append(f"<p>{len(runs) - len(shown):,} more have no charts of their own here.</p>")
    body += _ending(runs, data, about)
    return _page(title, "\n".join(body), found), found


def tear_sheet_object(
    runs: Sequence[Run], selection: Selection, data: Data | None
) -> dict[str, Any]:
    """Return every number of the page, as JSON has it."""
    return {
        "source": data.source if data is not None else None,
        "runs": [
            {
                "name": one.name,
                "strategy": one.result.strategy,
                "parameters": dict(one.result.parameters),
                "symbols": list(one.result.symbols),
                "figures": figures_object(one.figures),
                "judgement": judgement_object(one.judgement),
                "benchmark": benchmark_object(one.benchmark),
                "months": [plain(year) for year in one.years],
                "drawdowns": [plain(drawdown) for drawdown in one.drawdowns],
            }
            for one in runs
        ],
        "selection": selection_object(selection),
    }


def benchmark_object(one: Benchmark | None) -> dict[str, Any] | None:
    """Return what a run is beside holding its symbols."""
    if one is None:
        return None
    return {
        "name": one.curve.name,
        "total_return": plain(one.total_return),
        "comparison": plain(one.comparison),
    }


def names_of(results: Sequence[Result]) -> list[str]:
    """Return a name for each run: the strategy, with what tells it from others of that name."""
    found = []
    for one in results:
        alike = [other for other in results if other.strategy == one.strategy]
        words = []
        if any(other.symbols != one.symbols for other in alike):
            words.append(", ".join(one.symbols))
        words += [
            f"{name} {shown_value(value)}"
            for name, value in one.parameters.items()
            if any(other.parameters.get(name) != value for other in alike)
        ]
        found.append(f"{one.strategy} ({', '.join(words)})" if words else one.strategy)
    return found


def quantstats_csv(results: Sequence[Result]) -> str:
    """Return daily or finer returns as CSV: a column `date`, then one for each run.

    ``pandas.read_csv(FILE, index_col=0, parse_dates=True)`` makes of it what quantstats takes.
    Stamps are those of closes, UTC; a run without a bar at one has an empty cell.
    """
    names = names_of(results)
    columns = []
    for result in results:
        equity, stamps = curve(result)
        columns.append(dict(zip(stamps[1:], simple_returns(equity), strict=True)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["date", *(cell(name) for name in names)])
    for stamp in sorted({stamp for column in columns for stamp in column}):
        moment = from_ns(stamp).replace(tzinfo=None).isoformat(" ")
        writer.writerow([moment, *(repr(c[stamp]) if stamp in c else "" for c in columns)])
    return text.getvalue()


def _shown(runs: Sequence[Run]) -> list[int]:
    """Return which runs have charts: all, or those with the best Sharpe ratios, in their order."""
    return sorted(_ranked(runs)[:MOST_RUNS])


def _ranked(runs: Sequence[Run]) -> list[int]:
    """Return the places of runs, the best Sharpe ratio first."""
    ratios = [one.figures.sharpe for one in runs]
    return sorted(range(len(runs)), key=lambda k: (-ratios[k] if isfinite(ratios[k]) else inf, k))


def _subtitle(runs: Sequence[Run], data: Data | None) -> str:
    symbols = list(dict.fromkeys(symbol for one in runs for symbol in one.result.symbols))
    shown = ", ".join(symbols[:12]) + (f" and {len(symbols) - 12} more" if symbols[12:] else "")
    first = min(one.curve.time_ns[0] for one in runs)
    last = max(one.curve.time_ns[-1] for one in runs)
    words = f"{shown} · {from_ns(first):%Y-%m-%d} to {from_ns(last):%Y-%m-%d}"
    if data is not None:
        words += f" · {data.source}"
    return f"<p>{html.escape(words)}</p>"


def _together(runs: Sequence[Run], selection: Selection, show: Numbers) -> list[str]:
    parts = [
        "<section><h2>Side by side</h2><p>The best ratio first. Deflated: the probability that the "
        "Sharpe ratio is above what luck gives the best of all that were tried. Factor: what "
        "winning trades gained over what losing ones lost.</p>",
        comparison_table([one.name for one in runs], _ranked(runs), show),
        "</section><section><h2>Growth</h2>",
        overlaid_chart([runs[k].curve for k in _shown(runs)]),
        "</section><section><h2>Is the best of them luck?</h2>",
    ]
    words = []
    if selection.snooping is not None:
        p, reality = (
            show.show(f"selection.snooping.{name}", "p") for name in ("consistent", "reality")
        )
        words.append(
            f"Hansen's test: p = {p} that none of them beats cash; "
            f"White's reality check: {reality}."
        )
    if selection.overfitting is not None:
        share = show.show("selection.overfitting.probability", "probability")
        words.append(
            "Of the ways to choose on one half of the time and to judge on the other, the chosen "
            f"one fell below the middle in {share}; 50 % is chance."
        )
    if not words:
        words.append("They are not over the same bars, or too few: nothing is tested.")
    return [*parts, *(f"<p>{one}</p>" for one in words), "</section>"]


def _ending(runs: Sequence[Run], data: Data | None, about: Mapping[str, str] | None) -> list[str]:
    pairs: dict[str, str] = {}
    if data is not None:
        n = sum(len(one) for one in data.bars.values())
        pairs["source"] = data.source
        pairs["bars"] = f"{n:,} of {data.interval_ns / 6e10:,.10g} minutes"
        pairs["splits and dividends"] = f"{len(data.actions):,}"
    pairs |= dict(about or {})
    said = [*(data.notes if data is not None else ()), *_notes(runs)]
    notes = list(dict.fromkeys(said))
    parts = [f"<section><h2>Data and terms</h2>{definitions(pairs) or '<p>not given</p>'}"]
    parts += [f'<p class="warn">{html.escape(note)}</p>' for note in notes]
    parts.append(
        "</section><footer><p>A backtest shows what would have been on these bars with these "
        "costs. Returns are simple, from bar to bar; deviations are of a sample; the riskless rate "
        "is 0 unless said. Orders are filled at the next open or later.</p></footer>"
    )
    return parts


def _notes(runs: Sequence[Run]) -> list[str]:
    return [note for one in runs for note in one.result.notes]


def _page(title: str, body: str, found: Mapping[str, Any]) -> str:
    # Inside a script element only "</" and "<!" could end or change it.
    numbers = json.dumps(found, allow_nan=False, ensure_ascii=True).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{html.escape(title)}</title><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head>\n<body>\n{body}\n"
        f'<script type="application/json" id="numbers">{numbers}</script>\n</body></html>\n'
    )
