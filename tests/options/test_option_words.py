"""Entries and exits in words: what they mean, and that every slip is answered in one line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtesting.options.entries import (
    ATM,
    DELTA,
    FORMS,
    OFFSET,
    PERCENT,
    STRIKE,
    Days,
    parse_entry,
)
from engine.backtesting.options.exits import parse_exits
from engine.errors import UsageError


def shape(text: str) -> list[tuple[int, str, str, float]]:
    return [(leg.ratio, leg.right, *leg.strike) for leg in parse_entry(text).legs]


@pytest.mark.parametrize(
    ("text", "legs"),
    [
        ("single C 30d 0.30", [(1, "C", DELTA, 0.3)]),
        ("short single P 30d K95", [(-1, "P", STRIKE, 95.0)]),
        ("vertical C 30d 0.30/0.20", [(1, "C", DELTA, 0.3), (-1, "C", DELTA, 0.2)]),
        ("vertical P 30d 0.30 w5", [(1, "P", DELTA, 0.3), (-1, "P", OFFSET, -5.0)]),
        ("short vertical c 30d 5%/10%", [(-1, "C", PERCENT, 0.05), (1, "C", PERCENT, 0.1)]),
        ("straddle 30d atm", [(1, "C", ATM, 0.0), (1, "P", OFFSET, 0.0)]),
        ("short strangle 30d 0.16", [(-1, "P", DELTA, 0.16), (-1, "C", DELTA, 0.16)]),
        ("strangle 30d K90/K110", [(1, "P", STRIKE, 90.0), (1, "C", STRIKE, 110.0)]),
        (
            "iron condor 30d 0.30/0.10",
            [(1, "P", DELTA, 0.1), (-1, "P", DELTA, 0.3), (-1, "C", DELTA, 0.3),
             (1, "C", DELTA, 0.1)],
        ),
        (
            "reverse condor 30d 0.30 w5",
            [(1, "P", DELTA, 0.3), (-1, "P", OFFSET, -5.0), (1, "C", DELTA, 0.3),
             (-1, "C", OFFSET, 5.0)],
        ),
        (
            "condor 30d K80/K90/K110/K120",
            [(1, "P", STRIKE, 80.0), (-1, "P", STRIKE, 90.0), (-1, "C", STRIKE, 110.0),
             (1, "C", STRIKE, 120.0)],
        ),
        (
            "butterfly C 30d atm w5",
            [(-2, "C", ATM, 0.0), (1, "C", OFFSET, -5.0), (1, "C", OFFSET, 10.0)],
        ),
        (
            "butterfly P 30d K90/K100/K110",
            [(1, "P", STRIKE, 90.0), (-2, "P", STRIKE, 100.0), (1, "P", STRIKE, 110.0)],
        ),
        ("calendar C 30d/60d atm", [(-1, "C", ATM, 0.0), (1, "C", OFFSET, 0.0)]),
        ("covered call 30d 0.30", [(1, "", ATM, 0.0), (-1, "C", DELTA, 0.3)]),
        ("csp 30d 0.30", [(-1, "P", DELTA, 0.3)]),
        ("collar 30d 0.25/0.20", [(1, "", ATM, 0.0), (1, "P", DELTA, 0.25),
                                  (-1, "C", DELTA, 0.2)]),
        (
            "custom +1 C 30d 0.30, -2 C 30d +5, +1 stock",
            [(1, "C", DELTA, 0.3), (-2, "C", OFFSET, 5.0), (1, "", ATM, 0.0)],
        ),
    ],
)  # fmt: skip
def test_an_entry_means_these_legs(text: str, legs: list[tuple[int, str, str, float]]) -> None:
    assert shape(text) == legs


def test_days_are_a_range_or_from_half_to_twice() -> None:
    assert parse_entry("single C 30d atm").legs[0].days == Days(30.0, 15.0, 60.0)
    assert parse_entry("single C 20-45d atm").legs[0].days == Days(32.5, 20.0, 45.0)
    near, far = parse_entry("calendar C 30d/60d atm").legs
    assert (near.days.wanted, far.days.wanted) == (30.0, 60.0)


def test_only_a_cash_secured_put_is_secured() -> None:
    assert parse_entry("cash-secured put 30d 0.30").is_secured
    assert not parse_entry("short single P 30d 0.30").is_secured


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an entry names a structure"),
        ("vertcal C 30d 0.3/0.2", "did you mean 'vertical'"),
        ("vertical 30d 0.3/0.2", "expected C or P, got '30d'"),
        ("vertical C 0.3/0.2", "expected days such as 30d"),
        ("vertical C 30d", "the strikes are missing"),
        ("vertical C 30d 0.3", "expected 2 strikes, got 1"),
        ("vertical C 30d 0.3/x", "'x' is no strike: a delta (0.30), K500, atm"),
        ("vertical C 30d 1.3/0.2", "'1.3' is no strike"),
        ("vertical C 30d 0.3/0.2 w5", "a width goes with one strike"),
        ("vertical C 30d +5/0.2", "the first strike counts from no other"),
        ("vertical C 60-20d 0.3/0.2", "days rise from 1"),
        ("vertical C 30d 0.3/0.2 now", "expected a width such as w5, got 'now'"),
        ("straddle 30d atm w5", "it has one strike, and no width"),
        ("condor 30d K90/K80", "strikes for both sides are deltas"),
        ("condor 30d 0.3/0.2/0.1", "expected 2 or 4 strikes, got 3"),
        ("short condor 30d 0.3/0.1", "reverse condor buys them"),
        ("short covered call 30d 0.3", "leave out short"),
        ("calendar C 60d/30d atm", "the near expiry comes first"),
        ("call 30d 0.30", "write single C"),
        ("custom 1 C 30d 0.3", "a leg begins with +1 or -2"),
        ("custom +1 C 30d +5", "the first strike counts from no other"),
        ("custom " + ", ".join(["+1 stock"] * 9), "at most 8 legs, not 9"),
        ("single C 30d 0.3" + " " * 400, "at most 400 letters"),
    ],
)
def test_a_slip_in_an_entry_is_told(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_entry(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FORMS)
def test_every_structure_says_its_form(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_entry(f"{name} C")
    assert FORMS[name].split()[0] in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("50%|foo", "no exit 'foo'"), ("50%|60%", "two rules of one kind"), ("", "no exit ''"),
     ("0%", "no exit '0%'"), ("1.5delta", "no exit '1.5delta'")],
)  # fmt: skip
def test_a_slip_in_an_exit_is_told(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_exits(text)
    assert said in str(caught.value)
    assert "21dte" in str(caught.value)


def test_exits_have_their_numbers() -> None:
    found = parse_exits("50%|2x|21dte|0.50delta|3h|expiry")
    hours = 3 * 3600 * 10**9
    assert [one.number for one in found] == [0.5, 2.0, 21.0, 0.5, hours, 0.0]


@given(st.text(max_size=60), st.sampled_from(["", "vertical C ", "custom ", "condor 30d "]))
def test_no_text_does_worse_than_a_usage_error(text: str, before: str) -> None:
    for parse in (parse_entry, parse_exits):
        with suppress(UsageError):
            parse(before + text)
