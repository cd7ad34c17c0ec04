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

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from engine.backend import Backend, select
from engine.errors import (
    BadDataError,
    UsageError,
    error_of,
    load_extra,
)
from engine.feeds import open_feed
from engine.feeds.frame import FrameFeed, ObjectFeed
from engine.feeds.protocol import Feed, FeedOptions, Loaded
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.nearest import hint
from engine.scanner.many import last_snapshot, scan_loaded, scan_many, settings_for
from engine.scanner.search import make_view
from engine.scanner.survey import Request, Survey
from engine.settings import values
from engine.settings.request import feed_options, request_of
from engine.settings.table import BY_NAME, SETTINGS

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from engine.config import ScanSettings
    from engine.scoring.financing import RateQuote
    from engine.scoring.loan import Loan
    from engine.settings.options import ReadingOptions, ScanOptions
    from engine.strategies.view import View

_T = TypeVar("_T")


def load(quotes: object, symbol: str | None = None, **options: Unpack[ReadingOptions]) -> Loaded:
    """Return the last chain of `symbol` at or before ``as_of``, with what its source knows.

    Parameters
    ----------
    quotes
        A source such as ``"csv:PATH"``, a DataFrame, or a list of objects (mappings).
    symbol
        May be left out where there is one.
    options
        How quotes are read: ``as_of`` is UTC nanoseconds, a date, or a time with its zone as
        `datetime` or text (``"2015-12-24T15:30Z"``), None is the last there is; ``mapping`` gives
        our column names to the file's; ``kind`` says what a symbol is; ``strict``, ``max_input``
        and ``seed``.

    Raises
    ------
    EngineError
        What the command line would print, as an exception: `NoInputError`, `BadDataError`, ...
    """
    said = _said("load", options)
    moment = said.get("as_of")
    if moment == "all":
        raise UsageError("as_of: 'all' is for scan(): one chain has one time")
    return _load(quotes, symbol, replace(feed_options(said), as_of_ns=moment))


def _load(quotes: object, symbol: str | None, options: FeedOptions) -> Loaded:
    feed = _feed(quotes, options)
    chosen = symbol or _only_symbol(feed)
    loaded = last_snapshot(feed.chains(chosen), options.as_of_ns)
    if loaded is None:
        raise BadDataError(f"there is no snapshot of {chosen} at or before that time")
    return loaded


def _feed(quotes: object, options: FeedOptions) -> Feed:
    if isinstance(quotes, str):
        return open_feed(quotes, options)
    if hasattr(quotes, "columns") and hasattr(quotes, "__getitem__"):
        return FrameFeed(quotes, options=options)
    if isinstance(quotes, list | tuple) and all(isinstance(one, dict) for one in quotes):
        return ObjectFeed(quotes, options)
    kind = type(quotes).__name__
    raise UsageError(f"quotes must be a chain, a source such as 'demo' or a table, not {kind}")


def load_chain(
    quotes: object, symbol: str | None = None, **options: Unpack[ReadingOptions]
) -> OptionChain:
    """Return the chain alone of what `load` returns; it takes the same arguments.

    It warns of rows that were refused, which only `load` hands out (``problems``).

    Raises
    ------
    EngineError
        As `load`.
    """
    loaded = load(quotes, symbol, **options)
    if loaded.problems:
        more = f" (and {len(loaded.problems) - 1:,} more)" if len(loaded.problems) > 1 else ""
        warnings.warn(f"refused: {loaded.problems[0]}{more}", stacklevel=2)
    return loaded.chain


