"""When to close a package, in words: ``50%|2x|21dte|0.50delta|3h|expiry``; the first that holds.

Gains are those of the options alone, closed at the touch and before fees, beside their premium:
what they brought if they were sold, what they cost if they were bought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf

from engine.backtesting.options.package import Package
from engine.backtesting.options.sight import Sight
from engine.clock import NS_PER_SECOND
from engine.errors import UsageError

PROFIT, STOP, DAYS, DELTA, TIME, EXPIRY = "profit", "stop", "days", "delta", "time", "expiry"
FORMS = "50% (of the premium), 2x (loss), 21dte, 0.50delta (of a sold option), 30m, 3h, 5d, expiry"
_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_RULES = (
    (PROFIT, re.compile(r"(\d{1,4}(?:\.\d{1,3})?)%")),
    (STOP, re.compile(r"(\d{1,3}(?:\.\d{1,3})?)x")),
    (DAYS, re.compile(r"(\d{1,4})dte")),
    (DELTA, re.compile(r"(0?\.\d{1,3})delta")),
    (TIME, re.compile(r"(\d{1,4})([mhd])")),
    (EXPIRY, re.compile(r"(expiry)")),
)
_MOST = 12


@dataclass(frozen=True, slots=True)
class ExitRule:
    """One rule: `number` is a share of the premium, days, a delta, or nanoseconds."""

    kind: str
    number: float
    text: str


def parse_exits(text: str) -> tuple[ExitRule, ...]:
    """Return the rules of `text`. What none of them closes is held to settlement.

    >>> [(one.kind, one.number) for one in parse_exits("50%|21dte|expiry")]
    [('profit', 0.5), ('days', 21.0), ('expiry', 0.0)]

    Raises
    ------
    UsageError
        If a rule is none of the forms, or two are the same kind.
    """
    words = [word.strip().lower() for word in text[:400].split("|")]
    found = [_rule(word) for word in words]
    kinds = [one.kind for one in found]
    twice = [kind for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    if twice or len(found) > _MOST:
        raise UsageError(f"exit {text!r} has two rules of one kind: one of each of {FORMS}")
    return tuple(found)


def _rule(word: str) -> ExitRule:
    for kind, form in _RULES:
        found = form.fullmatch(word)
        if found is None:
            continue
        if kind == EXPIRY:
            return ExitRule(kind, 0.0, word)
        number = float(found[1])
        if kind == PROFIT:
            number /= 100.0
        elif kind == TIME:
            number *= _UNITS[found[2]] * NS_PER_SECOND
        if number > 0.0 or kind == DAYS:
            return ExitRule(kind, number, word)
    raise UsageError(f"no exit {word!r}: rules are {FORMS}, with | between")


def closes(rules: tuple[ExitRule, ...], package: Package, sight: Sight) -> str:
    """Return the words of the first rule that closes `package` at this chain, "" if none does."""
    return next((one.text for one in rules if _holds(one, package, sight)), "")


def _holds(rule: ExitRule, package: Package, sight: Sight) -> bool:
    if not package.holdings:
        return False
    premium = abs(package.option_premium) * package.lots / package.n_lots
    if rule.kind == PROFIT:
        return package.option_gain >= rule.number * premium
    if rule.kind == STOP:
        return package.option_gain <= -rule.number * premium
    if rule.kind == TIME:
        return sight.chain.ts_ns - package.opened_ns >= rule.number
    if rule.kind == DAYS:
        days = [(c.expiry - sight.today).days for c, _ in package.lines() if c.expiry is not None]
        return min(days, default=inf) <= rule.number
    if rule.kind == DELTA:
        for one in package.holdings:
            quote = sight.board.find(one.contract) if one.quantity < 0.0 else -1
            if quote >= 0 and abs(sight.delta(quote)) >= rule.number:
                return True
    return False
