"""Indicators, the backtest and ticks in C, on the columns of the workloads of the same names."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial

from benchmarks.baselines.c_code import Columns, column_task, library
from benchmarks.baselines.shared import CALLS, indicator, named
from benchmarks.workloads.calls import column, kernel_of
from benchmarks.workloads.calls_events import N_SINGLE, RING, SPAN, single_ticks, ticks, trades
from benchmarks.workloads.calls_series import backtest
from benchmarks.workloads.tasks import Task
from engine.backend import Backend

INDICATORS = ("sma", "ema", "rsi", "bollinger")


def _indicator(name: str, backend: Backend) -> Task:
    """Return an indicator: its column, its settings and its results, in the kernel's order."""
    series, settings, wanted = indicator(name, backend)
    out: Columns = [column(len(series)) for _ in wanted]
    return column_task(library("series"), name, [series, settings], out, wanted)


def _backtest(backend: Backend) -> Task:
    arguments = backtest(backend)
    opens, close, fast, slow, short, account, *wanted = arguments
    kernel_of(backend, CALLS[named("kernel/bar backtest/")].kernel)(*arguments)
    columns: Columns = [opens, close, array("d", (fast, slow, short)), account]
    out: Columns = [column(len(close)) for _ in wanted]
    return column_task(library("series"), "backtest", columns, out, wanted)


def _sweep(backend: Backend) -> Task:
    call = CALLS[named("kernel/sweep/")]
    arguments = call.arguments(backend)
    opens, close, fast, slow, short, account, per_year, rate, *wanted = arguments
    kernel_of(backend, call.kernel)(*arguments)
    settings = array("d", (short, per_year, rate, len(close)))
    # The orders as doubles: the columns of C are all alike.
    wanted = [array("d", found) for found in wanted]
    out: Columns = [column(len(fast)) for _ in wanted]
    inputs: Columns = [opens, close, fast, slow, settings, account]
    return column_task(library("series"), "sweep", inputs, out, wanted)


def _settings() -> Columns:
    return [array("d", (2.0 / (SPAN + 1.0), RING)), column(RING)]


def _ticks(backend: Backend) -> Task:
    _, _, *columns, wanted = arguments = ticks(backend)
    kernel_of(backend, CALLS[named("kernel/ticks, batch/")].kernel)(*arguments)
    inputs = [*_settings(), *columns]
    return column_task(library("series"), "ticks", inputs, [column(len(wanted))], [wanted])


def _single(backend: Backend) -> Task:
    wanted = single_ticks(backend, N_SINGLE)()
    inputs = [*_settings(), *trades(N_SINGLE)]
    return column_task(library("series"), "single_ticks", inputs, [column(len(wanted))], [wanted])


BASELINES: dict[str, Callable[[Backend], Task]] = {
    **{named(f"kernel/{name}/"): partial(_indicator, name) for name in INDICATORS},
    named("kernel/bar backtest/"): _backtest,
    named("kernel/sweep/"): _sweep,
    named("kernel/ticks, batch/"): _ticks,
    named("kernel/tick, one call/"): _single,
}