def scan(
    quotes: object = "demo",
    symbols: str | Iterable[str] = (),
    *,
    carry: Carry | None = None,
    **options: Unpack[ScanOptions],
) -> Survey:
    """Return every proven opportunity in `quotes`, ranked, with near misses and the funnel.

    Parameters
    ----------
    quotes
        A chain, a `Loaded`, a source, a DataFrame or a list of objects (see the head of this
        module).
    symbols
        Which of a source; none is all.
    carry
        Everything at once, instead of ``rates``, ``dividends`` and ``borrow``.
    options
        Any setting of docs/CONFIGURATION.md, in five groups (`engine.settings.options`). How
        quotes are read: ``as_of`` (also "all"), ``mapping``, ``layout``, ``decimal``,
        ``delimiter``, ``rows``, ``window``, ``kind``, ``strict``, ``max_input``, ``seed``. What
        carry costs: ``rates`` (lend and borrow per year, 0.045 is 4.5 %, or one for both; numbers,
        curves or text), ``allow_negative_rates``, ``withholding``, ``dividends`` (`Dividend` values
        or ``("2024-05-10", 0.25)`` pairs, or a mapping of them by symbol; they replace the
        source's, empty is none at all), ``fees`` (a schedule or "free"), ``borrow``, ``shortable``,
        ``index_yield``. What counts: ``families``, ``gates`` (a `Gates`, or single limits by name;
        "off" switches one off), ``min_edge``, ``min_edge_usd``, ``assume_synchronous``. What is
        listed: ``profile``, ``top``, ``near_misses``, ``capital``, ``show_carry``, ``find_carry``,
        ``fill_time``, ``leg_gap``, ``vol``. How it runs: ``backend`` ("auto", "pure", "numba" or a
        selected one) and ``jobs`` (worker processes for a source with several symbols; 0 is one per
        core). Text means what it means to the flag of the same name.

    Raises
    ------
    EngineError
        What the command line would print, as an exception, when nothing could be scanned; what
        failed for some symbols only is in ``failures``.
    """
    chosen = options.get("backend")
    said = _said("scan", options)
    if carry is not None and not isinstance(carry, Carry):
        raise UsageError(f"carry: expected a Carry, got {_shown(carry)}")
    request = request_of(
        said,
        source=quotes if isinstance(quotes, str) else "",
        symbols=_read("symbols", "a name or a list of names", values.names, symbols),
        carry=carry,
    )
    kernels = chosen if isinstance(chosen, Backend) else select(said.get("backend"))
    if isinstance(quotes, str):
        survey = scan_many(request, kernels, jobs=said.get("jobs", 1))
        if survey.failures and not survey.scans:
            raise error_of(survey.failures[0].message, survey.failures[0].code)
        return survey
    return Survey(
        tuple(scan_loaded(loaded, request, kernels) for loaded in _all_loaded(quotes, request)),
        top=request.settings.top,
    )


def _all_loaded(quotes: object, request: Request) -> Iterable[Loaded]:
    """Return what is to be scanned of quotes that are no source."""
    if isinstance(quotes, OptionChain):
        return (Loaded(quotes),)
    if isinstance(quotes, Loaded):
        return (quotes,)
    only = request.symbols[0] if request.symbols else None
    if not request.is_every_snapshot:
        return (_load(quotes, only, replace(request.feed, as_of_ns=request.as_of_ns)),)
    feed = _feed(quotes, request.feed)
    return feed.chains(only or _only_symbol(feed))


def to_frame(found: Survey | OptionChain | Loaded) -> Any:
    """Return a pandas DataFrame: one row per opportunity, the columns of ``scan --csv``.

    Of a chain (or what `load` returns) it has one row per contract, the columns of a CSV file; what
    is scanned of it again is the same but for dividends and rates.

    Raises
    ------
    UnavailableError
        If pandas is not installed.
    """
    pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
    if isinstance(found, OptionChain | Loaded):
        from engine.chain_table import chain_columns

        return pandas.DataFrame(chain_columns(found.chain if isinstance(found, Loaded) else found))
    from engine.report.rows import COLUMNS, flat_row

    return pandas.DataFrame([flat_row(one) for one in found.listed], columns=list(COLUMNS))


def to_ticket_frame(found: Survey) -> Any:
    """Return one row per leg of every ticket as a pandas DataFrame, in the order of the list.

    Columns: id, symbol, family, quantity, limit, net, tif, leg_by_leg, action, ratio, kind, right,
    strike, expiry, trading_class, contract_id, price.

    Raises
    ------
    UnavailableError
        If pandas is not installed.
    """
    pandas = load_extra("pandas", "data", "a DataFrame needs pandas")
    from engine.report.order import TICKET_COLUMNS, homes_of, ticket_rows

    rows = [row for scan_, one in homes_of(found, selected=False)
            for row in ticket_rows(scan_, one)]  # fmt: skip
    return pandas.DataFrame(rows, columns=list(TICKET_COLUMNS))


