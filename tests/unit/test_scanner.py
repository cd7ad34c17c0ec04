"""The three steps: the ranking kernel against scalar functions, and what a scanner keeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache

import pytest

from engine.backend import Backend
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.market.calendar import US
from engine.market.carry import Carry, Dividend
from engine.market.chain import OptionChain
from engine.market.fees import DERIBIT
from engine.scanner import scanner as module
from engine.scanner.pipeline import scan_chain
from engine.scanner.scanner import Scanner
from engine.scoring import ranking as ranking_module
from engine.scoring.opportunity import ScanResult
from engine.scoring.proposal import afford, passed
from engine.strategies.registry import REGISTRY

SYMBOLS = ("ZCOIN", "ZDIV", "ZETF", "ZGRO", "ZHTB", "ZIDX")
LIMITS = (math.nan, 3000.0)


@cache
def demo(symbol: str, seed: int = 2, *, compact: bool = True) -> tuple[OptionChain, ScanSettings]:
    (loaded,) = DemoFeed(seed, [symbol], compact=compact).chains(symbol)
    settings = ScanSettings(carry=loaded.carry or Carry())
    if not loaded.chain.quoting.is_linear:
        settings = replace(settings, fees=DERIBIT)
    return loaded.chain, settings


def untimed(result: ScanResult) -> ScanResult:
    return replace(result, timing={})


def test_the_ranking_kernel_gives_the_bits_of_the_scalar_functions(backend: Backend) -> None:
    seen: dict[str, set[bool]] = {}
    short = 0
    for symbol in SYMBOLS:
        for seed in range(3):
            chain, settings = demo(symbol, seed)
            for limit in LIMITS:
                gates = replace(settings.gates, max_capital=limit)
                limited = replace(settings, gates=gates)
                scanner = Scanner(limited, backend)
                found = scanner.find(chain)
                table, gated, ranks = found.table.found, found.gated, scanner.rank(found)
                ranked = 0
                for row in range(table.count):
                    one = None
                    if not gated.gate[row]:
                        position = passed(
                            found.view, table, row, gated.lots[row], gated.usd[row],
                            gated.flags[row],
                        )  # fmt: skip
                        one = afford(found.view, position, limited)
                        seen.setdefault(position.family, set()).add(chain.quoting.is_linear)
                        short += one is None
                    if one is None:
                        assert (ranks.lots[row], math.isnan(ranks.score[row])) == (-1.0, True)
                        continue
                    ranked += 1
                    assert (
                        one.position.lots, one.position.usd, one.capital, one.loss,
                        one.fill_probability, one.score,
                    ) == (
                        ranks.lots[row], ranks.usd[row], ranks.capital[row], ranks.loss[row],
                        ranks.fill[row], ranks.score[row],
                    )  # fmt: skip
                assert ranked == ranks.count
                scanner.close()
    assert set(seen) == set(REGISTRY)
    assert {name for name, kinds in seen.items() if False in kinds} > {"box", "conversion"}
    assert short > 0


def test_only_what_is_shown_becomes_objects(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, settings = demo("ZIDX", compact=False)
    made: list[int] = []
    entry = ranking_module.entry

    def counted(*words: object) -> object:
        made.append(1)
        return entry(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(ranking_module, "entry", counted)
    scanner = Scanner(settings, backend)
    found = scanner.find(chain)
    assert scanner.rank(found).count > 100
    assert made == []
    assert len(scanner.prove(found, 5).opportunities) == len(made) == 5


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The families of what the verifier is asked, one entry each time."""
    asked: list[str] = []
    verify = module.verify

    def noting(*words: object, **more: object) -> object:
        asked.append("proof")
        return verify(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "verify", noting)
    return asked


def test_what_was_proven_at_the_same_prices_is_not_proven_again(
    backend: Backend, verified: list[str]
) -> None:
    chain, settings = demo("ZIDX")
    scanner = Scanner(settings, backend)
    first = scanner.prove(scanner.find(chain))
    assert len(verified) == len(first.opportunities) > 5
    again = scanner.prove(scanner.find(replace(chain, bid=chain.bid[:], ask=chain.ask[:])))
    assert [one.proof for one in again.opportunities] == [one.proof for one in first.opportunities]
    assert len(verified) == len(first.opportunities)


def cheaper_leg(chain: OptionChain, settings: ScanSettings, backend: Backend) -> OptionChain:
    """Lower the ask of the first leg that is bought by a cent."""
    best = scan_chain(chain, settings, backend).opportunities[0]
    quote = next(leg.quote for leg in best.legs if leg.quote >= 0 and leg.side > 0)
    ask = chain.ask[:]
    ask[quote] -= 0.01
    return replace(chain, ask=ask)


def dearer_stock(chain: OptionChain, settings: ScanSettings, backend: Backend) -> OptionChain:
    spot = chain.underlying
    return replace(chain, underlying=replace(spot, bid=spot.bid + 0.01, ask=spot.ask + 0.01))


