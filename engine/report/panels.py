"""The four panels of one chain's figure, made with plotly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from engine.market.chain import INDEX
from engine.market.combo import FUTURE
from engine.report.wording import family_words, legs_text, money
from engine.scoring.curves import CurvePoint
from engine.scoring.gate_table import gate_words
from engine.scoring.opportunity import CONDITIONAL, LOCKED
from engine.scoring.payoff import levels_of
from engine.scoring.smile import SmilePoint

if TYPE_CHECKING:
    from engine.scanner.survey import Scan

_CLASS_COLOUR = {LOCKED: "#1a9850", CONDITIONAL: "#e08214"}
_IMPLIED, _YOURS, _NEAR = "#2166ac", "#b2182b", "#999999"
_BAND = "rgba(33,102,172,0.18)"
_YOUR_BAND = "rgba(178,24,43,0.15)"
_HEIGHT = 1300
# Profits by spot are drawn of the best rows.
_PROFITS = 6
# Rates are shown within this of the median middle: a stale quote implies anything.
_RATE_SPAN = 0.06


def chain_figure(
    scan: Scan, points: Sequence[CurvePoint], smiles: Sequence[Sequence[SmilePoint]]
) -> Any:
    """Return the plotly figure of one chain: smile, forward, rates, edges."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    chain = scan.result.chain
    is_future = chain.quoting.hedge == FUTURE
    figure = make_subplots(
        rows=3, cols=2, horizontal_spacing=0.2, vertical_spacing=0.09,
        specs=[[{}, {}], [{}, {}], [{"colspan": 2}, None]],
        subplot_titles=(
            "Implied volatility, out of the money",
            "Implied forward over index" if is_future else "Implied forward over spot",
            "Rates a year, from boxes and yours",
            "Edges found, and near misses",
            "Profit of the best rows by spot at their first expiry, worth today",
        ),
    )  # fmt: skip
    _add_smiles(figure, go, points, smiles)
    _add_forwards(figure, go, points, chain.underlying.mid, is_future=is_future)
    _add_rates(figure, go, points, is_index=chain.underlying.kind == INDEX)
    _add_edges(figure, go, scan)
    _add_profits(figure, go, scan)
    figure.update_layout(
        template="plotly_white", height=_HEIGHT, margin={"l": 60, "r": 20, "t": 60, "b": 50},
        font={"size": 12}, hovermode="closest", showlegend=True,
        **{
            name: {"x": x, "y": y, "xanchor": "left", "yanchor": "top", "font": {"size": 10},
                   "tracegroupgap": 0, "title": {"text": title, "font": {"size": 10}}}
            for name, x, y, title in (
                ("legend", 0.405, 1.0, "expiry"), ("legend2", 1.005, 1.0, ""),
                ("legend3", 0.405, 0.637, ""), ("legend4", 1.005, 0.637, ""),
                ("legend5", 1.005, 0.273, ""),
            )
        },
    )  # fmt: skip
    return figure


def _add_smiles(
    figure: Any, go: Any, points: Sequence[CurvePoint], smiles: Sequence[Sequence[SmilePoint]]
) -> None:
    for e, (point, smile) in enumerate(zip(points, smiles, strict=True)):
        shown = [spot for spot in smile if math.isfinite(spot.mid_vol)]
        if not shown:
            continue
        colour = _shade(e, len(points))
        label = point.expiry.date.isoformat()
        if sum(other.expiry.date == point.expiry.date for other in points) > 1:
            label += f" {point.expiry.settlement}"
        figure.add_trace(
            go.Scatter(
                x=[math.log(spot.strike / point.forward) for spot in shown],
                y=[spot.mid_vol for spot in shown],
                error_y={
                    "type": "data", "array": [0.5 * abs(s.ask_vol - s.bid_vol) for s in shown],
                    "thickness": 0.7, "width": 0, "color": colour,
                },
                customdata=[
                    [f"{s.right} {s.strike:.10g}", s.bid_vol, s.ask_vol] for s in shown
                ],
                hovertemplate=f"{label} %{{customdata[0]}}<br>bid %{{customdata[1]:.2%}} "
                "ask %{customdata[2]:.2%}<extra></extra>",
                name=label, mode="lines+markers", line={"color": colour, "width": 1},
                marker={"size": 3, "color": colour}, legend="legend",
            ),
            row=1, col=1,
        )  # fmt: skip
    figure.update_xaxes(title_text="ln(strike / implied forward)", row=1, col=1)
    # What expires today has any volatility, and would flatten all the others.
    vols = [spot.mid_vol for point, smile in zip(points, smiles, strict=True) for spot in smile
            if point.days >= 1.0 and math.isfinite(spot.mid_vol)]  # fmt: skip
    top = [0.0, 1.1 * max(vols)] if vols else None
    figure.update_yaxes(tickformat=".0%", range=top, row=1, col=1)


