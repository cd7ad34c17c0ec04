"""Smile, implied forward, rates and edges of every chain, in one HTML file that needs no network.

plotly is an extra: everything it takes is computed before, by `engine.scoring`.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import TYPE_CHECKING

from engine.report.page_file import check, plotly_html, write_page
from engine.report.panels import chain_figure
from engine.report.wording import chain_words
from engine.scoring.curves import curves
from engine.scoring.smile import smiles

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.scanner.survey import Survey

__all__ = ["check", "write"]


def write(survey: Survey, path: Path, backend: Backend) -> None:
    """Write the plots of every chain of `survey` to `path`.

    Raises
    ------
    UnavailableError
        If plotly is not installed; the message names the command that installs it.
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    to_html = plotly_html()
    parts: list[str] = []
    for scan in survey.scans:
        chain = scan.result.chain
        points = curves(chain, scan.settings.carry, scan.settings.fees)
        figure = chain_figure(scan, points, smiles(chain, points, backend))
        parts.append(f"<h2>{html.escape(chain_words(chain))}</h2>")
        if scan.result.unusable:
            parts.append(f"<p>{html.escape(scan.result.unusable)}</p>")
        # plotly's own script, some megabytes, goes in once.
        parts.append(
            to_html(
                figure,
                full_html=False,
                include_plotlyjs=scan is survey.scans[0],
                config={"displaylogo": False, "responsive": True},
            )
        )
    title = "Parity: " + ", ".join(scan.result.chain.symbol for scan in survey.scans[:8])
    write_page(path, title, "\n".join(parts))
