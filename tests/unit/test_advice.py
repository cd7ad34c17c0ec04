"""Which runtime is advised follows from numbers; the numbers come from real processes."""

from __future__ import annotations

import sys

import pytest

from engine.backend import select
from engine.cli import runtime
from engine.runtime import advice, advice_probe, interpreters
from engine.runtime.advice import Measured
from engine.runtime.advice_probe import SETTINGS, made_chain, timed
from engine.runtime.interpreters import CPYTHON, PYPY, Interpreter, this_kind
from engine.scanner.pipeline import scan_chain
from tests.unit.measured_runtimes import ALL, COMPILED, PURE, WARMING, measured, own_cache  # noqa: F401

THIS = interpreters.probed(sys.executable)


class TestChoice:
    @pytest.mark.parametrize(
        ("chains", "best"), [(1, PURE), (7, PURE), (20, WARMING), (300, WARMING), (1000, COMPILED)]
    )
    def test_it_depends_on_how_many_chains_a_process_scans(self, chains, best):
        assert advice.once(ALL, 2000, chains)[0] is best

    def test_and_on_how_large_they_are(self):
        assert advice.once(ALL, 200, 7)[0] is PURE
        assert advice.once(ALL, 200_000, 7)[0] is COMPILED

    def test_a_process_that_goes_on_forgets_its_start(self):
        assert advice.living(ALL, 2000) == [COMPILED, WARMING, PURE]

    def test_a_total_is_start_warm_up_and_scans(self):
        assert WARMING.total_s(2000, 1) == pytest.approx(0.3 + 0.5)
        assert WARMING.total_s(2000, 101) == pytest.approx(0.3 + 0.5 + 100 * 0.01)
        assert WARMING.total_s(4000, 101) == pytest.approx(0.3 + 0.49 + 101 * 0.02)

    def test_calls_that_got_slower_are_no_negative_warm_up(self):
        odd = Measured(CPYTHON, "3.11", "", "pure", 1.0, (0.1, 0.1, 0.9, 0.9), 2000, 0)
        assert odd.total_s(2000, 2) == pytest.approx(1.0 + 2 * 0.9)

    def test_the_backend_asked_for_is_kept(self):
        assert runtime.choices(ALL, 2000, 1000, None)[0] is COMPILED
        assert runtime.choices(ALL, 2000, 1000, "auto")[0] is COMPILED
        assert runtime.choices(ALL, 2000, 1000, "pure")[0] is WARMING
        assert runtime.choices([PURE], 2000, 1000, "numba") == []


class TestMeasure:
    def test_a_real_process_is_measured(self, monkeypatch):
        monkeypatch.setattr(advice, "SECONDS", {CPYTHON: 0.01, PYPY: 0.01})
        found = advice._probe(THIS, "pure", 200)
        assert isinstance(found, Measured), found
        assert (found.kind, found.backend, found.contracts) == (this_kind(), "pure", 200)
        assert found.start_s > 0.0
        assert len(found.calls_s) >= 2
        assert min(found.calls_s) > 0.0

    @pytest.mark.parametrize("work", [advice.BARS, advice.TICKS])
    def test_bars_and_ticks_are_measured_too(self, monkeypatch, work):
        monkeypatch.setattr(advice, "SECONDS", {CPYTHON: 0.01, PYPY: 0.01})
        found = advice._probe(THIS, "pure", 300, work)
        assert isinstance(found, Measured), found
        assert found.contracts == 300
        assert min(found.calls_s) > 0.0

    def test_bars_are_a_backtest_and_ticks_end_in_a_signal(self):
        pure = select("pure")
        equity, orders, *_ = advice_probe.backtest(pure, 5000)()
        assert 0.9e6 < equity < 1.1e6
        assert orders > 10
        take = advice_probe.ticks(pure, 500)
        assert -1.0 <= take() <= 1.0
        assert take() == take()

    def test_what_fails_or_takes_too_long_is_told(self, monkeypatch):
        said = advice._probe(THIS, "nonsense", 200)
        assert "nonsense" in said
        monkeypatch.setattr(advice, "TIMEOUT", 0.001)
        assert "parity backend --warm" in advice._probe(THIS, "numba", 200)

    @pytest.mark.parametrize(("size", "piece", "count"), [(7, 7, 1), (20_001, 20_000, 2)])
    def test_bars_come_in_pieces(self, size, piece, count):
        assert advice.pieces(advice.BARS, size) == (piece, count)

    def test_every_interpreter_and_backend_has_its_turn(self, monkeypatch):
        asked = []

        def probe(interpreter, backend, contracts, work):
            asked.append((interpreter.kind, backend, contracts))
            return PURE if backend == "pure" else "numba: not ready"

        there = {kind: Interpreter(kind, kind, "3.11", kind == CPYTHON) for kind in (CPYTHON, PYPY)}
        monkeypatch.setattr(advice, "find", there.get)
        monkeypatch.setattr(advice, "_probe", probe)
        found, missing = advice.measure(10**6)
        assert asked == [(CPYTHON, "pure", 4000), (CPYTHON, "numba", 4000), (PYPY, "pure", 4000)]
        assert (found, missing) == ([PURE, PURE], ["numba: not ready"])
        monkeypatch.setattr(advice, "find", lambda kind: None)
        found, missing = advice.measure(1)
        assert found == []
        assert all("scripts/environments.sh" in line for line in missing)

    @pytest.mark.parametrize("contracts", [1, 200, 2000])
    def test_the_chain_is_of_the_size_asked_for_and_has_work(self, contracts):
        chain = made_chain(select("pure"), contracts)
        assert len(chain.bid) == max(40, contracts)
        assert all(bid < ask for bid, ask in zip(chain.bid, chain.ask, strict=True))

    def test_the_chain_is_usable(self):
        pure = select("pure")
        result = scan_chain(made_chain(pure, 200), SETTINGS, pure)
        assert result.unusable == ""
        assert result.funnel.skipped == {}

    def test_calls_are_counted(self):
        assert len(timed(lambda: None, 0.0)) == 2


class TestSaved:
    def test_it_comes_back(self):
        advice.save(ALL, 2000, 50)
        assert advice.saved() == (ALL, 2000, 50)

    def test_another_environment_has_its_own(self, monkeypatch):
        advice.save(ALL, 2000, 50)
        kept = advice.path()
        monkeypatch.setattr(sys, "prefix", "/elsewhere")
        assert advice.path() != kept
        assert advice.path().parent == kept.parent
        assert advice.saved() is None

    def test_what_is_of_another_version_or_gone_is_not_believed(self, tmp_path):
        assert advice.saved() is None
        advice.save([PURE, measured(PYPY, "pure", 1, 1, 1, python=str(tmp_path / "gone"))], 1, 1)
        assert advice.saved() == ([PURE], 1, 1)
        text = advice.path().read_text()
        for spoilt in (text.replace('"version"', '"was"', 1), "[]", "{", text[:-9]):
            advice.path().write_text(spoilt)
            assert advice.saved() is None

    def test_nowhere_to_keep_it_is_no_error(self, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        advice.save(ALL, 1, 1)
