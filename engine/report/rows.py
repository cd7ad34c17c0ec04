"""One line per opportunity: NDJSON with everything, CSV with the figures and the legs as text."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from engine.market.combo import OPTION, Leg
from engine.report.document import opportunity_object
from engine.report.printable import cell
from engine.scanner.survey import Survey
from engine.scoring.opportunity import Opportunity

COLUMNS = (
    "id", "family", "class", "symbol", "legs", "edge", "edge_usd", "lots", "capital",
    "annualised", "score", "days", "best", "plain", "implied_rate", "conditions", "flags",
    "proof_minimum", "max_profit", "min_roi", "ratio", "probability", "time", "key",
    "package_edge", "net", "limit", "quantity", "cash_today", "fees", "cash_low", "cash_high",
    "cash_first", "cash_last", "margin", "notice", "leg_out_loss", "take", "rests_on", "leg_by_leg",
    "dividend_limit",
)  # fmt: skip

# Columns that stand inside an object of the JSON: column, object, key.
_INSIDE = (
    ("net", "ticket", "net"), ("limit", "ticket", "limit"), ("quantity", "ticket", "quantity"),
    ("leg_by_leg", "ticket", "leg_by_leg"), ("cash_today", "cash", "today"),
    ("fees", "cash", "fees"), ("cash_low", "cash", "low"), ("cash_high", "cash", "high"),
    ("cash_first", "cash", "first"), ("cash_last", "cash", "last"),
    ("margin", "binds", "margin"), ("notice", "binds", "notice"),
)  # fmt: skip


def ndjson(survey: Survey) -> str:
    """Return one JSON object per line, the same as in the list of the JSON document."""
    return "".join(
        json.dumps(opportunity_object(one), allow_nan=False) + "\n" for one in survey.listed
    )


def csv_text(survey: Survey) -> str:
    """Return a header line and one line per opportunity; empty is not known."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in survey.listed:
        # The words of legs are ours and begin with a sign: no formula, and read by other tools.
        row = flat_row(one)
        writer.writerow({name: row[name] if name == "legs" else cell(row[name]) for name in row})
    return out.getvalue()


def flat_row(one: Opportunity) -> dict[str, Any]:
    """Return one opportunity as a flat row by `COLUMNS`; lists become text joined by "; "."""
    whole = opportunity_object(one)
    row = {name: whole[name] for name in COLUMNS if name in whole}
    row["legs"] = "; ".join(leg_text(leg, one.symbol) for leg in one.legs)
    row["conditions"] = "; ".join(one.conditions)
    row["flags"] = "; ".join(one.flags)
    row["proof_minimum"] = whole["proof"]["minimum"] if one.proof else None
    for column, part, key in _INSIDE:
        row[column] = (whole[part] or {}).get(key)
    return {name: row[name] for name in COLUMNS}


def leg_text(leg: Leg, symbol: str) -> str:
    """Return one leg as people write it, its signed ratio first.

    The trading class stands behind the expiry where it is not the symbol of the underlying.

    >>> from datetime import date
    >>> leg_text(Leg("option", -1, 2, 3.2, right="C", strike=100.0, expiry=date(2016, 1, 15),
    ...              trading_class="SPXW"), "SPX")
    '-2 C 100 2016-01-15 SPXW @ 3.2'
    >>> leg_text(Leg("stock", 1, 1, 100.02), "XYZ")
    '+1 stock @ 100.02'
    """
    name = leg.kind
    if leg.kind == OPTION:
        name = f"{leg.right} {_exact(leg.strike)}"
    if leg.expiry:
        name += f" {leg.expiry.isoformat()}"
    if leg.trading_class not in ("", symbol):
        name += f" {leg.trading_class}"
    return f"{leg.side * leg.ratio:+d} {name} @ {_exact(leg.price)}"


def _exact(value: float) -> str:
    return repr(value).removesuffix(".0")
