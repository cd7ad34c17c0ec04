"""The workloads of the benchmarks: same chains, same answers, baselines held to them."""

from __future__ import annotations

import doctest
import platform
from array import array
from importlib import import_module

import pytest

from benchmarks.baselines import c as baseline_c
from benchmarks.baselines import c_series as baseline_c_series
from benchmarks.baselines import numpy_columns as baseline_numpy
from benchmarks.baselines import plain as baseline_plain
from benchmarks.baselines import shared as baselines
from benchmarks.measure import bench
from benchmarks.workloads import (
    calls,
    calls_events,
    calls_options,
    calls_series,
    calls_threads,
    markets,
    tasks,
)
from benchmarks.workloads import named as workloads
from engine.backend import select
from engine.errors import EngineError, UnavailableError
from engine.market.chain import AMERICAN, EUROPEAN
from engine.scanner.pipeline import scan_chain
from engine.strategies.candidates import CandidateTable
from engine.strategies.registry import REGISTRY

SHORT = (
    ("N_SERIES", calls_series, 4000),
    ("N_SWEEP", calls_series, 400),
    ("N_TICKS", calls_events, 2000),
    ("N_SINGLE", calls_events, 1000),
    ("N_SINGLE", baseline_c_series, 1000),
    ("N_BARS", calls_events, 1000),
    ("N_MESSAGES", calls_events, 200),
    ("N_LATTICE", calls_options, 4),
    ("N_AMERICAN", calls_options, 4),
    *(("N_OPTIONS", module, 2000) for module in (calls, calls_options, baselines, baseline_c)),
)

threads = import_module("engine.runtime.threads")
PURE = select("pure")

