"""What a package binds: the strategy table of Regulation T, and the loss on a grid of scenarios.

The table is that of FINRA rule 4210 and Cboe rule 10.3 as brokers state it. Requirements are in
currency, held against cash and stock: the premium of a sold option lies in cash and is part of what
it requires. Packages do not cover each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf

from engine.backtesting.options.package import Holding, Package
from engine.backtesting.options.sight import Sight
from engine.clock import years_between
from engine.market.combo import OPTION, Leg
from engine.strategies.margins import STOCK_INITIAL, intrinsic, naked, worst_payoff
from kernels_pure.capital import CALLED, PUT_TO, floor_capital

# Moves of the spot and of every volatility on the grid.
SPOT_MOVES = (-0.15, -0.12, -0.09, -0.06, -0.03, 0.0, 0.03, 0.06, 0.09, 0.12, 0.15)
VOL_MOVES = (-0.25, 0.0, 0.25)
GRID_STEPS = 24
_UNKNOWN_VOL = 0.25
_PIECE = 1e-9


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be there to open a package, and to keep it, in currency."""

    initial: float
    maintenance: float


def table_requirement(package: Package, multiplier: float) -> Requirement:
    """Return what a package requires by the strategy table. O(options squared).

    Stock binds 50 % of its price at first, then 25 % long and 30 % short. Options sold that stock
    covers add what they are in the money, others the least of: the most that the options lose
    together, where the longs outlive the shorts; spreads paired strike by strike; and as if naked.
    Of a call side and a put side the greater counts, with the premium of the other side's naked
    options (a short straddle). What is bought is paid for and binds nothing.
    """
    spot = package.spot.mid
    if spot != spot:
        spot = 0.0
    shares = package.stock
    stock = abs(shares) * spot
    held = PUT_TO if shares > 0.0 else CALLED
    rest, covered = _uncovered(package, multiplier, spot)
    options = _options_requirement(rest, multiplier, spot)
    if package.is_secured:
        options = max(options, fsum(-q * leg.strike * multiplier for leg, q in rest if q < 0.0))
    return Requirement(STOCK_INITIAL * stock + covered + options, held * stock + covered + options)


def _leg(one: Holding, quantity: float) -> Leg:
    contract = one.contract
    return Leg(
        OPTION, 1 if quantity > 0.0 else -1, 1, one.ask if quantity < 0.0 else one.bid,
        right=contract.right, strike=contract.strike, settles_ns=one.settles_ns, bid=one.bid,
        ask=one.ask,
    )  # fmt: skip


Weighted = tuple[Leg, float]


def _uncovered(package: Package, multiplier: float, spot: float) -> tuple[list[Weighted], float]:
    """Return the options that stock does not cover, in contracts, and what the covered ones add.

    Long stock covers calls, those with the lowest strikes first; short stock covers puts.
    """
    cover = package.stock / multiplier
    right = "C" if cover > 0.0 else "P"
    left = abs(cover)
    rest: list[Weighted] = []
    added = []
    holdings = sorted(package.holdings, key=lambda one: (one.contract.strike, one.settles_ns))
    for one in holdings if right == "C" else holdings[::-1]:
        quantity = one.quantity
        leg = _leg(one, quantity)
        if quantity < 0.0 and one.contract.right == right and left > 0.0:
            used = min(left, -quantity)
            left -= used
            quantity += used
            added.append(used * intrinsic(leg, spot) * one.contract.multiplier)
        if abs(quantity) > _PIECE:
            rest.append((leg, quantity * one.contract.multiplier / multiplier))
    return rest, fsum(added)


def _options_requirement(rest: Sequence[Weighted], multiplier: float, spot: float) -> float:
    if not any(quantity < 0.0 for _, quantity in rest):
        return 0.0
    sides = [_side(rest, right, spot) for right in "CP"]
    (calls, call_premium), (puts, put_premium) = sides
    # Of both sides one at most can lose; the other's naked premium is owed all the same.
    paired = calls + put_premium if calls >= puts else puts + call_premium
    return max(0.0, min(paired, _worst(rest))) * multiplier


def _worst(rest: Sequence[Weighted]) -> float:
    """Return the most that options lose at expiry, inf where a short outlives a long."""
    shorts = [leg.settles_ns for leg, quantity in rest if quantity < 0.0]
    longs = [leg.settles_ns for leg, quantity in rest if quantity > 0.0]
    if longs and min(longs) < max(shorts):
        return inf
    # Whole ratios, as the table of payoffs takes them: quantities of a package are multiples.
    unit = min(abs(quantity) for _, quantity in rest)
    legs = []
    for leg, quantity in rest:
        ratio = abs(quantity) / unit
        if abs(ratio - round(ratio)) > 1e-6:
            return inf
        legs += [leg] * round(ratio)
    return -worst_payoff(tuple(legs)) * unit


def _side(rest: Sequence[Weighted], right: str, spot: float) -> tuple[float, float]:
    """Return what one side requires with its shorts paired to longs, and the naked premium in it.

    Shorts are paired with the longs that leave the least, those nearest to the money first.
    """
    sign = 1.0 if right == "C" else -1.0
    shorts = [(leg, -quantity) for leg, quantity in rest if quantity < 0.0 and leg.right == right]
    longs = [leg for leg, quantity in rest if quantity > 0.0 and leg.right == right]
    free = [quantity for leg, quantity in rest if quantity > 0.0 and leg.right == right]
    total, premium = [], []
    for short, quantity in sorted(shorts, key=lambda one: sign * one[0].strike):
        left, alone = quantity, naked(short, spot)
        widths = sorted(
            (max(0.0, sign * (long.strike - short.strike)), k)
            for k, long in enumerate(longs)
            if long.settles_ns >= short.settles_ns
        )
        for width, k in widths:
            used = min(left, free[k]) if width < alone else 0.0
            if used > _PIECE:
                free[k] -= used
                left -= used
                total.append(used * width)
        if left > _PIECE:
            total.append(left * alone)
            premium.append(left * short.price)
    return fsum(total), fsum(premium)


def grid_requirement(package: Package, sight: Sight) -> Requirement:
    """Return the most that a package loses on the grid of spots and volatilities, now.

    Every option is valued by the model of `sight` at the volatility of its own strike; at least a
    floor by contract. O(grid x options), each a lattice where early exercise matters.
    """
    chain, model = sight.chain, sight.model
    spot = chain.underlying.mid
    options = []
    for one in package.holdings:
        tau = years_between(chain.ts_ns, one.settles_ns)
        quote = sight.board.find(one.contract)
        vol = sight.vol(chain.row_of(quote)) if quote >= 0 else _UNKNOWN_VOL
        options.append((one, tau, vol if vol == vol else _UNKNOWN_VOL))

    def worth(move: float, shift: float) -> float:
        level = spot * (1.0 + move)
        values = [package.stock * level]
        for one, tau, vol in options:
            right = 1 if one.contract.right == "C" else -1
            price, _ = model.value(
                level, one.contract.strike, tau, vol * (1.0 + shift), right, steps=GRID_STEPS
            )
            if price != price:
                price = one.intrinsic(level)
            values.append(one.quantity * one.contract.multiplier * price)
        return fsum(values)

    now = worth(0.0, 0.0)
    worst = min(worth(move, shift) - now for move in SPOT_MOVES for shift in VOL_MOVES)
    contracts = round(fsum(abs(one.quantity) for one in package.holdings))
    least = floor_capital(contracts, 1.0, chain.multiplier, 0)
    loss = max(-worst, least)
    return Requirement(loss, loss)
