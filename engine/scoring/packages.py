"""The profit programme's positions, where they pay more than any single family's."""

from __future__ import annotations

from array import array

from engine.config import ScanSettings
from engine.scoring.gating import check_combo
from engine.scoring.legs import option_leg, stock_leg
from engine.scoring.proposal import Passed, Ranked, afford
from engine.scoring.ranking import Ranking
from engine.strategies.candidates import BORROW, N_LEGS, Columns
from engine.strategies.package import Package, whole_package
from engine.strategies.programme import option_columns
from engine.strategies.surface_screen import suspect_expiries
from engine.strategies.view import View
from kernels_pure.gates import CAPITAL

# A package is shown only if it pays this many times what the best single position pays.
LEAST_GAIN = 1.01


def find_packages(
    view: View, found: Columns, singles: Ranking, settings: ScanSettings
) -> tuple[list[Ranked], list[int]]:
    """Return the packages that pass every gate, and the gate codes of those that do not.

    One of each European expiry that the surface screen suspects, checked at the same gates in the
    same order as the candidates `found`. A package with the legs of one of these is that candidate;
    one that pays no more than the best of the `singles` like it is not worth its legs. Neither is
    counted.
    """
    packages: list[Ranked] = []
    refused: list[int] = []
    if not view.chain.quoting.is_linear:
        return packages, refused  # its payoffs in coins are not straight between strikes
    for e in suspect_expiries(view):
        package = _best_package(view, e, settings)
        if package is None or _is_known(package, found):
            continue
        code, position = _checked(view, package, settings)
        rival = _best_rival(view, package, position.condition, found, singles)
        if not position.usd > LEAST_GAIN * rival:
            continue
        entry = None if code else afford(view, position, settings)
        if entry is None:
            refused.append(code or CAPITAL)
        elif entry.position.usd > LEAST_GAIN * rival:
            packages.append(entry)
    return packages, refused


def _best_rival(
    view: View, package: Package, condition: int, found: Columns, singles: Ranking
) -> float:
    """Return what the best of the `singles` pays that leaves a package no reason.

    It trades one of its quotes, ends with it, and rests on no condition that it does not rest on.
    """
    rows = view.chain.rows(package.expiry)
    rival: float = view.backend.rank.rival_usd(
        found.count, singles.lots, singles.usd, found.condition, found.quote, found.ratio,
        rows.start, rows.stop, view.chain.n_rows, array("l", (quote for quote, _ in package.legs)),
        array("l", (ratio for _, ratio in package.legs)), condition,
    )  # fmt: skip
    return rival


def _best_package(view: View, e: int, settings: ScanSettings) -> Package | None:
    """Return what pays most in whole lots: without short stock, which locks, else with it."""
    unknown_size = float(settings.gates.lots)
    options = option_columns(view, e, unknown_size) if view.chain.rows(e) else None
    # Without a stock to trade, the second programme is the first.
    for allow_short in (False, True) if view.has_stock else (False,):
        package = whole_package(
            view, e, allow_short=allow_short, shortable=settings.carry.shortable,
            unknown_size=unknown_size, options=options,
        )  # fmt: skip
        if package is not None:
            return package
    return None


def _is_known(package: Package, found: Columns) -> bool:
    """Tell whether a single family found the same position."""
    legs = dict(package.legs)
    return any(
        found.quote[N_LEGS * row] in legs
        and found.stock[row] == package.stock
        and dict(found.legs(row)) == legs
        for row in range(found.count)
    )


def _checked(view: View, package: Package, settings: ScanSettings) -> tuple[int, Passed]:
    """Return the code of the first gate that a package fails, 0 if none, and its position."""
    legs = [option_leg(view, quote, ratio) for quote, ratio in package.legs]
    if package.stock:
        legs.append(stock_leg(view, package.stock))
    unit = max(leg.ratio for leg in legs)
    days = view.days[view.chain.rows(package.expiry)[0]]
    edge = package.value / unit
    # Fewer lots than are shown: fewer shares to sell short, or a size that is not known.
    code, lots, usd, flags = check_combo(
        view, package.legs, package.stock, unit, days, edge, settings, float(package.lots)
    )
    condition = BORROW if package.stock < 0 else 0
    return code, Passed("package", tuple(legs), unit, edge, days, lots, usd, condition, flags)
