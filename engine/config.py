"""What a scan may be told, as frozen values checked once, at the rim."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.market.carry import Carry
from engine.market.fees import FeeSchedule

# One name per family; the order is the order of ties.
FAMILIES = (
    "conversion",
    "reversal",
    "collar",
    "reverse_collar",
    "jelly_roll",
    "box",
    "intrinsic",
    "upper_bound",
    "vertical",
    "vertical_width",
    "butterfly",
    "calendar",
    "calendar_butterfly",
    "three_legs",
    "partial_box",
    "covered_mix",
    "package",
    "synthetic",
)
# `synthetic` is a bounded risk, not an arbitrage: only on request.
DEFAULT_FAMILIES = FAMILIES[:-1]


def family_code(name: str) -> int:
    """Return the number of a family in columns, which is its place in the order of ties."""
    return FAMILIES.index(name)


def family_name(code: int) -> str:
    """Return the name of a family by its number."""
    return FAMILIES[code]


PROFILES = ("default", "balanced", "profit", "liquidity", "conservative")
SYNTHETIC_PROFILES = (
    "syn-conservative",
    "syn-aggressive",
    "syn-balanced",
    "syn-liquidity",
)


@dataclass(frozen=True, slots=True)
class Gates:
    """Limits of the gates, in the order in which they are checked (SCANNER section 5).

    Ages and skew in seconds, spreads per share, days to expiry, edges per share and in currency.
    A nan limit switches an optional gate off.
    """

    allow_delayed: bool = False
    max_stock_age: float = 0.5
    max_option_age: float = 2.0
    max_skew: float = 1.0
    lots: int = 1
    max_spread: float = 0.05
    max_spread_fraction: float = 0.10
    max_spread_per_edge: float = 3.0
    min_days: float = 1.0
    max_days: float = 400.0
    min_open_interest: float = math.nan
    min_volume: float = math.nan
    min_edge: float = 0.01
    min_edge_usd: float = 5.0
    max_rate_age_days: float = 1.0
    max_capital: float = math.nan


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Everything a scan needs besides the chain and the backend.

    `assume_synchronous` vouches for quotes whose ages are not known or too old: the age gates
    are then not checked. `fill_time` is tau_fill of the fill probability in seconds; `leg_gap` the
    seconds assumed between legs; `vol` the underlying's volatility for the leg-out loss when no
    surface gives one. Without `knows_dividends` nothing that a dividend could cost is locked.
    `capital` is what there is for all rows that are taken together, inf without a limit.
    `near_misses` of each kind are listed, 0 is none; `find_carry` False leaves CARRY rows out,
    which cost a search of their own; `show_carry` lists more than the best.
    """

    carry: Carry = field(default_factory=Carry)
    fees: FeeSchedule = field(default_factory=FeeSchedule)
    gates: Gates = field(default_factory=Gates)
    families: tuple[str, ...] = DEFAULT_FAMILIES
    profile: str = "default"
    top: int = 20
    assume_synchronous: bool = False
    find_carry: bool = True
    show_carry: bool = False
    fill_time: float = 2.0
    leg_gap: float = 2.0
    vol: float = 0.30
    near_misses: int = 10
    capital: float = math.inf
    knows_dividends: bool = True
