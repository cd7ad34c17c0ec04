"""Prices after fees, for any number of tiers, against the schedule's own arithmetic."""

from __future__ import annotations

import math
from array import array

import pytest

from engine.backend import Backend
from engine.market.fees import DERIBIT, FREE, FeeSchedule

PRICES = (0.01, 0.0499999, 0.05, 0.07, 0.1, 0.5, 1.0, 2.5, 400.0)
ABSENT = (0.0, -1.0, math.nan, math.inf)
SCHEDULES = {
    "one": FREE,
    "coin": DERIBIT,
    "two": FeeSchedule(tiers=((0.0, 0.25), (0.05, 0.65))),
    "three": FeeSchedule(),
    "four": FeeSchedule(tiers=((0.0, 0.25), (0.05, 0.5), (0.1, 0.65), (1.0, 0.9))),
    "five, with a part": FeeSchedule(
        tiers=((0.0, 0.1), (0.05, 0.2), (0.1, 0.3), (1.0, 0.4), (2.5, 0.0)),
        proportional=0.003, premium_cap=0.125,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEDULES)
def test_net_prices(name: str, backend: Backend) -> None:
    fees = SCHEDULES[name]
    bid, ask = array("d", (*PRICES, *ABSENT)), array("d", (*reversed(PRICES), *ABSENT))
    receive, pay = (array("d", [7.0]) * len(bid) for _ in range(2))
    backend.parity.net_prices(
        bid, ask, array("d", (start for start, _ in fees.tiers)),
        array("d", ((fee + fees.exchange) / 100.0 for _, fee in fees.tiers)),
        fees.proportional, fees.premium_cap, receive, pay,
    )  # fmt: skip
    for k in range(len(PRICES)):
        assert receive[k] == pytest.approx(bid[k] - fees.option_fee(bid[k], 100.0), abs=1e-12)
        assert pay[k] == pytest.approx(ask[k] + fees.option_fee(ask[k], 100.0), abs=1e-12)
    for k in range(len(PRICES), len(bid)):
        assert math.isnan(receive[k])
        assert math.isnan(pay[k])
