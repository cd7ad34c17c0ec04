"""From flags and a configuration file to one `Request`: flag over file over source over default."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.cli import scan_arguments
from engine.errors import UsageError
from engine.scanner.survey import Request
from engine.settings.request import one, request_of
from engine.settings.table import BY_NAME, SETTINGS

if TYPE_CHECKING:
    from engine.settings.config_file import FileConfig


def build(args: argparse.Namespace, config: FileConfig | None) -> Request:
    """Return the request that `args` and `config`, if there is one, make together.

    Raises
    ------
    UsageError
        If a flag has a value that means nothing.
    ConfigurationError
        If flags and file together do not fit (lending above borrowing).
    """
    return request_of(
        _said(args),
        config,
        source=args.source or "",
        symbols=tuple(args.symbols),
        n_seeds=(args.seeds or 1) if args.audit else 0,
        shown=lambda name: BY_NAME[name].option,
    )


def backend_name(args: argparse.Namespace, config: FileConfig | None) -> str | None:
    """Return the backend asked for by flag or file; None leaves it to ENGINE_BACKEND, then auto."""
    name: str | None = one(_said(args), config, "backend")
    return name


def jobs(args: argparse.Namespace, config: FileConfig | None) -> int:
    """Return how many worker processes; 0 is one per core."""
    n_jobs: int = one(_said(args), config, "jobs", 1)
    return n_jobs


def fails_when_empty(args: argparse.Namespace, config: FileConfig | None) -> bool:
    """Return whether finding nothing is a failure."""
    is_failure: bool = one(_said(args), config, "fail_empty", False)
    return is_failure


def _said(args: argparse.Namespace) -> dict[str, object]:
    try:
        return scan_arguments.said(args, SETTINGS)
    except ValueError as error:
        raise UsageError(str(error)) from None
