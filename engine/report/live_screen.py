"""What a person sees of a live engine at one moment: values, whoever draws them.

Whatever is not known is nan or "".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.paper.standings import Standing

GOOD, BUSY, BAD = "good", "busy", "bad"


@dataclass(frozen=True, slots=True)
class Link:
    """One connection: its name, its state in a word, GOOD, BUSY or BAD, and a phrase about it."""

    name: str
    state: str
    grade: str = GOOD
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Quotes:
    """The quotes of one underlying; ages in seconds, `rate` in updates per second."""

    symbol: str
    bid: float
    ask: float
    n_quoted: int
    n_contracts: int
    oldest: float = math.nan
    rate: float = math.nan
    n_candidates: int = 0


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that was found, and what became of it.

    `verdict` is "sent" or the code that said no, `edge` is per share, `edge_usd` for all `lots`.
    """

    ts_ns: int
    symbol: str
    family: str
    legs: str
    edge: float
    edge_usd: float
    lots: int
    verdict: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class PackageLine:
    """One package. `paid` and `limit` are net per share; `locked_usd` is nan until it is known.

    `filled` of `lots` are held. `detected_usd` is the edge as it was found, for the lots sent.
    """

    id: str
    symbol: str
    family: str
    legs: str
    phase: str
    filled: int
    lots: int
    limit: float
    paid: float
    detected_usd: float
    locked_usd: float
    seconds: float
    is_open: bool
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Profit:
    """A day's packages in money: what was seen, what is locked in, and what is between them.

    ``detected = locked + slippage + fees_more``: slippage is what was paid above the touch,
    `fees_more` what fees were above those expected; both may be negative.
    """

    n_packages: int = 0
    n_complete: int = 0
    detected: float = 0.0
    locked: float = 0.0
    slippage: float = 0.0
    fees_more: float = 0.0
    fees: float = 0.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """A limit and how much of it is used."""

    name: str
    used: float
    most: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a stage takes, in microseconds."""

    name: str
    p50: float
    p99: float
    n: int


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything on the screen.

    `mode` is READ-ONLY, RECONCILING, READY, REDUCING, DRAINING or HALTED, `why` says why it is not
    READY; `kill` is the command that stops this engine. Where strategies trade, `standings` has
    their accounts, a package is an order of one of them (its `family` is the strategy's name), and
    `sightings` are those that were refused.
    """

    ts_ns: int
    broker: str
    place: str
    account: str
    is_armed: bool
    mode: str
    why: str
    up_seconds: float
    links: tuple[Link, ...] = ()
    quotes: tuple[Quotes, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    packages: tuple[PackageLine, ...] = ()
    profit: Profit = Profit()
    gauges: tuple[Gauge, ...] = ()
    timings: tuple[Timing, ...] = ()
    refusals: tuple[tuple[str, int], ...] = ()
    n_sightings: int = 0
    last: str = ""
    kill: str = "parity kill"
    standings: tuple[Standing, ...] = ()
