"""Implied smiles: the volatility that was put into the prices comes out."""

from __future__ import annotations

import math

import pytest

from engine.backend import Backend
from engine.market.chain import COIN
from engine.scoring.curves import curves
from engine.scoring.smile import smiles
from tests.unit.model_chains import TAU, black, chain_of, flat, model_chain


def test_the_smile_returns_the_volatility_of_the_prices(backend: Backend) -> None:
    rate = 0.04
    discount = math.exp(-rate * TAU)
    chain = model_chain(101.0, discount, vol=0.35)
    points = curves(chain, flat(rate))
    (smile,) = smiles(chain, points, backend)
    assert [spot.strike for spot in smile] == list(chain.strike)
    assert [spot.right for spot in smile] == ["P"] * 4 + ["C"] * 3
    assert [spot.mid_vol for spot in smile] == pytest.approx([0.35] * 7, abs=1e-9)
    wide = model_chain(101.0, discount, vol=0.35, half=0.05)
    for spot in smiles(wide, curves(wide, flat(rate)), backend)[0]:
        assert spot.bid_vol < 0.35 < spot.ask_vol


def test_the_smile_of_coins_and_of_nothing(backend: Backend) -> None:
    quotes = {}
    for strike in (1800.0, 2000.0, 2200.0, 2600.0):
        for right in "CP":
            worth = black(2241.65, strike, 1.0, 0.6, right) / 2241.65
            quotes[strike, right] = (0.0 if strike == 1800.0 else worth, worth)
    chain = chain_of(quotes, bid=2222.0, ask=2222.0, kind=COIN, future=(2241.65, 2241.65))
    (smile,) = smiles(chain, curves(chain, flat(0.0)), backend)
    assert [spot.ask_vol for spot in smile] == pytest.approx([0.6] * 4, abs=1e-9)
    assert math.isnan(smile[0].bid_vol)
    assert math.isnan(smile[0].mid_vol)
    empty = chain_of({(100.0, "C"): (2.0, 2.1)})
    assert smiles(empty, curves(empty, flat(0.04)), backend) == ((),)
