"""Smile, implied forward, rates and edges of every chain, in one HTML file that needs no network.

plotly is an extra: everything it takes is computed before, by `engine.scoring`.
"""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import (
    InputOutputError,
    NotPermittedError,
    UnavailableError,
    UsageError,
    install_command,
)
from engine.report.panels import chain_figure
from engine.report.wording import chain_words
from engine.scoring.curves import curves
from engine.scoring.smile import smiles

if TYPE_CHECKING:
    from engine.backend import Backend
    from engine.scanner.survey import Survey

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font-family: system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff; }}
h2 {{ font-size: 1.05rem; font-weight: 600; margin: 1rem 0 0; }}
p {{ margin: .25rem 0 .5rem; color: #555; font-size: .85rem; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def write(survey: Survey, path: Path, backend: Backend) -> None:
    """Write the plots of every chain of `survey` to `path`.

    Raises
    ------
    UnavailableError
        If plotly is not installed; the message names the command that installs it.
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    to_html = _plotly()
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
    page = _PAGE.format(title=html.escape(title), body="\n".join(parts))
    try:
        # Whole or not at all: what was there stays until the new one is complete.
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(page, encoding="utf-8")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not write it") from None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror or error}") from None


def check(path: Path) -> None:
    """Refuse, before anything is computed, what `write` could not do.

    Raises
    ------
    UnavailableError
        If plotly is not installed.
    UsageError
        If `path` is not called like a page, or is there and is none.
    NotPermittedError
        If `path` may not be written.
    InputOutputError
        If its folder is not there, or it is a folder itself.
    """
    _plotly()
    if path.is_dir():
        raise InputOutputError(f"{path}: is a folder; name a file in it")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--plot writes a page: name a file that ends in .html, not {path}")
    if path.is_file() and not _is_page(path):
        raise UsageError(f"{path}: is there and is no page: --plot replaces only pages")
    if not path.parent.is_dir():
        raise InputOutputError(f"{path}: there is no folder {path.parent}: mkdir -p {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise NotPermittedError(f"{path}: you may not write it")


def _is_page(path: Path) -> bool:
    """Return whether a file is HTML, or empty."""
    try:
        with path.open("rb") as file:
            start = file.read(512).lstrip().lower()
    except OSError:
        return True  # what cannot be read is refused for that
    return not start or start.startswith((b"<!doctype html", b"<html"))


def _plotly() -> Any:
    try:
        from plotly.io import to_html
    except ImportError:
        raise UnavailableError(f"--plot needs plotly: {install_command('plot')}") from None
    return to_html
