"""For every check: what passes at its boundary, what is refused just beyond it, and the words."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from engine.clock import to_ns
from engine.execution.exposure import OpenPackage
from engine.execution.facts import WhatIf
from engine.execution.limits import PARALLEL
from engine.execution.orders import Plan
from engine.execution.quiet import NIGHTLY_RESET, RestartWindow
from engine.execution.risk import Refusal, Risk
from engine.market.carry import Dividend
from engine.market.combo import Leg
from tests.execution.plans import (
    CONVERSION,
    EXPOSURE,
    FACTS,
    LIMITS,
    NOW,
    REVERSAL,
    SECOND,
    option,
    plan,
)

NAN = math.nan
Change = dict[str, Any]


def ask(change: Change) -> tuple[Refusal, ...]:
    """Return the refusals of a sound plan with some things changed.

    Keys: ``limits``, ``exposure``, ``facts``, ``of`` (fields of the plan) are fields that differ;
    ``plan``, ``now``, ``windows``, ``legs`` stand for the whole.
    """
    risk = Risk(
        replace(LIMITS, **change.get("limits", {})), windows=change.get("windows", ()),
        legs=change.get("legs", "combo"),
    )  # fmt: skip
    now_ns = change.get("now", NOW)
    asked = replace(change.get("plan", CONVERSION), **{"ts_ns": now_ns, **change.get("of", {})})
    exposure = replace(EXPOSURE, **change.get("exposure", {}))
    facts = replace(FACTS, **change.get("facts", {}))
    return risk.check(asked, exposure, now_ns, facts)


def leg(i: int, base: Plan = CONVERSION, **said: Any) -> tuple[Leg, ...]:
    """Return the legs of a plan with one changed; a price follows its side."""
    one = replace(base.legs[i], **said)
    one = replace(one, price=one.ask if one.side > 0 else one.bid)
    return (*base.legs[:i], one, *base.legs[i + 1 :])


def open_package(i: int = 0, **said: Any) -> OpenPackage:
    return replace(OpenPackage(str(i), "XYZ", f"key{i}", 0.0, 0.0, is_working=False), **said)


def at(year: int, month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> int:
    return to_ns(datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc))


def sent(*ago: float) -> Change:
    return {"sent_ns": tuple(sorted(NOW - round(s * SECOND) for s in ago))}


def pinned(strike: float, expiry: date = date(2026, 3, 5)) -> Change:
    """A short put that expires tomorrow, the stock at 100 and its time value in order."""
    sold = replace(option(-1, "P", strike, 2.0, 2.1), expiry=expiry)
    legs = (sold, option(1, "P", 110.0, 9.0, 10.4))
    return {
        "plan": plan(legs), "of": {"first_expiry": expiry}, "limits": {"min_days_to_expiry": 0},
    }  # fmt: skip


def in_the_money(bid: float, right: str = "C", strike: float = 95.0) -> Change:
    """A sold option in the money by 5."""
    return {"plan": plan((option(-1, right, strike, bid, bid + 0.1), option(1, "C", 99.0, 4, 4.1)))}


def dividend(ex: date) -> Change:
    return {"facts": {"dividends": (Dividend(ex, ex + timedelta(days=9), 0.25),)}}


def expiring(expiry: date, ex: date) -> Change:
    """A sold call that expires soon, with an ex-date within two sessions."""
    legs = tuple(replace(one, expiry=expiry) if one.right else one for one in CONVERSION.legs)
    return {
        "plan": plan(legs), "limits": {"ex_dividend_sessions": 2}, **dividend(ex),
    }  # fmt: skip


TOMORROW = date(2026, 3, 5)
FRIDAY_NOON = at(2026, 4, 2, 16)  # the Thursday before Good Friday: the next session is Monday
LAST = {"max_order_usd": CONVERSION.notional_usd}
UNPRICED = {"collar_market": 10.0}
# code: (what passes at the boundary, what is refused just beyond it, the words of the refusal).
CASES: dict[str, list[tuple[Change, Change, str]]] = {
    "restricted": [
        ({"limits": {"restricted": ("XY", "XYZZ")}}, {"limits": {"restricted": ("ABC", "XYZ")}},
         "XYZ is on the list"),
    ],
    "day-loss": [
        ({"exposure": {"day_pnl_usd": -499.99}}, {"exposure": {"day_pnl_usd": -500.0}},
         r"the day has lost \$500.00: nothing new from \$500.00 on"),
        ({}, {"exposure": {"day_pnl_usd": NAN}}, "the day is not known"),
    ],
    "session": [
        ({"now": at(2026, 3, 4, 14, 30)}, {"now": at(2026, 3, 4, 14, 30) - 1},
         "it is 09:29:59 at the exchange: new packages from 09:30:00 to 15:55:00"),
        ({"now": at(2026, 3, 4, 14, 31), "limits": {"open_quiet_s": 60.0}},
         {"now": at(2026, 3, 4, 14, 31) - 1, "limits": {"open_quiet_s": 60.0}}, "from 09:31:00"),
        ({"now": at(2026, 3, 4, 20, 55) - 1}, {"now": at(2026, 3, 4, 20, 55)}, "it is 15:55:00"),
        # The clocks of New York, not of UTC: summer time from 8 March on.
        ({"now": at(2026, 3, 9, 13, 30)}, {"now": at(2026, 3, 6, 13, 30)}, "it is 08:30:00"),
        # The day after Thanksgiving ends at 13:00.
        ({"now": at(2025, 11, 28, 17, 55) - 1}, {"now": at(2025, 11, 28, 17, 55)},
         "to 12:55:00, a half day"),
        ({}, {"now": at(2026, 3, 7, 16)}, "closed today, 2026-03-07"),
        ({}, {"now": at(2026, 4, 3, 16)}, "closed today, 2026-04-03"),
    ],
    "restart-window": [
        ({"windows": (RestartWindow(675, 680),), "now": at(2026, 3, 4, 16, 10) - 1},
         {"windows": (RestartWindow(675, 680),), "now": at(2026, 3, 4, 16, 10)},
         r"may restart in 300 s \(11:15-11:20 America/New_York\): not within 300 s"),
        ({"windows": (RestartWindow(675, 680),), "now": at(2026, 3, 4, 16, 20)},
         {"windows": (RestartWindow(675, 680),), "now": at(2026, 3, 4, 16, 20) - 1},
         "the broker may restart now"),
        ({"windows": (NIGHTLY_RESET,)}, {"windows": (NIGHTLY_RESET, RestartWindow(655, 665))},
         "may restart now"),
    ],
    "halted-market": [({}, {"facts": {"is_halted": True}}, "XYZ is halted")],
    "delayed": [
        ({"facts": {"is_delayed": True}, "limits": {"allow_delayed": True}},
         {"facts": {"is_delayed": True}}, "the quotes of XYZ are delayed"),
    ],
    "conditional": [
        ({"of": {"conditions": ("borrow",)}, "limits": {"allow_conditions": True}},
         {"of": {"conditions": ("borrow", "dividends-unknown")}},
         "holds only if: borrow; dividends-unknown"),
    ],
    "quantity": [
        ({"of": {"lots": 5}}, {"of": {"lots": 6}}, "6 packages: 1 to 5"),
        ({"of": {"lots": 1}}, {"of": {"lots": 0}}, "0 packages"),
        ({}, {"of": {"lots": -1}}, "-1 packages"),
        ({"limits": {"max_contracts": 2}}, {"limits": {"max_contracts": 1}},
         "2 contracts of bought P105 Apr 17: at most 1"),
        ({"limits": {"max_shares": 200}}, {"limits": {"max_shares": 199}},
         "200 shares of XYZ: at most 199"),
    ],
    "notional": [
        ({"limits": LAST}, {"limits": {"max_order_usd": CONVERSION.notional_usd - 0.01}},
         r"the legs trade \$21,582.00: at most \$21,581.99"),
        ({}, {"of": {"legs": leg(2, bid=NAN)}}, "nan"),
    ],
    "open-notional": [
        ({"exposure": {"packages": (open_package(notional_usd=2e6 - CONVERSION.notional_usd),)}},
         {"exposure": {"packages": (open_package(notional_usd=2e6 - 21_581.99),)}},
         r"legs trade \$2,000,000.01: at most \$2,000,000.00"),
    ],
    "capital": [
        ({"exposure": {"packages": (open_package(capital_usd=480_000.0),)}},
         {"exposure": {"packages": (open_package(capital_usd=480_000.01),)}},
         r"the capital is \$500,000.01: at most \$500,000.00"),
        ({}, {"of": {"capital_usd": NAN}, "facts": {"what_if": WhatIf(1, 1.0, NOW)}}, "nan"),
    ],
    "working-packages": [
        ({"exposure": {"packages": (open_package(is_working=True), open_package(1))}},
         {"exposure": {"packages": tuple(open_package(i, is_working=True) for i in (1, 2))}},
         "package 3 with live orders: at most 2"),
    ],
    "open-packages": [
        ({"exposure": {"packages": tuple(open_package(i) for i in range(19))}},
         {"exposure": {"packages": tuple(open_package(i) for i in range(20))}},
         "open package 21: at most 20"),
    ],
    "duplicate-intent": [
        ({"exposure": {"recent": ((CONVERSION.key, NOW - 10 * SECOND),)}},
         {"exposure": {"recent": ((CONVERSION.key, NOW - 10 * SECOND + 1), ("other", NOW))}},
         "was sent 10.0 s ago: at least 10 s"),
        ({"exposure": {"recent": ((REVERSAL.key, NOW),)}},
         {"exposure": {"recent": ((CONVERSION.key, NOW + 3_600 * SECOND),)}}, "sent 0.0 s ago"),
    ],
    "order-rate-second": [
        ({"exposure": sent(0.1, 0.2, 0.3, 1.0)},
         {"exposure": sent(0.1, 0.2, 0.3, 0.999)},
         "1 order more after 4 in the last second: at most 12, 8 of them kept for unwinding"),
        ({"exposure": sent(0.1), "legs": PARALLEL},
         {"exposure": sent(0.1, 0.2), "legs": PARALLEL}, "3 orders more after 2"),
        ({"exposure": sent(-5.0, 0.0, 0.0)},
         {"exposure": sent(-5.0, 0.0, 0.0, 0.0)}, "more after 4"),
    ],
    "order-rate-minute": [
        ({"exposure": sent(*range(2, 53), 60.0)}, {"exposure": sent(*range(2, 53), 59.9)},
         "1 order more after 52 in the last minute: at most 60, 8 of them kept for unwinding"),
    ],
    "order-rate-day": [
        ({"exposure": {"orders_today": 491}}, {"exposure": {"orders_today": 492}},
         "1 order more after 492 today: at most 500"),
    ],
    "open-orders-per-contract": [
        ({"exposure": {"packages": (open_package(orders=(("XYZ", 1),) * 14),)}},
         {"exposure": {"packages": (open_package(orders=(("XYZ", 1),) * 15),)}},
         "open order 16 to buy XYZ: at most 15"),
        ({"exposure": {"packages": (open_package(orders=(("XYZ260417C105", 1),) * 15),)}},
         {"exposure": {"packages": (open_package(orders=(("XYZ260417C105", -1),) * 15),)}},
         "to sell XYZ260417C105"),
        ({"exposure": {"packages": (open_package(orders=(("other", 1),) * 15),)}},
         {"exposure": {"packages": (open_package(orders=((CONVERSION.key, 1),) * 15),)}},
         "open order 16"),
    ],
    "one-sided": [
        ({"of": {"legs": leg(1, bid=0.0)}, "limits": {"allow_one_sided": True}},
         {"of": {"legs": leg(1, bid=0.0)}}, "bought P105 Apr 17 has no bid"),
        ({}, {"of": {"legs": leg(1, bid=NAN)}}, "has no bid"),
        ({}, {"of": {"legs": leg(2, ask=0.0)}, "limits": {"allow_one_sided": True}},
         "sold C105 Apr 17 has no ask"),
    ],
    "crossed": [
        ({"of": {"legs": leg(1, bid=6.1)}}, {"of": {"legs": leg(1, bid=6.11)}},
         "bought P105 Apr 17: the bid 6.11 is above the ask 6.1"),
    ],
    "stale-quote": [
        ({"of": {"legs": leg(0, age=2.0)}}, {"of": {"legs": leg(0, age=2.001)}},
         "the quote of bought XYZ is 2.00 s old: at most 2 s"),
        ({}, {"of": {"legs": leg(2, age=NAN)}}, "sold C105 Apr 17 is of unknown age"),
        # What was not priced anew has grown older since the plan.
        ({"of": {"ts_ns": NOW - round(1.9 * SECOND)}}, {"of": {"ts_ns": NOW - 2 * SECOND}},
         "2.10 s old"),
        ({"of": {"ts_ns": NOW - 9 * SECOND}, "facts": {"legs": CONVERSION.legs}},
         {"of": {"ts_ns": NOW - 9 * SECOND}, "facts": {"legs": leg(1, age=2.5)}}, "2.50 s old"),
    ],
    "size": [
        ({"of": {"legs": leg(0, size=2.0)}}, {"of": {"legs": leg(0, size=1.99)}},
         "bought XYZ: 2 wanted, 2 shown"),
        ({}, {"of": {"legs": leg(1, size=NAN)}}, "2 wanted, an unknown size shown"),
        ({"of": {"legs": leg(1, size=8.0)}, "limits": {"max_size_fraction": 0.25}},
         {"of": {"legs": leg(1, size=7.0)}, "limits": {"max_size_fraction": 0.25}},
         "2 wanted, 7 shown of which 25% may be taken"),
        ({}, {"facts": {"legs": leg(2, size=1.0)}}, "sold C105 Apr 17: 2 wanted, 1 shown"),
    ],
    "edge": [
        ({"of": {"edge_usd": 1.0}}, {"of": {"edge_usd": 0.99}},
         r"the edge is \$0.99 for the lots sent: at least \$1.00"),
        ({}, {"of": {"edge_usd": NAN}}, "nan"),
    ],
    "edge-gone": [
        ({}, {"of": {"edge": 0.0}}, "the edge is 0.0000 a share now, it was 0.0000"),
        # Half of 0.20 may go.
        ({"facts": {"legs": leg(1, ask=6.2)}, "limits": UNPRICED},
         {"facts": {"legs": leg(1, ask=6.201)}, "limits": UNPRICED},
         "the edge is 0.0990 a share now, it was 0.2000: at least 0.1000"),
        ({"facts": {"legs": leg(2, bid=1.70)}, "limits": UNPRICED},
         {"facts": {"legs": leg(2, bid=1.69)}, "limits": UNPRICED}, "0.0900 a share now"),
        # The edge is per unit: of two it takes twice as much.
        ({"facts": {"legs": leg(1, ask=6.3)}, "limits": UNPRICED, "of": {"unit": 2}},
         {"facts": {"legs": leg(1, ask=6.31)}, "limits": UNPRICED, "of": {"unit": 2}},
         "0.0950 a share"),
        ({"facts": {"legs": leg(1, ask=6.299)}, "limits": {**UNPRICED, "min_edge_kept": 0.0}},
         {"facts": {"legs": leg(1, ask=6.301)}, "limits": {**UNPRICED, "min_edge_kept": 0.0}},
         "the edge is -0.0010 a share now"),
    ],
    "collar-fair": [
        ({"of": {"limit": CONVERSION.floor}, "limits": {"collar_market": 0.2}},
         {"of": {"limit": CONVERSION.floor + 0.0001}, "limits": {"collar_market": 0.2}},
         "the limit 104.5001 is above the floor 104.5000: it could lose"),
        ({"of": {"edge": 2.0}}, {"of": {"edge": 2.001}},
         "an edge of 2.0010 a share is 2.00% of the stock: above 2.00% it is taken for a fault"),
        ({}, {"of": {"edge": NAN}, "limits": {"min_edge_kept": 0.0}}, "nan"),
        ({"of": {"spot": NAN}}, {"of": {"spot": NAN}, "facts": {"spot": NAN}}, "nan"),
    ],
    "collar-market": [
        ({"of": {"limit": CONVERSION.touch + 0.10}}, {"of": {"limit": CONVERSION.touch + 0.1001}},
         "the limit 104.4101 is 0.1001 above what the legs cost now, 104.3100: at most 0.1000"),
        ({"of": {"limit": CONVERSION.touch - 0.10}}, {"of": {"limit": CONVERSION.touch - 0.1001}},
         "is 0.1001 below what"),
        ({"facts": {"legs": leg(1, ask=6.02)}}, {"facts": {"legs": leg(1, ask=6.01)}},
         "0.1100 above what the legs cost now, 104.2200"),
    ],
    "not-shortable": [
        ({"plan": REVERSAL, "facts": {"shortable": 400.0}},
         {"plan": REVERSAL, "facts": {"shortable": 399.0}},
         "200 shares of XYZ to borrow, 399 can be: at most 50% of them"),
        ({"facts": {"shortable": NAN}}, {"plan": REVERSAL, "facts": {"shortable": NAN}},
         "can be borrowed is not known"),
        ({"plan": REVERSAL, "facts": {"borrow_fee": 0.05}},
         {"plan": REVERSAL, "facts": {"borrow_fee": 0.0501}},
         "borrowing XYZ costs 5.01% a year: at most 5.00%"),
        ({"facts": {"borrow_fee": 9.0}}, {"plan": REVERSAL, "facts": {"borrow_fee": NAN}}, "nan%"),
    ],
    "early-assignment": [
        (in_the_money(5.0), in_the_money(4.99),
         "sold C95 Apr 17 is 5.00 in the money with a time value of -0.0100: at least 0.0000"),
        (in_the_money(5.0, "P", 105.0), in_the_money(4.99, "P", 105.0), "sold P105 Apr 17 is 5.00"),
        ({**in_the_money(4.0), "facts": {"style": "european"}}, in_the_money(4.0), "time value"),
        ({**in_the_money(5.25), "limits": {"min_time_value": 0.25}},
         {**in_the_money(5.24), "limits": {"min_time_value": 0.25}}, "at least 0.2500"),
    ],
    "ex-dividend": [
        (dividend(date(2026, 3, 6)), dividend(TOMORROW),
         r"XYZ goes ex-dividend \(0.25\) on 2026-03-05, and a sold call"),
        (dividend(date(2026, 3, 4)), dividend(TOMORROW), "on the session before"),
        ({**dividend(TOMORROW), "limits": {"ex_dividend_sessions": 0}},
         {**dividend(date(2026, 3, 6)), "limits": {"ex_dividend_sessions": 2}}, "2 sessions bef"),
        ({**dividend(TOMORROW), "plan": REVERSAL}, dividend(TOMORROW), "goes ex-dividend"),
        ({"facts": {**dividend(TOMORROW)["facts"], "style": "european"}}, dividend(TOMORROW),
         "goes ex-dividend"),
        # A call that expires before the ex-date is gone by then.
        (expiring(TOMORROW, date(2026, 3, 6)), expiring(TOMORROW, TOMORROW), "on 2026-03-05"),
        # Over Good Friday and a weekend the eve is a Thursday.
        ({**dividend(date(2026, 4, 7)), "now": FRIDAY_NOON},
         {**dividend(date(2026, 4, 6)), "now": FRIDAY_NOON}, "on 2026-04-06"),
        ({"facts": {"knows_dividends": False, "style": "european"}},
         {"facts": {"knows_dividends": False}}, "its dividends are not known"),
    ],
    "expiry": [
        ({"of": {"first_expiry": TOMORROW}}, {"of": {"first_expiry": date(2026, 3, 4)}},
         r"expires in 0 days \(2026-03-04\): at least 1"),
        ({"of": {"first_expiry": date(2026, 3, 4)}, "limits": {"min_days_to_expiry": 0}},
         {"of": {"first_expiry": date(2026, 3, 3)}, "limits": {"min_days_to_expiry": 0}},
         "expires in -1 days"),
        ({"of": {"first_expiry": None}}, {"of": {"first_expiry": date(2026, 3, 4)}}, "0 days"),
    ],
    "pin": [
        (pinned(100.51), pinned(100.5),
         "sold P100.5 Mar 05 expires in 1 days, the stock is 0.50 from its strike: more than 0.50"),
        (pinned(100.2, date(2026, 3, 6)), pinned(100.2), "0.20 from its strike"),
        ({**pinned(99.5), "facts": {"spot": 100.01}}, pinned(99.5), "0.50 from its strike"),
    ],
    "margin": [
        ({"of": {"capital_usd": 100_000.0}}, {"of": {"capital_usd": 100_000.01}},
         r"it takes a margin of \$100,000.01: at most \$100,000.00"),
        ({"facts": {"what_if": WhatIf(1, 50_000.0, NOW)}},
         {"facts": {"what_if": WhatIf(1, 50_000.01, NOW)}}, r"a margin of \$100,000.02"),
        ({"facts": {"what_if": WhatIf(2, 5.0, NOW - 600 * SECOND)}},
         {"facts": {"what_if": WhatIf(2, 5.0, NOW - 601 * SECOND)}}, "601 s old: at most 600"),
        ({}, {"facts": {"what_if": WhatIf(2, 5.0, NOW + SECOND)}}, "-1 s old"),
        ({}, {"limits": {"needs_what_if": True}}, "has not been asked what margin it takes"),
        ({"exposure": {"available_usd": 30_000.0}}, {"exposure": {"available_usd": 29_999.99}},
         r"\$9,999.99 of \$29,999.99 available would be left: at least \$10,000.00"),
        ({"facts": {"what_if": WhatIf(1, 0.0, NOW)}, "exposure": {"available_usd": 5e4},
          "limits": {"needs_what_if": True}},
         {"facts": {"what_if": WhatIf(1, 0.0, NOW)}, "limits": {"needs_what_if": True}},
         "what the account has available is not known"),
        # What frees margin is not counted as money.
        ({"facts": {"what_if": WhatIf(1, -9e9, NOW)}, "exposure": {"available_usd": 10_000.0}},
         {"facts": {"what_if": WhatIf(1, -9e9, NOW)}, "exposure": {"available_usd": 9_999.0}},
         "would be left"),
    ],
}  # fmt: skip
