"""What is said to people on stderr, beside the result on stdout."""

from __future__ import annotations

import sys

from engine.cli.stderr import note
from engine.clock import NS_PER_DAY, from_ns
from engine.market.chain import EQUITY
from engine.market.combo import OPTION, STOCK
from engine.market.policy_rate import LAST_DAY, is_known
from engine.scanner.survey import Survey
from engine.scoring.opportunity import Opportunity
from engine.settings.overrides import EVERY, CarryOverrides

PROBLEMS_SHOWN = 5
SYMBOLS_SHOWN = 5
# Longer than any weekend with holidays around it.
OLD_DAYS = 5


def say_what_was_assumed(
    survey: Survey, overrides: CarryOverrides, as_of_ns: int | None = None
) -> None:
    """Say where rates or dividends are defaults, and rates so low that they may be a slip."""
    is_default = [scan for scan in survey.scans if scan.settings.carry.as_of_ns == 0]
    if is_default and not overrides.has_rates:
        carry = is_default[0].settings.carry
        day = from_ns(is_default[0].result.chain.ts_ns).date()
        target = (
            "the Federal Reserve's target of that day"
            if is_known(day)
            else f"the last target of the Federal Reserve that is known here, of {LAST_DAY}"
        )
        note(
            f"note: no rates given: around {target}, lending at {carry.lend.rates[0]:.2%}, "
            f"borrowing at {carry.borrow.rates[0]:.2%} (--rates LEND,BORROW)"
        )
    for line in dict.fromkeys(line for scan in survey.scans for line in scan.notes):
        note(f"note: {line}")
    _say_which_dividends_are_not_known(survey)
    ends = [curve for curve in (overrides.lend, overrides.borrow) if curve is not None]
    if any(rate < 0.0 for curve in ends for rate in curve.rates):
        note("note: a rate is negative: money lent comes back as less")
    _say_which_quotes_are_old(survey, as_of_ns)
    known = {scan.result.chain.symbol.upper() for scan in survey.scans}
    said = {*overrides.dividends, *overrides.borrow_fee, *overrides.shortable}
    for symbol in sorted(said - known - {EVERY}):
        note(f"note: carry is given for {symbol}, which was not scanned")


def _say_which_quotes_are_old(survey: Survey, as_of_ns: int | None) -> None:
    """Say which chains are from long before the time that was asked for."""
    if as_of_ns is None:
        return
    for chain in [result.chain for result in survey.results][:SYMBOLS_SHOWN]:
        days = (as_of_ns - chain.ts_ns) // NS_PER_DAY
        if days >= OLD_DAYS:
            note(
                f"note: the last quotes of {chain.symbol} at --as-of are those of "
                f"{from_ns(chain.ts_ns).date()}, {days:,} days before"
            )


def _say_which_dividends_are_not_known(survey: Survey) -> None:
    """Name the shares whose dividends are not known, where a position found may rest on them."""
    symbols = dict.fromkeys(
        scan.result.chain.symbol
        for scan in survey.scans
        if not scan.knows_dividends
        and scan.result.chain.underlying.kind == EQUITY
        and any(map(_may_be_dividends, scan.result.opportunities))
    )
    if not symbols:
        return
    named = ", ".join(list(symbols)[:SYMBOLS_SHOWN])
    left = len(symbols) - SYMBOLS_SHOWN
    more = f" and {left} more" if left > 0 else ""
    note(
        f"note: no dividends known for {named}{more}: reversals, rolls and whatever else is short "
        "of stock may be nothing but dividends (--dividends EX=AMOUNT, or none if there are none)"
    )


def _may_be_dividends(one: Opportunity) -> bool:
    """Whether a dividend would cost `one` something: short stock now or after a first expiry."""
    is_short = any(leg.kind == STOCK and leg.side < 0 for leg in one.legs)
    return is_short or len({leg.expiry for leg in one.legs if leg.kind == OPTION}) > 1


def say_what_went_wrong(survey: Survey, *, is_debug: bool) -> None:
    """Say which symbols failed and which rows were refused."""
    for failure in survey.failures:
        note(f"{failure.symbol}: {failure.message}")
        if is_debug and failure.detail:
            print(failure.detail, file=sys.stderr)
    problems = [problem for scan in survey.scans for problem in scan.problems]
    for problem in problems[:PROBLEMS_SHOWN]:
        note(f"refused: {problem}")
    left = len(problems) - PROBLEMS_SHOWN
    if left > 0:
        note(f"refused: {left:,} more (--json lists every one, --strict stops at the first)")


def say_what_is_not_believed(survey: Survey) -> None:
    """Say which chains are not believed, and why."""
    for result in survey.results:
        if result.unusable:
            note(f"{result.chain.symbol}: unusable: {result.unusable}")
