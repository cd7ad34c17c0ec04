"""A backtest of options for machines: one JSON object, or one table as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from engine.backtesting.options.daily import by_day
from engine.backtesting.options.package import Package
from engine.backtesting.options.result import OptionsResult
from engine.clock import from_ns
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.performance.figures import LEAST_RETURNS, Figures, figures
from engine.report.wording import legs_text, price

SCHEMA_VERSION = 1
DAYS_PER_YEAR = 252.0
_PACKAGE = (
    "number", "symbol", "label", "legs", "lots", "opened", "closed", "reason", "price", "premium",
    "spread_cost", "gain", "mid_gain", "fees", "dividends", "borrow_fees", "margin", "pin_low",
    "pin_high", "was_assigned", "detected", "realised",
)  # fmt: skip


def daily_figures(result: OptionsResult) -> Figures | None:
    """Return the figures of the account by day, 252 a year; None for fewer than two days."""
    daily = by_day(result.account)
    return figures(daily, DAYS_PER_YEAR) if len(daily.equity) > 1 else None


def sharpe_words(found: Figures) -> str:
    """Return the ratio of daily returns for people, or why there is none."""
    if found.n_returns < LEAST_RETURNS:
        return f"- (under {LEAST_RETURNS} days)"
    return price(found.sharpe, decimals=2)


def legs_words(combo: Combo) -> str:
    """Return the legs of a combo: ``+C 95 -C 105 2016-01-15``."""
    return legs_text(legs_of(combo), combo.symbol)


def legs_of(combo: Combo) -> list[Leg]:
    """Return the legs of a combo without prices."""
    return [
        Leg(
            STOCK if one.kind == STOCK else OPTION, 1 if ratio > 0 else -1, abs(ratio), math.nan,
            right=one.right, strike=one.strike, expiry=one.expiry, trading_class=one.trading_class,
        )
        for ratio, one in combo.legs
    ]  # fmt: skip


def package_object(one: Package) -> dict[str, Any]:
    """Return one package; what is not known is None."""
    is_scan = one.detected == one.detected
    found = {
        "number": one.number,
        "symbol": one.symbol,
        "label": one.label,
        "legs": legs_words(one.combo),
        "lots": one.n_lots,
        "opened": from_ns(one.opened_ns).isoformat(),
        "closed": from_ns(one.closed_ns).isoformat() if one.closed_ns else None,
        "reason": one.reason or None,
        "price": one.price,
        "premium": one.premium,
        "spread_cost": one.spread_cost,
        "gain": one.gain,
        "mid_gain": one.mid_gain,
        "fees": one.fees,
        "dividends": one.dividends,
        "borrow_fees": one.borrow_fees,
        "margin": one.margin,
        "pin_low": one.pin_low,
        "pin_high": one.pin_high,
        "was_assigned": one.was_assigned,
        "detected": one.detected,
        "realised": one.realised() if is_scan and one.closed_ns else None,
    }
    return {name: known(value) for name, value in found.items()}


def known(value: object) -> object:
    """Return a value as JSON has it: what is no finite number is None."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _known_all(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _known_all(value) if isinstance(value, dict) else known(value)
        for name, value in found.items()
    }


def document(result: OptionsResult, source: str) -> dict[str, Any]:
    """Return the whole result as one object; keys are described in docs/BACKTEST_OPTIONS.md."""
    account = result.account
    found = daily_figures(result)
    shown = None
    if found is not None:
        shown = _known_all(asdict(found))
    return {
        "schema_version": SCHEMA_VERSION,
        "source": source,
        "strategy": account.strategy,
        "parameters": dict(account.parameters),
        "symbols": list(account.symbols),
        "chains": result.n_moments,
        "start_cash": account.start_cash,
        "end_equity": account.equity[-1] if account.equity else account.start_cash,
        "end_high_equity": account.high_equity[-1] if account.equity else account.start_cash,
        "end_mid_equity": result.mid_equity[-1] if account.equity else account.start_cash,
        "fees": account.fees,
        "dividends": account.dividends,
        "borrow_fees": account.borrow_fees,
        "interest": result.interest,
        "pinned": account.n_ambiguous,
        "margin_calls": result.calls,
        "refusals": dict(result.refusals),
        "skipped": dict(result.skipped),
        "notes": list(account.notes),
        "figures": shown,
        "packages": [package_object(one) for one in result.packages],
    }


def csv_text(result: OptionsResult, table: str) -> str:
    """Return one table: packages, equity, or entries (every amount and quantity that moved)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if table == "packages":
        writer.writerow(_PACKAGE)
        for one in result.packages:
            writer.writerow(_cells(package_object(one)[name] for name in _PACKAGE))
    elif table == "equity":
        writer.writerow(("time", "equity", "high_equity", "mid_equity", "cash", "margin"))
        account = result.account
        columns = (
            account.time_ns, account.equity, account.high_equity, result.mid_equity, account.cash,
            result.margin,
        )  # fmt: skip
        for at, *values in zip(*columns, strict=True):
            writer.writerow((from_ns(int(at)).isoformat(), *_cells(values)))
    else:
        writer.writerow(
            ("time", "package", "what", "contract", "quantity", "price", "amount", "fee")
        )
        for one in result.packages:
            for entry in one.entries:
                writer.writerow((
                    from_ns(entry.time_ns).isoformat(), entry.package, entry.what, entry.contract,
                    *_cells((entry.quantity, entry.price, entry.amount, entry.fee)),
                ))  # fmt: skip
    return out.getvalue()


def _cells(values: Iterable[object]) -> list[object]:
    return ["" if value is None else value for value in values]
