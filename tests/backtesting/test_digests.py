"""Both runtimes leave the same bits: trade lists, fills and every column, in runs of every kind."""

from __future__ import annotations

import json

import pytest

from engine.backtesting.data import Data
from engine.backtesting.parameters import build
from engine.backtesting.run import run
from tests.backtesting.generate_digests import ACTIONS, FILE, TERMS, digest, digests
from tests.backtesting.mixed import MARKET, Mixed
from tests.backtesting.scripted import HOUR


def test_the_digests_are_those_that_cpython_wrote() -> None:
    assert digests() == json.loads(FILE.read_text(encoding="ascii"))


@pytest.mark.parametrize("terms", TERMS.values(), ids=list(TERMS))
def test_the_runs_behind_the_digests_do_something(terms: object) -> None:
    result = run(build(Mixed), Data(MARKET, HOUR, "", ACTIONS), terms, seed=2)  # type: ignore[arg-type]
    assert len({one.reason for one in result.fills}) > 3
    assert len(result.trades) > 20
    assert digest(result) != digest(run(build(Mixed), Data(MARKET, HOUR, ""), terms, seed=2))  # type: ignore[arg-type]
