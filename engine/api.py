"""The Python interface: ``from engine import scan, load_chain``.

>>> from engine import load_chain, scan
>>> chain = load_chain("csv:quotes.csv.gz", "GOOG")          # doctest: +SKIP
>>> found = scan(chain, rates=(0.045, 0.055))                # doctest: +SKIP
>>> [(one.family, one.edge) for one in found.opportunities]  # doctest: +SKIP

What a `quotes` argument may be: an `OptionChain`, a `Loaded` (a chain with what its source knows of
rates and dividends), a source such as ``"demo"`` or ``"csv:PATH"``, or a pandas DataFrame with the
columns of a CSV file.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from engine import api_input
from engine.api_input import Dividends, Limit, Rates, read
from engine.backend import Backend, select
from engine.config import Gates, ScanSettings
from engine.errors import (
    BadDataError,
    EngineError,
    UnavailableError,
    UsageError,
    install_command,
)
from engine.feeds import open_feed
from engine.feeds.frame import FrameFeed
from engine.feeds.protocol import Feed, FeedOptions, Loaded
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.fees import FeeSchedule
from engine.nearest import hint
from engine.scanner.many import conduct, last_snapshot, scan_loaded
from engine.scanner.survey import Request, Survey
from engine.settings import spelling


def load(
    quotes: object,
    symbol: str | None = None,
    *,
    as_of: str | int | date | None = None,
    strict: bool = False,
    mapping: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Loaded:
    """Return the last chain of `symbol` at or before `as_of`, with what its source knows.

    Parameters
    ----------
    quotes
        A source such as ``"csv:PATH"``, or a DataFrame.
    symbol
        May be left out where there is one.
    as_of
        UTC nanoseconds, a date, or a time with its zone as `datetime` or text
        (``"2015-12-24T15:30Z"``); None is the last there is.
    strict, mapping, seed
        As `engine.feeds.open_feed` takes them.

    Raises
    ------
    EngineError
        What the command line would print, as an exception: `NoInputError`, `BadDataError`, ...
    """
    as_of_ns = api_input.instant(as_of)
    if isinstance(quotes, str):
        feed = open_feed(quotes, strict=strict, as_of=as_of_ns, mapping=mapping, seed=seed)
    elif hasattr(quotes, "to_csv"):
        feed = FrameFeed(quotes, mapping, strict, as_of_ns)
    else:
        kind = type(quotes).__name__
        raise UsageError(f"quotes must be a chain, a source such as 'demo' or a table, not {kind}")
    chosen = symbol or _only_symbol(feed)
    loaded = last_snapshot(feed.chains(chosen), as_of_ns)
    if loaded is None:
        raise BadDataError(f"there is no snapshot of {chosen} at or before {as_of}")
    return loaded


def load_chain(quotes: object, symbol: str | None = None, **choice: Any) -> OptionChain:
    """Return the chain alone of what `load` returns; it takes the same arguments.

    It warns of rows that were refused, which only `load` hands out (``problems``).

    Raises
    ------
    EngineError
        As `load`.
    """
    loaded = load(quotes, symbol, **choice)
    if loaded.problems:
        more = f" (and {len(loaded.problems) - 1:,} more)" if len(loaded.problems) > 1 else ""
        warnings.warn(f"refused: {loaded.problems[0]}{more}", stacklevel=2)
    return loaded.chain


def scan(
    quotes: object = "demo",
    symbols: str | Iterable[str] = (),
    *,
    rates: Rates | None = None,
    allow_negative_rates: bool = False,
    dividends: Dividends | None = None,
    carry: Carry | None = None,
    fees: FeeSchedule | str | None = None,
    borrow: float | str | Mapping[str, float] | None = None,
    families: str | Iterable[str] | None = None,
    gates: Gates | Mapping[str, Limit] | None = None,
    min_edge: float | None = None,
    profile: str = "default",
    top: int = 20,
    assume_synchronous: bool = False,
    show_carry: bool = False,
    backend: Backend | str | None = None,
    jobs: int = 1,
    as_of: str | int | date | None = None,
    strict: bool = False,
    mapping: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Survey:
    """Return every proven opportunity in `quotes`, ranked, with near misses and the funnel.

    Parameters
    ----------
    quotes
        A chain, a `Loaded`, a source or a DataFrame (see the head of this module).
    symbols
        Which of a source; none is all.
    rates
        Your lending and borrowing rate per year (0.045 is 4.5 %), or one for both; numbers,
        curves, or text as `--rates` takes it. None is what the source knows, else the Federal
        Reserve's target of the chain's own day with a spread around it (ADR 0004).
    allow_negative_rates
        A negative rate is meant, not a slip of the pen.
    dividends
        `Dividend` values or ``("2024-05-10", 0.25)`` pairs, or a mapping of them by symbol; they
        replace the source's. Empty is none at all. Without them, a chain from quotes alone is
        taken to pay none, and what is short of stock in it may be nothing but dividends.
    carry
        Everything at once, instead of `rates`, `dividends` and `borrow`.
    fees
        A schedule, or text as `--fees` takes it: "free", "per_contract=0.65".
    borrow
        Fee of short stock per year, or a mapping by symbol.
    gates
        A `Gates`, or single limits by name; "off" switches one off.
    backend
        "auto", "pure", "numba", or a selected one.
    jobs
        Worker processes for a source with several symbols; 0 is one per core.

    Raises
    ------
    EngineError
        What the command line would print, as an exception, when nothing could be scanned; what
        failed for some symbols only is in ``failures``.
    """
    settings = ScanSettings(
        gates=api_input.gates(gates, min_edge),
        profile=read("profile", "the name of a profile", spelling.profile, profile),
        top=api_input.count("top", top),
        assume_synchronous=assume_synchronous,
        show_carry=show_carry,
    )
    if families is not None:
        asked = api_input.names("families", families)
        settings = replace(settings, families=read("families", "", spelling.families, asked))
    moment = api_input.instant(as_of)
    request = Request(
        source=quotes if isinstance(quotes, str) else "",
        symbols=api_input.names("symbols", symbols),
        settings=settings,
        overrides=api_input.overrides(
            carry, rates, dividends, borrow, allow_negative=allow_negative_rates
        ),
        fees=api_input.fees(fees),
        as_of_ns=moment,
        feed=FeedOptions(
            strict=strict,
            mapping=mapping,
            seed=None if seed is None else api_input.count("seed", seed),
        ),
    )
    kernels = read("backend", "auto, pure, numba or a Backend", _kernels, backend)
    if isinstance(quotes, str):
        survey = conduct(request, kernels, jobs=api_input.count("jobs", jobs))
        if survey.failures and not survey.scans:
            raise _error(survey.failures[0].message, survey.failures[0].code)
        return survey
    if isinstance(quotes, OptionChain):
        loaded = Loaded(quotes)
    elif isinstance(quotes, Loaded):
        loaded = quotes
    else:
        only = request.symbols[0] if request.symbols else None
        loaded = load(quotes, only, as_of=moment, strict=strict, mapping=mapping, seed=seed)
    return Survey((scan_loaded(loaded, request, kernels),), top=top)


def to_frame(found: Survey) -> Any:
    """Return one row per opportunity as a pandas DataFrame, the columns of ``scan --csv``.

    Raises
    ------
    UnavailableError
        If pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise UnavailableError(f"a DataFrame needs pandas: {install_command('data')}") from None
    from engine.report.rows import COLUMNS, flat_row

    return pandas.DataFrame([flat_row(one) for one in found.listed], columns=list(COLUMNS))


def _kernels(backend: Backend | str | None) -> Backend:
    return backend if isinstance(backend, Backend) else select(backend)


def _only_symbol(feed: Feed) -> str:
    known = feed.symbols()
    if len(known) == 1:
        return known[0]
    if not known:
        last_snapshot(feed.chains(""), None)  # the feed knows best why it has nothing
    raise UsageError(f"name one of its symbols; {hint('', known)}")


def _error(message: str, code: int) -> EngineError:
    kinds = {kind.code: kind for kind in EngineError.__subclasses__()}
    return kinds.get(code, EngineError)(message)
