"""Times of public files, held to `datetime`'s own readers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from zoneinfo import ZoneInfo

import pytest

from engine.clock import to_ns
from engine.trading.stamps import Stamps, is_day_first

NEW_YORK = ZoneInfo("America/New_York")
FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d %H:%M:%S", "%Y%m%dT%H%M%S",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d-%b-%Y %H:%M", "%b %d, %Y %H:%M", "%d.%m.%Y %H:%M:%S",
    "%d %b %Y %H:%M",
)  # fmt: skip
DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%y", "%b %d, %Y")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("zone", [timezone.utc, NEW_YORK])
def test_reads_what_datetime_writes(form: str, zone: timezone | ZoneInfo) -> None:
    rng, stamps = Random(3), Stamps(zone)
    for _ in range(50):
        # In July, where no hour comes twice.
        moment = datetime(rng.randrange(1970, 2060), 7, rng.randrange(1, 29), rng.randrange(24), 30)
        text = moment.strftime(form)
        expected = datetime.strptime(text, form).replace(tzinfo=zone)
        assert stamps.read(text) == (to_ns(expected), moment.date())


@pytest.mark.parametrize("form", DAYS)
def test_reads_days(form: str) -> None:
    for day in range(0, 20_000, 137):
        moment = datetime(1972, 1, 1) + timedelta(days=day)
        if "%y" in form and not 1970 <= moment.year <= 2069:
            continue
        stamp, read = Stamps(timezone.utc).read(moment.strftime(form))
        assert (stamp, read) == (to_ns(moment.replace(tzinfo=timezone.utc)), moment.date())


@pytest.mark.parametrize("offset", ["Z", "+00:00", "-05:00", "+0530", " UTC", "+09"])
def test_a_zone_that_is_named_counts(offset: str) -> None:
    text = "2024-01-02 09:30:00"
    stamp, day = Stamps(NEW_YORK).read(text + offset)
    plain = offset.replace("Z", "+00:00").replace(" UTC", "+00:00")
    plain = {"+0530": "+05:30", "+09": "+09:00"}.get(plain, plain)
    assert stamp == to_ns(datetime.fromisoformat(text + plain))
    assert day.isoformat() == "2024-01-02"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1704205800", 1_704_205_800_000_000_000),
        ("1704205800000", 1_704_205_800_000_000_000),
        ("1704205800000000", 1_704_205_800_000_000_000),
        ("1704205800000000123", 1_704_205_800_000_000_123),
        ("1704205800.5", 1_704_205_800_500_000_000),
        ("2024-01-02 14:30:00.123456789Z", 1_704_205_800_123_456_789),
        ("2024-01-02 24:00:00Z", 1_704_240_000_000_000_000),
    ],
)
def test_counts_since_1970_and_fractions(text: str, ns: int) -> None:
    assert Stamps(NEW_YORK).read(text)[0] == ns


def test_the_order_of_day_and_month_is_found_or_not_known() -> None:
    assert is_day_first(["1/2/2024", "1/13/2024"]) is False
    assert is_day_first(["1/2/2024", "13/1/2024"]) is True
    assert is_day_first(["1/2/2024", "3/4/2024"]) is None
    assert is_day_first(["2024-01-02"]) is False
    assert Stamps(timezone.utc, day_first=True).read("1/2/2024")[1].month == 2


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "2024-13-01", "2024-02-30", "0000-00-00", "1/2", "2024-01-02 25:00",
        "2024-01-02 10:60", "2024-01-02 24:01", "9" * 30, "2024-01-02 10:00+99:00", "12:00",
        "Foo 2, 2024", "2024-01-02 13:00 PM", "-5", "1e9",
        "２０２４-01-02", "2024-01-02T", "1800-01-01",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time|no zone"):
        Stamps(timezone.utc).read(text)
