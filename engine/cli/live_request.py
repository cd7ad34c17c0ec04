"""The flags that `live` and `paper` share, and what they make together."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.live_arguments import add_live_arguments, live_settings_of
from engine.cli.scan_arguments import add_rows, add_settings, said
from engine.cli.typed import duration, typed
from engine.errors import UsageError
from engine.live.folder import VARIABLE
from engine.settings.live import LiveSettings
from engine.settings.request import one, request_of
from engine.settings.table import BY_NAME, CHECKS, COSTS, RUN, SETTINGS, of_groups

if TYPE_CHECKING:
    from engine.live.start import LiveRequest
    from engine.settings.config_file import FileConfig

_LEFT_OUT = ("jobs",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them."""
    add = parser.add_argument_group("how to run it").add_argument
    add("--config", metavar="FILE.toml", help="everything below in one file")
    add("--for", dest="seconds", type=typed(duration), metavar="SPAN", help="so long, such as 60s")
    add("--plain", action="store_true", help="lines for a log instead of the table")
    add("--json", action="store_true", help="an object on each line (docs/JSON.md)")
    add("--seed", type=int, default=0, help="of the demo market (0)")
    add_live_arguments(parser)
    add_settings(parser, (COSTS, CHECKS))
    add_rows(parser, "which kernels", [s for s in of_groups(RUN) if s.name not in _LEFT_OUT])


def settings_of(args: argparse.Namespace) -> tuple[LiveSettings, FileConfig | None]:
    """Return what the flags and the file say about trading, and the file itself, None without one.

    Raises
    ------
    EngineError
        If they make no sense.
    """
    config = None
    if args.config:
        from engine.settings.config_file import read_config

        config = read_config(args.config)
    settings = live_settings_of(args, config)
    is_said = args.journal is not None or (config is not None and "journal" in config.live)
    folder = os.environ.get(VARIABLE, "")
    if folder and not is_said:
        settings = replace(settings, journal=Path(folder).expanduser())
    return settings, config


def request_from(
    args: argparse.Namespace, settings: LiveSettings, config: FileConfig | None,
    symbols: tuple[str, ...], *, is_fresh: bool,
) -> LiveRequest:  # fmt: skip
    """Return the request of a live engine.

    Raises
    ------
    EngineError
        If settings do not fit together.
    """
    from engine.live.start import LiveRequest

    rows = [s for s in SETTINGS if hasattr(args, s.name) and s.group in (COSTS, CHECKS, RUN)]
    try:
        given = said(args, rows)
    except ValueError as error:
        raise UsageError(str(error)) from None
    scan = request_of(given, config, shown=lambda name: BY_NAME[name].option)
    return LiveRequest(
        settings, symbols, scan.settings, scan.overrides, scan.fees,
        backend=one(given, config, "backend"), seconds=args.seconds,
        is_plain=args.plain or not sys.stdout.isatty(), is_json=args.json, is_fresh=is_fresh,
    )  # fmt: skip
