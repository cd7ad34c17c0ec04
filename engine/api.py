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

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine import spelling
from engine.backend import Backend, select
from engine.conduct import conduct, last_snapshot, scan_loaded
from engine.config import Gates, ScanSettings
from engine.errors import (
    BadDataError,
    EngineError,
    UnavailableError,
    UsageError,
    install_command,
)
from engine.fee_input import schedule
from engine.feeds import open_feed
from engine.feeds.protocol import Feed, Loaded
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.chain import OptionChain
from engine.market.fees import FeeSchedule
from engine.nearest import hint
from engine.overrides import EVERY, CarryOverrides
from engine.survey import Request, Survey

Rate = float | RateCurve
SomeDividend = Dividend | tuple[str, float]


def load(
    quotes: object,
    symbol: str | None = None,
    *,
    as_of: str | int | None = None,
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
        UTC nanoseconds or text with a zone (``"2015-12-24T15:30Z"``); None is the last there is.
    strict, mapping, seed
        As `engine.feeds.open_feed` takes them.

    Raises
    ------
    EngineError
        What the command line would print, as an exception: `NoInputError`, `BadDataError`, ...
    """
    as_of_ns = _usage(spelling.instant, as_of) if isinstance(as_of, str) else as_of
    if isinstance(quotes, str):
        feed = open_feed(quotes, strict=strict, as_of=as_of_ns, mapping=mapping, seed=seed)
    else:
        feed = _frame_feed(quotes, strict, as_of_ns, mapping)
    chosen = symbol or _only_symbol(feed)
    loaded = last_snapshot(feed.chains(chosen), as_of_ns)
    if loaded is None:
        raise BadDataError(f"there is no snapshot of {chosen} at or before {as_of}")
    return loaded


def load_chain(quotes: object, symbol: str | None = None, **choice: Any) -> OptionChain:
    """Return the chain alone of what `load` returns; it takes the same arguments.

    Raises
    ------
    EngineError
        As `load`.
    """
    return load(quotes, symbol, **choice).chain


def scan(
    quotes: object = "demo",
    symbols: str | Iterable[str] = (),
    *,
    rates: Rate | tuple[Rate, Rate] | None = None,
    dividends: Iterable[SomeDividend] | Mapping[str, Iterable[SomeDividend]] | None = None,
    carry: Carry | None = None,
    fees: FeeSchedule | str | None = None,
    borrow: float | Mapping[str, float] | None = None,
    families: str | Iterable[str] | None = None,
    gates: Gates | Mapping[str, float | int | bool | str] | None = None,
    min_edge: float | None = None,
    profile: str = "default",
    top: int = 20,
    assume_synchronous: bool = False,
    show_carry: bool = False,
    backend: Backend | str | None = None,
    jobs: int = 1,
    as_of: str | int | None = None,
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
        Your lending and borrowing rate per year (0.045 is 4.5 %), or one for both; numbers or
        curves. None is what the source knows, else 4 % and 5 %.
    dividends
        `Dividend` values or ``("2024-05-10", 0.25)`` pairs, or a mapping of them by symbol; they
        replace the source's. Empty is none at all.
    carry
        Everything at once, instead of `rates`, `dividends` and `borrow`.
    fees
        A schedule, or "default", "free", "deribit".
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
    if carry is not None and not (rates is None and dividends is None and borrow is None):
        raise UsageError("give either carry, or rates, dividends and borrow")
    named = (symbols,) if isinstance(symbols, str) else tuple(symbols)
    settings = ScanSettings(
        gates=_gates(gates, min_edge),
        profile=_usage(spelling.profile, profile),
        top=top,
        assume_synchronous=assume_synchronous,
        show_carry=show_carry,
    )
    if families is not None:
        names = families.split(",") if isinstance(families, str) else families
        settings = replace(settings, families=_usage(spelling.families, names))
    request = Request(
        source=quotes if isinstance(quotes, str) else "",
        symbols=named,
        settings=settings,
        overrides=(CarryOverrides.of(carry) if carry else _overrides(rates, dividends, borrow)),
        fees=_usage(schedule, fees) if isinstance(fees, str) else fees,
        as_of_ns=_usage(spelling.instant, as_of) if isinstance(as_of, str) else as_of,
        strict=strict,
        mapping=mapping,
        seed=seed,
    )
    kernels = backend if isinstance(backend, Backend) else select(backend)
    if isinstance(quotes, str):
        survey = conduct(request, kernels, jobs=jobs)
        if survey.failures and not survey.scans:
            raise _error(survey.failures[0].message, survey.failures[0].code)
        return survey
    if isinstance(quotes, OptionChain):
        loaded = Loaded(quotes)
    elif isinstance(quotes, Loaded):
        loaded = quotes
    else:
        only = named[0] if named else None
        loaded = load(quotes, only, as_of=as_of, strict=strict, mapping=mapping, seed=seed)
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


def _frame_feed(
    quotes: Any, strict: bool, as_of_ns: int | None, mapping: Mapping[str, str] | None
) -> Feed:
    """Return the feed of a DataFrame: written as CSV, so that every check of that source holds."""
    if not hasattr(quotes, "to_csv"):
        kind = type(quotes).__name__
        raise UsageError(f"quotes must be a chain, a source such as 'demo' or a table, not {kind}")
    from engine.feeds.csv_file import CsvFeed

    with TemporaryDirectory(prefix="parity-") as folder:
        path = Path(folder) / "frame.csv"
        quotes.to_csv(path, index=False)
        return CsvFeed(path, mapping, strict, as_of_ns)


def _only_symbol(feed: Feed) -> str:
    known = feed.symbols()
    if len(known) == 1:
        return known[0]
    raise UsageError(f"name one of its symbols; {hint('', known)}")


def _overrides(
    rates: Rate | tuple[Rate, Rate] | None,
    dividends: Iterable[SomeDividend] | Mapping[str, Iterable[SomeDividend]] | None,
    borrow: float | Mapping[str, float] | None,
) -> CarryOverrides:
    ends = rates if isinstance(rates, tuple) else (rates, rates)
    lend, borrowing = (_curve(end) for end in ends)
    by_symbol: dict[str, tuple[Dividend, ...]] = {}
    if dividends is not None:
        given = dividends if isinstance(dividends, Mapping) else {EVERY: dividends}
        by_symbol = {s.upper(): tuple(map(_dividend, some)) for s, some in given.items()}
    fees: dict[str, float] = {}
    if borrow is not None:
        charged = borrow if isinstance(borrow, Mapping) else {EVERY: borrow}
        fees = {s.upper(): _usage(spelling.fee_rate, fee) for s, fee in charged.items()}
    said = CarryOverrides(lend=lend, borrow=borrowing, dividends=by_symbol, borrow_fee=fees)
    checked: CarryOverrides = _usage(CarryOverrides.checked, said)
    return checked


def _curve(rate: Rate | None) -> RateCurve | None:
    if rate is None or isinstance(rate, RateCurve):
        return rate
    # In code a negative rate is no slip of the pen.
    return RateCurve.flat(_usage(lambda r: spelling.rate(r, allow_negative=True), rate))


def _dividend(given: SomeDividend) -> Dividend:
    if isinstance(given, Dividend):
        return given
    ex = _usage(spelling.day, str(given[0]))
    return Dividend(ex, ex, float(given[1]))


def _gates(
    gates: Gates | Mapping[str, float | int | bool | str] | None, min_edge: float | None
) -> Gates:
    limits = dict(gates) if isinstance(gates, Mapping) else {}
    if min_edge is not None:
        limits["min_edge"] = min_edge
    base = gates if isinstance(gates, Gates) else Gates()
    checked = {name: _usage(lambda v, n=name: spelling.gate(n, v), v) for name, v in limits.items()}
    return replace(base, **checked)


def _usage(convert: Any, value: Any) -> Any:
    """Return ``convert(value)``, its `ValueError` as the `UsageError` it is here."""
    try:
        return convert(value)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _error(message: str, code: int) -> EngineError:
    kinds = {kind.code: kind for kind in EngineError.__subclasses__()}
    return kinds.get(code, EngineError)(message)
