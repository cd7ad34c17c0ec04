"""The scan of many symbols of one source, one after the other or in worker processes.

The answer does not depend on the number of jobs; a symbol that fails does not stop the others.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from engine.backend import Backend
from engine.clock import SYSTEM, Clock
from engine.config import ScanSettings
from engine.errors import NO_INPUT, VERIFIER_MISMATCH, EngineError, NoInputError
from engine.feeds import open_feed
from engine.feeds.protocol import Feed, Loaded
from engine.market.fees import DERIBIT
from engine.scanner.pipeline import scan_chain
from engine.scanner.search import make_view
from engine.scanner.survey import Failure, Request, Scan, Survey, SymbolResult, survey_of
from engine.scoring.audit import Audit, audit, combine
from engine.scoring.doubts import shared_fault
from engine.settings.overrides import check_dividends

Sink = Callable[[SymbolResult], None]
"""Takes the result of one symbol as soon as it is there."""


def scan_many(
    request: Request,
    backend: Backend,
    *,
    jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
    clock: Clock = SYSTEM,
    sinks: Iterable[Sink] = (),
) -> Survey:
    """Open the source, scan each symbol, hand each result to the `sinks`, and return them all.

    Raises
    ------
    EngineError
        If the source cannot be opened. What fails for one symbol is in `Survey.failures`.
    """
    start = clock.monotonic_ns()
    found = []
    for one in results(request, backend, jobs=jobs, on_done=on_done, clock=clock):
        for sink in sinks:
            sink(one)
        found.append(one)
    return survey_of(found, request, (clock.monotonic_ns() - start) / 1e9)


def results(
    request: Request,
    backend: Backend,
    *,
    jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
    clock: Clock = SYSTEM,
) -> Iterator[SymbolResult]:
    """Open the source and yield the result of each symbol as soon as it and those before are there.

    With one job a symbol is loaded when its result is asked for. `on_done` hears how many of how
    many are finished.

    Raises
    ------
    EngineError
        At the first result, if the source cannot be opened.
    """
    start = clock.monotonic_ns()
    feed = _open(request, 0)
    listed = {symbol.upper(): symbol for symbol in feed.symbols()}
    asked = (listed.get(symbol.upper(), symbol) for symbol in request.symbols)
    symbols = tuple(dict.fromkeys(asked)) or tuple(listed.values())
    if not symbols:
        last_snapshot(feed.chains(""), None)  # the feed knows best why it has nothing
        raise NoInputError(f"{request.source}: it has no chain")
    opened = (clock.monotonic_ns() - start) / 1e9
    tasks = [(k, symbol) for k in range(max(1, request.n_seeds)) for symbol in symbols]

    def work(item: int) -> SymbolResult:
        k, symbol = tasks[item]
        given = scan_symbol(feed if k == 0 else _open(request, k), symbol, request, backend, clock)
        if item == 0:
            given = replace(given, seconds={"open": opened, **given.seconds})
        if k == 0:
            return given
        # Of the other exchanges only the audit counts, and what must never be lost.
        return replace(given, scans=tuple(s for s in given.scans if s.result.mismatches))

    n_jobs = min(jobs or _cores(), len(tasks))
    if n_jobs > 1:
        yield from _results_of_workers(work, tasks, n_jobs, on_done)
        return
    for item in range(len(tasks)):
        one = work(item)
        on_done(item + 1, len(tasks))
        yield one


def scan_symbol(
    feed: Feed, symbol: str, request: Request, backend: Backend, clock: Clock = SYSTEM
) -> SymbolResult:
    """Load and scan one symbol; an error becomes the result's `failure`."""
    start = clock.monotonic_ns()
    scanning = 0
    scans: list[Scan] = []
    audits: list[Audit] = []
    try:
        for loaded in _chosen(feed, symbol, request):
            began = clock.monotonic_ns()
            scans.append(scan_loaded(loaded, request, backend))
            scanning += clock.monotonic_ns() - began
            if request.n_seeds:
                audits.append(_audit(loaded, scans[-1], backend))
    except EngineError as error:
        return SymbolResult(failure=Failure(symbol, str(error), error.code))
    except Exception as error:  # a bug in one symbol must not lose the others
        from traceback import format_exc

        message = f"bug: {type(error).__name__}: {error}"
        return SymbolResult(failure=Failure(symbol, message, VERIFIER_MISMATCH, format_exc()))
    if not scans:
        message = "there is no snapshot at or before --as-of"
        return SymbolResult(failure=Failure(symbol, message, NO_INPUT))
    loading = clock.monotonic_ns() - start - scanning
    return SymbolResult(
        scans=tuple(scans),
        audit=combine(audits) if audits else None,
        seconds={"load": loading / 1e9, "scan": scanning / 1e9},
    )


