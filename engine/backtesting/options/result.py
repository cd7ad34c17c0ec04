"""What a backtest of options says: the account at each chain, every package, every entry."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass

from engine.backtesting.options.package import Package
from engine.backtesting.result import Result


@dataclass(frozen=True, slots=True)
class OptionsResult:
    """One run of one strategy over chains.

    Attributes
    ----------
    account
        As of a backtest over bars; a row per instant at which a chain stood. Its equity is what
        closing everything would bring, at the lower end of every pin band so far, `high_equity`
        at the upper end.
    mid_equity
        The same account with every quote at its middle: what could not be had.
    margin
        What the packages required, in currency.
    packages
        In the order in which they were opened; those that are still open have no `closed_ns`.
    refusals
        How often orders were not filled, by reason.
    skipped
        How often the strategy found nothing to enter, by reason.
    interest
        Earned on cash less paid on debt, in currency.
    calls
        Packages closed because margin was missing.
    n_moments
        How many chains were shown.
    """

    account: Result
    mid_equity: array[float]
    margin: array[float]
    packages: tuple[Package, ...]
    refusals: Mapping[str, int]
    skipped: Mapping[str, int]
    interest: float
    calls: int
    n_moments: int
