"""A page of plots: one HTML file that needs no network, written whole or not at all."""

from __future__ import annotations

import html
import os
from pathlib import Path
from typing import Any

from engine.errors import (
    InputOutputError,
    NotPermittedError,
    UnavailableError,
    UsageError,
    install_command,
)

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


def write_page(path: Path, title: str, body: str) -> None:
    """Write a page; what was there stays until the new one is complete.

    Raises
    ------
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    write_whole(path, _PAGE.format(title=html.escape(title), body=body))


def write_whole(path: Path, text: str) -> None:
    """Write a file of text; what was there stays until the new one is complete.

    Raises
    ------
    NotPermittedError, InputOutputError
        If the file may not or cannot be written.
    """
    try:
        part = path.with_name(f".{path.name}.part")
        try:
            part.write_text(text, encoding="utf-8")
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not write it") from None
    except OSError as error:
        raise InputOutputError(f"{path}: {error.strerror or error}") from None


def check(path: Path) -> None:
    """Refuse, before anything is computed, a page with plots that could not be written.

    Raises
    ------
    UnavailableError
        If plotly is not installed.
    UsageError, NotPermittedError, InputOutputError
        As `check_target`.
    """
    plotly_html()
    check_target(path, "--plot")


def check_target(path: Path, flag: str = "--html") -> None:
    """Refuse, before anything is computed, a page that could not be written; `flag` asked for it.

    Raises
    ------
    UsageError
        If `path` is not called like a page, or is there and is none.
    NotPermittedError
        If `path` may not be written.
    InputOutputError
        If its folder is not there, or it is a folder itself.
    """
    if path.is_dir():
        raise InputOutputError(f"{path}: is a folder; name a file in it")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{flag} writes a page: name a file that ends in .html, not {path}")
    if path.is_file() and not _is_page(path):
        raise UsageError(f"{path}: is there and is no page: {flag} replaces only pages")
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


def plotly_html() -> Any:
    """Return what turns a figure into HTML.

    Raises
    ------
    UnavailableError
        If plotly is not installed.
    """
    try:
        from plotly.io import to_html
    except ImportError:
        raise UnavailableError(f"--plot needs plotly: {install_command('plot')}") from None
    return to_html
