"""What a check found as JSON."""

from __future__ import annotations

import json

from engine.checking.report import Report
from engine.clock import from_ns

SCHEMA = 1


def document(report: Report) -> str:
    """Return a report as one JSON object and a newline."""
    verdicts = []
    for one in report.verdicts:
        verdict: dict[str, object] = {
            "question": one.question,
            "status": one.status,
            "said": one.said,
            "details": list(one.details),
        }
        if one.field:
            verdict["moved"] = {
                "row": one.row,
                "time": from_ns(one.time_ns).isoformat() if one.time_ns else None,
                "symbol": one.symbol,
                "field": one.field,
                "was": one.was,
                "became": one.became,
            }
        verdicts.append(verdict)
    whole = {
        "schema": SCHEMA,
        "strategy": report.name,
        "source": report.source,
        "symbols": list(report.symbols),
        "bars": report.n_bars,
        "decisions": report.n_decisions,
        "is_biased": report.is_biased,
        "verdicts": verdicts,
    }
    return json.dumps(whole, indent=2) + "\n"