def _add_forwards(
    figure: Any, go: Any, points: Sequence[CurvePoint], spot: float, *, is_future: bool
) -> None:
    yours = "the future" if is_future else "your carry"
    for name, low, high, colour, fill in (
        (yours, "carry_bid", "carry_ask", _YOURS, _YOUR_BAND),
        ("from parity", "forward_bid", "forward_ask", _IMPLIED, _BAND),
    ):
        bands = [(p.days, getattr(p, low) / spot - 1.0, getattr(p, high) / spot - 1.0)
                 for p in points]  # fmt: skip
        _add_band(figure, go, bands, name, colour, fill, "legend2", row=1, col=2)
    figure.add_trace(
        go.Scatter(
            x=[p.days for p in points], y=[_gap(p.forward / spot - 1.0) for p in points],
            name="from parity, middle", mode="markers", legend="legend2",
            marker={"size": 6, "color": _IMPLIED, "symbol": "diamond"},
            hovertemplate="%{y:.2%} at %{x:.0f} days",
        ),
        row=1, col=2,
    )  # fmt: skip
    figure.update_xaxes(title_text="days to expiry", row=1, col=2)
    figure.update_yaxes(tickformat=".3~%", row=1, col=2)


def _add_rates(figure: Any, go: Any, points: Sequence[CurvePoint], *, is_index: bool) -> None:
    days = [point.days for point in points]
    _add_band(
        figure, go, [(p.days, p.box_lend, p.box_borrow) for p in points], "boxes lend / owe",
        _IMPLIED, _BAND, "legend3", row=2, col=1,
    )  # fmt: skip
    lines = [
        ("boxes, middle", [p.box_mid for p in points], _IMPLIED, "solid"),
        ("you lend", [p.lend for p in points], _YOURS, "dot"),
        ("you borrow", [p.borrow for p in points], _YOURS, "dash"),
    ]
    borrow = [
        0.5 * (p.borrow_bid + p.borrow_ask) if p.borrow_bid <= p.borrow_ask else math.nan
        for p in points
    ]
    if any(map(math.isfinite, borrow)):
        name = "implied yield" if is_index else "implied borrow fee"
        lines.append((name, borrow, "#762a83", "solid"))
    for name, values, colour, dash in lines:
        figure.add_trace(
            go.Scatter(
                x=days, y=[_gap(value) for value in values], name=name, mode="lines+markers",
                line={"color": colour, "width": 1.5, "dash": dash}, marker={"size": 4},
                hovertemplate="%{y:.2%} at %{x:.0f} days", legend="legend3",
            ),
            row=2, col=1,
        )  # fmt: skip
    known = sorted(p.box_mid for p in points if math.isfinite(p.box_mid))
    middle = known[len(known) // 2] if known else 0.0
    ends = [middle, *(p.lend for p in points), *(p.borrow for p in points)]
    span = [min(ends) - _RATE_SPAN, max(ends) + _RATE_SPAN]
    figure.update_xaxes(title_text="days to expiry", row=2, col=1)
    figure.update_yaxes(tickformat=".0%", range=span, row=2, col=1)


def _add_edges(figure: Any, go: Any, scan: Scan) -> None:
    result = scan.result
    for grade, colour in _CLASS_COLOUR.items():
        found = [one for one in result.opportunities if one.grade == grade]
        if found:
            _add_dots(
                figure, go, grade, colour, "circle",
                [one.days for one in found], [one.edge for one in found],
                [f"{family_words(one.family)} {one.id}<br>{legs_text(one.legs, one.symbol)}<br>"
                 f"{money(one.edge_usd)}, score {one.score:.3g}" for one in found],
            )  # fmt: skip
    near = [miss for miss in result.near_misses if miss.edge > 0.0]
    if near:
        now = result.chain.ts_ns
        days = [(max(leg.settles_ns for leg in miss.legs) - now) / 86_400e9 for miss in near]
        _add_dots(
            figure, go, "near miss", _NEAR, "x-thin-open", days, [miss.edge for miss in near],
            [f"{family_words(miss.family)}: {gate_words(miss.reason)}<br>"
             f"{legs_text(miss.legs, result.chain.symbol)}<br>{miss.change}" for miss in near],
        )  # fmt: skip
    if not near and not result.opportunities:
        # An axis without a trace is not drawn at all.
        figure.add_trace(go.Scatter(x=[None], y=[None], showlegend=False), row=2, col=2)
        figure.add_annotation(
            text="no edge above 0", showarrow=False, x=0.5, y=0.5, xref="x4 domain",
            yref="y4 domain", font={"color": _NEAR},
        )  # fmt: skip
    ticks = _steps([one.edge for one in result.opportunities] + [miss.edge for miss in near])
    unit = "$" if result.chain.currency == "USD" else result.chain.currency
    figure.update_xaxes(title_text="days to the last expiry", row=2, col=2)
    figure.update_yaxes(
        type="log", title_text=f"edge per share, {unit}", row=2, col=2,
        tickvals=ticks, ticktext=[f"{tick:,.10g}" for tick in ticks],
    )  # fmt: skip


def _add_profits(figure: Any, go: Any, scan: Scan) -> None:
    """Add the profit of the best rows by spot; coins have none."""
    for k, one in enumerate(scan.result.opportunities[:_PROFITS]):
        if one.market.horizons:
            levels = levels_of(one.market, one.legs)
            figure.add_trace(
                go.Scatter(
                    x=levels, y=[one.profit(level) for level in levels], mode="lines",
                    name=f"{family_words(one.family)} {one.id}", legend="legend5",
                    line={"color": _shade(k, _PROFITS), "width": 1.5},
                    hovertemplate="%{y:$,.0f} at %{x:,.2f}",
                ),
                row=3, col=1,
            )  # fmt: skip
    figure.update_xaxes(title_text="spot", row=3, col=1)
    figure.update_yaxes(tickformat="$,.0f", row=3, col=1)


def _add_dots(
    figure: Any, go: Any, name: str, colour: str, symbol: str,
    days: list[float], edges: list[float], words: list[str],
) -> None:  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=days, y=edges, text=words, name=name, mode="markers", legend="legend4",
            marker={"color": colour, "size": 8, "symbol": symbol, "opacity": 0.75,
                    "line": {"width": 1.5, "color": colour}},
            hovertemplate="%{text}<br>edge %{y:.4f}<extra></extra>",
        ),
        row=2, col=2,
    )  # fmt: skip


