"""SVI fitted to expiries of the LEAN sample's GOOG chain: how far off, and arbitrage or none."""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import pytest
from lean_chains import chain_at

from engine.backend import Backend
from engine.scoring.curves import CurvePoint, curves
from engine.scoring.smile import SmilePoint, smiles

pytestmark = pytest.mark.realdata

Slice = tuple[tuple[float, ...], list[float], list[float], list[float]]


def fitted(backend: Backend, point: CurvePoint, smile: tuple[SmilePoint, ...]) -> Slice:
    """Return parameters, k, misses in volatility, and the spreads in volatility."""
    quoted = [spot for spot in smile if spot.ask_vol > spot.bid_vol]
    tau = point.days / 365.0
    k = [math.log(spot.strike / point.forward) for spot in quoted]
    spreads = [spot.ask_vol - spot.bid_vol for spot in quoted]
    variance = [spot.mid_vol**2 * tau for spot in quoted]
    # A squared error of variance is 4 vol**2 of one of volatility.
    weight = [(s * spot.mid_vol) ** -2 for s, spot in zip(spreads, quoted, strict=True)]
    columns = [array("d", values) for values in (k, variance, weight)]
    residual, *work = [array("d", bytes(8 * len(k))) for _ in range(4)]
    *five, _, used = backend.load("svi_fit").svi_fit(*columns, residual, *work)
    assert used == len(k)
    misses = [
        (math.sqrt(max(0.0, w + r)) - math.sqrt(w)) / math.sqrt(tau)
        for w, r in zip(variance, residual, strict=True)
    ]
    return tuple(five), k, misses, spreads


def test_google_in_svi(backend: Backend, lean_root: Path) -> None:
    loaded = chain_at(lean_root, "GOOG", "2015-12-24T16:00:00")
    assert loaded.carry is not None
    points = curves(loaded.chain, loaded.carry)
    svi, slices = backend.load("svi"), {}
    for point, smile in zip(points, smiles(loaded.chain, points, backend), strict=True):
        if point.days < 5.0:
            continue
        five, k, misses, spreads = fitted(backend, point, smile)
        weight = [1.0 / (s * s) for s in spreads]
        squares = math.fsum(w * miss * miss for w, miss in zip(weight, misses, strict=True))
        # In volatility: a third of a point, an expiry's spread-weighted mean.
        assert math.sqrt(squares / math.fsum(weight)) < 0.0033, point.expiry
        inside = [abs(miss) <= 0.5 * s for miss, s in zip(misses, spreads, strict=True)]
        assert sum(inside) >= 0.95 * len(inside), point.expiry
        slices[point.expiry.date.isoformat()] = (five, k)
        status, least, _ = svi.svi_check(*five, k[0], k[-1], 201)
        assert status == 0, (point.expiry, least)
        assert least >= 0.0
    assert len(slices) == 11
    # Two monthly expiries: total variance grows with time wherever both are quoted.
    early, later = slices["2016-01-15"], slices["2016-03-18"]
    status, least, _ = svi.svi_calendar(*early[0], *later[0], early[1][0], early[1][-1], 201)
    assert status != 1
    assert least > 0.0
