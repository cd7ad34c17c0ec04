"""The slips of the pen that people make with pandas, each caught; and the same rules done right."""

from __future__ import annotations

from typing import Any

import pytest

from engine.checking.check import LOOK_AHEAD, Effort, check, full_run
from engine.checking.report import BIASED, CLEAN
from engine.checking.subject import FRAME, FunctionSubject
from engine.cli.backtest_check_subject import frame_of
from tests.checking.markets import market

pytest.importorskip("pandas", reason="a DataFrame needs pandas, which PyPy has not")

DATA = market(80, ("AAA",))


def sign(column: Any) -> Any:
    return (column > 0).astype(float) - (column < 0).astype(float)


def shifted(frame: Any) -> Any:
    return sign(frame.close.shift(-1) - frame.close)


def diffed(frame: Any) -> Any:
    return sign(frame.close.diff(-1) * -1.0)


def centred(frame: Any) -> Any:
    return sign(frame.close - frame.close.rolling(11, center=True).mean())


def scaled(frame: Any) -> Any:
    return (frame.close - frame.close.mean()) / frame.close.std()


def ranked(frame: Any) -> Any:
    return frame.volume.rank(pct=True)


def filled(frame: Any) -> Any:
    return sign(frame.close - frame.close.rolling(15).mean().bfill())


def interpolated(frame: Any) -> Any:
    sparse = frame.close.where(frame.volume > frame.volume.shift(1))
    return sign(frame.close - sparse.interpolate())


def resampled(frame: Any) -> Any:
    coarse = frame.close.resample("4h").last()  # labelled with its beginning
    return sign(coarse.diff().reindex(frame.index, method="ffill"))


def grouped(frame: Any) -> Any:
    day = frame.index.date
    return sign(frame.close - frame.close.groupby(day).transform("mean"))


def reversed_cumulative(frame: Any) -> Any:
    return sign(frame.close[::-1].cummax()[::-1] - frame.close)


def shifted_right(frame: Any) -> Any:
    return sign(frame.close - frame.close.shift(1))


def rolled(frame: Any) -> Any:
    return sign(frame.close - frame.close.rolling(11).mean())


def expanding(frame: Any) -> Any:
    return sign(frame.close - frame.close.expanding().mean())


def weighted(frame: Any) -> Any:
    return sign(frame.close.ewm(span=5, adjust=False).mean() - frame.close.ewm(span=20).mean())


def resampled_right(frame: Any) -> Any:
    coarse = frame.close.resample("4h", label="right", closed="right").last()
    return sign(coarse.diff().reindex(frame.index, method="ffill"))


def status(function: Any) -> str:
    subject = FunctionSubject(function.__name__, function, FRAME, frame_of)
    found = check(subject, DATA, full_run(subject, DATA), effort=Effort(4, 16, 3))
    (verdict,) = (one for one in found if one.question == LOOK_AHEAD)
    return verdict.status


@pytest.mark.parametrize(
    "function",
    [
        shifted, diffed, centred, scaled, ranked, filled, interpolated, resampled, grouped,
        reversed_cumulative,
    ],
)  # fmt: skip
def test_a_frame_that_knows_the_future_is_caught(function: Any) -> None:
    assert status(function) == BIASED


@pytest.mark.parametrize("function", [shifted_right, rolled, expanding, weighted, resampled_right])
def test_a_frame_done_right_is_not_flagged(function: Any) -> None:
    assert status(function) == CLEAN
