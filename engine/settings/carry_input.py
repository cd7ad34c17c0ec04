"""Rates, dividends, fees and borrow as flags give them: short text, or the name of a file."""

from __future__ import annotations

from pathlib import Path

from engine.errors import BadDataError, UsageError
from engine.market.carry import (
    DECLARED,
    DIVIDEND_KINDS,
    ORDINARY,
    PROJECTED,
    Dividend,
    RateCurve,
)
from engine.market.fees import FeeSchedule
from engine.settings import spelling
from engine.settings.config_file import FileConfig, read_config
from engine.settings.fee_input import SCHEDULES, schedule, with_parts
from engine.settings.overrides import EVERY, UNDATED

Curves = tuple[RateCurve | None, RateCurve | None]


def rates(text: str, *, allow_negative: bool = False) -> tuple[Curves, int]:
    """Return the lending and borrowing curve, and when they were read.

    0 is now; `UNDATED` a TOML file without ``as_of``.

    Raises
    ------
    ValueError, EngineError
        If `text` is neither rates nor a file of them.
    """
    if _is_toml(text):
        said = _only(read_config(text), "rates").overrides
        return (said.lend, said.borrow), said.rates_as_of_ns or UNDATED
    if _is_csv(text):
        return _rates_of_csv(Path(text), allow_negative), 0
    ends = [spelling.rate(end, allow_negative=allow_negative) for end in text.split(",")]
    if len(ends) > 2:
        raise ValueError(f"expected LEND,BORROW or a file, got {text!r}")
    return (RateCurve.flat(ends[0]), RateCurve.flat(ends[-1])), 0


def dividends(text: str) -> dict[str, tuple[Dividend, ...]]:
    """Return dividends by symbol, `EVERY` for all others.

    Raises
    ------
    ValueError, EngineError
        If `text` is neither dividends nor a file of them.
    """
    if text == "none":
        return {EVERY: ()}
    if _is_toml(text):
        return dict(_only(read_config(text), "dividends").overrides.dividends)
    if _is_csv(text):
        return _dividends_of_csv(Path(text))
    found = []
    for item in text.split(","):
        ex, equals, amount = item.partition("=")
        if not equals:
            raise ValueError(f"expected EX=AMOUNT, none or a file (.toml, .csv), got {item!r}")
        day = spelling.day(ex)
        worth, colon, kind = amount.partition(":")
        kind = spelling.dividend_kind(kind.strip()) if colon else ORDINARY
        read = spelling.number(worth, "an amount such as 0.24")
        found.append(Dividend(day, day, read, DECLARED, kind))
    return {EVERY: tuple(found)}


def fees(text: str) -> FeeSchedule:
    """Return the schedule of a name, of a file, or with single parts replaced.

    Raises
    ------
    ValueError, EngineError
        If `text` is none of them.
    """
    if _is_toml(text):
        return _only(read_config(text), "fees").fees or FeeSchedule()
    if "=" not in text:
        return schedule(text)
    parts = {}
    base = FeeSchedule()
    for item in text.split(","):
        name, equals, value = item.partition("=")
        if not equals and name in SCHEDULES:
            base = schedule(name)
        else:
            parts[name.strip()] = spelling.number(value, f"a number for fee {name}")
    return with_parts(base, parts)


def borrow(text: str) -> dict[str, float]:
    """Return the fee of short stock by symbol, `EVERY` for all others.

    >>> borrow("GME=35%,0.5%")
    {'GME': 0.35, '': 0.005}

    Raises
    ------
    ValueError
        If a fee is negative, or above 100 % without saying so with a ``%`` sign.
    """
    if _is_toml(text):
        return dict(_only(read_config(text), "borrow").overrides.borrow_fee)
    found = {}
    for item in text.split(","):
        symbol, equals, fee = item.rpartition("=")
        found[symbol.strip().upper() if equals else EVERY] = spelling.fee_rate(fee)
    return found


def _only(config: FileConfig, table: str) -> FileConfig:
    """Return `config` if it says anything under `table`."""
    said = {
        "rates": config.overrides.has_rates,
        "dividends": bool(config.overrides.dividends),
        "fees": config.fees is not None,
        "borrow": bool(config.overrides.borrow_fee),
    }
    if not said[table]:
        raise UsageError(f"{config.path}: it says nothing under [{table}]")
    return config


def _is_toml(text: str) -> bool:
    return text.lower().endswith(".toml")


def _is_csv(text: str) -> bool:
    return text.lower().endswith((".csv", ".csv.gz"))


def _rates_of_csv(path: Path, allow_negative: bool) -> Curves:
    from engine.feeds.record import CellError
    from engine.feeds.rows import read_table

    columns, rows = read_table(path)
    columns.require(("days", "lend", "borrow"))
    nodes: list[tuple[float, float, float]] = []
    for row in rows:
        if isinstance(row, CellError):
            raise BadDataError(str(row))
        ends = []
        for name in ("lend", "borrow"):
            try:
                ends.append(spelling.rate(row.text(name), allow_negative=allow_negative))
            except ValueError as error:
                raise BadDataError(f"{path.name}:{row.line}: column {name}: {error}") from None
        try:
            nodes.append((row.number("days"), ends[0], ends[1]))
        except CellError as error:
            raise BadDataError(str(error)) from None
    if not nodes:
        raise BadDataError(f"{path.name}: it has no rows")
    days, lend, borrowing = zip(*sorted(nodes), strict=True)
    try:
        return RateCurve(days, lend), RateCurve(days, borrowing)
    except ValueError as error:
        raise BadDataError(f"{path.name}: {error}") from None


def _dividends_of_csv(path: Path) -> dict[str, tuple[Dividend, ...]]:
    from engine.feeds.record import CellError
    from engine.feeds.rows import read_table

    columns, rows = read_table(path)
    columns.require(("ex", "amount"))
    found: dict[str, list[Dividend]] = {}
    for row in rows:
        if isinstance(row, CellError):
            raise BadDataError(str(row))
        status = row.text("status").lower() or DECLARED
        try:
            if status not in (DECLARED, PROJECTED):
                raise row.problem("status", f"{DECLARED} or {PROJECTED}")
            ex, amount = row.day("ex"), row.number("amount", positive=True)
            pay = row.day("pay") if row.text("pay") else ex
            kind = row.text("kind").lower() or ORDINARY
            if kind not in DIVIDEND_KINDS:
                raise row.problem("kind", ", ".join(DIVIDEND_KINDS))
            dividend = Dividend(ex, pay, amount, status, kind)
        except CellError as error:
            raise BadDataError(str(error)) from None
        except ValueError as error:
            raise BadDataError(f"{path.name}:{row.line}: {error}") from None
        found.setdefault(row.text("symbol").upper(), []).append(dividend)
    return {symbol: tuple(some) for symbol, some in found.items()} or {EVERY: ()}
