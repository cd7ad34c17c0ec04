"""Checks before an order: one table, one row per check, each with a code that stays.

A refusal is a sentence for a trader with the number and the limit. What is not known is refused:
a missing age, size or borrow never passes. The rows are in the order in which they are told.

What opens a package is checked here. Of what completes or unwinds one see
`engine.execution.correction_checks`: half a package is the greater risk, so that no limit holds
back what unwinds; a part of every rate is reserved, and beyond the whole rate a breaker halts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.execution import (
    price_checks,
    rate_checks,
    size_checks,
    stock_checks,
    time_checks,
)
from engine.execution.breakers import BREAKERS, Breaker
from engine.execution.case import Case, case_of
from engine.execution.correction_checks import Correction
from engine.execution.correction_checks import refusals as refusals_of
from engine.execution.exposure import Exposure
from engine.execution.facts import MarketFacts
from engine.execution.limits import COMBO, Limits
from engine.execution.orders import Plan
from engine.execution.quiet import RestartWindow


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not sent: a code of the table, and a sentence with the numbers."""

    code: str
    message: str

    def __str__(self) -> str:
        """Return both, for logs."""
        return f"{self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes
    ----------
    code
        Stable: programs and journals use it.
    about
        What is refused, for docs/RISK.md.
    limits
        The fields of `Limits`, or other settings, that move it.
    refuse
        Returns the sentence, "" if it passes.
    """

    code: str
    about: str
    limits: tuple[str, ...]
    refuse: Callable[[Case], str]


def _second(case: Case) -> str:
    return rate_checks.second(*_rate(case))


def _minute(case: Case) -> str:
    return rate_checks.minute(*_rate(case))


def _day(case: Case) -> str:
    return rate_checks.day(*_rate(case))


def _rate(case: Case) -> tuple[Limits, Exposure, int, int, int]:
    return case.limits, case.exposure, case.now_ns, case.n_orders, case.limits.reserved_orders


def _duplicate(case: Case) -> str:
    return rate_checks.duplicate(case.limits, case.exposure, case.now_ns, case.plan.key)


def _day_loss(case: Case) -> str:
    return rate_checks.day_loss(case.limits, case.exposure)


_RESERVED = "reserved_orders"
CHECKS = (
    Check("restricted", "a symbol that is not to be traded", ("restricted",),
          stock_checks.restricted),
    Check("day-loss", "anything new after the loss of the day", ("max_day_loss_usd",), _day_loss),
    Check("session", "outside the hours of the exchange, just after the open and just before the "
          "close, half days too", ("open_quiet_s", "close_quiet_s"), time_checks.session),
    Check("restart-window", "while the broker restarts, and just before",
          ("[live] restart_windows", "restart_quiet_s"), time_checks.restart_window),
    Check("halted-market", "a halted underlying", (), price_checks.halted),
    Check("delayed", "quotes that are sent late by licence", ("allow_delayed",),
          price_checks.delayed),
    Check("conditional", "a package that holds only under a condition (docs/SCANNER.md)",
          ("allow_conditions",), price_checks.conditions),
    Check("quantity", "too many packages, contracts of a leg or shares in one order",
          ("max_lots", "max_contracts", "max_shares"), size_checks.quantity),
    Check("notional", "an order whose legs, bought and sold alike, trade too much",
          ("max_order_usd",), size_checks.notional),
    Check("open-notional", "the same for all open packages together", ("max_open_usd",),
          size_checks.open_notional),
    Check("capital", "too much capital in all open packages together", ("max_capital_usd",),
          size_checks.capital),
    Check("working-packages", "too many packages with live orders", ("max_working_packages",),
          size_checks.working_packages),
    Check("open-packages", "too many packages that are working or held", ("max_open_packages",),
          size_checks.open_packages),
    Check("duplicate-intent", "the same combo again within seconds", ("duplicate_window_s",),
          _duplicate),
    Check("order-rate-second", "too many orders in any second", ("max_orders_second", _RESERVED),
          _second),
    Check("order-rate-minute", "too many orders in any minute", ("max_orders_minute", _RESERVED),
          _minute),
    Check("order-rate-day", "too many orders on a day of the exchange",
          ("max_orders_day", _RESERVED), _day),
    Check("open-orders-per-contract", "too many open orders for one contract and side: IB takes 20",
          ("max_orders_per_contract",), size_checks.orders_per_contract),
    Check("one-sided", "a leg without a bid or an ask", ("allow_one_sided",),
          price_checks.one_sided),
    Check("crossed", "a leg whose bid is above its ask", (), price_checks.crossed),
    Check("stale-quote", "a leg whose quote nothing has proven for too long, or of unknown age",
          ("max_quote_age_s",), price_checks.stale_quote),
    Check("size", "a leg of which too few are shown, or an unknown number",
          ("max_size_fraction",), size_checks.size),
    Check("edge", "an edge too small in dollars at the lots sent", ("min_edge_usd",),
          price_checks.edge),
    Check("edge-gone", "an edge that has shrunk since it was found", ("min_edge_kept",),
          price_checks.edge_gone),
    Check("collar-fair", "a limit above the floor, or an edge too good to be true",
          ("collar_fair",), price_checks.collar_fair),
    Check("collar-market", "a limit far from what the legs cost now, above or below",
          ("collar_market",), price_checks.collar_market),
    Check("not-shortable", "stock sold short that may not be there to borrow, or at too high a fee",
          ("max_shortable_fraction", "max_borrow_fee"), stock_checks.not_shortable),
    Check("early-assignment", "a sold American option in the money with too little time value",
          ("min_time_value",), stock_checks.early_assignment),
    Check("ex-dividend", "a sold American call just before the stock goes ex-dividend",
          ("ex_dividend_sessions",), stock_checks.ex_dividend),
    Check("expiry", "a leg that expires too soon", ("min_days_to_expiry",), stock_checks.expiry),
    Check("pin", "a sold option that expires soon with the stock near its strike",
          ("pin_days", "pin_width"), stock_checks.pin),
    Check("margin", "too much margin by the broker's what-if, too little left in the account, or "
          "neither known where it must be",
          ("max_margin_usd", "min_cushion_usd", "needs_what_if", "max_what_if_age_s"),
          size_checks.margin),
)  # fmt: skip
"""In the order in which refusals are told."""
CODES = tuple(check.code for check in CHECKS)


class Risk:
    """The checks under given limits. Pure: the same arguments give the same refusals.

    Parameters
    ----------
    windows
        When the broker restarts.
    legs
        COMBO sends one order for a plan, PARALLEL one for each leg.
    """

    def __init__(
        self, limits: Limits, *, windows: tuple[RestartWindow, ...] = (), legs: str = COMBO
    ) -> None:
        self.limits = limits
        self.windows = windows
        self.legs = legs

    def check(
        self, plan: Plan, exposure: Exposure, now_ns: int, facts: MarketFacts
    ) -> tuple[Refusal, ...]:
        """Return why a plan that opens a package is refused; empty if it may be sent.

        `now_ns` is the wall clock. O(checks x legs).
        """
        n_orders = 1 if self.legs == COMBO else len(plan.combo.legs)
        case = case_of(
            self.limits, plan, exposure, facts, now_ns, windows=self.windows, n_orders=n_orders
        )
        refusals = []
        for check in CHECKS:
            message = check.refuse(case)
            if message:
                refusals.append(Refusal(check.code, message))
        return tuple(refusals)

    def check_correction(
        self, one: Correction, exposure: Exposure, now_ns: int
    ) -> tuple[tuple[str, str], ...]:
        """Return why what completes or unwinds a package is refused, as codes and sentences."""
        return refusals_of(self.limits, one, exposure, now_ns)


def documentation(rows: Iterable[Check | Breaker] = CHECKS) -> str:
    """Return the table of docs/RISK.md for checks, or for breakers."""
    lines = ["| code | what it refuses | settings |", "|---|---|---|"]
    if rows is BREAKERS:
        lines[0] = lines[0].replace("what it refuses", "what trips it")
    for row in rows:
        names = ", ".join(f"`{name}`" for name in row.limits)
        lines.append(f"| `{row.code}` | {row.about} | {names} |")
    return "\n".join(lines)
