"""Short text for legs, amounts and rates, in plain ASCII so that every terminal can show it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from engine.clock import from_ns
from engine.market.chain import OptionChain
from engine.market.combo import FUTURE, STOCK, Leg
from engine.plural import plural

ABSENT = "-"


def leg_words(leg: Leg) -> str:
    """Return one leg without its expiry: ``+2 C 95``, ``-stock``, ``+future``.

    >>> leg_words(Leg("option", -1, 2, 1.0, right="C", strike=95.0))
    '-2 C 95'
    """
    sign = "+" if leg.side > 0 else "-"
    if leg.kind in (STOCK, FUTURE):
        return f"{sign}{leg.ratio} {leg.kind}" if leg.ratio != 1 else f"{sign}{leg.kind}"
    count = f"{leg.ratio} " if leg.ratio != 1 else ""
    return f"{sign}{count}{leg.right} {leg.strike:.10g}"


def legs_by_expiry(legs: Iterable[Leg], symbol: str) -> list[tuple[str, str]]:
    """Return (expiry, legs) for each expiry in order of time; stock stands with the first.

    The trading class follows the expiry where it is not the symbol: ``2016-01-15 SPXW``.
    """
    groups: dict[str, list[str]] = {}
    rest = []
    for leg in legs:
        if leg.expiry is None:
            rest.append(leg_words(leg))
        else:
            groups.setdefault(series_words(leg, symbol), []).append(leg_words(leg))
    if not groups:
        return [("", " ".join(rest))]
    first = min(groups)
    groups[first].extend(rest)
    return [(day, " ".join(groups[day])) for day in sorted(groups)]


def series_words(leg: Leg, symbol: str) -> str:
    """Return the expiry of a leg, and its trading class where that is not the symbol.

    >>> series_words(Leg("option", 1, 1, 2.0, right="C", strike=5.0, expiry=date(2016, 1, 15),
    ...                  trading_class="SPXW"), "SPX")
    '2016-01-15 SPXW'
    """
    day = leg.expiry.isoformat() if leg.expiry else ""
    return day if leg.trading_class in ("", symbol) else f"{day} {leg.trading_class}"


def packed(words: str, width: int) -> str:
    r"""Return legs on as many lines as `width` columns need, never breaking inside a leg.

    >>> packed("+C 95 -C 105 -P 95 +P 105", 14)
    '+C 95 -C 105\n-P 95 +P 105'
    """
    lines = [""]
    for leg in words.replace(" +", "\n+").replace(" -", "\n-").split("\n"):
        joined = f"{lines[-1]} {leg}".strip()
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(leg)
    return "\n".join(line for line in lines if line)


def legs_text(legs: Iterable[Leg], symbol: str) -> str:
    """Return all legs on one line: ``+C 95 -C 105 -P 95 +P 105 2016-01-15``."""
    return ", ".join(f"{words} {day}".strip() for day, words in legs_by_expiry(legs, symbol))


def family_words(family: str) -> str:
    """Return a family's name for people.

    >>> family_words("jelly_roll")
    'jelly roll'
    """
    return family.replace("_", " ")


def label_words(label: Mapping[str, Any]) -> str:
    """Return what was planted, in words: family, legs, edge, and the quote that was moved.

    >>> legs = [{"kind": "option", "right": "C", "strike": 95.0, "expiry": "2026-03-20",
    ...          "side": 1, "ratio": 2}, {"kind": "stock", "side": -1, "ratio": 1}]
    >>> cause = {"right": "C", "strike": 95.0, "expiry": "2026-03-20", "side": "ask"}
    >>> label_words({"family": "upper_bound", "grade": "LOCKED", "edge": 0.25, "legs": legs,
    ...              "cause": cause, "reason": "age"})
    'upper bound +2 C 95 -stock 2026-03-20, LOCKED, edge 0.25, by the ask of C 95 2026-03-20 (age)'
    """
    legs = [
        Leg(
            leg["kind"], leg["side"], leg["ratio"], math.nan, right=leg.get("right", ""),
            strike=leg.get("strike", math.nan),
            expiry=date.fromisoformat(leg["expiry"]) if "expiry" in leg else None,
        )
        for leg in label["legs"]
    ]  # fmt: skip
    cause = label["cause"]
    grade = f", {label['grade']}" if label["grade"] else ""
    reason = f" ({label['reason']})" if label.get("reason") else ""
    return (
        f"{family_words(label['family'])} {legs_text(legs, '')}{grade}, edge {label['edge']:.4g}, "
        f"by the {cause['side']} of {cause['right']} {cause['strike']:.10g} {cause['expiry']}"
        f"{reason}"
    )


def price(value: float, *, decimals: int = 4, signed: bool = False) -> str:
    """Return a price or edge per share; coins are worth more, so they get more digits."""
    if math.isnan(value):
        return ABSENT
    sign = "+" if signed else ""
    return f"{value:{sign},.{decimals}f}"


def money(value: float) -> str:
    """Return dollars, with cents below a thousand, in millions from ten of them.

    >>> money(12.5), money(-1234.5), money(28.6e6), money(math.nan)
    ('$12.50', '-$1,234', '$28.6M', '-')
    """
    if math.isnan(value):
        return ABSENT
    sign = "-" if value < 0.0 else ""
    if abs(value) >= 1e7:
        return f"{sign}${abs(value) / 1e6:,.1f}M"
    return f"{sign}${abs(value):,.2f}" if abs(value) < 1000.0 else f"{sign}${abs(value):,.0f}"


def percent(value: float) -> str:
    """Return a rate per year; "free" for inf, what a package that costs nothing lends at.

    >>> percent(0.0954), percent(12.0), percent(5000.0), percent(math.inf)
    ('9.54%', '1,200%', '>9,999%', 'free')
    """
    if math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "free" if value > 0.0 else ABSENT
    if abs(value) < 10.0:
        return f"{round(value, 4) + 0.0:.2%}"  # no -0.00%
    # More says nothing: the capital is next to nothing.
    return f"{value:,.0%}" if abs(value) < 100.0 else (">9,999%" if value > 0.0 else "<-9,999%")


def figure(value: float) -> str:
    """Return a score: three digits, more for the whole part of a large one.

    >>> figure(12345.6), figure(0.012345), figure(-0.5), figure(math.nan)
    ('12,346', '0.0123', '-0.5', '-')
    """
    if math.isnan(value):
        return ABSENT
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def seconds(value: float) -> str:
    """Return an age: ``0.5 s``, ``7 min``, ``?`` when it is not known."""
    if math.isnan(value):
        return "?"
    if value < 120.0:
        return f"{value:.3g} s"
    return f"{value / 60.0:,.0f} min" if value < 7200.0 else f"{value / 3600.0:,.1f} h"


def whole(value: float) -> str:
    """Return a size, ``?`` when it is not known."""
    return "?" if math.isnan(value) else f"{value:,.10g}"


def time_words(ts_ns: int, others: Iterable[int]) -> str:
    r"""Return when a snapshot was, in two lines; "" where all the `others` are of that instant.

    >>> time_words(1_450_971_000_000_000_000, [1_450_971_000_000_000_000])
    ''
    >>> time_words(1_450_971_000_250_000_000, [0, 1_450_971_000_250_000_000])
    '2015-12-24\n15:30:00.250'
    """
    if all(other == ts_ns for other in others):
        return ""
    return _moment(ts_ns).replace(" ", "\n")


def _moment(ts_ns: int) -> str:
    text = from_ns(ts_ns).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text.removesuffix("000").removesuffix(".000")


def is_quoted(chain: OptionChain) -> bool:
    """Return whether a single option of a chain has a quote."""
    return any(price > 0.0 for price in (*chain.bid, *chain.ask))


def chain_words(chain: OptionChain) -> str:
    """Return one line on a chain: what, when, from where, how much of it."""
    spot = chain.underlying
    bid, ask = (f"{side:,.10g}" if side > 0.0 else "-" for side in (spot.bid, spot.ask))
    quote = bid if bid == ask else f"{bid}/{ask}"
    time = _moment(chain.ts_ns).removesuffix(":00")
    rights = sum(1 for bid, ask in zip(chain.bid, chain.ask, strict=True) if bid > 0 or ask > 0)
    options = plural(rights, f"{chain.style.capitalize()} option")
    if not rights:
        options = f"{2 * chain.n_rows:,} {chain.style.capitalize()} options, none with a quote"
    return (
        f"{chain.symbol} {quote}  {time} UTC  {chain.source or 'unnamed source'}: "
        f"{options}, {plural(len(chain.expiries), 'expiry')}"
    )
