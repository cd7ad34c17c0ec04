"""Text that is written by hand is the text that the library makes of the same value."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import date
from random import Random

import pytest

from engine.codec import Said, decode, encode, json_text
from engine.execution.entries import (
    COMBO,
    Intent,
    intent_data,
    package_id,
    plan_data,
    read_intent,
    read_plan,
)
from engine.execution.orders import Order, Plan
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.market.contract import Contract
from engine.session.journal import Entry, Journal, read_journal

DAY = date(2026, 4, 17)
TEXTS = ("", "plain", 'a "quote"', "back\\slash", "new\nline", "\x00\x1f\x7f", "caf\u00e9",
         "\u2028", "\ud83d\ude80", "]", "[", "~", "{}", "\ud800")  # fmt: skip
NUMBERS = (0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 5e-324, 1.7976931348623157e308, math.nan, math.inf,
           -math.inf, 123456789.125)  # fmt: skip


@dataclass(frozen=True)
class Pair:
    """Two of anything."""

    first: object
    second: object


def library(value: object) -> str:
    return json.dumps(
        encode(value), separators=(",", ":"), allow_nan=False, ensure_ascii=False
    )  # fmt: skip


def drawn(draw: Random, depth: int) -> object:
    kind = draw.randrange(9 if depth else 6)
    if kind == 0:
        return draw.choice(TEXTS)
    if kind == 1:
        return draw.choice(NUMBERS)
    if kind == 2:
        return draw.choice((0, -1, 1 << 70, True, False, None))
    if kind == 3:
        return DAY
    if kind == 4:
        return draw.random() * 10.0 ** draw.randrange(-20, 20)
    if kind == 5:
        return draw.randrange(-(10**6), 10**18)
    if kind == 6:
        return Pair(drawn(draw, depth - 1), drawn(draw, depth - 1))
    many = [drawn(draw, depth - 1) for _ in range(draw.randrange(4))]
    return tuple(many) if kind == 7 else {str(k): one for k, one in enumerate(many)}


def test_any_value_has_the_text_of_the_library() -> None:
    draw = Random(20_261_201)
    for _ in range(3_000):
        value = drawn(draw, 4)
        assert json_text(value) == library(value)


def plan() -> Plan:
    legs = (
        Leg(OPTION, -1, 1, 4.0, 0.01, "C", 100.0, DAY, 1, 4.0, 4.1, 7.0, 0.5, 3),
        Leg(STOCK, 1, 1, 101.0, math.inf, size=math.nan),
    )  # fmt: skip
    contracts = (Contract(OPTION, "XYZ", "XYZ", DAY, "C", 100.0), Contract(STOCK, "X\u00e9"))
    combo = Combo("XYZ", ((-1, contracts[0]), (1, contracts[1])))
    return Plan(
        "abc", combo.key, "XYZ", "conversion", legs, combo, 100.0, 2, 97.0, 97.01, 97.05, 1, 0.2,
        40.0, 6.0, 900.0, 5, DAY, 101.0, ("a",), (),
    )  # fmt: skip


def test_a_plan_and_an_order_of_it_are_read_back_as_they_were() -> None:
    one = plan()
    data = plan_data(one, COMBO, (0.5, 1.0), 40.0)
    assert isinstance(data, Said)
    whole = {"plan": one, "style": COMBO, "deltas": [0.5, 1.0], "loss_usd": 40.0}
    assert data.text == library(whole)
    planned = read_plan(Entry(7, 1, "plan", data))
    assert (planned.package, planned.deltas) == (package_id(7), (0.5, 1.0))
    assert repr(planned.plan) == repr(one)
    intent = Intent(Order("parity-7-0.1", "DU1", one.combo, 2, 97.01), "7", 0, 1, 1, 2, math.nan)
    said = intent_data(intent)
    assert isinstance(said, Said)
    assert said.text == library(intent)
    assert repr(read_intent(Entry(8, 1, "intent", said))) == repr(intent)
    # The same combo by value, and another one: what is known of one is not said of the other.
    other = replace(one.combo, legs=one.combo.legs[:1])
    again = intent_data(replace(intent, order=replace(intent.order, combo=other)))
    assert decode(Intent, again).order.combo == other


def test_contracts_that_are_equal_keep_their_own_numbers_at_the_exchange() -> None:
    one = plan()
    for number in ("11", "22"):
        legs = tuple((n, replace(c, exchange_id=number)) for n, c in one.combo.legs)
        named = replace(one, combo=replace(one.combo, legs=legs))
        said = plan_data(named, COMBO, (0.5, 1.0), 40.0)
        read = read_plan(Entry(7, 1, "plan", said)).plan
        assert [contract.exchange_id for _, contract in read.combo.legs] == [number, number]


def test_a_journal_keeps_what_was_written_already(tmp_path) -> None:
    journal = Journal(tmp_path / "j")
    data = plan_data(plan(), COMBO, (0.5, 1.0), 40.0)
    first = journal.append("plan", data)
    second = journal.append("plan", dict(data))
    journal.close()
    one, two = read_journal(tmp_path / "j")
    assert (one.data, one.kind, one.ts_ns) == (data, "plan", first.ts_ns)
    assert (two.data, two.kind, two.ts_ns) == (one.data, "plan", second.ts_ns)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_delta_that_is_no_number_is_not_written(bad: float) -> None:
    with pytest.raises(ValueError, match="no numbers"):
        plan_data(plan(), COMBO, (bad, 1.0), 40.0)
