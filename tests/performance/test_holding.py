"""Buying and holding: prices, splits, dividends, several symbols."""

from __future__ import annotations

from array import array

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.market.bars import Bars
from engine.performance.holding import held


def bars(stamps: list[int], closes: list[float]) -> Bars:
    close = array("d", closes)
    return Bars(array("l", stamps), close, close, close, close, close)


def test_it_follows_the_closes() -> None:
    data = Data({"A": bars([10, 20, 30], [50.0, 60.0, 40.0])}, 10, "hand")
    assert list(held(data, ["A"], [5, 10, 15, 20, 30, 99])) == pytest.approx(
        [1.0, 1.0, 1.0, 1.2, 0.8, 0.8]
    )


def test_equal_parts_are_bought() -> None:
    data = Data({"A": bars([10, 20], [50.0, 100.0]), "B": bars([15, 20], [8.0, 4.0])}, 10, "hand")
    assert list(held(data, ["A", "B"], [10, 20])) == pytest.approx([1.0, 1.25])
    assert list(held(data, ["B"], [10, 20])) == pytest.approx([1.0, 0.5])


def test_a_split_is_no_loss_and_a_dividend_a_gain() -> None:
    actions = (Dividend("A", 25, 1.0), Split("A", 15, 5.0), Split("B", 15, 3.0),
               Split("A", 5, 9.0), Dividend("A", 30, 70.0))  # fmt: skip
    data = Data({"A": bars([10, 20, 30], [50.0, 10.0, 9.0])}, 10, "hand", actions)
    # A split between two bars waits for the first close after it; the last dividend for a fourth.
    assert list(held(data, ["A"], [10, 16, 20, 30])) == pytest.approx([1.0, 1.0, 1.0, 1.0])


def test_what_has_no_price_does_not_grow() -> None:
    data = Data({"A": bars([], []), "B": bars([10], [0.0])}, 10, "hand")
    assert list(held(data, ["A"], [1, 2])) == list(held(data, ["B"], [1, 2])) == [1.0, 1.0]
    with pytest.raises(KeyError):
        held(data, ["C"], [1])