def _add_band(
    figure: Any, go: Any, bands: Iterable[tuple[float, float, float]], name: str, colour: str,
    fill: str, legend: str, *, row: int, col: int,
) -> None:  # fmt: skip
    """Add a filled band; where its ends cross it is left out, as it says nothing."""
    kept = [(x, low, high) for x, low, high in bands
            if math.isfinite(low) and math.isfinite(high) and low <= high]  # fmt: skip
    days = [x for x, _, _ in kept]
    common = {"mode": "lines+markers", "marker": {"size": 3}, "legend": legend,
              "line": {"color": colour, "width": 0.8}, "legendgroup": name}  # fmt: skip
    ask = go.Scatter(
        x=days, y=[high for _, _, high in kept], name=name, showlegend=False,
        hovertemplate="%{y:.2%} at %{x:.0f} days", **common,
    )  # fmt: skip
    bid = go.Scatter(
        x=days, y=[low for _, low, _ in kept], name=name, fill="tonexty", fillcolor=fill,
        hovertemplate="%{y:.2%} at %{x:.0f} days", **common,
    )  # fmt: skip
    figure.add_trace(ask, row=row, col=col)
    figure.add_trace(bid, row=row, col=col)


def _gap(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shade(place: int, count: int) -> str:
    """Return a colour from near (blue) over purple and red to far (orange)."""
    part = place / max(count - 1, 1)
    return f"hsl({(235 + 155 * part) % 360:.0f},70%,{40 + 10 * part:.0f}%)"


def _steps(edges: list[float]) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten about `edges`: ticks of a logarithmic axis."""
    if not edges:
        return []
    low, high = (math.floor(math.log10(end)) for end in (min(edges), max(edges)))
    return [float(f"{digit}e{power}") for power in range(low, high + 1) for digit in (1, 2, 5)]
