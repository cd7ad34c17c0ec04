"""The flags of live trading, and what they say together with a configuration file."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from engine.cli.scan_arguments import add_rows, said
from engine.errors import UsageError
from engine.settings.live import LiveSettings, live_settings
from engine.settings.live_table import LIVE_BY_NAME, LIVE_SETTINGS, limits
from engine.settings.table import Setting

if TYPE_CHECKING:
    from engine.settings.config_file import FileConfig

# One flag for all limits; what it may say is in docs/CONFIGURATION.md.
_LIMIT = Setting(
    "limits", "limits", limits, "", "see docs/CONFIGURATION.md", "any limit, such as max_lots=2",
    "NAME=VALUE", "[limits]", "--limit", repeats=True, has_argument=False,
)  # fmt: skip
# Symbols are the words of the verb.
_FLAGS = tuple(setting for setting in LIVE_SETTINGS if setting.name != "symbols")


def add_live_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of [live] and [limits]; symbols, --config and --live are the verb's own."""
    add_rows(parser, "how to trade", _FLAGS)
    add_rows(parser, "how much to risk", (_LIMIT,))


def live_settings_of(args: argparse.Namespace, config: FileConfig | None = None) -> LiveSettings:
    """Return the settings of `args`, which may have `symbols`, over `config`.

    Raises
    ------
    UsageError
        If a flag has a value that means nothing, or settings do not fit together.
    """
    try:
        found = said(args, (*_FLAGS, _LIMIT))
        if words := getattr(args, "symbols", None):
            found["symbols"] = LIVE_BY_NAME["symbols"].read([word.upper() for word in words])
    except ValueError as error:
        raise UsageError(str(error)) from None
    return live_settings(found, config)
