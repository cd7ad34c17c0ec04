"""What is traded: an option series' contract, the underlying itself, or a future on it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date

OPTION = "option"
STOCK = "stock"
FUTURE = "future"

# Root, date, right, strike in thousandths: the symbol of the Options Clearing Corporation. It is
# written with the root filled up to six letters, and often without.
_OCC = re.compile(r"([A-Z][A-Z0-9]{0,5}) *([0-9]{6})([CP])([0-9]{8})")
_OCC_ROOT = re.compile(r"[A-Z][A-Z0-9]{0,5}")
_CENTURY = 2000  # the clearing house writes two digits of the year
_NAMES: dict[tuple[str, date | None, str, float], str] = {}
_MOST_NAMES = 100_000


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract, the same whenever and by whomever it is quoted.

    Attributes
    ----------
    kind
        OPTION, STOCK or FUTURE.
    symbol
        Of the underlying.
    trading_class
        The series' root: SPX against SPXW. Empty reads as `symbol`.
    expiry
        Last trading day; None for stock.
    right, strike
        Of options; "" and nan for others.
    multiplier
        Shares (coins) per contract.
    currency
        Of its price.
    exchange_id
        What the exchange or the broker calls it (IB's conId), "" where not known. Two contracts
        that differ in nothing else are equal.
    """

    kind: str
    symbol: str
    trading_class: str = ""
    expiry: date | None = None
    right: str = ""
    strike: float = math.nan
    multiplier: float = 100.0
    currency: str = "USD"
    exchange_id: str = field(default="", compare=False)

    @property
    def root(self) -> str:
        """The trading class, the symbol where none is given."""
        return self.trading_class or self.symbol

    @property
    def name(self) -> str:
        """A name for people and for keys: ``SPXW260306C5830``, ``ZDIV``, ``BTC260327``.

        >>> Contract(OPTION, "SPX", "SPXW", date(2026, 3, 6), "C", 5830.0).name
        'SPXW260306C5830'
        """
        if self.kind == STOCK:
            return self.symbol
        # Asked of every leg, several times before an order: dates are slow to write.
        what = (self.root, self.expiry, self.right, self.strike if self.right else 0.0)
        known = _NAMES.get(what)
        if known is None:
            if len(_NAMES) >= _MOST_NAMES:
                _NAMES.clear()
            known = _NAMES[what] = _name(*what)
        return known

    @property
    def occ_symbol(self) -> str:
        """The 21 letters by which the Options Clearing Corporation knows an option.

        >>> Contract(OPTION, "SPX", "SPXW", date(2026, 3, 6), "C", 5830.0).occ_symbol
        'SPXW  260306C05830000'

        Raises
        ------
        ValueError
            If there is none: not an option, a root, year or strike that does not fit.
        """
        if self.kind != OPTION or self.expiry is None:
            raise ValueError(f"{self.name}: a {self.kind} has no OCC symbol")
        thousandths = round(self.strike * 1000.0) if self.strike < 1e5 else 0
        is_exact = thousandths > 0 and thousandths / 1000.0 == self.strike
        if not (
            _OCC_ROOT.fullmatch(self.root)
            and is_exact
            and self.right in ("C", "P")
            and 0 <= self.expiry.year - _CENTURY < 100
        ):
            raise ValueError(
                f"{self.name} has no OCC symbol: that takes a root of up to 6 letters and digits, "
                "a year from 2000 to 2099 and a strike below 100,000 in thousandths"
            )
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right}{thousandths:08d}"


def _name(root: str, expiry: date | None, right: str, strike: float) -> str:
    day = f"{expiry:%y%m%d}" if expiry else ""
    return f"{root}{day}{right}{repr(strike).removesuffix('.0') if right else ''}"


def parse_occ(text: str, symbol: str = "", multiplier: float = 100.0) -> Contract:
    """Return the option of an OCC symbol, with or without the blanks behind its root.

    `symbol` is the underlying where its name is not that of the series (SPXW is on SPX).

    >>> parse_occ("SPXW  260306C05830000", "SPX").strike
    5830.0
    >>> parse_occ("AAPL140607P00092500").name
    'AAPL140607P92.5'

    Raises
    ------
    ValueError
        If `text` is not one.
    """
    found = _OCC.fullmatch(text) if len(text) <= 21 else None
    if found is None:
        raise ValueError(f"{text[:40]!r} is not an OCC symbol such as 'SPXW  260306C05830000'")
    root, day, right, thousandths = found.groups()
    try:
        expiry = date(_CENTURY + int(day[:2]), int(day[2:4]), int(day[4:]))
    except ValueError:
        raise ValueError(f"{text!r}: there is no day {day} (year, month, day)") from None
    strike = int(thousandths) / 1000.0
    if strike == 0.0:
        raise ValueError(f"{text!r}: the strike is 0")
    return Contract(
        OPTION, symbol or root, "" if root == symbol else root, expiry, right, strike, multiplier
    )
