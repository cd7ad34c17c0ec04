"""The tick update against its definition in exact fractions; one trade against columns of them."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from random import Random

import pytest

from engine.backend import Backend
from kernels_pure.ticks import EMA, FLOW, MEAN, N_STATE, SEEN, SQUARES, VOLUME

Trade = tuple[float, float, int]
BAD = [
    (math.nan, 1.0, 1), (0.0, 1.0, 1), (-1.0, 1.0, 1), (math.inf, 1.0, 1), (5.0, math.nan, 1),
    (5.0, -1.0, 1), (5.0, math.inf, -1), (-math.inf, 0.0, 0),
]  # fmt: skip


def zeros(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def random_trades(draw: Random, n: int, step: float = 0.02) -> list[Trade]:
    price, trades = 100.0, []
    for _ in range(n):
        price += draw.gauss(0.0, step)
        trades.append(
            (price, draw.choice((0.0, 0.5, 3.0 * draw.random())), draw.choice((1, -1, 0)))
        )
    return trades


def by_definition(trades: list[Trade], span: float, length: int) -> list[tuple[Fraction, ...]]:
    """Return (average, mean, variance, flow, volume) after each trade."""
    weight = Fraction(2.0 / (span + 1.0))
    found, flow, volume = [], Fraction(0), Fraction(0)
    average = Fraction(trades[0][0])
    for i, (price, size, side) in enumerate(trades):
        average = (1 - weight) * average + weight * Fraction(price)
        flow = (1 - weight) * flow + weight * side * Fraction(size)
        volume = (1 - weight) * volume + weight * Fraction(size)
        last = [Fraction(p) for p, _, _ in trades[max(0, i + 1 - length) : i + 1]]
        mean = sum(last, Fraction(0)) / len(last)
        variance = sum(((p - mean) ** 2 for p in last), Fraction(0)) / len(last)
        found.append((average, mean, variance, flow, volume))
    return found


@pytest.mark.parametrize("length", [1, 2, 8, 32])
@pytest.mark.parametrize("span", [1.0, 6.5, 40.0])
def test_state_and_signal_follow_their_definition(
    backend: Backend, length: int, span: float
) -> None:
    ticks = backend.load("ticks")
    trades = random_trades(Random(f"{length}{span}"), 90)
    state, ring = zeros(N_STATE), zeros(length)
    ticks.start_ticks(span, state, ring)
    for i, expected in enumerate(by_definition(trades, span, length)):
        signal = ticks.on_trade(state, ring, *trades[i])
        average, mean, variance, flow, volume = map(float, expected)
        seen = min(i + 1, length)
        assert state[SEEN] == i + 1
        found = [state[EMA], state[MEAN], state[SQUARES] / seen, state[FLOW], state[VOLUME]]
        assert found == pytest.approx([average, mean, variance, flow, volume], abs=1e-11)
        gap = trades[i][0] - average
        imbalance = flow / volume if volume else 0.0
        z = gap / math.sqrt(variance) if variance > 1e-12 else 0.0
        assert signal == pytest.approx((imbalance + z / (1 + abs(z))) / 2, abs=1e-6)


def test_one_trade_and_columns_of_them_leave_the_same_bits(backend: Backend) -> None:
    ticks = backend.load("ticks")
    for seed in range(20):
        draw = Random(seed)
        trades = random_trades(draw, 300)
        for row in range(0, 300, 17):
            trades[row] = draw.choice(BAD)
        span, length = draw.choice((1.0, 9.0, 100.0)), draw.choice((1, 4, 64, 512))
        apart, together = (zeros(N_STATE), zeros(length)), (zeros(N_STATE), zeros(length))
        ticks.start_ticks(span, *apart)
        ticks.start_ticks(span, *together)
        signals = array("d", [ticks.on_trade(*apart, *trade) for trade in trades])
        price, size = (array("d", [trade[k] for trade in trades]) for k in (0, 1))
        side, out = array("b", [trade[2] for trade in trades]), zeros(300)
        start = 0
        while start < 300:  # now a column, now a single trade
            stop = min(300, start + draw.choice((1, 2, 60)))
            if stop - start == 1:
                out[start] = ticks.on_trade(*together, *trades[start])
            else:
                part = zeros(stop - start)
                ticks.on_trades(
                    *together, price[start:stop], size[start:stop], side[start:stop], part
                )
                out[start:stop] = part
            start = stop
        assert repr(out) == repr(signals)
        assert together == apart


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_trade_changes_nothing(backend: Backend, bad: Trade) -> None:
    ticks = backend.load("ticks")
    state, ring = zeros(N_STATE), zeros(4)
    ticks.start_ticks(5.0, state, ring)
    for trade in random_trades(Random(1), 7):
        ticks.on_trade(state, ring, *trade)
    before = state[:], ring[:]
    assert math.isnan(ticks.on_trade(state, ring, *bad))
    assert (state, ring) == before


def test_many_trades_leave_the_ring_exact(backend: Backend) -> None:
    """What rounding adds to mean and variance stays small, also after a jump of the price."""
    ticks = backend.load("ticks")
    draw, length = Random(9), 64
    trades = random_trades(draw, 40_000)
    trades[20_000:] = [(30_000.0 + p, size, side) for p, size, side in trades[20_000:]]
    price, size = (array("d", [trade[k] for trade in trades]) for k in (0, 1))
    side, out = array("b", [trade[2] for trade in trades]), zeros(len(trades))
    state, ring = zeros(N_STATE), zeros(length)
    ticks.start_ticks(20.0, state, ring)
    ticks.on_trades(state, ring, price, size, side, out)
    last = [Fraction(p) for p in price[-length:]]
    mean = sum(last, Fraction(0)) / length
    squares = sum(((p - mean) ** 2 for p in last), Fraction(0))
    assert state[MEAN] == pytest.approx(float(mean), rel=1e-12)
    assert state[SQUARES] == pytest.approx(float(squares), rel=1e-4)
    assert sorted(ring) == sorted(price[-length:])


def test_signal_is_bounded_and_turns_with_the_market(backend: Backend) -> None:
    """Mirrored prices and sides give the mirrored signal; one-sided flow gives its sign."""
    ticks = backend.load("ticks")
    trades = random_trades(Random(3), 500, step=1.0)
    states = [(zeros(N_STATE), zeros(16)) for _ in range(2)]
    for state in states:
        ticks.start_ticks(8.0, *state)
    met = set()
    for price, size, side in trades:
        signal = ticks.on_trade(*states[0], price, size, side)
        mirrored = ticks.on_trade(*states[1], 1000.0 - price, size, -side)
        assert -1.0 <= signal <= 1.0
        assert mirrored == pytest.approx(-signal, abs=1e-9)
        met.add(round(signal, 1))
    assert len(met) > 8
    state, ring = states[0]
    for side in (1, -1):
        ticks.start_ticks(8.0, state, ring)
        signals = [ticks.on_trade(state, ring, 50.0, 2.0, side) for _ in range(9)]
        assert signals == [0.5 * side] * 9


def test_a_span_below_one_is_nan(backend: Backend) -> None:
    ticks = backend.load("ticks")
    for span in (0.5, 0.0, -3.0, math.nan):
        state, ring = zeros(N_STATE), zeros(2)
        ticks.start_ticks(span, state, ring)
        ticks.on_trade(state, ring, 1.0, 1.0, 1)
        assert math.isnan(ticks.on_trade(state, ring, 1.0, 1.0, 1) + state[EMA])
