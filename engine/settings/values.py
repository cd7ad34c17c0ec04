"""What a setting may be given as: text, as flags give it, or a value of TOML or of Python.

Every reader takes either and raises `ValueError` with a sentence (`TypeError` for what is of no
kind it knows); the door adds its own name of the setting.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from engine.backend import NAMES
from engine.clock import to_ns
from engine.config import Gates
from engine.market.carry import DECLARED, Dividend, RateCurve
from engine.market.fees import FeeSchedule
from engine.nearest import hint
from engine.settings import spelling
from engine.settings.overrides import EVERY
from engine.settings.toml_table import shown

if TYPE_CHECKING:
    from engine.settings.options import SomeDividend

_V = TypeVar("_V")


def text(value: object) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str):
        raise ValueError(f'expected text in quotes such as "demo", got {shown(value)}')
    return value


def names(value: object) -> tuple[str, ...]:
    """Return one name, several between commas, or a list of them, as a tuple."""
    listed = value.split(",") if isinstance(value, str) else list(_iterable(value))
    if not all(isinstance(one, str) for one in listed):
        raise ValueError(f'expected a list such as ["box", "collar"], got {shown(value)}')
    return tuple(one.strip() for one in listed if one.strip())


def count(value: object) -> int:
    """Return a whole number >= 0.

    >>> count("20"), count(20)
    (20, 20)
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**18:
        raise ValueError(f"expected a whole number >= 0, got {shown(value)}")
    return value


