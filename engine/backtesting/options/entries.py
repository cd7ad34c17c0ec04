"""What to trade, in words: ``vertical C 30d 0.30/0.20``, ``condor 45d 0.25 w5``.

A structure, then the right where it takes one, the days to expiry, and its strikes. A structure
is bought, `short` before it sells it; a condor sells the inner strikes, a reverse condor buys them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import NamedTuple

from engine.errors import UsageError
from engine.nearest import hint

DELTA, STRIKE, ATM, OFFSET, PERCENT = "delta", "strike", "atm", "offset", "percent"
MOST_LEGS = 8
MOST_RATIO = 100
MOST_WORDS = 400


class Days(NamedTuple):
    """Calendar days to expiry: the nearest to `wanted` from `least` to `most`."""

    wanted: float
    least: float
    most: float


class StrikeChoice(NamedTuple):
    """How a strike is chosen, and by which number; `ATM` has none."""

    kind: str
    number: float = 0.0


NO_DAYS, AT_THE_MONEY = Days(0.0, 0.0, 0.0), StrikeChoice(ATM)


@dataclass(frozen=True, slots=True)
class LegChoice:
    """One leg: `ratio` below 0 sells; `right` is "" for stock, which has neither days nor strike.

    An `OFFSET` counts from the strike of the option leg before it.
    """

    ratio: int
    right: str = ""
    days: Days = NO_DAYS
    strike: StrikeChoice = AT_THE_MONEY


@dataclass(frozen=True, slots=True)
class EntryRule:
    """A structure as it was asked for: its legs, and whether sold puts are secured by cash."""

    name: str
    legs: tuple[LegChoice, ...]
    text: str
    is_secured: bool = False


STRIKES = "a delta (0.30), K500, atm, 5% or -5% from the spot, +5 or -5 from the strike before"
FORMS = {
    "single": "single C|P DAYS STRIKE",
    "vertical": "vertical C|P DAYS STRIKE/STRIKE (or STRIKE wWIDTH)",
    "straddle": "straddle DAYS STRIKE",
    "strangle": "strangle DAYS PUT/CALL (or one delta for both)",
    "condor": "condor DAYS SOLD/BOUGHT (or SOLD wWIDTH, or PUT/PUT/CALL/CALL)",
    "butterfly": "butterfly C|P DAYS LOW/BODY/HIGH (or BODY wWIDTH)",
    "calendar": "calendar C|P NEAR/FAR STRIKE, such as 30d/60d",
    "covered-call": "covered-call DAYS STRIKE",
    "cash-secured-put": "cash-secured-put DAYS STRIKE",
    "collar": "collar DAYS PUT/CALL",
    "custom": "custom +1 C DAYS STRIKE, -2 C DAYS STRIKE, +1 stock",
}
_ALSO = {
    "iron-condor": "condor", "csp": "cash-secured-put", "call": "single", "put": "single",
    "iron": "condor",
}  # fmt: skip
_TURNS = {"long": 1, "short": -1, "reverse": -1}
_FIXED = ("covered-call", "cash-secured-put", "collar", "custom")
_TWO_WORDS = {
    ("iron", "condor"): "condor", ("covered", "call"): "covered-call",
    ("cash-secured", "put"): "cash-secured-put",
}  # fmt: skip


def parse_entry(text: str) -> EntryRule:
    """Return what an entry in words asks for.

    >>> [leg.ratio for leg in parse_entry("vertical C 30d 0.30/0.20").legs]
    [1, -1]
    >>> [(leg.ratio, leg.right) for leg in parse_entry("iron condor 30-60d 0.25/0.10").legs]
    [(1, 'P'), (-1, 'P'), (-1, 'C'), (1, 'C')]

    Raises
    ------
    UsageError
        In one line: what was wrong, and what is allowed.
    """
    if len(text) > MOST_WORDS:
        raise UsageError(f"an entry has at most {MOST_WORDS} letters, not {len(text)}")
    words = text.split()
    side = 1
    turn = words[0].lower() if words else ""
    if turn in _TURNS:
        side = _TURNS[turn]
        words = words[1:]
    name = _name(words, text)
    words = words[2:] if tuple(w.lower() for w in words[:2]) in _TWO_WORDS else words[1:]
    if turn in _TURNS and name in _FIXED:
        raise UsageError(f"entry {text!r}: {name} has its sides already: leave out {turn}")
    if turn in ("long", "short") and name == "condor":
        raise UsageError(
            f"entry {text!r}: a condor sells its inner strikes, and reverse condor buys them: "
            f"leave out {turn}"
        )
    try:
        legs = _custom(" ".join(words)) if name == "custom" else _BUILDERS[name](words)
    except ValueError as error:
        raise UsageError(f"entry {text!r}: {error}; write {FORMS[name]}") from None
    turned = tuple(replace(leg, ratio=side * leg.ratio) for leg in legs)
    shown = f"{turn} {name}" if side < 0 else name
    return EntryRule(shown, turned, text, name == "cash-secured-put")


def _name(words: list[str], text: str) -> str:
    if not words:
        raise UsageError(f"an entry names a structure: {', '.join(FORMS)}")
    first = words[0].lower()
    name = _TWO_WORDS.get((first, words[1].lower() if len(words) > 1 else ""), first)
    name = _ALSO.get(name, name)
    if first in ("call", "put"):
        raise UsageError(f"entry {text!r}: write single {'C' if first == 'call' else 'P'} ...")
    if name not in FORMS:
        raise UsageError(f"entry {text!r}: no structure {words[0]!r}: {hint(first, FORMS)}")
    return name


def parse_days(word: str) -> Days:
    """Return the days of ``30d`` (from half to twice as many) or ``20-45d``."""
    found = re.fullmatch(r"(\d{1,4})(?:-(\d{1,4}))?d", word.lower())
    if found is None:
        raise ValueError(f"expected days such as 30d or 20-45d, got {word!r}")
    least, most = float(found[1]), float(found[2] or found[1])
    if not 1.0 <= least <= most:
        raise ValueError(f"days rise from 1, got {word!r}")
    if found[2] is None:
        return Days(least, 0.5 * least, 2.0 * least)
    return Days(0.5 * (least + most), least, most)


def parse_strike(word: str) -> StrikeChoice:
    """Return how ``0.30``, ``K500``, ``atm``, ``5%``, ``+5`` or ``-5`` chooses a strike."""
    text = word.lower()
    if text == "atm":
        return StrikeChoice(ATM)
    try:
        if text.startswith("k"):
            number, kind = float(text[1:]), STRIKE
        elif text.endswith("%"):
            number, kind = float(text[:-1]) / 100.0, PERCENT
        else:
            number, kind = float(text), OFFSET if text[:1] in "+-" else DELTA
    except ValueError:
        number, kind = float("nan"), ""
    is_good = isfinite(number) and {
        DELTA: 0.0 < number < 1.0, STRIKE: number > 0.0, PERCENT: number > -1.0, OFFSET: True,
    }.get(kind, False)  # fmt: skip
    if not is_good:
        raise ValueError(f"{word!r} is no strike: {STRIKES}")
    return StrikeChoice(kind, number)


def _right(words: list[str]) -> str:
    if not words or words[0].upper() not in ("C", "P"):
        raise ValueError(f"expected C or P, got {words[0]!r}" if words else "C or P is missing")
    return words.pop(0).upper()


def _days(words: list[str], count: int = 1) -> list[Days]:
    if not words:
        raise ValueError("the days to expiry are missing")
    parts = words.pop(0).split("/")
    if len(parts) != count:
        form = "days such as 30d or 20-45d" if count == 1 else "days such as 30d/60d"
        raise ValueError(f"expected {form}, got {'/'.join(parts)!r}")
    return [parse_days(part) for part in parts]


def _strikes(words: list[str], *counts: int) -> tuple[list[StrikeChoice], float]:
    """Return the strikes, and the width behind them (0 is none)."""
    if not words:
        raise ValueError("the strikes are missing")
    strikes = [parse_strike(part) for part in words[0].split("/")]
    width = 0.0
    if len(words) > 1:
        found = re.fullmatch(r"w(\d{1,6}(?:\.\d{1,4})?)", words[1].lower())
        width = float(found[1]) if found else 0.0
        if not width > 0.0:
            raise ValueError(f"expected a width such as w5, got {words[1]!r}")
    if len(words) > 2:
        raise ValueError(f"unexpected word {words[2]!r}")
    if width and len(strikes) != 1:
        raise ValueError("a width goes with one strike")
    if not width and len(strikes) not in counts:
        numbers = " or ".join(map(str, counts))
        raise ValueError(f"expected {numbers} strikes, got {len(strikes)}")
    if strikes[0].kind == OFFSET:
        raise ValueError("the first strike counts from no other")
    return strikes, width


def _alone(words: list[str]) -> StrikeChoice:
    strikes, width = _strikes(words, 1)
    if width:
        raise ValueError("it has one strike, and no width")
    return strikes[0]


def _away(right: str, width: float) -> StrikeChoice:
    """Return the strike so far out of the money from the one before."""
    return StrikeChoice(OFFSET, width if right == "C" else -width)


def _single(words: list[str]) -> list[LegChoice]:
    right = _right(words)
    (days,) = _days(words)
    return [LegChoice(1, right, days, _alone(words))]


def _vertical(words: list[str]) -> list[LegChoice]:
    right = _right(words)
    (days,) = _days(words)
    strikes, width = _strikes(words, 2)
    far = _away(right, width) if width else strikes[1]
    return [LegChoice(1, right, days, strikes[0]), LegChoice(-1, right, days, far)]


def _straddle(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    same = StrikeChoice(OFFSET, 0.0)
    return [LegChoice(1, "C", days, _alone(words)), LegChoice(1, "P", days, same)]


def _strangle(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    strikes, width = _strikes(words, 1, 2)
    if width or (len(strikes) == 1 and strikes[0].kind != DELTA):
        raise ValueError("one strike for both is a delta")
    return [LegChoice(1, "P", days, strikes[0]), LegChoice(1, "C", days, strikes[-1])]


def _condor(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    strikes, width = _strikes(words, 2, 4)
    if len(strikes) == 4:
        ratios, rights = (1, -1, -1, 1), "PPCC"
        return [LegChoice(r, right, days, s)
                for r, right, s in zip(ratios, rights, strikes, strict=True)]  # fmt: skip
    if any(one.kind != DELTA for one in strikes):
        raise ValueError("strikes for both sides are deltas")
    legs = []
    for right in "PC":
        far = _away(right, width) if width else strikes[1]
        pair = [LegChoice(-1, right, days, strikes[0]), LegChoice(1, right, days, far)]
        legs += pair
    # An offset counts from the sold strike, which therefore stands before it.
    return [legs[1], legs[0], legs[2], legs[3]] if not width else legs


def _butterfly(words: list[str]) -> list[LegChoice]:
    right = _right(words)
    (days,) = _days(words)
    strikes, width = _strikes(words, 3)
    if not width:
        return [LegChoice(r, right, days, s) for r, s in zip((1, -2, 1), strikes, strict=True)]
    up, down = StrikeChoice(OFFSET, 2.0 * width), StrikeChoice(OFFSET, -width)
    body = LegChoice(-2, right, days, strikes[0])
    return [body, LegChoice(1, right, days, down), LegChoice(1, right, days, up)]


def _calendar(words: list[str]) -> list[LegChoice]:
    right = _right(words)
    near, far = _days(words, 2)
    if near.wanted >= far.wanted:
        raise ValueError("the near expiry comes first")
    same = StrikeChoice(OFFSET, 0.0)
    return [LegChoice(-1, right, near, _alone(words)), LegChoice(1, right, far, same)]


def _covered(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    return [LegChoice(1), LegChoice(-1, "C", days, _alone(words))]


def _secured(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    return [LegChoice(-1, "P", days, _alone(words))]


def _collar(words: list[str]) -> list[LegChoice]:
    (days,) = _days(words)
    strikes, width = _strikes(words, 2)
    if width:
        raise ValueError("it has two strikes, and no width")
    return [
        LegChoice(1), LegChoice(1, "P", days, strikes[0]), LegChoice(-1, "C", days, strikes[1])
    ]  # fmt: skip


def _custom(text: str) -> list[LegChoice]:
    legs: list[LegChoice] = []
    for part in text.split(","):
        words = part.split()
        found = re.fullmatch(r"([+-])(\d{1,3})", words[0]) if words else None
        ratio = int(found[1] + found[2]) if found else 0
        if not 0 < abs(ratio) <= MOST_RATIO:
            raise ValueError(
                f"a leg begins with +1 or -2, up to {MOST_RATIO}, not {part.strip()!r}"
            )
        words = words[1:]
        if [word.lower() for word in words] == ["stock"]:
            legs.append(LegChoice(ratio))
            continue
        right = _right(words)
        (days,) = _days(words)
        if len(words) != 1:
            raise ValueError(f"a leg has one strike: {part.strip()!r}")
        strike = parse_strike(words[0])
        if strike.kind == OFFSET and not any(leg.right for leg in legs):
            raise ValueError("the first strike counts from no other")
        legs.append(LegChoice(ratio, right, days, strike))
    if len(legs) > MOST_LEGS:
        raise ValueError(f"at most {MOST_LEGS} legs, not {len(legs)}")
    return legs


_BUILDERS: dict[str, Callable[[list[str]], list[LegChoice]]] = {
    "single": _single, "vertical": _vertical, "straddle": _straddle, "strangle": _strangle,
    "condor": _condor, "butterfly": _butterfly, "calendar": _calendar, "covered-call": _covered,
    "cash-secured-put": _secured, "collar": _collar,
}  # fmt: skip
