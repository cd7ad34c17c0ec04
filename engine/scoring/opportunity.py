"""What a scan returns: frozen values, from candidate to proven opportunity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.market.chain import OptionChain
from engine.market.combo import Leg
from engine.proof.states import Proof
from engine.scoring.capital import Capital
from engine.scoring.cash import Cash
from engine.scoring.greeks import Greeks, greeks_of
from engine.scoring.horizons import UNKNOWN_MARKET, Market
from engine.scoring.payoff import breakevens, profit_at
from engine.scoring.tickets import Ticket

LOCKED = "LOCKED"
CONDITIONAL = "CONDITIONAL"
CARRY = "CARRY"
SYNTHETIC = "SYNTHETIC"
GRADES = (LOCKED, CONDITIONAL, CARRY, SYNTHETIC)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A position with its price, its grade, its proof and its rank.

    Attributes
    ----------
    id
        Of the sighting: the same legs, family and instant have the same one.
    key, ts_ns
        Of its combo, the same in every snapshot, and the instant of this one (UTC nanoseconds).
    unit
        Short shares the edge is per: ``edge_usd`` is
        ``edge * multiplier * unit * lots`` less order minimums.
    edge, best
        Worst-case and best-case present value per share after fees (`best` nan if unbounded).
    plain
        Edge with every rate 0, what naive scanners show; nan where it means nothing. Of a collar
        it is what traders call the minimum profit.
    max_profit, min_roi
        Of a collar, without financing: its best case, and `plain` on what its legs cost.
    ratio
        Reward over risk of a synthetic, ``best / -edge``; nan for arbitrages.
    implied_rate
        Rate at which the package lends (positive cost today) or borrows; nan where none.
    implied_borrow
        Yearly fee of short stock at which a reversal has no edge; nan for other families.
    probability
        Surface-implied chance that a synthetic ends with a profit; nan for arbitrages.
    conditions
        What must hold, for CONDITIONAL: "borrow", "projected-dividend", "ages-unknown", ...
    flags
        What a trader should know: "locked-market", "pin-risk", "age-unknown", ...
    terms
        Every term of the edge, in order, as (name, amount per share); they sum to `edge`.
    ticket
        The order to send, with its limit.
    cash
        What it costs today and what comes back.
    binds
        The parts of its `capital`: cash, margin, floor, notice.
    market
        Spot and terms of its expiries, for Greeks and profits.
    dividend_limit
        The largest dividend at which it holds, where nobody says what the stock pays; inf if none
        does harm, nan where dividends are known.
    """

    id: str
    family: str
    grade: str
    symbol: str
    legs: tuple[Leg, ...]
    unit: int
    edge: float
    edge_usd: float
    lots: int
    capital: float
    annualised: float
    score: float
    days: float
    best: float = math.nan
    plain: float = math.nan
    implied_rate: float = math.nan
    implied_borrow: float = math.nan
    max_profit: float = math.nan
    min_roi: float = math.nan
    ratio: float = math.nan
    probability: float = math.nan
    fill_probability: float = math.nan
    leg_out_loss: float = math.nan
    conditions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    proof: Proof | None = None
    key: str = ""
    ts_ns: int = 0
    ticket: Ticket | None = None
    cash: Cash | None = None
    binds: Capital | None = None
    market: Market = UNKNOWN_MARKET
    dividend_limit: float = math.nan
    take: int = 0
    rests_on: str = ""

    @property
    def greeks(self) -> Greeks:
        """Derivatives of all lots by the market, in currency."""
        shares = self.ticket.multiplier * self.lots if self.ticket else math.nan
        return greeks_of(self.market, self.legs, shares)

    @property
    def package_edge(self) -> float:
        """The edge of a whole package per share: of a ratio spread a multiple of `edge`."""
        return self.edge * self.unit

    def profit(self, level: float) -> float:
        """Return the profit of all lots in currency where the underlying settles at `level`.

        At the first expiry; options that live on are taken at today's volatilities.
        """
        shares = self.ticket.multiplier * self.lots if self.ticket else math.nan
        return shares * profit_at(self.market, self.legs, level)

    @property
    def breakevens(self) -> tuple[float, ...]:
        """The prices at which the profit changes its sign."""
        return breakevens(self.market, self.legs)

    @property
    def worst(self) -> float:
        """What it is worth at worst as the proof found it, per share; nan if it has none."""
        return math.nan if self.proof is None else self.proof.minimum


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A candidate that failed, and the smallest change that would make it pass.

    `reason` is the failing gate's name; `change` one human sentence ("ask of C 100 lower by 0.03");
    `amount` the size of that change in `unit_of_change` ("price", "rate", "fee", "size", "age").
    """

    family: str
    legs: tuple[Leg, ...]
    edge: float
    reason: str
    change: str
    amount: float
    unit_of_change: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many candidates failed at which gate, in the order of the gates.

    ``candidates == sum(rejected.values()) + passed``.
    """

    candidates: int
    rejected: Mapping[str, int]
    passed: int
    by_family: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scarce:
    """A side of a quote that a choice uses up: what it is, its size, what one more would pay."""

    quote: str
    size: float
    worth: float


@dataclass(frozen=True, slots=True)
class Group:
    """A side of a quote that several rows rest on: its price and size, how many rows, the best."""

    quote: str
    price: float
    size: float
    rows: int
    best_usd: float


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows that can be taken together, at the displayed sizes and with the capital there is.

    Attributes
    ----------
    orders
        With the lots to take, the most dollars first.
    value, bound
        What they pay together, and what no choice can exceed, in currency.
    capital, limit
        What they bind; the capital that there is, inf where it was not limited.
    listed, rows
        What all rows say that they pay, as if each were alone, and how many they are.
    scarce
        What is used up, dearest first.
    groups
        The quotes that make the rows, most rows first.
    n_orders
        How many orders it takes, also where `orders` were not asked for.
    """

    orders: tuple[Opportunity, ...] = ()
    value: float = 0.0
    bound: float = 0.0
    capital: float = 0.0
    limit: float = math.inf
    listed: float = 0.0
    rows: int = 0
    scarce: tuple[Scarce, ...] = ()
    groups: tuple[Group, ...] = ()
    n_orders: int = 0


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything one chain gave.

    `mismatches` holds opportunities that the verifier did not reproduce: never shown as found,
    always reported. `unusable` is a sentence when the quotes are plainly not simultaneous, else "".
    `synthetics` are bounded risks, listed only on request; `carry` the best CARRY rows, of
    `n_carry` in all.
    `skipped` in the funnel names families that were not searched and why. `selection` is what can
    be taken together.
    """

    chain: OptionChain
    opportunities: tuple[Opportunity, ...]
    near_misses: tuple[NearMiss, ...]
    funnel: Funnel
    carry: tuple[Opportunity, ...] = ()
    n_carry: int = 0
    synthetics: tuple[Opportunity, ...] = ()
    mismatches: tuple[Opportunity, ...] = ()
    unusable: str = ""
    selection: Selection = Selection()
    timing: Mapping[str, float] = field(default_factory=dict)
