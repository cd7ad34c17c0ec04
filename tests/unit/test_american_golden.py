"""Worst cases of American combos worked out by hand, against the verifier and a brute-force judge.

Per package, cost excluded: 4 March 2026, 10:00 in New York, PM expiries of 17 April and 15 May,
spot 99.99 to 100.01, lending at 4.5 %, borrowing at 5.5 %; without dividend and fee, with a fee of
35 % of short stock, with a dividend of 0.50 (ex 13 April, paid 27 April), and with both.
"""

from __future__ import annotations

from array import array
from datetime import date

import pytest
from oracles.american_judge import Option, worst

from engine.clock import NS_PER_SECOND
from engine.market.calendar import US
from engine.market.carry import DECLARED, Carry, Dividend, RateCurve
from engine.market.chain import AMERICAN, OptionChain, Underlying
from engine.market.combo import OPTION, STOCK, Leg
from engine.proof import verifier

NOW = US.open_ns(date(2026, 3, 4)) + 1800 * NS_PER_SECOND
APRIL, MAY = date(2026, 4, 17), date(2026, 5, 15)
BID, ASK = 99.99, 100.01
CASES = ((0.0, False), (0.35, False), (0.0, True), (0.35, True))

# Combo: counts of options, an expiry of April marked by an apostrophe; the four worst cases.
GOLDEN: dict[str, tuple[float, float, float, float]] = {
    "+1C100 -1C100.5": (0.0, 0.0, 0.0, -0.0956),
    "+1C100 -1C105": (0.0, 0.0, 0.0, 0.0),
    "-1C100 +1C105": (-5.0, -5.3657, -5.4721, -5.5680),
    "-1P105 +1P100": (-5.0462, -5.0462, -5.0462, -5.0462),
    "+1C95 -2C100 +1C105": (-0.0096, -0.7670, -0.9934, -1.1851),
    "+2C95 -3C100 +1C110": (-0.0192, -1.1506, -1.4901, -1.7777),
    "+1P95 -2P100 +1P105": (-0.1202, -0.1202, -0.1202, -0.1202),
    "+1C95 -1C105 +1P105 -1P95": (9.8497, 9.5730, 9.4433, 9.3474),
    "+1C100 -1C101 +1P101 -1P100": (0.9356, 0.6121, 0.4973, 0.4014),
    "+1C95 -1C105 +1P105": (9.8918, 9.5730, 9.4433, 9.3474),
    "+1P105 -1P95 +1C95": (9.8497, 9.8497, 9.8497, 9.8497),
    "-1C100' +1C100": (0.0, -0.3835, -0.4967, -0.5926),
    "-1C105' +1C100": (0.0, 0.0, 0.0, 0.0),
    "-1P100' +1P100": (-0.0601, -0.0601, -0.0601, -0.0601),
    "+1C95 -2C100' +1C105": (-0.0052, -0.7670, -0.9934, -1.1851),
    "+1S +1P100 -1C100": (98.9178, 98.9178, 99.4000, 99.4000),
    "+1S +1P95 -1C105": (93.9719, 93.9719, 94.4679, 94.4679),
    "+1S +1C100 -2C105": (0.0, 0.0, 0.4960, 0.4960),
}


def carry(fee: float, *, pays: bool) -> Carry:
    dividend = Dividend(date(2026, 4, 13), date(2026, 4, 27), 0.5, DECLARED)
    return Carry(
        RateCurve.flat(0.045), RateCurve.flat(0.055), dividends=(dividend,) if pays else (),
        borrow_fee=fee,
    )  # fmt: skip


def chain() -> OptionChain:
    """A chain without quotes: every price of a leg is 0."""
    none, first = array("d"), array("l", [0])
    spot = Underlying("XYZ", BID, ASK)
    return OptionChain(
        "XYZ", NOW, spot, (), first, none, none, none, none, none, none, none, style=AMERICAN
    )


def options_of(words: str) -> tuple[list[Option], int]:
    """Return the options of a combo and its shares."""
    options, stock = [], 0
    for word in words.split():
        count, name = int(word[:2]), word[2:]
        if name == "S":
            stock = count
            continue
        ends = APRIL if name.endswith("'") else MAY
        options.append(Option(name[0], float(name[1:].rstrip("'")), count, ends))
    return options, stock


def legs_of(words: str) -> tuple[Leg, ...]:
    options, stock = options_of(words)
    legs = [
        Leg(
            OPTION, 1 if one.count > 0 else -1, abs(one.count), 0.0, right=one.right,
            strike=one.strike, expiry=one.ends, settles_ns=US.close_ns(one.ends),
        )
        for one in options
    ]  # fmt: skip
    # The spot is a price of its own; without it there is nothing to be had at 0.
    return (*legs, Leg(STOCK, 1, stock, ASK)) if stock else tuple(legs)


@pytest.mark.parametrize("words", GOLDEN)
def test_the_verifier_finds_the_worst_case(words: str) -> None:
    legs = legs_of(words)
    paid = sum(leg.ratio * leg.price for leg in legs)
    for (fee, pays), expected in zip(CASES, GOLDEN[words], strict=True):
        proof = verifier.verify(chain(), legs, 1, carry(fee, pays=pays), count_projected=False)
        assert proof.minimum + paid == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize("words", [words for words in GOLDEN if "'" not in words])
def test_so_does_the_judge(words: str) -> None:
    options, stock = options_of(words)
    for (fee, pays), expected in zip(CASES, GOLDEN[words], strict=True):
        found = worst(options, NOW, carry(fee, pays=pays), BID, stock)
        assert found == pytest.approx(expected, abs=5e-5)
