"""The verifier against a brute-force judge that plays every session and every contract.

`tests/oracles/american_judge.py` shares nothing with `engine.proof`: American combos with borrow
fee and dividends, sold options assigned in part. 18 combos worked out by hand are in
`tests/unit/test_american_golden.py`.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

import pytest
from oracles.american_judge import Option, worst

from engine.market.calendar import US
from engine.market.carry import DECLARED, Carry, Dividend, RateCurve
from engine.market.combo import OPTION, STOCK, Leg
from engine.proof.verifier import verify
from tests.unit.test_american_golden import ASK, BID, NOW, chain

ENDS = (date(2026, 3, 20), date(2026, 4, 17))
STRIKES = (90.0, 92.5, 95.0, 100.0, 102.5, 110.0)


def random_carry(random: Random) -> Carry:
    lend = random.choice((0.0, 0.02, 0.045))
    dividends = tuple(
        Dividend(day, day + timedelta(random.randrange(15)), random.uniform(0.05, 1.5), DECLARED)
        for day in random.sample([US.next_session(date(2026, 3, k)) for k in (5, 10, 16, 26)], 2)
    )
    return Carry(
        RateCurve.flat(lend), RateCurve.flat(lend + random.choice((0.0, 0.01, 0.03))),
        dividends=dividends[: random.randrange(3)], withholding=random.choice((0.0, 0.15)),
        borrow_fee=random.choice((0.0, 0.01, 0.10, 0.35)),
    )  # fmt: skip


def butterfly(random: Random, right: str) -> list[tuple[str, float, int]]:
    low, body, high = sorted(random.sample(STRIKES, 3))
    share = math.gcd(int(2 * (body - low)), int(2 * (high - body)))
    first, second = int(2 * (high - body)) // share, int(2 * (body - low)) // share
    return [(right, low, first), (right, body, -first - second), (right, high, second)]


def shape(random: Random, name: str) -> list[tuple[str, float, int]]:
    """Return (right, strike, count) of a combo, some with unequal numbers of contracts."""
    low, high = sorted(random.sample(STRIKES, 2))
    n, m = random.randrange(1, 5), random.randrange(1, 5)
    made: dict[str, list[tuple[str, float, int]]] = {
        "call vertical": [("C", low, n), ("C", high, -n)],
        "put vertical": [("P", low, -n), ("P", high, n)],
        "call width": [("C", low, -n), ("C", high, n)],
        "put width": [("P", low, n), ("P", high, -n)],
        "call butterfly": butterfly(random, "C"),
        "put butterfly": butterfly(random, "P"),
        "box": [("C", low, 1), ("C", high, -1), ("P", low, -1), ("P", high, 1)],
        "part of a box": [("C", low, n), ("C", high, -n), ("P", low, -m), ("P", high, m)],
        "call spread and put": [("C", low, n), ("C", high, -n), ("P", high, n)],
        "put spread and call": [("P", high, n), ("P", low, -n), ("C", low, n)],
        "covered mix": [("C", high, -n - m), ("P", high, n), ("P", low, m)],
    }
    return made[name]


NAMES = (
    "call vertical", "put vertical", "call width", "put width", "call butterfly", "put butterfly",
    "box", "part of a box", "call spread and put", "put spread and call", "covered mix",
)  # fmt: skip


def agree(name: str, count: int) -> None:
    random = Random(f"judged {name}")
    for _ in range(count):
        terms, end = random_carry(random), random.choice(ENDS)
        parts = shape(random, name)
        stock = -parts[0][2] if name == "covered mix" else 0
        legs = [
            Leg(
                OPTION, 1 if n > 0 else -1, abs(n), 0.0, right=right, strike=strike, expiry=end,
                settles_ns=US.close_ns(end),
            )
            for right, strike, n in parts
        ]  # fmt: skip
        if stock:
            legs.append(Leg(STOCK, 1, stock, ASK))
        judged = worst([Option(*part, end) for part in parts], NOW, terms, BID, stock)
        proof = verify(chain(), tuple(legs), 1, terms, count_projected=False)
        assert proof.minimum + stock * ASK == pytest.approx(judged, abs=1e-9), (parts, terms)


@pytest.mark.parametrize("name", NAMES)
def test_verifier_and_judge_agree(name: str) -> None:
    agree(name, 6)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_verifier_and_judge_agree_on_many(name: str) -> None:
    agree(name, 60)