def scan_loaded(loaded: Loaded, request: Request, backend: Backend) -> Scan:
    """Scan one chain with the user's carry and fees over the source's."""
    chain = loaded.chain
    settings, told = settings_for(loaded, request)
    if request.n_seeds:
        # A list cut short would look like arbitrages missed.
        settings = replace(settings, top=2 * chain.n_rows**2)
    result = scan_chain(chain, settings, backend, needs_orders=request.needs_orders)
    fault = shared_fault((*result.opportunities, *result.synthetics))
    notes = (*loaded.notes, *told, *([fault] if fault else ()))
    return Scan(result, settings, loaded.problems, settings.knows_dividends, notes)


def settings_for(loaded: Loaded, request: Request) -> tuple[ScanSettings, tuple[str, ...]]:
    """Return the settings of a chain, the user's carry and fees over the source's, and notes."""
    chain = loaded.chain
    fees = request.fees or (request.settings.fees if chain.quoting.is_linear else DERIBIT)
    used = request.overrides.over(chain, loaded.carry, loaded.knows_dividends)
    check_dividends(chain, used.carry)
    settings = replace(
        request.settings, carry=used.carry, fees=fees, knows_dividends=used.knows_dividends
    )
    return settings, used.notes


def chosen_chains(request: Request) -> Iterator[tuple[str, Loaded]]:
    """Yield the last snapshot of each symbol of a request, as a scan would load it.

    Raises
    ------
    EngineError
        If the source cannot be opened or has no such symbol.
    """
    feed = _open(request, 0)
    for symbol in request.symbols or feed.symbols():
        loaded = last_snapshot(feed.chains(symbol), request.as_of_ns)
        if loaded is not None:
            yield symbol, loaded


def last_snapshot(chains: Iterable[Loaded], as_of_ns: int | None) -> Loaded | None:
    """Return the last of `chains`, which come oldest first, at or before `as_of_ns`.

    Its `problems` are those of all that were read.
    """
    last: Loaded | None = None
    problems: list[str] = []
    for loaded in chains:
        if as_of_ns is not None and loaded.chain.ts_ns > as_of_ns:
            break
        problems.extend(loaded.problems)
        last = loaded
    return replace(last, problems=tuple(problems)) if last else None


def _open(request: Request, k: int) -> Feed:
    """Open the source, the demo source with its `k`-th seed."""
    seed = request.feed.seed
    seed = seed if k == 0 else (seed or 0) + k
    return open_feed(request.source, replace(request.feed, as_of_ns=request.as_of_ns, seed=seed))


def _chosen(feed: Feed, symbol: str, request: Request) -> Iterable[Loaded]:
    chains = feed.chains(symbol)
    if request.is_every_snapshot:
        return chains
    last = last_snapshot(chains, request.as_of_ns)
    return () if last is None else (last,)


def _audit(loaded: Loaded, scan: Scan, backend: Backend) -> Audit:
    """Compare a scan with the labels of its chain, the profit programme as second judge."""
    from engine.strategies.programme import solve_programme

    view = make_view(loaded.chain, scan.settings, backend)

    def locked(expiry: int) -> float:
        found = solve_programme(view, expiry, allow_short=False)
        return math.inf if found is None else found.value

    programme = locked if loaded.chain.is_european else None
    return audit(loaded, scan.result, programme, scan.settings)


def _results_of_workers(
    work: Callable[[int], SymbolResult],
    tasks: list[tuple[int, str]],
    n_jobs: int,
    on_done: Callable[[int, int], None],
) -> Iterator[SymbolResult]:
    # Imported when needed: a single scan pays for none of this.
    import json

    from engine.codec import decode, encode
    from engine.scanner import jobs

    def written(item: int) -> bytes:
        return json.dumps(encode(work(item), packed=True), allow_nan=False).encode()

    total = len(tasks)
    raws = jobs.stream(written, total, n_jobs, lambda done: on_done(done, total))
    for (_, symbol), raw in zip(tasks, raws, strict=True):
        if isinstance(raw, jobs.Lost):
            yield SymbolResult(failure=Failure(symbol, raw.reason, VERIFIER_MISMATCH))
        else:
            yield decode(SymbolResult, json.loads(raw))


def _cores() -> int:
    return os.cpu_count() or 1