def switch(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {shown(value)}")
    return value


def on_or_off(value: object) -> bool:
    """Return true or false, also from text: the flag of what is on by itself needs a value."""
    if value in ("true", "false"):
        return value == "true"
    return switch(value)


def at_least_zero(value: object) -> float:
    """Return a finite number >= 0."""
    read = plain_number(value)
    if read is None or not (math.isfinite(read) and read >= 0.0):
        raise ValueError(f"expected a number >= 0, got {shown(value)}")
    return read


def above_zero(value: object) -> float:
    """Return a finite number > 0."""
    read = plain_number(value)
    if read is None or not (math.isfinite(read) and read > 0.0):
        raise ValueError(f"expected a number > 0, got {shown(value)}")
    return read


def fraction(value: object) -> float:
    """Return a fraction in 0 .. 1, or per cent with the sign."""
    read = plain_number(value)
    if read is None or not 0.0 <= read <= 1.0:
        raise ValueError(f"expected a fraction in 0 .. 1 such as 0.15 or 15%, got {shown(value)}")
    return read


def plain_number(value: object) -> float | None:
    """Return a number or the one that a text spells, ``4.5%`` too; None for anything else."""
    if isinstance(value, str):
        try:
            return spelling.number(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def instant(value: object) -> int:
    """Return UTC nanoseconds of a number of them, of text, or of a date or a time with a zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return spelling.nanoseconds(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return spelling.instant(str(value))  # which says what is missing
        return spelling.nanoseconds(to_ns(value))
    if isinstance(value, str | date):
        return spelling.instant(str(value))
    raise TypeError


def instant_or_all(value: object) -> int | str:
    """Return UTC nanoseconds, or "all"."""
    return "all" if value == "all" else instant(value)


def size(value: object) -> int:
    """Return a number of bytes; ``4GB`` are four times 2 to the 30th.

    >>> size("1kB"), size("2 GB") == 2 << 30
    (1024, True)
    """
    expected = "expected a size such as 4GB or 500MB"
    if isinstance(value, str):
        written = value.strip().upper().removesuffix("B").strip()
        shift = {"K": 10, "M": 20, "G": 30, "T": 40}.get(written[-1:], 0)
        digits = written[:-1].strip() if shift else written
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
            raise ValueError(f"{expected}, got {shown(value)}")
        value = int(digits) << shift
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 62:
        raise ValueError(f"{expected}, got {shown(value)}")
    return value


def mapping(value: object) -> dict[str, str]:
    """Return our column names to the file's; as text ``bid=Bid,ask=Ask``."""
    if isinstance(value, str):
        return dict(pair(item) for item in value.split(","))
    if not isinstance(value, Mapping):
        raise TypeError
    if not all(isinstance(part, str) for item in value.items() for part in item):
        raise ValueError(f"expected names of columns, got {shown(dict(value))}")
    return dict(value)


def layout(value: object) -> str:
    """Return the name of a layout of files."""
    from engine.feeds import json_layouts, layouts  # here: they bring the readers of files

    name = text(value)
    known = (*layouts.BY_NAME, *json_layouts.BY_NAME)
    if name not in known:
        raise ValueError(f"unknown layout {name!r}: {hint(name, known)}")
    return name


def delimiter(value: object) -> str:
    """Return one mark that parts columns."""
    mark = value if isinstance(value, str) and len(value) == 1 and value.isascii() else ""
    if not mark or mark.isalnum() or mark in "\"'\r\n.-+_ \0":
        raise ValueError(f"expected one mark such as '|', ';' or a tab, got {shown(value)}")
    return mark


def decimal(value: object) -> str:
    """Return a decimal mark."""
    if value not in (",", "."):
        raise ValueError(f"expected a decimal mark, ',' or '.', got {shown(value)}")
    return str(value)


def pair(written: str) -> tuple[str, str]:
    """Return ``NAME=VALUE`` as a pair.

    >>> pair("bid=Bid")
    ('bid', 'Bid')
    """
    name, equals, value = written.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise ValueError(f"expected NAME=VALUE, got {written!r}")
    return name.strip(), value.strip()


def families(value: object) -> tuple[str, ...]:
    """Return families in the order of ties."""
    return spelling.families(names(value) or ("",))


def profile(value: object) -> str:
    """Return the name of a profile."""
    return spelling.profile(text(value))


def backend(value: object) -> str:
    """Return the name of a backend."""
    name = text(value)
    if name not in NAMES:
        raise ValueError(f"unknown backend {name!r}: {hint(name, NAMES)}")
    return name


def kinds(value: object) -> dict[str, str]:
    """Return what symbols are: ``index`` for all, or by symbol, ``XYZ=index,ETH=coin``.

    >>> kinds("XYZ=index,share")
    {'XYZ': 'index', '': 'share'}
    """
    from engine.feeds.names import KINDS, plain_name

    if isinstance(value, str):
        items = [item.rpartition("=") for item in value.split(",")]
        given: dict[str, object] = {symbol.strip(): kind.strip() for symbol, _, kind in items}
    elif isinstance(value, Mapping):
        given = {str(symbol): kind for symbol, kind in value.items()}
    else:
        raise TypeError
    found = {}
    for symbol, kind in given.items():
        if kind not in KINDS:
            raise ValueError(f"unknown kind {shown(kind)}: {hint(str(kind), KINDS)}")
        found[plain_name(symbol) if symbol else EVERY] = str(kind)
    return found


def gates(value: object) -> dict[str, float | int | bool]:
    """Return single limits by name; of a `Gates` all of them, as text ``max_spread=off``."""
    if isinstance(value, Gates):
        return {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, str):
        value = dict(pair(item) for item in value.split(","))
    if not isinstance(value, Mapping):
        raise TypeError
    return {name: spelling.gate(name, limit) for name, limit in value.items()}


def fees(value: object) -> FeeSchedule:
    """Return a schedule, or what the flag makes of a text."""
    if isinstance(value, FeeSchedule):
        return value
    if not isinstance(value, str):
        raise TypeError
    from engine.settings import carry_input

    return carry_input.fees(value)


@dataclass(frozen=True, slots=True)
class GivenRates:
    """Your two curves, and when they were read (0 is now).

    `negative` is how a rate below 0 was written, "" if there is none: it needs somebody who says
    that it is meant.
    """

    lend: RateCurve | None = None
    borrow: RateCurve | None = None
    as_of_ns: int = 0
    negative: str = ""

    def check(self) -> None:
        """Refuse a negative rate.

        Raises
        ------
        ValueError
            Naming it, and what to say if it is meant.
        """
        if self.negative:
            raise ValueError(spelling.is_negative(self.negative))


def rates(value: object) -> GivenRates:
    """Return the lending and borrowing curve; a negative rate is read and marked."""
    if isinstance(value, str):
        from engine.settings import carry_input

        (lend, borrow), as_of_ns = carry_input.rates(value, allow_negative=True)
        written = [end.strip() for end in value.split(",")]
        negative = next((end for end in written if end.startswith("-")), "")
        return GivenRates(lend, borrow, as_of_ns, negative or _lowest(lend, borrow))
    ends = value if isinstance(value, tuple | list) else (value, value)
    if len(ends) != 2:
        raise TypeError
    lend, borrow = (_curve(end) for end in ends)
    return GivenRates(lend, borrow, negative=_lowest(lend, borrow))


def _lowest(*curves: RateCurve | None) -> str:
    lowest = min((rate for curve in curves if curve for rate in curve.rates), default=0.0)
    return f"{lowest:g}" if lowest < 0.0 else ""


def _curve(rate: object) -> RateCurve | None:
    if rate is None or isinstance(rate, RateCurve):
        return rate
    if isinstance(rate, bool) or not isinstance(rate, str | int | float):
        raise TypeError
    spelled = rate if isinstance(rate, str) else float(rate)
    return RateCurve.flat(spelling.rate(spelled, allow_negative=True))


def dividends(value: object) -> dict[str, tuple[Dividend, ...]]:
    """Return dividends by symbol, `EVERY` for all others."""
    if isinstance(value, str):
        from engine.settings import carry_input

        return carry_input.dividends(value)
    by_symbol: Mapping[str, Iterable[SomeDividend]]
    by_symbol = value if isinstance(value, Mapping) else {EVERY: _iterable(value)}
    return {str(name).upper(): tuple(map(_dividend, some)) for name, some in by_symbol.items()}


def _dividend(given: object) -> Dividend:
    if isinstance(given, Dividend):
        return given
    if isinstance(given, str) or not isinstance(given, tuple | list):
        raise TypeError
    ex, amount = given[:2]
    day = spelling.day(str(ex))
    kind = [str(given[2])] if len(given) > 2 else []
    return Dividend(day, day, float(amount), DECLARED, *kind)


def by_symbol(convert: Callable[[object], float]) -> Callable[[object], dict[str, float]]:
    """Return the reader of one value for all, or of values by symbol (``GME=35%,0.5%``)."""

    def read(value: object) -> dict[str, float]:
        if isinstance(value, str):
            found = {}
            for item in value.split(","):
                symbol, equals, one = item.rpartition("=")
                found[symbol.strip().upper() if equals else EVERY] = convert(one.strip())
            return found
        if isinstance(value, Mapping):
            return {str(symbol).upper(): convert(one) for symbol, one in value.items()}
        return {EVERY: convert(value)}

    return read


def fee_rate(value: object) -> float:
    """Return a fee or a yield per year."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return spelling.fee_rate(value)


def shares(value: object) -> float:
    """Return a number of shares >= 0."""
    read = plain_number(value)
    if read is None or not (math.isfinite(read) and read >= 0.0):
        raise ValueError(f"expected a number of shares >= 0, got {shown(value)}")
    return read


def borrow(value: object) -> dict[str, float]:
    """Return the fee of short stock by symbol, also of a TOML file with [borrow]."""
    if isinstance(value, str):
        from engine.settings import carry_input

        return carry_input.borrow(value)
    return by_symbol(fee_rate)(value)


def _iterable(value: object) -> Iterable[Any]:
    if not isinstance(value, Iterable):
        raise TypeError
    return value
