"""The curve of rates with its bands, in one HTML file that needs no network."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.report.page_file import check, plotly_html, write_page
from engine.report.wording import chain_words
from engine.scoring.financing import BORROW, BOX, LEND, RateQuote

if TYPE_CHECKING:
    from engine.market.chain import OptionChain

__all__ = ["check", "write"]

_BOX, _BAND, _YOURS, _STOCK, _POLICY = (
    "#2166ac", "rgba(33,102,172,0.18)", "#b2182b", "#762a83", "#555555",
)  # fmt: skip
# Beyond this distance of the middles a rate is left out: a stale quote implies anything.
_SPAN = 0.06


def write(found: Sequence[tuple[OptionChain, Sequence[RateQuote]]], path: Path) -> None:
    """Write a figure for each chain to `path`.

    Raises
    ------
    UnavailableError
        If plotly is not installed.
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    to_html = plotly_html()
    parts = []
    for place, (chain, quotes) in enumerate(found):
        parts.append(f"<h2>{html.escape(chain_words(chain))}</h2>")
        parts.append(
            to_html(figure(quotes), full_html=False, include_plotlyjs=place == 0,
                    config={"displaylogo": False, "responsive": True})
        )  # fmt: skip
    title = "Parity: rates of " + ", ".join(chain.symbol for chain, _ in found[:8])
    write_page(path, title, "\n".join(parts))


def figure(quotes: Sequence[RateQuote]) -> Any:
    """Return the plotly figure of one chain's rates."""
    import plotly.graph_objects as go

    made = go.Figure()
    lends = {one.days: one for one in quotes if one.kind == BOX and one.side == LEND}
    owes = {one.days: one for one in quotes if one.kind == BOX and one.side == BORROW}
    both = [days for days in sorted(lends) if days in owes]
    if both:
        made.add_trace(_line(go, both, [owes[d].rate for d in both], "box owes", _BOX, "solid"))
        band = _line(go, both, [lends[d].rate for d in both], "box lends", _BOX, "solid")
        band.update(fill="tonexty", fillcolor=_BAND)
        made.add_trace(band)
    elif lends:
        made.add_trace(
            _line(
                go,
                sorted(lends),
                [lends[d].rate for d in sorted(lends)],
                "box lends",
                _BOX,
                "solid",
            )
        )
    middles = lends or owes
    made.add_trace(
        _line(go, sorted(middles), [middles[d].mid_rate for d in sorted(middles)], "box, middle",
              _BOX, "dot")
    )  # fmt: skip
    for kind, dash in (("conversion", "solid"), ("reversal", "dash")):
        rows = [one for one in quotes if one.kind == kind]
        if rows:
            made.add_trace(
                _line(
                    go, [one.days for one in rows], [one.rate for one in rows], kind, _STOCK, dash
                )
            )
    for side, name, dash in ((LEND, "you lend", "dot"), (BORROW, "you borrow", "dash")):
        rows = [one for one in quotes if one.side == side]
        made.add_trace(
            _line(go, [one.days for one in rows], [one.yours for one in rows], name, _YOURS, dash)
        )
    policy = [(one.days, one.policy) for one in quotes if math.isfinite(one.policy)]
    if policy:
        made.add_trace(
            _line(
                go,
                [d for d, _ in policy],
                [rate for _, rate in policy],
                "policy rate",
                _POLICY,
                "dot",
            )
        )
    known = sorted(one.mid_rate for one in quotes if math.isfinite(one.mid_rate))
    middle = known[len(known) // 2] if known else 0.0
    made.update_layout(
        template="plotly_white", height=480, margin={"l": 60, "r": 20, "t": 20, "b": 50},
        hovermode="closest", xaxis={"title": "days"},
        yaxis={"title": "rate per year, after fees", "tickformat": ".2%",
               "range": [middle - _SPAN, middle + _SPAN]},
    )  # fmt: skip
    return made


def _line(
    go: Any, days: Sequence[float], rates: Sequence[float], name: str, colour: str, dash: str
) -> Any:
    shown = [rate if math.isfinite(rate) else None for rate in rates]
    return go.Scatter(
        x=list(days), y=shown, name=name, mode="lines+markers",
        line={"color": colour, "width": 1.5, "dash": dash}, marker={"size": 4},
        hovertemplate="%{y:.2%} for %{x:.0f} days",
    )  # fmt: skip
