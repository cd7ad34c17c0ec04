"""Every gate once: its name, its code, what it checks, its limits, its words.

The funnel, the conditions of what is not known, near misses, the report and the table in
docs/SCANNER.md are made from these rows; the rules themselves stand in ``kernels_pure.gates``.
A new gate is a row here and a rule there, with the slot of its limit; the limit itself is a field
of `engine.config.Gates`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from engine.config import ScanSettings
from engine.market.chain import COIN, STANDARD_MULTIPLIER, OptionChain
from engine.market.combo import FUTURE, OPTION, STOCK, Leg
from engine.strategies.view import View
from kernels_pure import gates as codes
from kernels_pure import limits as slots
from kernels_pure.limits import is_wide, leg_spread

Change = tuple[str, float, str]
"""A change in words, its amount, and the unit of that: "age", "size", "price", "days" or ""."""


@dataclass(frozen=True, slots=True)
class Miss:
    """What a near miss is measured by: a combo, its edge, and the dollars and edge it lacks.

    `target` is the edge that would pass every gate of edges.
    """

    view: View
    settings: ScanSettings
    legs: tuple[Leg, ...]
    unit: int
    edge: float
    days: float
    usd: float
    target: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a gate lets pass where the source does not know: a condition, never a lock.

    `name` is shown beside the row, `text` says it in full; `is_met` takes the view, the legs, the
    flags of the gate kernel and the settings.
    """

    name: str
    text: str
    is_met: Callable[[View, tuple[Leg, ...], int, ScanSettings], bool]


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes
    ----------
    name
        In the funnel and in JSON.
    code
        Of the kernel, 1 and up in the order in which gates are checked.
    words
        What is wrong with a combo that fails it.
    checks
        What it checks, for the documentation.
    limits
        The fields of `Gates` that move it.
    change
        Returns the smallest change that takes a miss past it.
    unknown
        What passes it for lack of knowledge; None where everything is known.
    """

    name: str
    code: int
    words: str
    checks: str
    limits: tuple[str, ...]
    change: Callable[[Miss], Change]
    unknown: Unknown | None = None


def _say(sentence: str) -> Callable[[Miss], Change]:
    """Return a change that has no amount."""
    return lambda miss: (sentence, math.nan, "")


def _uncross(miss: Miss) -> Change:
    leg = max(miss.legs, key=lambda leg: leg.bid - leg.ask)
    return f"an uncrossed quote of {leg_name(leg)}", leg.bid - leg.ask, "price"


def _younger(miss: Miss, limit: float, *, is_option: bool) -> Change:
    ages = [leg.age for leg in miss.legs if (leg.kind == OPTION) is is_option and leg.age >= 0.0]
    excess = max(ages) - limit
    return f"a quote younger by {excess:.3g} s", excess, "age"


def _younger_stock(miss: Miss) -> Change:
    return _younger(miss, miss.settings.gates.max_stock_age, is_option=False)


def _younger_option(miss: Miss) -> Change:
    return _younger(miss, miss.settings.gates.max_option_age, is_option=True)


def _closer(miss: Miss) -> Change:
    ages = [leg.age for leg in miss.legs if leg.age >= 0.0]
    excess = max(ages) - min(ages) - miss.settings.gates.max_skew
    return f"quotes closer in time by {excess:.3g} s", excess, "age"


def _more_size(miss: Miss) -> Change:
    lots, shortable = miss.settings.gates.lots, miss.settings.carry.shortable
    lacks = {leg: lots * leg.ratio - leg.size for leg in miss.legs}
    lacks = {leg: lack for leg, lack in lacks.items() if lack > 0.0}
    needs = [f"{lack:g} more contracts of {leg_name(leg)}" for leg, lack in lacks.items()]
    short = math.fsum(leg.ratio for leg in miss.legs if leg.kind == STOCK and leg.side < 0)
    borrowed = lots * short * miss.view.chain.multiplier
    if short and borrowed > shortable:
        needs.append(f"{borrowed - shortable:g} more shares to borrow")
    most = max(lacks.values(), default=borrowed - shortable)
    return " and ".join(needs), most, "size"


def _tighter(miss: Miss) -> Change:
    wide = {leg: excess_spread(miss.view, leg, miss.settings) for leg in miss.legs}
    wide = {leg: excess for leg, excess in wide.items() if excess > 0.0}
    words = " and ".join(
        f"a spread of {leg_name(leg)} tighter by {rounded_up(excess):.4g}"
        for leg, excess in wide.items()
    )
    return words, max(wide.values()), "price"


def _tighter_in_all(miss: Miss) -> Change:
    allowed = miss.settings.gates.max_spread_per_edge * miss.edge
    excess = sum_of_spreads(miss.legs) / miss.unit - allowed
    return f"spreads tighter by {rounded_up(excess):.4g} in all", excess, "price"


def _nearer_or_later(miss: Miss) -> Change:
    gates, view = miss.settings.gates, miss.view
    nearest = min(view.days[view.chain.row_of(leg.quote)] for leg in miss.legs if leg.quote >= 0)
    lack = max(gates.min_days - nearest, miss.days - gates.max_days)
    return f"an expiry {lack:.3g} days inside the limits", lack, "days"


def _more_edge(miss: Miss) -> Change:
    lack = miss.target() - miss.edge
    return f"a price better by {rounded_up(lack):.4g}", lack, "price"


def _more_dollars(miss: Miss) -> Change:
    text, lack, unit = _more_edge(miss)
    return f"{text} ({miss.settings.gates.min_edge_usd - miss.usd:.2f} in all)", lack, unit


def leg_name(leg: Leg) -> str:
    """Return a leg's contract in words: ``C 105 2026-03-20``, or ``stock``."""
    if leg.kind != OPTION:
        return leg.kind
    return f"{leg.right} {leg.strike:g} {leg.expiry}"