def rates(
    quotes: object = "demo", symbol: str | None = None, **options: Unpack[ScanOptions]
) -> tuple[RateQuote, ...]:
    """Return what lending and borrowing through options yields, by expiry.

    Parameters
    ----------
    quotes, symbol
        As for `load`; a chain or a `Loaded` as well.
    options
        How quotes are read, what carry costs and ``assume_synchronous``, as for `scan`.

    Raises
    ------
    EngineError
        What the command line would print, as an exception.
    """
    from engine.scoring.financing import rate_quotes

    return rate_quotes(*_view("rates", quotes, symbol, options))


def lend(
    quotes: object,
    amount: float,
    until: date | str,
    *,
    symbol: str | None = None,
    rate: float = math.nan,
    **options: Unpack[ScanOptions],
) -> Loan:
    """Return the box that lends about `amount` until a day; its limit makes `rate`.

    Without `rate` the limit is at the touch. ``until`` is a date, or text such as ``"2027-06"``.

    Raises
    ------
    EngineError
        If there is no such box, or as `rates`.
    """
    return _loan("lend", quotes, amount, until, symbol, rate, options)


def borrow(
    quotes: object,
    amount: float,
    until: date | str,
    *,
    symbol: str | None = None,
    rate: float = math.nan,
    **options: Unpack[ScanOptions],
) -> Loan:
    """Return the box that borrows about `amount` until a day; as `lend`.

    Raises
    ------
    EngineError
        If there is no such box; through American options there never is.
    """
    return _loan("borrow", quotes, amount, until, symbol, rate, options)


def _loan(
    side: str,
    quotes: object,
    amount: float,
    until: date | str,
    symbol: str | None,
    rate: float,
    options: Mapping[str, Any],
) -> Loan:
    from engine.scoring.loan import make_loan
    from engine.settings.spelling import day_or_month

    if isinstance(until, str):
        until = _read("until", "a day such as '2027-06-18'", day_or_month, until)
    view, settings = _view(side, quotes, symbol, options)
    return make_loan(view, settings, float(amount), until, side, float(rate))


def _view(
    verb: str, quotes: object, symbol: str | None, options: Mapping[str, Any]
) -> tuple[View, ScanSettings]:
    """Return a chain as the families see it, and its settings."""
    said = _said(verb, options)
    chosen = options.get("backend")
    kernels = chosen if isinstance(chosen, Backend) else select(said.get("backend"))
    request = request_of(said, source=quotes if isinstance(quotes, str) else "")
    if isinstance(quotes, OptionChain):
        loaded = Loaded(quotes)
    elif isinstance(quotes, Loaded):
        loaded = quotes
    else:
        loaded = _load(quotes, symbol, replace(request.feed, as_of_ns=request.as_of_ns))
    settings, _ = settings_for(loaded, request)
    return make_view(loaded.chain, settings, kernels), settings


def _said(verb: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given, read; None is not given."""
    found = {}
    for name, value in options.items():
        setting = BY_NAME.get(name)
        if setting is None or not setting.has_argument:
            known = [one.name for one in SETTINGS if one.has_argument]
            raise TypeError(f"{verb}() has no argument {name!r}: {hint(name, known)}")
        if value is not None and not isinstance(value, Backend):
            found[name] = _read(name, setting.expected, setting.read, value)
    return found


def _read(name: str, expected: str, convert: Callable[[Any], _T], value: object) -> _T:
    """Return ``convert(value)``; what it raises for a wrong value or type names the argument."""
    try:
        return convert(value)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    except (TypeError, AttributeError, IndexError, OverflowError):
        raise UsageError(f"{name}: expected {expected}, got {_shown(value)}") from None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _only_symbol(feed: Feed) -> str:
    known = feed.symbols()
    if len(known) == 1:
        return known[0]
    if not known:
        last_snapshot(feed.chains(""), None)  # the feed knows best why it has nothing
    raise UsageError(f"name one of its symbols; {hint('', known)}")
