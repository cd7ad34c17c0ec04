"""Comparisons of nan in loops that run hot.

PyPy 7.3.19 takes ``a < b`` for the negation of an earlier ``a >= b`` of the same two numbers, and
likewise for ``>`` and ``<=``, which is wrong for nan and shows once a loop is compiled.
"""

from __future__ import annotations

from array import array
from math import isnan, nan

from engine.backend import Backend

HOT = 3000
# What uncompiled Python finds below: a place that depends on each comparison on the way.
FOUND_AT = 3.1250002066371965e152


def test_the_search_of_a_smile_goes_on_where_an_error_is_nan(backend: Backend) -> None:
    """Squares of such variances overflow: the least squared error is nan at some places."""
    search = backend.load("svi_fit").svi_search
    k = array("d", [0.2 * i - 0.5 for i in range(6)])
    share = array("d", [1.0 / 6.0] * 6)
    usual = array("d", [0.05, 0.04, 0.035, 0.03, 0.035, 0.045])
    vast = array(
        "d", [8.021761567250433e74, 0.0116, 0.445, 0.721, 2.245855215274074e74, 2.36600367726429e74]
    )
    for vast_every in (1, 7):
        found: set[float] = set()
        for turn in range(HOT // 10):
            if turn % vast_every == 0:
                found.add(search(-0.3, -2.0, 1e154, 8.0, 40, 6, k, vast, share)[0])
            search(0.5, -0.5, 0.3, 1.5, 40, 6, k, usual, share)
        assert found == {FOUND_AT}


def test_a_nan_in_an_equity_curve_is_noticed(backend: Backend) -> None:
    drawdown = backend.load("equity").max_drawdown
    usual = array("d", [1.0 + i * 7919 % 13 for i in range(50)])
    broken = array("d", [5.0, nan, 6.0, 5.0])
    for _ in range(HOT):
        assert drawdown(usual)[0] > 0.9
        assert isnan(drawdown(broken)[0])
