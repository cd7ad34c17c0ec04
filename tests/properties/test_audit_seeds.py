"""What is planted in the demo exchange is found, and nothing else: SCANNER section 8.

A thousand seeds, each one compact chain (4 expiries, 11 strikes, three arbitrages, decoys) of one
of the six underlyings, in the long run; a sample of them in every one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from engine.backend import Backend, select
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.feeds.protocol import Loaded
from engine.market.fees import DERIBIT
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scoring.audit import Audit, audit, combine
from engine.scoring.opportunity import ScanResult
from engine.strategies.programme import solve_programme

SYMBOLS = DemoFeed().symbols()
N_SEEDS = 1002
SAMPLE, WHOLE = 16, N_SEEDS // len(SYMBOLS)
# Packages planted in a chain.
N_PACKAGES = {"ZETF": 1}


def audit_seeds(
    n: int, backend: Backend, symbol: str, *, compact: bool = True
) -> Iterator[tuple[int, ScanResult, Audit]]:
    """Yield the scan and the audit of `n` seeds of `symbol`, which are no other symbol's."""
    first = SYMBOLS.index(symbol) * N_SEEDS
    for seed in range(first, first + n):
        (loaded,) = DemoFeed(seed, [symbol], compact=compact).chains(symbol)
        result, figures = scan_and_audit(loaded, backend)
        yield seed, result, figures


def scan_and_audit(loaded: Loaded, backend: Backend) -> tuple[ScanResult, Audit]:
    chain = loaded.chain
    assert loaded.carry is not None
    settings = ScanSettings(carry=loaded.carry, top=10**6)
    if not chain.quoting.is_linear:
        settings = replace(settings, fees=DERIBIT)
    result = scan_chain(chain, settings, backend)
    view = make_view(chain, settings, backend)

    def most_locked(expiry: int) -> float:
        found = solve_programme(view, expiry, allow_short=False)
        return math.nan if found is None else found.value

    return result, audit(loaded, result, most_locked if chain.is_european else None)


def check(results: Iterator[tuple[int, ScanResult, Audit]]) -> Audit:
    audits = []
    for seed, result, figures in results:
        where = f"seed {seed} of {result.chain.symbol}"
        assert figures.missed == (), where
        assert figures.fooled == (), where
        assert figures.misgraded == (), where
        assert figures.precision == 1.0, where
        assert figures.false_locked == 0, where
        assert figures.edge_error < 1e-9, where
        assert result.mismatches == (), where
        assert result.unusable == "", where
        audits.append(figures)
    return combine(audits)


@pytest.mark.slow
@pytest.mark.parametrize("n", [SAMPLE, pytest.param(WHOLE, marks=pytest.mark.long)])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_recall_is_whole_and_nothing_false_is_locked(symbol: str, n: int, backend: Backend) -> None:
    total = check(audit_seeds(n, backend, symbol))
    assert total.recall == 1.0
    assert total.n_labels >= 0.95 * 3 * n
    # Nearly every label comes back with its own legs, so that its edge has been compared; the
    # programme may improve upon those of a package.
    assert total.n_exact >= 0.97 * (total.n_labels - n * N_PACKAGES.get(symbol, 0))


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_default_exchange_is_audited_whole(symbol: str, backend: Backend) -> None:
    loaded = next(DemoFeed().chains(symbol))
    result, figures = scan_and_audit(loaded, backend)
    total = check(iter([(0, result, figures)]))
    assert total.n_labels == (4 if symbol == "ZIDX" else 6)
    assert total.n_exact >= total.n_labels - N_PACKAGES.get(symbol, 0)


BROKEN_EDGES = {
    "conversion_edge": ("kernels_pure.parity", "ZDIV"),
    "box_long_columns": ("kernels_pure.pairs", "ZETF"),
}


@pytest.mark.parametrize("formula", BROKEN_EDGES)
def test_an_edge_formula_that_is_wrong_fails_the_audit(
    formula: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a dollar too much: dozens of positions that the verifier refutes."""
    module, symbol = BROKEN_EDGES[formula]
    right: Callable[..., float | None] = getattr(import_module(module), formula)

    def wrong(*values: Any) -> float | None:
        edge = right(*values)
        if edge is not None:
            return edge + 0.5
        low = values[-2]
        for row, worth in enumerate(low):
            low[row] = worth + 0.5
        return None

    pure = select("pure")
    (loaded,) = DemoFeed(0, [symbol], compact=True).chains(symbol)
    assert scan_and_audit(loaded, pure)[1].false_locked == 0
    monkeypatch.setattr(f"{module}.{formula}", wrong)
    _, figures = scan_and_audit(loaded, pure)
    assert figures.false_locked > 10
    assert figures.edge_error == pytest.approx(0.5, abs=1e-6)
    with pytest.raises(AssertionError):
        check(iter([(0, *scan_and_audit(loaded, pure))]))


def test_an_unplanted_exchange_has_no_finding(backend: Backend) -> None:
    for seed in range(12):
        symbol = SYMBOLS[seed % len(SYMBOLS)]
        (loaded,) = DemoFeed(seed, [symbol], compact=True, planted=False).chains(symbol)
        result, _ = scan_and_audit(loaded, backend)
        assert result.opportunities == ()
