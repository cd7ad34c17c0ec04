"""What was said about live trading, at the door and in a file, as one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import ConfigurationError, UsageError
from engine.execution.limits import COMBO, SIMULATED, Limits
from engine.execution.quiet import NIGHTLY_RESET, RestartWindow

if TYPE_CHECKING:
    from engine.settings.config_file import FileConfig

PAPER_PORT = 7497
LIVE_PORTS = (7496, 4001)
"""Where TWS and IB Gateway listen for live money, unless somebody has changed it."""


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How to trade, and how much. Seconds, dollars per share.

    Attributes
    ----------
    broker, host, port
        Where orders go; port 0 is a free one.
    client_id
        Of the connection for orders; quotes use the next. The kill switch has one of the account's.
    accounts
        That may be traded; empty: the one that is managed, if it is a paper account.
    is_armed
        Whether orders are sent.
    legs
        COMBO or PARALLEL.
    fill_window, ack_timeout, cancel_timeout, evidence_timeout, what_if_timeout, heartbeat
        Seconds.
    is_unwind_only
        Whether what is half filled is unwound, and never completed.
    allowance
        What an order may pay more than the touch.
    on_exit
        "cancel", "leave" or "flatten".
    journal
        Folder of the journals.
    windows
        When the broker restarts.
    lines, messages_per_second
        What the broker allows.
    limits
        Of all checks.
    limits_in_file
        The limits that a file names, in its order: live money needs some there.
    """

    broker: str = "sim"
    host: str = "127.0.0.1"
    port: int = 0
    client_id: int = 71
    accounts: tuple[str, ...] = ()
    is_armed: bool = True
    symbols: tuple[str, ...] = ()
    legs: str = COMBO
    fill_window: float = 2.0
    ack_timeout: float = 2.0
    cancel_timeout: float = 2.0
    evidence_timeout: float = 5.0
    what_if_timeout: float = 2.0
    is_unwind_only: bool = False
    heartbeat: float = 2.0
    allowance: float = 0.02
    on_exit: str = "cancel"
    journal: Path = field(default_factory=lambda: default_journal())
    windows: tuple[RestartWindow, ...] = (NIGHTLY_RESET,)
    lines: int = 100
    messages_per_second: int = 40
    limits: Limits = SIMULATED
    limits_in_file: tuple[str, ...] = ()


# Names that a setting and its field do not share.
_FIELDS = {"arm": "is_armed", "unwind_only": "is_unwind_only", "restart_windows": "windows"}


def default_journal() -> Path:
    """Return the folder of the journals where nothing is said."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "parity-engine" / "journal"


def live_settings(
    said: Mapping[str, Any] | None = None, config: FileConfig | None = None
) -> LiveSettings:
    """Return the settings: what was `said` at the door, over the file, over the defaults.

    `said` has what was read, by the names of `engine.settings.live_table`, and "limits", single
    limits by name. Without anything said our own gateway is traded, on paper.

    Raises
    ------
    UsageError, ConfigurationError
        If limits do not fit together, by a flag or in the file alone.
    """
    said = said or {}
    in_file = dict(config.live) if config else {}
    chosen = {**in_file, **{name: value for name, value in said.items() if name != "limits"}}
    broker = chosen.get("broker", "sim")
    chosen.setdefault("arm", broker != "ib")
    chosen.setdefault("port", PAPER_PORT if broker == "ib" else 0)
    if "journal" in chosen:
        chosen["journal"] = Path(chosen["journal"]).expanduser()
    limited = dict(config.limits) if config else {}
    base = SIMULATED if broker == "sim" else Limits()
    limits = replace(base, **{**limited, **said.get("limits", {})})
    contradiction = contradictory(limits)
    if contradiction:
        if "limits" in said or config is None:
            raise UsageError(f"--limit: {contradiction}")
        raise ConfigurationError(f"{config.path}: [limits]: {contradiction}")
    known = {one.name for one in fields(LiveSettings)}
    by_field = {_FIELDS.get(name, name): value for name, value in chosen.items()}
    assert known.issuperset(by_field), f"no field for {set(by_field) - known}"
    return replace(LiveSettings(), limits=limits, limits_in_file=tuple(limited), **by_field)


def contradictory(limits: Limits) -> str:
    """Return why two limits do not fit together; "" if they do."""
    least = min(limits.max_orders_second, limits.max_orders_minute, limits.max_orders_day)
    if limits.reserved_orders >= least:
        return (
            f"reserved_orders = {limits.reserved_orders} leaves nothing of {least} orders for new "
            "packages: lower it"
        )
    if limits.max_order_usd > limits.max_open_usd:
        return "max_order_usd is above max_open_usd: one order could not be sent whole"
    if limits.max_working_packages > limits.max_open_packages:
        return "max_working_packages is above max_open_packages, which counts them too"
    return ""
