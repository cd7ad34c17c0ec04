"""One TOML file with everything a scan may be told; an unknown key names the nearest valid one.

::

    [scan]
    source = "csv:quotes.csv.gz"
    symbols = ["GOOG"]
    families = ["conversion", "box"]   # and whatever `engine.settings.table` puts under [scan]
    [rates]
    lend = 0.045                       # or a curve: [[30, 0.044], [365, 0.046]] (days, rate)
    borrow = "5.5%"
    [[dividends]]
    symbol = "AAPL"                    # without one: every symbol
    ex = 2024-05-10
    pay = 2024-05-16
    amount = 0.25
    status = "declared"                # or "projected"
    kind = "ordinary"                  # or "special", "spin-off", "unknown"
    [fees]
    schedule = "default"               # default, free, deribit; then single parts
    per_contract = 0.65
    [borrow]
    default = 0.0                      # fee per year of short stock, then by symbol
    GME = 0.35
    [shortable]
    GME = 1000
    [index_yield]
    SPX = 0.015
    [gates]
    max_option_age = 5                 # or "off"
    [store]
    url = "sqlite:quotes.sqlite"       # keep what is found; see docs/STORE.md
    [live]                             # and [limits]: `engine.settings.live_table`
    broker = "ib"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from engine.config import Gates
from engine.market.carry import DECLARED, ORDINARY, PROJECTED, Dividend, RateCurve
from engine.market.fees import FeeSchedule
from engine.settings import spelling
from engine.settings.fee_input import PARTS, PER_CONTRACT, schedule, with_parts
from engine.settings.overrides import EVERY, CarryOverrides
from engine.settings.table import SETTINGS, Setting
from engine.settings.toml_table import (
    Table,
    as_day,
    as_flag,
    as_instant,
    as_number,
    as_text,
    as_texts,
    read_toml,
    shown,
)
from engine.settings.values import fraction, shares

_TABLES = (
    "scan", "rates", "dividends", "fees", "borrow", "shortable", "index_yield", "gates",
    "live", "limits", "store",
)  # fmt: skip

# What [scan] may hold, and how each is read.
_SCAN: dict[str, Callable[[object], object]] = {
    "source": as_text,
    "symbols": as_texts,
    **{setting.scan_key: setting.read for setting in SETTINGS if setting.scan_key},
}


@dataclass(frozen=True, slots=True)
class FileConfig:
    """What a configuration file says; empty where it is silent."""

    path: str = ""
    scan: Mapping[str, Any] = field(default_factory=dict)
    overrides: CarryOverrides = field(default_factory=CarryOverrides)
    fees: FeeSchedule | None = None
    gates: Mapping[str, Any] = field(default_factory=dict)
    live: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)
    store: str = ""


def read_config(path: str) -> FileConfig:
    """Return what the TOML file at `path` says.

    Raises
    ------
    NoInputError
        If there is no such file.
    ConfigurationError
        If it is not TOML, has an unknown key or a value that means nothing; with file and line.
    """
    top = read_toml(path)
    top.check_keys(_TABLES)
    lend, borrow, as_of, withholding = _rates(top.table("rates"))
    return FileConfig(
        path=path,
        scan=_scan(top.table("scan")),
        overrides=CarryOverrides(
            lend=lend,
            borrow=borrow,
            rates_as_of_ns=as_of,
            withholding=withholding,
            dividends=_dividends(top),
            borrow_fee=_by_symbol(top.table("borrow"), _fee_rate),
            shortable=_by_symbol(top.table("shortable"), shares),
            index_yield=_by_symbol(top.table("index_yield"), _fee_rate),
        ),
        fees=_fees(top.table("fees")),
        gates=_gates(top.table("gates")),
        store=_store(top.table("store")),
        live=_live(top.table("live")),
        limits=_limits(top.table("limits")),
    )


def _store(table: Table) -> str:
    table.check_keys(("url",))
    return table.require("url", as_text) if table.values else ""


def _scan(table: Table) -> dict[str, object]:
    table.check_keys(_SCAN)
    said = {key: table.read(key, _SCAN[key]) for key in table.values if key != "map"}
    columns = table.table("map")
    if columns.values:
        said["map"] = {key: columns.require(key, as_text) for key in columns.values}
    return said


def _rates(table: Table) -> tuple[RateCurve | None, RateCurve | None, int, float | None]:
    table.check_keys(("lend", "borrow", "as_of", "withholding", "allow_negative"))
    is_negative_meant = table.read("allow_negative", as_flag) or False

    def curve(value: object) -> RateCurve:
        return _curve(value, is_negative_meant)

    lend, borrow = table.read("lend", curve), table.read("borrow", curve)
    withholding = table.read("withholding", fraction)
    as_of = table.read("as_of", as_instant) or 0
    return lend, borrow, as_of, withholding


def _curve(value: object, allow_negative: bool) -> RateCurve:
    def rate(item: object) -> float:
        spelled = item if isinstance(item, str) else as_number(item)
        return spelling.rate(spelled, allow_negative=allow_negative)

    if not isinstance(value, list):
        return RateCurve.flat(rate(value))
    nodes = [item for item in value if isinstance(item, list) and len(item) == 2]
    if not value or len(nodes) != len(value):
        raise ValueError(f"expected a rate or [[days, rate], ...], got {shown(value)}")
    return RateCurve(tuple(as_number(n[0]) for n in nodes), tuple(rate(n[1]) for n in nodes))


def _dividends(top: Table) -> dict[str, tuple[Dividend, ...]]:
    found: dict[str, list[Dividend]] = {}
    if top.values.get("dividends") == []:
        found[EVERY] = []
    for table in top.tables("dividends"):
        table.check_keys(("symbol", "ex", "pay", "amount", "status", "kind"))
        status = table.read("status", _status) or DECLARED
        kind = table.read("kind", spelling.dividend_kind) or ORDINARY
        ex, amount = table.require("ex", as_day), table.require("amount", as_number)
        pay = table.read("pay", as_day) or ex
        if pay < ex:
            table.fail("pay", f"{pay} is before the ex-date {ex}")
        symbol = (table.read("symbol", as_text) or EVERY).upper()
        try:
            dividend = Dividend(ex, pay, amount, status, kind)
        except ValueError as error:
            table.fail("amount", str(error))
        found.setdefault(symbol, []).append(dividend)
    return {symbol: tuple(rows) for symbol, rows in found.items()}


def _fees(table: Table) -> FeeSchedule | None:
    if not table.values:
        return None
    table.check_keys(("schedule", "tiers", PER_CONTRACT, *PARTS))
    base = table.read("schedule", lambda value: schedule(as_text(value))) or FeeSchedule()
    fees = table.read("tiers", lambda value: with_parts(base, {}, _tiers(value))) or base
    for key in table.values:
        if key not in ("schedule", "tiers"):
            fees = table.require(key, partial(_with_part, fees, key))
    return fees


def _with_part(fees: FeeSchedule, key: str, value: object) -> FeeSchedule:
    return with_parts(fees, {key: as_number(value)})


def _gates(table: Table) -> dict[str, float | int | bool]:
    table.check_keys(gate.name for gate in fields(Gates))
    return {key: table.require(key, partial(_gate, key)) for key in table.values}


def _live(table: Table) -> dict[str, object]:
    if not table.values:
        return {}
    from engine.settings.live_table import LIVE_BY_NAME  # here: a scan has no use for it

    if "live" in table.values:
        table.fail("live", "no file turns on live money: say --live on the command line")
    return _of_rows(table, LIVE_BY_NAME)


def _limits(table: Table) -> dict[str, object]:
    if not table.values:
        return {}
    from engine.settings.live_table import LIMIT_BY_NAME

    return _of_rows(table, LIMIT_BY_NAME)


def _of_rows(table: Table, rows: Mapping[str, Setting]) -> dict[str, object]:
    table.check_keys(rows)
    return {key: table.require(key, rows[key].read) for key in table.values}


def _gate(name: str, value: object) -> float | int | bool:
    try:
        return spelling.gate(name, value)
    except ValueError as error:
        # The place says which gate, and TOML spells truth in small letters.
        reason = str(error).removeprefix(f"gate {name}: ")
        raise ValueError(reason.replace(repr(value), shown(value))) from None


def _by_symbol(table: Table, convert: Callable[[object], float]) -> dict[str, float]:
    """Return a table of symbols as a mapping; ``default`` stands for every other symbol."""
    said: dict[str, float] = {}
    for key in table.values:
        said[EVERY if key == "default" else key.upper()] = table.require(key, convert)
    return said


def _fee_rate(value: object) -> float:
    return spelling.fee_rate(value if isinstance(value, str) else as_number(value))


def _status(value: object) -> str:
    if value not in (DECLARED, PROJECTED):
        raise ValueError(f'expected "{DECLARED}" or "{PROJECTED}", got {shown(value)}')
    return str(value)


def _tiers(value: object) -> tuple[tuple[float, float], ...]:
    pairs = value if isinstance(value, list) else []
    if not pairs or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"expected [[premium from, per contract], ...], got {shown(value)}")
    return tuple((as_number(pair[0]), as_number(pair[1])) for pair in pairs)
