"""Up to which dividend the listed rows hold, where nobody says what a share pays."""

from __future__ import annotations

from dataclasses import replace

from engine.scanner.survey import Survey
from engine.scoring.dividend_limit import dividend_limit
from engine.scoring.doubts import DIVIDENDS

# Each takes some hundredths of a second: of so many rows it is worth that.
_MOST_ROWS = 40


def with_dividend_limits(survey: Survey) -> Survey:
    """Return a survey whose best rows say up to which dividend they hold. O(rows x sessions)."""
    wanted = [one.id for one in survey.opportunities if DIVIDENDS in one.conditions][:_MOST_ROWS]
    if not wanted:
        return survey
    scans = []
    for scan in survey.scans:
        chain, settings = scan.result.chain, scan.settings
        rows = tuple(
            replace(
                one,
                dividend_limit=dividend_limit(
                    chain, one.family, one.legs, one.unit, settings.carry, settings.fees
                ),
            )
            if one.id in wanted and one.edge > 0.0 and one.family != "package"
            else one
            for one in scan.result.opportunities
        )
        scans.append(replace(scan, result=replace(scan.result, opportunities=rows)))
    return replace(survey, scans=tuple(scans))