def rounded_up(amount: float) -> float:
    """Return `amount` rounded up to the four digits that are shown."""
    if not 0.0 < amount < math.inf:
        return amount
    digit = 10.0 ** (math.floor(math.log10(amount)) - 3)
    return math.ceil(amount / digit - 1e-9) * digit


def sum_of_spreads(legs: tuple[Leg, ...]) -> float:
    """Return the spreads of a package; that of a coin's future is not checked."""
    return math.fsum(leg.ratio * leg_spread(leg.bid, leg.ask) for leg in legs if leg.kind != FUTURE)


def excess_spread(view: View, leg: Leg, settings: ScanSettings) -> float:
    """Return by how much one side of a quote must move to pass the gate of its spread.

    0 where it passes, and for a coin's future, whose spread is not checked.
    """
    spread = leg_spread(leg.bid, leg.ask)
    limits = limits_in(view, settings)
    if leg.kind == FUTURE or not is_wide(leg.bid, leg.ask, spread, limits):
        return 0.0
    middle = leg.ask - 0.5 * spread
    # A lower ask lowers the middle, too.
    part = limits[slots.MAX_SPREAD_FRACTION]
    relative = (spread - part * middle) / (1.0 - 0.5 * part) if part < 2.0 else 0.0
    return min(spread - limits[slots.MAX_SPREAD], relative)


def limits_of(chain: OptionChain, settings: ScanSettings) -> array[float]:
    """Return the limits as the gate kernels read them, each by its name."""
    gates, fees = settings.gates, settings.fees
    # Limits are in dollars; the prices of an inverse chain are in coins.
    dollars = chain.dollars
    limits = array("d", bytes(8 * codes.N_LIMITS))
    limits[codes.MAX_STOCK_AGE] = gates.max_stock_age
    limits[slots.MAX_OPTION_AGE] = gates.max_option_age
    limits[codes.MAX_SKEW] = gates.max_skew
    limits[slots.LOTS] = gates.lots
    limits[slots.MAX_SPREAD] = gates.max_spread / dollars
    limits[slots.MAX_SPREAD_FRACTION] = gates.max_spread_fraction
    limits[codes.MAX_SPREAD_PER_EDGE] = gates.max_spread_per_edge
    limits[codes.MIN_DAYS] = gates.min_days
    limits[codes.MAX_DAYS] = gates.max_days
    limits[slots.MIN_OPEN_INTEREST] = gates.min_open_interest
    limits[slots.MIN_VOLUME] = gates.min_volume
    limits[codes.MIN_EDGE] = gates.min_edge / dollars
    limits[slots.MIN_EDGE_USD] = gates.min_edge_usd
    limits[slots.MAX_CAPITAL] = gates.max_capital
    limits[slots.MULTIPLIER] = chain.contract_value
    limits[slots.EXCHANGE_FEE] = fees.exchange
    limits[slots.ORDER_MINIMUM] = fees.order_minimum
    limits[slots.STOCK_MINIMUM] = fees.stock_minimum
    limits[codes.IS_DELAYED] = chain.is_delayed and not gates.allow_delayed
    limits[codes.IS_STALE_RATE] = (
        settings.carry.rate_age_days(chain.ts_ns) > gates.max_rate_age_days
    )
    limits[codes.IS_HALTED] = chain.is_halted or not is_standard(chain)
    limits[slots.IS_SYNCHRONOUS] = settings.assume_synchronous
    return limits


def limits_in(view: View, settings: ScanSettings) -> array[float]:
    """Return the limits that `view` was made with; those of `settings` if it has none."""
    return view.limits or limits_of(view.chain, settings)


def is_standard(chain: OptionChain) -> bool:
    """Tell whether the contracts deliver what their strikes say: coins, or 100 shares."""
    is_coin = chain.quoting.hedge == FUTURE or chain.underlying.kind == COIN
    return is_coin or chain.multiplier == STANDARD_MULTIPLIER


