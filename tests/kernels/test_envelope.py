"""The hull kernels against definitions: all pairs, all triples, and cases solved by hand."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from engine.backend import Backend

nan = math.nan


def column(*values: float) -> array[float]:
    return array("d", values)


def naive_hull(points: list[tuple[float, float]], x: float) -> float:
    """The least chord over x of any two points, by definition of a lower hull."""
    best = nan
    for x_a, y_a in points:
        for x_b, y_b in points:
            if x_a <= x <= x_b:
                weight = (x_b - x) / (x_b - x_a) if x_b > x_a else 1.0
                y = weight * y_a + (1.0 - weight) * y_b
                if not best <= y:
                    best = y
    return best


def random_points(rnd: random.Random, n: int) -> tuple[array[float], array[float]]:
    x = column(*sorted(rnd.sample(range(200), n)))
    y = column(*(rnd.choice((nan, math.inf, rnd.gauss(0.0, 1.0), rnd.randint(0, 3))) for _ in x))
    return x, y


def test_lower_hull_is_the_least_chord(backend: Backend) -> None:
    rnd = random.Random(1)
    for n in (0, 1, 2, 3, 5, 9, 14) * 30:
        x, y = random_points(rnd, n)
        shift, start = rnd.randint(0, 4), rnd.randint(0, n)
        stop = rnd.randint(start, n)
        shifted = column(*[-9.0] * shift, *y)
        out = column(*[7.0] * (shift + n))
        work = array("l", [0] * n)
        count = backend.hull.lower_hull(x, shifted, shift, start, stop, out, work)
        points = [(x[i], y[i]) for i in range(start, stop) if math.isfinite(y[i])]
        for i in range(start, stop):
            expected = naive_hull(points, x[i])
            if math.isnan(expected):
                assert math.isnan(out[shift + i])
            else:
                assert out[shift + i] == pytest.approx(expected, abs=1e-12)
        outside = [i for i in range(shift + n) if not start <= i - shift < stop]
        assert all(out[i] == 7.0 for i in outside)
        vertices = list(work[:count])
        assert vertices == sorted(vertices)
        assert all(out[shift + i] == y[i] for i in vertices)


def test_lower_hull_decides_butterflies(backend: Backend) -> None:
    rnd = random.Random(2)
    found = 0
    for _ in range(300):
        n = rnd.randint(3, 9)
        strike = column(*sorted(rnd.sample(range(50, 150), n)))
        mid = [0.01 * (150 - k) ** 2 / 2 + rnd.gauss(0.0, 1.0) for k in strike]
        pay = column(*(nan if rnd.random() < 0.1 else m + 0.2 for m in mid))
        receive = column(*(nan if rnd.random() < 0.1 else m - 0.2 for m in mid))
        out = column(*[0.0] * n)
        backend.hull.lower_hull(strike, pay, 0, 0, n, out, array("l", [0] * n))
        for body in range(n):
            edges = [
                receive[body]
                - pay[low] * (strike[high] - strike[body]) / (strike[high] - strike[low])
                - pay[high] * (strike[body] - strike[low]) / (strike[high] - strike[low])
                for low in range(body)
                for high in range(body + 1, n)
            ]
            best = max((e for e in edges if not math.isnan(e)), default=-1.0)
            assert (receive[body] > out[body]) == (best > 0.0)
            found += best > 0.0
            if best > 0.0:
                assert receive[body] - out[body] == pytest.approx(best, abs=1e-12)
    assert found > 100


FREE_FRAME = (1.0, 0.0, 0.0, 100.0, 1.0, 100.0, 1.0, 0.0, 100.0, 100.0, 0.0)
"""No rates, no dividends, spot 100: puts map by parity, z is the strike."""


def screen(
    backend: Backend,
    first: list[int],
    strike: list[float],
    pay: list[float],
    receive: list[float],
    frame: tuple[float, ...] = FREE_FRAME,
    is_coupled: int = 1,
) -> tuple[int, array[float], array[float], array[int]]:
    n, n_expiries = len(strike), len(first) - 1
    sell, buy = column(*[nan] * 2 * n), column(*[nan] * 2 * n)
    hits = array("l", [0] * n_expiries)
    count = backend.envelope.hull_screen(
        array("l", first), column(*strike), column(*pay), column(*receive),
        column(*frame * (n_expiries if len(frame) == 11 else 1)), is_coupled,
        sell, buy, hits, column(*[0.0] * 4 * (n + len(first) + 1)),
    )  # fmt: skip
    return count, sell, buy, hits


ABSENT = [nan, nan, nan]


def test_butterfly_above_its_wings(backend: Backend) -> None:
    # Wings 12 and 4 around 100 cost 8 on average; 8.5 is bid for the body.
    count, sell, buy, hits = screen(
        backend, [0, 3], [90.0, 100.0, 110.0], [12.0, 9.0, 4.0, *ABSENT], [11.5, 8.5, 3.5, *ABSENT]
    )
    assert (count, list(hits)) == (1, [1])
    assert sell[1] == pytest.approx(0.5)
    assert sell[0] == pytest.approx(-0.5)
    assert buy[0] == pytest.approx(-2.0)  # a call at 90 is worth 10 at least
    assert all(math.isnan(v) for v in (*sell[3:], *buy[3:]))


def test_vertical_wider_than_its_width(backend: Backend) -> None:
    # A call at 100 for 2 bounds the call at 90 by 12; nine of them and a share by 11.8.
    args = ([0, 2], [90.0, 100.0], [nan, 2.0, nan, nan], [12.5, nan, nan, nan])
    no_stock = (*FREE_FRAME[:7], nan, nan, *FREE_FRAME[9:])
    count, sell, _, _ = screen(backend, *args, frame=no_stock)
    assert count == 1
    assert sell[0] == pytest.approx(0.5)
    assert screen(backend, *args)[1][0] == pytest.approx(0.7)


def test_flat_beyond_the_cheapest(backend: Backend) -> None:
    # A call at 110 cannot be sold for more than one at 100 costs.
    count, sell, _, _ = screen(
        backend, [0, 2], [100.0, 110.0], [2.0, 9.0, nan, nan], [1.0, 2.25, nan, nan]
    )
    assert count == 1
    assert sell[1] == pytest.approx(0.25)


def test_stock_bounds_calls(backend: Backend) -> None:
    count, sell, _, _ = screen(backend, [0, 1], [50.0], [nan, nan], [101.0, nan])
    # Far below the vertex nothing but the share bounds a call: 100, not 50.
    assert count == 1
    assert sell[0] == pytest.approx(1.0)


def test_puts_map_by_parity(backend: Backend) -> None:
    # The put at 90 is asked at 1: the call at 90 is worth 11 at most.
    count, sell, buy, _ = screen(backend, [0, 1], [90.0], [nan, 1.0], [11.5, nan])
    assert count == 1
    assert sell[0] == pytest.approx(0.5)
    # Below its intrinsic value of 10.
    count, sell, buy, _ = screen(backend, [0, 1], [110.0], [nan, 9.0], [nan, nan])
    assert count == 1
    assert buy[1] == pytest.approx(1.0)


def test_later_expiries_bound_earlier_ones(backend: Backend) -> None:
    args = ([0, 1, 2], [100.0, 100.0], [nan, 5.0, nan, nan], [5.5, nan, nan, nan])
    count, sell, _, hits = screen(backend, *args)
    assert (count, list(hits)) == (1, [1, 0])
    assert sell[0] == pytest.approx(0.5)
    assert screen(backend, *args, is_coupled=0)[0] == 0


def test_calendar_butterfly(backend: Backend) -> None:
    # Longs at 90 and 110 later dominate a short at 100 now.
    count, sell, _, _ = screen(
        backend, [0, 1, 3], [100.0, 90.0, 110.0],
        [nan, 12.0, 4.0, *ABSENT], [8.25, nan, nan, *ABSENT],
    )  # fmt: skip
    assert count == 1
    assert sell[0] == pytest.approx(0.25)


def test_american_puts_are_mirrored(backend: Backend) -> None:
    frame = (1.0, 0.0, nan, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, -100.0)
    # Convex through (0, 0): a put at 50 costs half of the one at 100, at most.
    count, sell, buy, _ = screen(
        backend, [0, 2], [50.0, 100.0], [nan, nan, nan, 4.0], [nan, nan, 2.5, nan], frame
    )
    assert count == 1
    assert sell[2] == pytest.approx(0.5)
    assert buy[3] == pytest.approx(-4.0)
    # Never above its strike, never below exercise now.
    assert screen(backend, [0, 1], [50.0], [nan, nan], [nan, 50.5], frame)[1][1] == 0.5
    assert screen(backend, [0, 1], [120.0], [nan, 19.0], [nan, nan], frame)[2][1] == 1.0
    # Rises by no more than the strike does.
    assert screen(
        backend, [0, 2], [100.0, 110.0], [nan, nan, 1.0, nan], [nan, nan, nan, 11.5], frame
    )[1][3] == pytest.approx(0.5)


def test_expiry_without_carry_is_not_judged(backend: Backend) -> None:
    frame = (nan, *FREE_FRAME[1:], *FREE_FRAME)
    count, sell, _, hits = screen(
        backend, [0, 1, 2], [100.0, 100.0], [nan, 5.0, nan, nan], [9.0, 5.5, nan, nan], frame
    )
    assert (count, list(hits)) == (1, [-1, 1])
    assert math.isnan(sell[0])
    assert sell[1] == 0.5


def test_empty_chain(backend: Backend) -> None:
    assert screen(backend, [0], [], [], [])[0] == 0
    assert screen(backend, [0, 0], [], [], [])[0] == 0


def naive_surface(
    rows: list[tuple[int, float]], pay: list[float], vertex: tuple[float, float], e: int, x: float
) -> float:
    """The cheapest cover of a call at x and expiry e, over all pairs of longs, bonds and zero."""
    n = len(rows)
    points = [vertex]
    for r, (expiry, z) in enumerate(rows):
        points += [(z, y) for y in (pay[r], pay[n + r] + 100.0 - z) if expiry >= e and y == y]
    # Slope -1 on the left and 0 on the right, as points far out on those rays.
    points += [(z - 1e4, y + 1e4) for z, y in points] + [(z + 1e4, y) for z, y in points]
    return naive_hull(points, x)


def test_surface_is_the_cheapest_cover(backend: Backend) -> None:
    rnd = random.Random(3)
    for _ in range(150):
        first, rows = [0], []
        for e in range(rnd.randint(1, 3)):
            rows += [(e, z) for z in sorted(rnd.sample(range(60, 140, 4), rnd.randint(1, 5)))]
            first.append(len(rows))
        n = len(rows)
        mid = [max(100.0 - z, 0.0) + rnd.uniform(0.5, 9.0) for _, z in rows]
        mid += [c - 100.0 + z for c, (_, z) in zip(mid, rows, strict=True)]
        pay = [nan if rnd.random() < 0.2 else m + rnd.random() for m in mid]
        receive = [nan if rnd.random() < 0.2 else m - rnd.random() for m in mid]
        v = rnd.choice((0.0, 70.0))
        frame = (*FREE_FRAME[:7], v, 100.0 - v, *FREE_FRAME[9:])
        is_coupled = rnd.randint(0, 1)
        strikes = [float(z) for _, z in rows]
        _, sell, buy, _ = screen(backend, first, strikes, pay, receive, frame, is_coupled)
        for r, (e, z) in enumerate(rows):
            seen = [(x if is_coupled or x == e else -1, k) for x, k in rows]
            surface = naive_surface(seen, pay, (v, 100.0 - v), e, z)
            for q, call in ((r, receive[r]), (n + r, receive[n + r] + 100.0 - z)):
                if math.isnan(call):
                    assert math.isnan(sell[q])
                else:
                    assert sell[q] == pytest.approx(call - surface, abs=1e-9)
            for q, call in ((r, pay[r]), (n + r, pay[n + r] + 100.0 - z)):
                if not math.isnan(call):
                    assert buy[q] == pytest.approx(max(100.0 - z, 0.0) - call, abs=1e-9)