def later(chain: OptionChain, settings: ScanSettings, backend: Backend) -> OptionChain:
    return replace(chain, ts_ns=chain.ts_ns + 250_000_000)


@pytest.mark.parametrize("symbol", ["ZIDX", "ZETF", "ZHTB", "ZDIV", "ZCOIN"])
@pytest.mark.parametrize("change", [cheaper_leg, dearer_stock, later])
def test_a_changed_chain_gives_what_a_new_scanner_gives(
    symbol: str, change: Callable[..., OptionChain], backend: Backend
) -> None:
    chain, settings = demo(symbol)
    settings = replace(settings, top=12, near_misses=0)
    scanner = Scanner(settings, backend)
    scanner.scan(chain)
    other = change(chain, settings, backend)
    assert untimed(scanner.scan(other)) == untimed(scan_chain(other, settings, backend))
    assert untimed(scanner.scan(chain)) == untimed(scan_chain(chain, settings, backend))


def test_a_changed_price_is_proven_again(backend: Backend, verified: list[str]) -> None:
    chain, settings = demo("ZIDX")
    other = cheaper_leg(chain, settings, backend)
    scanner = Scanner(settings, backend)
    scanner.prove(scanner.find(chain))
    before = len(verified)
    shown = scanner.prove(scanner.find(other)).opportunities
    assert 0 < len(verified) - before < len(shown)


def test_another_carry_is_proven_again(backend: Backend, verified: list[str]) -> None:
    chain, settings = demo("ZETF")
    scanner = Scanner(settings, backend)
    scanner.prove(scanner.find(chain))
    before = len(verified)
    carry = replace(settings.carry, lend=settings.carry.lend.shifted(-0.001))
    scanner.settings = replace(settings, carry=carry)
    shown = scanner.prove(scanner.find(chain))
    assert len(verified) - before == len(shown.opportunities) + len(shown.mismatches)
    other = Scanner(scanner.settings, backend)
    assert shown.opportunities == other.prove(other.find(chain)).opportunities


def test_terms_may_serve_for_some_seconds(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, settings = demo("ZIDX")
    scanner = Scanner(settings, backend, terms_seconds=1.0)
    first = scanner.prove(scanner.find(chain))

    def made(*_: object, **__: object) -> None:
        raise AssertionError("the terms were made anew")

    moved = later(chain, settings, backend)
    with monkeypatch.context() as patch:
        patch.setattr("engine.scanner.search.chain_terms", made)
        second = scanner.prove(scanner.find(moved))
        with pytest.raises(AssertionError, match="anew"):
            scanner.find(replace(chain, ts_ns=chain.ts_ns + 1_250_000_000))
    assert second.mismatches == ()
    assert [one.edge for one in second.opportunities] == [one.edge for one in first.opportunities]
    other = Scanner(settings, backend)
    fresh = other.prove(other.find(moved)).opportunities
    for one, exact in zip(second.opportunities, fresh, strict=False):
        assert one.edge == pytest.approx(exact.edge, abs=1e-4)


def test_terms_do_not_serve_beyond_the_open(backend: Backend) -> None:
    """On an ex-date who buys before it has the dividend, who buys after it does not."""
    chain, settings = demo("ZETF")
    day = date(2026, 3, 10)
    paid = Dividend(day, date(2026, 3, 24), 0.5)
    settings = replace(settings, carry=replace(settings.carry, dividends=(paid,)))
    scanner = Scanner(settings, backend, terms_seconds=1.0)
    before, after = (
        replace(chain, ts_ns=US.open_ns(day) + ns) for ns in (-500_000_000, 250_000_000)
    )
    assert scanner.find(before).view.terms.div_in[-1] > 0.0
    assert scanner.find(after).view.terms.div_in[-1] == 0.0


def test_what_nobody_asked_for_costs_nothing(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, settings = demo("ZETF")

    def searched(*_: object) -> None:
        raise AssertionError("nobody asked")

    scanner = Scanner(settings, backend)
    found = scanner.find(chain)
    assert scanner.explain(found).near_misses
    for name in ("search_near", "find_carry_only", "find_synthetics"):
        monkeypatch.setattr(module, name, searched)
    nothing = scanner.explain(found, near=0, carry=False)
    assert (nothing.near_misses, nothing.carry, nothing.synthetics) == ((), (), ())
    scanner.settings = replace(settings, near_misses=0, find_carry=False)
    assert scanner.scan(chain).opportunities


def test_columns_of_an_earlier_chain_are_refused(backend: Backend) -> None:
    chain, settings = demo("ZETF")
    scanner = Scanner(settings, backend)
    found = scanner.find(chain)
    scanner.find(chain)
    with pytest.raises(ValueError, match="last find"):
        scanner.prove(found)