def _is_age_unknown(view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings) -> bool:
    return bool(flags & codes.AGE_UNKNOWN) and not settings.assume_synchronous


def _is_size_unknown(view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings) -> bool:
    return bool(flags & codes.SIZE_UNKNOWN)


def _is_interest_unknown(
    view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings
) -> bool:
    is_on = settings.gates.min_open_interest > 0.0
    return is_on and _is_unknown(view.chain.open_interest, legs)


def _is_volume_unknown(
    view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings
) -> bool:
    return settings.gates.min_volume > 0.0 and _is_unknown(view.chain.volume, legs)


def _are_rates_undated(
    view: View, legs: tuple[Leg, ...], flags: int, settings: ScanSettings
) -> bool:
    return settings.carry.as_of_ns == 0 and settings.gates.max_rate_age_days >= 0.0


def _is_unknown(counts: array[float], legs: tuple[Leg, ...]) -> bool:
    quotes = (leg.quote for leg in legs if leg.kind == OPTION)
    return not counts or any(not counts[quote] >= 0.0 for quote in quotes)


AGES = Unknown(
    "ages-unknown",
    "the quotes are simultaneous, although their ages are not known",
    _is_age_unknown,
)
SIZES = Unknown(
    "sizes-unknown",
    "every leg can be had in the size wanted, although a size is not known",
    _is_size_unknown,
)
OPEN_INTEREST = Unknown(
    "open-interest-unknown",
    "the open interest of every leg, not known, is at least what the gate wants",
    _is_interest_unknown,
)
VOLUME = Unknown(
    "volume-unknown",
    "the volume of every leg, not known, is at least what the gate wants",
    _is_volume_unknown,
)
RATES = Unknown(
    "rates-undated",
    "the rates are those of the day, although nobody says when they were read",
    _are_rates_undated,
)

GATES = (
    Gate("quote", codes.QUOTE, "a side is not quoted", "a quote on every leg", (),
         _say("a quote on every leg")),
    Gate("crossed", codes.CROSSED, "bid above ask", "no bid above its ask", (), _uncross),
    Gate("delayed", codes.DELAYED, "market data delayed", "live data", ("allow_delayed",),
         _say("live data, or --gate allow_delayed=true")),
    Gate("stock_age", codes.STOCK_AGE, "stock quote too old", "age of the stock's quote",
         ("max_stock_age",), _younger_stock, AGES),
    Gate("option_age", codes.OPTION_AGE, "option quote too old", "age of every option's quote",
         ("max_option_age",), _younger_option, AGES),
    Gate("skew", codes.SKEW, "legs quoted too far apart", "time between the quotes",
         ("max_skew",), _closer, AGES),
    Gate("size", codes.SIZE, "not enough size", "size of every leg, shares to borrow",
         ("lots",), _more_size, SIZES),
    Gate("spread", codes.SPREAD, "a leg's spread too wide",
         "spread of every leg, the larger of the two limits",
         ("max_spread", "max_spread_fraction"), _tighter),
    Gate("spread_sum", codes.SPREAD_SUM, "spreads too wide for the edge",
         "sum of the spreads, over the edge", ("max_spread_per_edge",), _tighter_in_all),
    Gate("days", codes.DAYS, "too near or too far", "days to the first and the last expiry",
         ("min_days", "max_days"), _nearer_or_later),
    Gate("open_interest", codes.OPEN_INTEREST, "open interest too low",
         "open interest of every leg", ("min_open_interest",), _say("more open interest"),
         OPEN_INTEREST),
    Gate("volume", codes.VOLUME, "volume too low", "volume of every leg", ("min_volume",),
         _say("more volume"), VOLUME),
    Gate("edge", codes.EDGE, "edge per share too small", "edge per share", ("min_edge",),
         _more_edge),
    Gate("edge_usd", codes.EDGE_USD, "edge in $ too small", "edge in dollars at the size shown",
         ("min_edge_usd",), _more_dollars),
    Gate("rates", codes.RATES, "rates too old", "age of the rates", ("max_rate_age_days",),
         _say("rates read today"), RATES),
    Gate("deliverable", codes.DELIVERABLE, "halted or not standard",
         "trading, contracts of 100 shares or of coins", (),
         _say("trading resumed, or contracts of 100 shares")),
    Gate("capital", codes.CAPITAL, "needs too much capital", "capital bound", ("max_capital",),
         _say("more capital")),
)  # fmt: skip
"""In the order in which they are checked: a kernel's gate code g > 0 is ``GATES[g - 1]``."""

BY_NAME = {gate.name: gate for gate in GATES}
UNKNOWNS = tuple(dict.fromkeys(gate.unknown for gate in GATES if gate.unknown is not None))
"""What may pass for lack of knowledge, each once, in the order of the gates."""


def gate_words(name: str) -> str:
    """Return what is wrong with a combo that failed the gate `name`; other names as they are."""
    return BY_NAME[name].words if name in BY_NAME else name
