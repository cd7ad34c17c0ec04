"""What the Python interface takes, read as the command line reads it; nonsense is a `UsageError`.

Text means what it means to the flag of the same name (``rates="4%,5%"``); besides it there are
numbers, curves, dates and mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

from engine.clock import to_ns
from engine.config import Gates
from engine.errors import UsageError
from engine.market.carry import Carry, Dividend, RateCurve
from engine.market.fees import FeeSchedule
from engine.settings import spelling
from engine.settings.overrides import EVERY, CarryOverrides

Rate = float | RateCurve
Rates = Rate | tuple[Rate, Rate] | str
SomeDividend = Dividend | tuple[str | date, float]
Dividends = Iterable[SomeDividend] | Mapping[str, Iterable[SomeDividend]] | str
Limit = float | int | bool | str

_T = TypeVar("_T")
_V = TypeVar("_V")


def read(name: str, expected: str, convert: Callable[[_V], _T], value: _V) -> _T:
    """Return ``convert(value)``.

    Raises
    ------
    UsageError
        If `convert` raises what Python raises for a wrong value or type; it names the argument.
    """
    try:
        return convert(value)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    except (TypeError, AttributeError, IndexError):
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        raise UsageError(f"{name}: expected {expected}, got {shown}") from None


def names(name: str, given: str | Iterable[str]) -> tuple[str, ...]:
    """Return one name, several between commas, or a list of them, as a tuple."""

    def split(some: str | Iterable[str]) -> tuple[str, ...]:
        listed = tuple(some.split(",")) if isinstance(some, str) else tuple(some)
        return tuple(one.strip() for one in listed if one.strip())

    return read(name, "a name or a list of names", split, given)


def count(name: str, given: int) -> int:
    """Return a whole number >= 0."""

    def whole(value: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError
        if value < 0:
            raise ValueError(f"expected a whole number >= 0, got {value}")
        return value

    return read(name, "a whole number >= 0", whole, given)


def instant(given: str | int | date | None) -> int | None:
    """Return UTC nanoseconds of a number of them, of text, or of a date or a time with a zone."""

    def converted(value: str | int | date | None) -> int | None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(f"{value.isoformat()} has no time zone")
            return to_ns(value)
        if isinstance(value, str | date):
            return spelling.instant(str(value))
        raise TypeError

    return read("as_of", "a time such as '2015-12-24T15:30Z'", converted, given)


def gates(given: Gates | Mapping[str, Limit] | None, min_edge: float | None) -> Gates:
    """Return the gates with single limits replaced."""

    def limits(some: Gates | Mapping[str, Limit] | None) -> dict[str, Limit]:
        return {} if some is None or isinstance(some, Gates) else dict(some)

    said = read("gates", "limits by name such as {'max_spread': 0.5}", limits, given)
    if min_edge is not None:
        said["min_edge"] = min_edge
    base = given if isinstance(given, Gates) else Gates()
    checked: dict[str, Any] = {
        name: read("gates", "limits by name", lambda limit, n=name: spelling.gate(n, limit), limit)  # type: ignore[misc]  # a default in a lambda
        for name, limit in said.items()
    }
    return replace(base, **checked)


def fees(given: FeeSchedule | str | None) -> FeeSchedule | None:
    """Return a schedule, or what `--fees` makes of a text."""

    def schedule(value: FeeSchedule | str | None) -> FeeSchedule | None:
        if value is None or isinstance(value, FeeSchedule):
            return value
        if not isinstance(value, str):
            raise TypeError
        from engine.settings import carry_input

        return carry_input.fees(value)

    return read("fees", "a FeeSchedule or text such as 'free'", schedule, given)


def overrides(
    carry: Carry | None,
    rates: Rates | None,
    dividends: Dividends | None,
    borrow: float | str | Mapping[str, float] | None,
    *,
    allow_negative: bool = False,
) -> CarryOverrides:
    """Return what was said about carry, all at once or in parts, if it fits together."""
    if carry is not None:
        if not (rates is None and dividends is None and borrow is None):
            raise UsageError("give either carry, or rates, dividends and borrow")
        return read("carry", "a Carry", CarryOverrides.of, carry)
    lend, owed, as_of_ns = read(
        "rates",
        "LEND, BORROW such as (0.04, 0.05), one rate for both, or curves",
        lambda value: _curves(value, allow_negative),
        rates,
    )
    said = CarryOverrides(
        lend=lend,
        borrow=owed,
        rates_as_of_ns=as_of_ns,
        dividends=read(
            "dividends",
            "('2016-01-15', 0.25) pairs, or a mapping of them by symbol",
            _dividends,
            dividends,
        ),
        borrow_fee=read("borrow", "a fee per year, or a mapping by symbol", _borrow, borrow),
    )
    return read("rates", "rates", CarryOverrides.checked, said)


def _curves(
    given: Rates | None, allow_negative: bool
) -> tuple[RateCurve | None, RateCurve | None, int]:
    if isinstance(given, str):
        from engine.settings import carry_input

        (lend, borrow), as_of_ns = carry_input.rates(given, allow_negative=True)
        for curve in (lend, borrow):
            _checked(min(curve.rates, default=0.0) if curve else 0.0, allow_negative)
        return lend, borrow, as_of_ns
    ends = given if isinstance(given, tuple | list) else (given, given)
    if len(ends) != 2:
        raise TypeError
    lend, borrow = (_curve(end, allow_negative) for end in ends)
    return lend, borrow, 0


def _curve(rate: object, allow_negative: bool) -> RateCurve | None:
    if rate is None or isinstance(rate, RateCurve):
        return rate
    if isinstance(rate, bool):
        raise TypeError
    spelled = rate if isinstance(rate, str) else float(rate)  # type: ignore[arg-type]  # or TypeError
    return RateCurve.flat(_checked(spelled, allow_negative))


def _checked(rate: float | str, allow_negative: bool) -> float:
    read = spelling.rate(rate, allow_negative=True)
    if read < 0.0 and not allow_negative:
        raise ValueError(f"{rate} is negative; if it is meant: allow_negative_rates=True")
    return read


def _dividends(given: Dividends | None) -> dict[str, tuple[Dividend, ...]]:
    if given is None:
        return {}
    if isinstance(given, str):
        from engine.settings import carry_input

        return carry_input.dividends(given)
    by_symbol = given if isinstance(given, Mapping) else {EVERY: given}
    return {symbol.upper(): tuple(map(_dividend, some)) for symbol, some in by_symbol.items()}


def _dividend(given: SomeDividend) -> Dividend:
    if isinstance(given, Dividend):
        return given
    if isinstance(given, str):
        raise TypeError
    ex, amount = given
    day = spelling.day(str(ex))
    return Dividend(day, day, float(amount))


def _borrow(given: float | str | Mapping[str, float] | None) -> dict[str, float]:
    if given is None:
        return {}
    if isinstance(given, str):
        from engine.settings import carry_input

        return carry_input.borrow(given)
    charged = given if isinstance(given, Mapping) else {EVERY: given}
    return {symbol.upper(): spelling.fee_rate(fee) for symbol, fee in charged.items()}
