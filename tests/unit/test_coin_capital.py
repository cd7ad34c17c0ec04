"""What positions of a coin-settled chain bind and may lose: strikes and futures in coins."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.market.carry import Carry
from engine.market.chain import COIN, EUROPEAN, ChainBuilder, OptionChain, Underlying
from engine.market.combo import FUTURE, OPTION, Leg
from engine.market.fees import FREE
from engine.market.quoting import IN_COIN
from engine.scanner.search import make_view
from engine.scoring.capital import coin_margin
from engine.scoring.legs import option_leg
from engine.scoring.proposal import Passed, leg_out, rank
from engine.strategies.family import cost
from tests.unit.chains import NOW_NS, expiry

SPOT = 50_000.0
BID, ASK = 49_990.0, 50_010.0
SETTINGS = ScanSettings(carry=Carry(as_of_ns=NOW_NS), fees=FREE)
# One standard deviation over the two seconds between legs, at the volatility assumed: 30 %.
MOVE = 0.30 * math.sqrt(2.0 / (365.0 * 86_400.0))


def coin_chain(future: tuple[float, float] = (BID, ASK)) -> OptionChain:
    builder = ChainBuilder("BTC", NOW_NS, Underlying("BTC", SPOT, SPOT, kind=COIN))
    for strike in (50_000.0, 60_000.0):
        for right in "CP":
            builder.add(expiry(365), strike, right, 0.10, 0.101, 10.0, 10.0, 0.1, 0.1)
    builder.set_forward(expiry(365), *future)
    return builder.build(
        style=EUROPEAN, multiplier=1.0, currency="BTC", quoting=IN_COIN, calendar="crypto"
    )


def future_leg(notional: float, side: int = 1, quote: tuple[float, float] = (BID, ASK)) -> Leg:
    price = quote[1] if side > 0 else quote[0]
    return Leg(
        FUTURE, side, 1, price, bid=quote[0], ask=quote[1], settles_ns=expiry(365).settles_ns,
        notional=notional,
    )  # fmt: skip


def test_leaving_a_box_with_its_future_costs_coins(backend: Backend) -> None:
    """The future of a box of 10,000: 0.2 coins, 20 dollars wide is 0.00008 coins, 4 dollars.

    Its call of 60,000 is worth a put of the dollar: its delta in coins is K/F N(d2).
    """
    view = make_view(coin_chain(), SETTINGS, backend)
    legs = (option_leg(view, 1, 1), future_leg(10_000.0))
    ratio = 60_000.0 / BID
    d2 = -math.log(ratio) / 0.3 - 0.15
    call = 0.001 + MOVE * ratio * NormalDist().cdf(d2)
    future = 10_000.0 * (1.0 / BID - 1.0 / ASK) + MOVE * 10_000.0 / ASK
    assert future == pytest.approx(8.0e-5 + MOVE * 0.2, rel=1e-3)
    # Of two legs a proper part is one alone.
    assert leg_out(view, legs, 3.0, 1.0, SETTINGS) == pytest.approx(
        3.0 * SPOT * max(call, future), rel=1e-9
    )
    assert leg_out(view, (legs[1], legs[1]), 3.0, 1.0, SETTINGS) == pytest.approx(
        3.0 * SPOT * future, rel=1e-9
    )


def test_a_conversion_in_coins_has_no_delta(backend: Backend) -> None:
    """Put - call is K/F - 1 coins, the future pays it back: only spreads are left, all but one."""
    view = make_view(coin_chain((SPOT, SPOT)), SETTINGS, backend)
    legs = (
        option_leg(view, 3, 1), option_leg(view, 1, -1),
        future_leg(60_000.0, quote=(SPOT, SPOT)),
    )  # fmt: skip
    # Alone, the future moves by 1.2 coins and the put by K/F N(-d2).
    put = 0.001 + MOVE * 1.2 * NormalDist().cdf(math.log(1.2) / 0.3 + 0.15)
    call = 0.001 + MOVE * 1.2 * NormalDist().cdf(-math.log(1.2) / 0.3 - 0.15)
    assert leg_out(view, legs, 1.0, 1.0, SETTINGS) == pytest.approx(
        SPOT * max(put + call, MOVE * 1.2), rel=1e-9
    )


def bound(
    backend: Backend, family: str, *legs: tuple[int, int], future: Leg | None = None
) -> float:
    """Return the coins that one lot of options (quote index, signed ratio) binds."""
    chain = coin_chain((BID, ASK))
    view = make_view(chain, SETTINGS, backend)
    options = tuple(option_leg(view, quote, ratio) for quote, ratio in legs)
    every = options if future is None else (*options, future)
    return max(coin_margin(chain, family, every, 1), cost(every, 1), 0.0)


def test_a_short_box_binds_its_width_in_coins(backend: Backend) -> None:
    """10,000 dollars sold at 49,990 are 0.20004 coins; closing the four legs costs 0.002."""
    box = ((0, -1), (1, 1), (3, -1), (2, 1))
    sold = future_leg(10_000.0, -1)
    assert bound(backend, "box", *box, future=sold) == pytest.approx(10_000.0 / BID, rel=1e-12)
    long = tuple((quote, -ratio) for quote, ratio in box)
    assert bound(backend, "box", *long, future=future_leg(10_000.0)) == pytest.approx(0.002)


def test_a_short_box_costs_coins_to_close(backend: Backend) -> None:
    """0.5 - 0.1 + 0.5 - 0.1 = 0.8 coins, times 1.02: the future is closed for its spread alone."""
    quotes = ((0.49, 0.5), (0.1, 0.11), (0.49, 0.5), (0.1, 0.11))
    legs = tuple(
        Leg(OPTION, side, 1, bid if side < 0 else ask, right=right, strike=strike,
            settles_ns=expiry(365).settles_ns, bid=bid, ask=ask)
        for (bid, ask), side, right, strike in zip(
            quotes, (-1, 1, -1, 1), "CCPP", (50_000.0, 60_000.0, 60_000.0, 50_000.0), strict=True
        )
    )  # fmt: skip
    both = (*legs, future_leg(10_000.0, -1))
    assert coin_margin(coin_chain(), "box", both, 1) == pytest.approx(1.02 * 0.8, rel=1e-12)


def test_other_families_bind_coins(backend: Backend) -> None:
    """A width of 10,000 is 0.20004 coins; an uncovered call 60,000 is 0.20 out of the money.

    It binds its bid, 0.1, and a tenth of a coin, for 0.2 - 0.20024 is less.
    """
    assert bound(backend, "vertical_width", (0, -1), (1, 1)) == pytest.approx(10_000.0 / BID)
    assert bound(backend, "jelly_roll", (1, -1)) == pytest.approx(0.1 + 0.1)
    assert bound(backend, "upper_bound", (2, -1)) == pytest.approx(50_000.0 / BID)
    assert bound(backend, "vertical", (0, 1), (1, -1)) == pytest.approx(0.001)
    assert bound(backend, "calendar", (0, -1), (0, 1)) == pytest.approx(0.001)


def test_a_coin_conversion_binds_half_its_future_and_what_is_in_the_money(
    backend: Backend,
) -> None:
    """60,000 dollars are 1.2 coins: half of it, and the put sold is 0.2 in the money."""
    future = future_leg(60_000.0, -1)
    assert bound(backend, "reversal", (1, 1), (3, -1), future=future) == pytest.approx(
        0.5 * 60_000.0 / BID + 60_000.0 / BID - 1.0
    )


def test_capital_is_coins_times_the_spot(backend: Backend) -> None:
    view = make_view(coin_chain(), SETTINGS, backend)
    legs = (
        option_leg(view, 0, -1), option_leg(view, 1, 1), option_leg(view, 3, -1),
        option_leg(view, 2, 1), future_leg(10_000.0, -1),
    )  # fmt: skip
    ranked = rank(view, Passed("box", legs, 1, 0.01, 365.0, 3.0, 1500.0), SETTINGS)
    assert ranked.capital == pytest.approx(3.0 * SPOT * 10_000.0 / BID, rel=1e-12)
    assert 0.0 < ranked.loss < 3.0 * SPOT * 0.005
