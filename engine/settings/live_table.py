"""Every setting of live trading in one row: ``[live]``, how to trade, and ``[limits]``, how much.

As `engine.settings.table` has it for a scan. A limit is a field of
`engine.execution.limits.Limits`; on the command line all limits are given by one flag,
``--limit max_lots=2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.execution.limits import COMBO, MOST_ORDERS_PER_CONTRACT, PARALLEL, Limits
from engine.execution.quiet import NIGHTLY_RESET, RestartWindow
from engine.nearest import hint
from engine.settings import values
from engine.settings.measures import dollars, part, seconds, shares, whole
from engine.settings.table import Setting
from engine.settings.toml_table import shown

LIVE, LIMITS = "live", "limits"
BROKERS = ("sim", "paper", "ib")
LEGS = (COMBO, PARALLEL)
ON_EXIT = ("cancel", "leave", "flatten")
_DEFAULT = Limits()
_ACCOUNT = re.compile(r"[A-Z]{1,4}[0-9]{4,12}")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9.]{0,11}")
_WINDOW = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)(?: ([A-Za-z_]+(?:/[A-Za-z_+-]+)*))?")
_MOST_NAMES = 100


def _one_of(what: str, known: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        name = values.text(value)
        if name not in known:
            raise ValueError(f"unknown {what} {name[:40]!r}: {hint(name, known)}")
        return name

    return read


def _names(what: str, form: re.Pattern[str]) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, str | list | tuple):
            raise ValueError(f"expected a list of {what}, got {shown(value)}")
        found = tuple(dict.fromkeys(values.names(value)))
        if len(found) > _MOST_NAMES:
            raise ValueError(f"expected at most {_MOST_NAMES} {what}, got {len(found)}")
        for name in found:
            if not form.fullmatch(name):
                raise ValueError(f"expected {what} in capital letters, got {shown(name)}")
        return found

    return read


def restart_windows(value: object) -> tuple[RestartWindow, ...]:
    """Return the windows of ``23:45-00:45 America/New_York``, of several, or of ``none``.

    >>> [str(window) for window in restart_windows("23:45-00:45")]
    ['23:45-00:45 America/New_York']
    """
    if value == "none":
        return ()
    if not isinstance(value, str | list | tuple):
        raise ValueError(f"expected a list such as ['{NIGHTLY_RESET}'], got {shown(value)}")
    return tuple(_window(text) for text in values.names(value))


def _window(text: str) -> RestartWindow:
    found = _WINDOW.fullmatch(text)
    hours = [int(digits) for digits in found.groups()[:4]] if found else []
    if not found or any(h > 23 for h in hours[::2]) or any(m > 59 for m in hours[1::2]):
        raise ValueError(f"expected a time of the day such as '{NIGHTLY_RESET}', got {shown(text)}")
    start, end = 60 * hours[0] + hours[1], 60 * hours[2] + hours[3]
    if start == end:
        raise ValueError(f"a restart window must not begin and end at once, got {shown(text)}")
    window = RestartWindow(start, end, found[5] or NIGHTLY_RESET.zone)
    try:
        window.seconds_until(0)
    except Exception as error:  # of the time zone database
        raise ValueError(f"{shown(text)}: {error}") from None
    return window


_account_names = _names("accounts such as U1234567", _ACCOUNT)
_symbol_names = _names("symbols such as XYZ", _SYMBOL)


def _live(
    name: str,
    read: Callable[[object], object],
    default: str,
    words: str,
    metavar: str = "",
    flag: str = "",
) -> Setting:
    return Setting(
        name, LIVE, read, "", default, words, metavar, f"[live] {name}", flag, has_argument=False
    )


def _limit(name: str, read: Callable[[object], object], words: str, metavar: str) -> Setting:
    value = getattr(_DEFAULT, name)
    shown_as = str(value).lower() if isinstance(value, bool) else f"{value:,}" if value else "0"
    if isinstance(value, float):
        shown_as = f"{value:,g}" if value < 1e6 else f"{value:,.0f}"
    if isinstance(value, tuple):
        shown_as = "none"
    return Setting(
        name, LIMITS, read, "", shown_as, words, metavar, f"[limits] {name}",
        f"--limit {name}={metavar}", has_argument=False,
    )  # fmt: skip


LIVE_SETTINGS = (
    _live("broker", _one_of("broker", BROKERS), "sim",
          "sim: our gateway with its own market; paper: live or recorded quotes, simulated fills; "
          "ib: TWS or IB Gateway", "NAME"),
    _live("host", values.text, "127.0.0.1", "where TWS or IB Gateway listens", "HOST"),
    _live("port", whole(1, 65_535), "a free one for sim, 7497 for ib",
          "its port: 7497 and 4002 are paper, 7496 and 4001 are live money", "N"),
    _live("client_id", whole(1, 999_990), "71",
          "client id of the connection for orders; quotes use the next, `parity kill` the third "
          "after it", "N"),
    _live("accounts", _account_names, "none",
          "the accounts that may be traded; live money needs exactly one", "A,B"),
    _live("arm", values.switch, "true for sim and paper, false for ib",
          "send orders; without it everything is shown and nothing is sent"),
    _live("symbols", _symbol_names, "one of the source's", "underlyings to trade", "A,B",
          "SYMBOL..."),
    _live("legs", _one_of("way of sending legs", LEGS), COMBO,
          "combo: one order for the whole package; parallel: an order for each leg", "WAY"),
    _live("fill_window", seconds(0.05, 60.0), "2",
          "seconds that an order may work before it is cancelled", "S"),
    _live("ack_timeout", seconds(0.1, 60.0), "2",
          "seconds after which the broker is asked about an order without an answer", "S"),
    _live("cancel_timeout", seconds(0.1, 60.0), "2",
          "the same after a cancel without an end", "S"),
    _live("evidence_timeout", seconds(0.5, 120.0), "5",
          "seconds after which orders, executions and positions are asked for again", "S"),
    _live("what_if_timeout", seconds(0.1, 60.0), "2",
          "seconds for which the broker's margin of a package is waited for", "S"),
    _live("unwind_only", values.switch, "false",
          "unwind what is half filled; without it that is completed where its loss allows it"),
    _live("allowance", dollars(0.0, 5.0), "0.02",
          "dollars a share that an order may pay more than the touch, never beyond the floor", "X"),
    _live("on_exit", _one_of("way to leave", ON_EXIT), "cancel",
          "cancel: cancel what works; leave: leave orders; flatten: cancel, and close what is held",
          "WAY"),
    _live("journal", values.text, "~/.local/share/parity-engine/journal",
          "folder of the journals, one folder in it for each account", "FOLDER"),
    _live("restart_windows", restart_windows, f'"{NIGHTLY_RESET}"',
          "when the broker restarts each day: nothing new is sent then; none is none",
          "WINDOW"),
    _live("lines", whole(1, 10_000), "100", "market data lines that the account may use", "N"),
    _live("messages_per_second", whole(1, 48), "40",
          "messages a second on one connection; IB takes 50", "N"),
    _live("heartbeat", seconds(0.2, 60.0), "2",
          "seconds of silence after which the broker is asked whether it is there", "S"),
)  # fmt: skip

_SWITCH = "true"
LIMIT_SETTINGS = (
    _limit("max_lots", whole(1, 1_000), "packages in one order", "N"),
    _limit("max_contracts", whole(1, 10_000), "option contracts of one leg in one order", "N"),
    _limit("max_shares", whole(1, 1_000_000), "shares of the stock leg in one order", "N"),
    _limit("max_order_usd", dollars(1.0, 1e8), "dollars that all legs of an order trade", "USD"),
    _limit("max_open_usd", dollars(1.0, 1e9), "the same for all open packages", "USD"),
    _limit("max_capital_usd", dollars(1.0, 1e8), "capital of all open packages, in dollars", "USD"),
    _limit("max_working_packages", whole(1, 50), "packages with live orders", "N"),
    _limit("max_open_packages", whole(1, 10_000), "packages that are working or held", "N"),
    _limit("max_orders_second", whole(1, 40), "orders in any second; IB takes 50 messages", "N"),
    _limit("max_orders_minute", whole(1, 2_000), "orders in any minute", "N"),
    _limit("max_orders_day", whole(1, 100_000), "orders on a day of the exchange", "N"),
    _limit("reserved_orders", whole(0, 39),
           "how many of each rate are kept for orders that complete or unwind", "N"),
    _limit("max_orders_per_contract", whole(1, MOST_ORDERS_PER_CONTRACT),
           "open orders for one contract and side; IB takes 20", "N"),
    _limit("duplicate_window_s", seconds(0.0, 3_600.0),
           "seconds in which the same combo is not sent again", "S"),
    _limit("collar_fair", part(0.0001, 0.5),
           "greatest edge a share, as a part of the stock's price: more is a fault of the data",
           "PART"),
    _limit("collar_market", dollars(0.0, 10.0),
           "dollars a share by which a limit may be off what the legs cost now", "X"),
    _limit("min_edge_usd", dollars(0.0, 1e6), "least edge of an order, in dollars", "USD"),
    _limit("min_edge_kept", part(0.0, 1.0),
           "least part of the edge found that is still there when the order is sent", "PART"),
    _limit("max_quote_age_s", seconds(0.01, 60.0), "seconds of age of a leg's quote", "S"),
    _limit("max_size_fraction", part(0.01, 1.0), "part of a shown size that may be taken", "PART"),
    _limit("allow_one_sided", values.switch, "trade bought legs that have no bid", _SWITCH),
    _limit("allow_delayed", values.switch, "trade on delayed quotes", _SWITCH),
    _limit("allow_conditions", values.switch,
           "trade packages that hold only under a condition", _SWITCH),
    _limit("restricted", _symbol_names, "symbols that are not traded", "A,B"),
    _limit("max_borrow_fee", part(0.0, 1.0), "fee of short stock per year", "PART"),
    _limit("max_shortable_fraction", part(0.0, 1.0),
           "part of the shares to be borrowed that may be sold short", "PART"),
    _limit("min_time_value", dollars(0.0, 10.0),
           "dollars a share of time value of a sold American option in the money", "X"),
    _limit("ex_dividend_sessions", whole(0, 30),
           "sessions before an ex-date without sold American calls; 0 is off", "N"),
    _limit("min_days_to_expiry", whole(0, 365), "days to the last trading day of the nearest leg",
           "N"),
    _limit("pin_days", whole(0, 30), "days to expiry from which a sold strike may be pinned", "N"),
    _limit("pin_width", part(0.0, 0.25),
           "how near the stock is to a strike that may be pinned, as a part of its price", "PART"),
    _limit("open_quiet_s", seconds(0.0, 14_400.0), "seconds after the open without new packages",
           "S"),
    _limit("close_quiet_s", seconds(0.0, 14_400.0), "seconds before the close without new packages",
           "S"),
    _limit("restart_quiet_s", seconds(0.0, 14_400.0),
           "seconds before a restart window without new packages", "S"),
    _limit("max_margin_usd", dollars(0.0, 1e8), "margin of one package, in dollars", "USD"),
    _limit("min_cushion_usd", dollars(0.0, 1e9),
           "dollars that remain available in the account", "USD"),
    _limit("needs_what_if", values.switch,
           "send nothing whose margin the broker has not said", _SWITCH),
    _limit("max_what_if_age_s", seconds(1.0, 86_400.0), "seconds for which its answer is kept",
           "S"),
    _limit("max_day_loss_usd", dollars(0.01, 1e7),
           "loss of the day at which trading halts, in dollars", "USD"),
    _limit("max_hedge_loss_usd", dollars(0.0, 1e6),
           "dollars that completing and unwinding one package may cost", "USD"),
    _limit("max_unhedged_s", seconds(0.1, 600.0),
           "seconds for which a package may lack a leg", "S"),
    _limit("max_unhedged_delta", shares(0.0, 1e6), "shares of delta that it may lack meanwhile",
           "SHARES"),
    _limit("max_rejects", whole(1, 1_000), "rejected orders at which trading halts", "N"),
    _limit("reject_window_s", seconds(1.0, 3_600.0), "seconds within which they are counted", "S"),
    _limit("max_exceptions", whole(1, 100),
           "faults of the program within an hour at which trading halts", "N"),
    _limit("max_clock_step_s", seconds(0.05, 300.0),
           "seconds by which the clock may jump before trading halts", "S"),
    _limit("max_data_stall_s", seconds(1.0, 3_600.0),
           "seconds without any quote in trading hours at which trading halts", "S"),
)  # fmt: skip
LIVE_BY_NAME = {setting.name: setting for setting in LIVE_SETTINGS}
LIMIT_BY_NAME = {setting.name: setting for setting in LIMIT_SETTINGS}


def limits(value: object) -> dict[str, object]:
    """Return single limits by name, read; as text ``max_lots=2``.

    Raises
    ------
    ValueError
        If there is no limit of that name, naming the nearest, or its value means nothing.
    """
    if isinstance(value, str):
        value = dict(values.pair(item) for item in value.split(","))
    if not isinstance(value, dict):
        raise TypeError
    return {name: _limit_of(name, one) for name, one in value.items()}


def _limit_of(name: str, value: object) -> object:
    setting = LIMIT_BY_NAME.get(name)
    if setting is None:
        raise ValueError(f"there is no limit {name[:60]!r}: {hint(name, LIMIT_BY_NAME)}")
    if setting.read is values.switch and value in ("true", "false"):
        value = value == "true"
    try:
        return setting.read(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
