"""Values as people spell them: ``4.5%``, ``2015-12-24T15:30Z``, ``box,collar``, ``max_skew=off``.

Every function raises `ValueError` with a sentence; the rim adds where it was read.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime, timezone

from engine.clock import NS_PER_DAY, to_ns
from engine.config import DEFAULT_FAMILIES, FAMILIES, PROFILES, SYNTHETIC_PROFILES, Gates
from engine.errors import UnavailableError
from engine.market.carry import DIVIDEND_KINDS
from engine.nearest import hint

_END_NS = 7_289_654_400 * 10**9  # the year 2201
# "90" days, "2015-12-24", "2015-12-24T15:30Z", "2015-12-24 10:30 America/New_York"
_INSTANT = (
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s*"
    r"(?P<zone>Z|UTC|[+-]\d\d:?\d\d|[A-Za-z_]+(?:/[A-Za-z_+-]+)+)?)?"
)


def number(text: str, what: str = "a number") -> float:
    """Return the finite number that `text` spells; ``4.5%`` is 0.045.

    >>> number("4.5%")
    0.045
    """
    stripped = text.strip()
    digits = stripped.removesuffix("%")
    try:
        value = float(digits)
    except ValueError:
        raise ValueError(f"expected {what}, got {text!r}") from None
    if not math.isfinite(value) or "_" in digits:
        raise ValueError(f"expected {what}, got {text!r}")
    # Division, not a product with 0.01: 4.5 / 100 is the float nearest 0.045.
    return value / 100.0 if stripped.endswith("%") else value


def rate(value: float | str, *, allow_negative: bool = False) -> float:
    """Return an interest rate per year, as a fraction.

    A rate above 100 % either way, or a negative one without `allow_negative`, is far more often
    a slip of the pen than a market, and refused.
    """
    spelled = value if isinstance(value, str) else f"{value:g}"
    read = number(spelled, "a rate such as 0.045 or 4.5%") if isinstance(value, str) else value
    if not math.isfinite(read):
        raise ValueError(f"{spelled} is not a rate")
    if abs(read) > 1.0:
        raise ValueError(
            f"rate {spelled} means {read:.0%} a year; write {read / 100:g} or {read:g}%"
        )
    if read < 0.0 and not allow_negative:
        raise ValueError(is_negative(spelled))
    return read


def is_negative(spelled: str) -> str:
    """Return the sentence about a rate below 0 that was not allowed."""
    return (
        f"rate {spelled} is negative; if it is meant, say so: --allow-negative-rates, "
        "allow_negative = true under [rates], or allow_negative_rates=True"
    )


def nanoseconds(ts_ns: int) -> int:
    """Return an instant if it lies in the years that calendars know, 1970 to 2200."""
    if not 0 <= ts_ns < _END_NS:
        raise ValueError("expected a time in 1970 .. 2200")
    return ts_ns


def fee_rate(value: float | str) -> float:
    """Return a borrow fee or a yield per year, as a fraction; above 100 % only with a ``%`` sign.

    >>> fee_rate("150%")
    1.5
    """
    spelled = value if isinstance(value, str) else f"{value:g}"
    read = number(spelled, "a fee such as 0.01 or 1%") if isinstance(value, str) else value
    if not (math.isfinite(read) and read >= 0.0):
        raise ValueError(f"{spelled} is not a fee per year: it must not be negative")
    if read > 1.0 and not spelled.strip().endswith("%"):
        raise ValueError(f"{spelled} means {read:.0%} a year; write {read / 100:g} or '{read:g}%'")
    return read


def day(text: str) -> date:
    """Return the date that ``2015-12-24`` spells."""
    try:
        # Newer Pythons read more forms than older ones: a date must not depend on that.
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            return date.fromisoformat(text.strip())
    except ValueError:
        pass
    raise ValueError(f"expected a date such as 2015-12-24, got {text!r}")


def first_instant(text: str) -> int:
    """Return the same where something begins: a date alone is its first moment in UTC.

    >>> first_instant("2015-12-24") == instant("2015-12-24T00:00Z")
    True
    """
    found = instant(text)
    is_date = re.fullmatch(_INSTANT, text.strip())["time"] is None  # type: ignore[index]
    return found - NS_PER_DAY + 1000 if is_date else found


def instant(text: str) -> int:
    """Return UTC nanoseconds of a time with its zone; a date alone is its last microsecond in UTC.

    >>> instant("2015-12-24T15:30Z") - instant("2015-12-24 10:30 America/New_York")
    0
    """
    match = re.fullmatch(_INSTANT, text.strip())
    if match is None:
        raise ValueError(f"expected a time such as 2015-12-24T15:30Z, got {text!r}")
    start = day(match["day"])
    if match["time"] is None:
        midnight = datetime(start.year, start.month, start.day, tzinfo=timezone.utc)
        return nanoseconds(to_ns(midnight) + NS_PER_DAY - 1000)
    zone = match["zone"]
    if zone is None:
        raise ValueError(
            f"{text!r} has no time zone; add Z for UTC, an offset such as -05:00, "
            "or a zone such as America/New_York"
        )
    try:
        naive = datetime.fromisoformat(f"{match['day']}T{_padded(match['time'])}")
    except ValueError:
        raise ValueError(f"expected a time such as 2015-12-24T15:30Z, got {text!r}") from None
    try:
        return nanoseconds(to_ns(_located(naive, zone)))
    except OverflowError:
        raise ValueError(f"expected a time in 1970 .. 2200, got {text!r}") from None


def _padded(time: str) -> str:
    """Write a fraction of a second with six digits, the only form Python 3.10 reads."""
    head, dot, fraction = time.partition(".")
    return head + dot + fraction.ljust(6, "0") if dot else head


def _located(naive: datetime, zone: str) -> datetime:
    if zone in ("Z", "UTC"):
        return naive.replace(tzinfo=timezone.utc)
    if zone[0] in "+-":
        offset = zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
        return datetime.fromisoformat(naive.isoformat() + offset)
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        return naive.replace(tzinfo=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        known = sorted(available_timezones())
    if not known:
        raise UnavailableError("there is no time zone database here: pip install tzdata")
    raise ValueError(f"unknown time zone {zone!r}: {hint(zone, known)}")


def families(names: Iterable[str]) -> tuple[str, ...]:
    """Return the families in the order of ties; ``all`` is every one, ``default`` the arbitrages.

    >>> families(["collar", "box"])
    ('collar', 'box')
    """
    asked: set[str] = set()
    for name in names:
        word = name.strip().lower().replace("-", "_")
        if word == "all":
            asked.update(FAMILIES)
        elif word == "default":
            asked.update(DEFAULT_FAMILIES)
        elif word in FAMILIES:
            asked.add(word)
        else:
            raise ValueError(f"unknown family {name.strip()!r}: {hint(word, FAMILIES)}")
    if not asked:
        raise ValueError("no family was named: " + hint("", FAMILIES))
    return tuple(family for family in FAMILIES if family in asked)


def dividend_kind(name: object) -> str:
    """Return the kind of a dividend, if one is called that."""
    if name not in DIVIDEND_KINDS:
        raise ValueError(f"unknown kind of dividend {name!r}: {hint(str(name), DIVIDEND_KINDS)}")
    return str(name)


def profile(name: str) -> str:
    """Return `name` if a profile is called that."""
    known = PROFILES + SYNTHETIC_PROFILES
    if name not in known:
        raise ValueError(f"unknown profile {name!r}: {hint(name, known)}")
    return name


def gate(name: str, value: object) -> float | int | bool:
    """Return the limit `value` of gate `name`, in the type that `Gates` has; "off" lets all pass.

    >>> gate("max_option_age", "5"), gate("lots", 2), gate("allow_delayed", "true")
    (5.0, 2, True)
    """
    defaults = {field.name: field.default for field in fields(Gates)}
    if name not in defaults:
        raise ValueError(f"unknown gate {name!r}: {hint(name, defaults)}")
    default = defaults[name]
    if isinstance(default, bool):
        truth = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if str(value).lower() not in truth:
            raise ValueError(f"gate {name} is true or false, got {value!r}")
        return truth[str(value).lower()]
    if value == "off" and not isinstance(default, int):
        return math.inf if name.startswith("max_") else 0.0
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"gate {name}: expected a number, got {value!r}")
    try:
        limit = (
            number(value, f"a number for gate {name}") if isinstance(value, str) else float(value)
        )
    except OverflowError:  # an integer of hundreds of digits
        raise ValueError(f"gate {name}: expected a number, got a much longer integer") from None
    if not (math.isfinite(limit) and limit >= 0.0):
        raise ValueError(f"gate {name}: expected a number >= 0 or off, got {value!r}")
    if isinstance(default, int):
        if limit < 1 or limit != int(limit):
            raise ValueError(f"gate {name}: expected a whole number >= 1, got {value!r}")
        return int(limit)
    return limit


def day_or_month(text: str) -> date:
    """Return a day, of a month its last: ``2027-06-18``, ``2027-06``.

    >>> day_or_month("2027-06"), day_or_month("2027-06-18")
    (datetime.date(2027, 6, 30), datetime.date(2027, 6, 18))
    """
    try:
        if len(text) == 7:
            first = date.fromisoformat(text + "-01")
            return first.replace(day=monthrange(first.year, first.month)[1])
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected a day such as 2027-06-18 or 2027-06, got {text[:40]!r}"
        ) from None
