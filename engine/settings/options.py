"""The settings as keyword arguments, by group, so that an editor lists them and mypy checks them.

The names are those of `engine.settings.table`; a test holds the two together. A group may be kept
and handed on: ``costs: CostOptions = {"rates": (0.04, 0.05)}`` and then ``scan(chain, **costs)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypedDict

from engine.backend import Backend
from engine.config import Gates
from engine.market.carry import Dividend, RateCurve
from engine.market.fees import FeeSchedule

Rate = float | RateCurve
Rates = Rate | tuple[Rate, Rate] | str
SomeDividend = Dividend | tuple[str | date, float]
Dividends = Iterable[SomeDividend] | Mapping[str, Iterable[SomeDividend]] | str
BySymbol = float | str | Mapping[str, float]
Limit = float | int | bool | str


class ReadingOptions(TypedDict, total=False):
    """How quotes are read."""

    as_of: str | int | date | None
    mapping: Mapping[str, str] | None
    layout: str | None
    decimal: str | None
    delimiter: str | None
    rows: str | None
    window: float
    kind: str | Mapping[str, str] | None
    strict: bool
    max_input: str | int | None
    seed: int | None


class CostOptions(TypedDict, total=False):
    """What carry costs."""

    rates: Rates | None
    allow_negative_rates: bool
    withholding: float | str | None
    dividends: Dividends | None
    fees: FeeSchedule | str | None
    borrow: BySymbol | None
    shortable: BySymbol | None
    index_yield: BySymbol | None


class CheckOptions(TypedDict, total=False):
    """What counts."""

    families: str | Iterable[str] | None
    min_edge: float | None
    min_edge_usd: float | None
    gates: Gates | Mapping[str, Limit] | str | None
    assume_synchronous: bool


class ListOptions(TypedDict, total=False):
    """What is listed, and in which order."""

    profile: str
    top: int
    near_misses: int
    capital: float
    show_carry: bool
    find_carry: bool
    fill_time: float
    leg_gap: float
    vol: float


class RunOptions(TypedDict, total=False):
    """How a scan is run."""

    backend: Backend | str | None
    jobs: int


class ScanOptions(ReadingOptions, CostOptions, CheckOptions, ListOptions, RunOptions, total=False):
    """Everything `engine.scan` may be told besides quotes, symbols and a whole carry."""
