"""Write sessions_us.csv: the weekdays without a session and the short sessions of the NYSE.

Run in a scratch environment (it is no dependency of the project, and needs pandas):
    python -m venv scratch && scratch/bin/pip install exchange_calendars==4.13.2
    scratch/bin/python tests/oracles/generate_sessions_us.py > tests/oracles/sessions_us.csv

pandas_market_calendars 5.5.0 agrees on every session and every early close but two:
1999-12-31 (it follows a source that omits it; the exchange's board set 13:00 in June 1999) and
2005-06-01 (the closing bell four minutes early on a systems failure; options settled as usual).
"""

from __future__ import annotations

import sys

import exchange_calendars
import pandas

FIRST, LAST = "1999-01-01", "2035-12-31"


def main() -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
    sessions = set(calendar.sessions.date)
    early = set(calendar.early_closes.date)
    out = sys.stdout
    out.write(f"# exchange_calendars {exchange_calendars.__version__} XNYS {FIRST} to {LAST}: ")
    out.write("every other weekday is a full session\ndate,kind\n")
    for day in pandas.bdate_range(FIRST, LAST).date:
        if day not in sessions:
            out.write(f"{day},closed\n")
        elif day in early:
            out.write(f"{day},early\n")


if __name__ == "__main__":
    main()