# A run of the others takes a second and more; they differ from these in size alone.
TRIED = [
    name
    for name, workload in workloads.WORKLOADS.items()
    if workload.contracts <= 2000 and "noise" not in name
]
EVERYWHERE = [name for name in TRIED if not workloads.WORKLOADS[name].needs]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Make short series: what is a million long is the same on a few thousand."""
    for name, module, size in SHORT:
        monkeypatch.setattr(module, name, size)


@pytest.fixture
def numba():
    try:
        return select("numba")
    except EngineError as error:
        pytest.skip(str(error))


class TestMarkets:
    @pytest.mark.parametrize("style", [AMERICAN, EUROPEAN])
    @pytest.mark.parametrize("contracts", [200, 2000])
    def test_a_clean_chain_has_no_candidate(self, backend, style, contracts):
        market = markets.clean(backend, contracts, style)
        assert len(market.chain.bid) == contracts
        result = scan_chain(market.chain, market.settings, backend)
        assert result.funnel.candidates == 0
        assert result.funnel.skipped == {}

    def test_a_chain_is_the_same_on_every_backend(self, numba):
        assert markets.clean(PURE, 400) == markets.clean(numba, 400)

    def test_another_seed_is_another_chain(self):
        assert markets.clean(PURE, 200).chain != markets.clean(PURE, 200, seed=1).chain

    def test_few_hits_are_few(self, backend):
        market = markets.with_few_hits(markets.clean(backend, workloads.TARGET))
        result = scan_chain(market.chain, market.settings, backend)
        # Most of them are three legs, each around one of the few odd quotes.
        assert 1 <= result.funnel.candidates <= 150
        assert 1 <= result.funnel.passed <= 50
        assert "conversion" in {one.family for one in result.opportunities}

    def test_the_busy_chain_is_busy(self, backend):
        market = markets.busy()
        assert scan_chain(market.chain, market.settings, backend).funnel.candidates > 100

    def test_noise_hits_now_and_then(self):
        market = markets.noise(4000)
        view = workloads.view_of(market, PURE)
        table = CandidateTable(PURE, market.chain.n_rows, view.days)
        REGISTRY["conversion"].find(view, table)
        assert 0.005 < table.found.count / market.chain.n_rows < 0.5


class TestWorkloads:
    @pytest.mark.parametrize("name", TRIED)
    def test_one_loop_runs_and_the_answer_stays(self, backend, name):
        workload = workloads.WORKLOADS[name]
        if workload.needs not in ("", backend.name):
            with pytest.raises(UnavailableError):
                workload.make(backend)
            return
        task = workload.make(backend)
        before = task.answer()
        task.seconds(1)
        assert task.answer() == before

    @pytest.mark.parametrize("name", EVERYWHERE)
    def test_numba_answers_like_the_pure_kernels(self, numba, name):
        make = workloads.WORKLOADS[name].make
        assert make(numba).answer() == make(PURE).answer()

    def test_the_others_differ_from_those_in_size_alone(self):
        """So that every benchmark is smoked: what makes a large one makes one that is tried."""

        def maker(name):
            make = workloads.WORKLOADS[name].make
            # A kernel that is called is itself what is made.
            return name if hasattr(make, "__self__") else getattr(make, "func", make)

        tried = {maker(name) for name in TRIED}
        assert {maker(name) for name in workloads.WORKLOADS} == tried

    def test_a_ladder_scans_every_chain(self, monkeypatch):
        ladder = workloads.WORKLOADS["scan/clean/200x10"]
        task = ladder.make(PURE)
        scanned = []
        monkeypatch.setattr(
            tasks,
            "scan_chain",
            lambda chain, *rest: scanned.append(chain) or scan_chain(chain, *rest),
        )
        task.run()
        assert len({id(chain) for chain in scanned}) == 10
        assert sum(len(chain.bid) for chain in scanned) == ladder.contracts == ladder.units


class TestCalls:
    def test_a_kernel_outside_the_scan_is_loaded(self):
        asked = []

        class Loading:
            def load(self, module):
                asked.append(module)
                return PURE.normal

        assert calls.kernel_of(PURE, "normal.norm_cdf") is PURE.normal.norm_cdf
        assert calls.kernel_of(Loading(), "of_later.norm_cdf") is PURE.normal.norm_cdf
        assert asked == ["of_later"]

    def test_a_line_is_a_workload(self):
        lines = (*calls.CALLS, *calls_options.OPTIONS, *calls_series.SERIES, *calls_events.EVENTS)
        for call in lines:
            assert workloads.WORKLOADS[call.name].units == call.units

    def test_every_kernel_of_threads_is_measured_on_them(self):
        kernels = {one.call.kernel for one in calls_threads.THREADED}
        assert kernels == set(threads.KERNELS)
        assert all(f"kernel/{one.name.partition('/')[2]}" in workloads.WORKLOADS
                   for one in calls_threads.THREADED)  # fmt: skip

    def test_other_bits_on_threads_are_refused(self, numba, monkeypatch):
        task = calls_threads.THREADED[0].task(numba)
        monkeypatch.setattr(threads.Threads, "run", lambda *_: None)
        with pytest.raises(ValueError, match="other bits"):
            task.answer()

    def test_a_state_is_put_back_before_each_call(self):
        """Else the second call would go on from where the first ended."""
        (sma,) = (call for call in calls_series.SERIES if call.kernel == "rolling.sma")
        series, period, state, means = arguments = sma.arguments(PURE)
        kernel = calls.restoring(calls.kernel_of(PURE, sma.kernel), [state])
        kernel(*arguments)
        first, state_after = means[:], state[:]
        assert state_after != array("d", bytes(8 * len(state)))
        kernel(*arguments)
        assert (means.tobytes(), state) == (first.tobytes(), state_after)
        assert means[period - 1] == pytest.approx(sum(series[:period]) / period)

    def test_the_object_trades_as_the_kernel_does(self):
        kernel = PURE.load("sweep").ma_cross_backtest
        *_, equity = columns = calls_series.backtest(PURE)
        _, orders, *_ = kernel(*columns)
        bars = {"ZWALK": calls_events.bars(len(equity))}
        data = calls_events.Data(bars, calls_events.BAR_NS, "a random walk")
        found = calls_events.run(calls_events.Crossing(), data, calls_series.TERMS)
        assert found.n_orders == orders > 9
        assert list(found.equity) == pytest.approx(list(equity), rel=1e-12)


class TestTasks:
    def test_recorded_calls_are_the_kernels_themselves(self):
        calls = tasks.recorded(PURE, lambda backend: backend.normal.norm_cdf(0.5))
        assert calls == [(PURE.normal.norm_cdf, (0.5,))]

    def test_an_action_without_kernels_is_no_kernel_task(self):
        with pytest.raises(ValueError, match="no kernel call"):
            tasks.kernel_task(PURE, lambda backend: None)

    def test_what_does_not_count_is_left_out(self):
        assert tasks.Task(lambda: 7.0, str).seconds(3) < 0.0

    def test_the_phases_that_were_not_asked_for_are_left_out(self):
        market = markets.with_few_hits(markets.clean(PURE, workloads.TARGET))
        assert tasks.scan_task(PURE, [market]).run() == 0.0
        assert tasks.scan_task(PURE, [market], phases=("search_s",)).run() > 0.0

    def test_another_answer_has_another_digest(self):
        assert tasks.digest([1.0]) != tasks.digest([1.0 + 2.0**-52])


class TestBaselines:
    """Each is held to the engine's answer where it is built: a wrong one cannot be timed."""

    @pytest.mark.parametrize("name", baseline_plain.BASELINES)
    def test_plain_python_answers_like_the_engine(self, name):
        assert baseline_plain.BASELINES[name](PURE).seconds(1) > 0.0

    @pytest.mark.parametrize("name", baseline_numpy.BASELINES)
    def test_numpy_answers_like_the_engine(self, name):
        pytest.importorskip("numpy")
        if platform.python_implementation() == "PyPy":
            pytest.skip("the NumPy baseline is for CPython")
        assert baseline_numpy.BASELINES[name](PURE).seconds(1) > 0.0

    @pytest.mark.parametrize("name", baseline_c.BASELINES)
    def test_c_answers_like_the_engine(self, name):
        if not baseline_c.compiler():
            pytest.skip("there is no C compiler")
        assert baseline_c.BASELINES[name](PURE).seconds(1) > 0.0

    def test_another_answer_is_refused(self):
        baselines.baseline(lambda floor: (3, 0.5), (3, 0.5))
        for wrong in ((2, 0.5), (3, 0.5 + 1e-8)):
            with pytest.raises(ValueError, match="the baseline answers"):
                baselines.baseline(lambda floor, wrong=wrong: wrong, (3, 0.5))

    @pytest.mark.parametrize("name", ["shared", "plain_options", "plain_series"])
    def test_examples_hold(self, name):
        """Worked by hand: elsewhere baselines and kernels are only held to each other."""
        failed, tried = doctest.testmod(import_module(f"benchmarks.baselines.{name}"))
        assert (failed, tried > 0) == (0, True)

    def test_columns_that_are_off_are_refused_where_they_are_known(self):
        nan = float("nan")
        baselines.near_task(lambda: [[1.0, nan, 3.0]], [[1.0, nan, 9.0]], [True, True, False])
        for wrong in ([1.0, nan, 3.1], [1.0, 2.0, 3.0]):
            with pytest.raises(ValueError, match="the baseline answers"):
                baselines.near_task(lambda wrong=wrong: [wrong], [[1.0, nan, 3.0]])

    def test_every_baseline_stands_beside_a_workload(self):
        names = {name for table in bench.BASELINES.values() for name in table}
        assert names <= set(workloads.WORKLOADS)
