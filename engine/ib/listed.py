"""What is listed on a symbol at a broker: series with their contract ids, as a value."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from engine.market.calendar import calendar_named
from engine.market.chain import EQUITY, INDEX, STANDARD_MULTIPLIER, Expiry
from engine.market.contract import STOCK, Contract
from engine.market.listing import Listing

Row = tuple[int, float, str]
"""Contract id, strike, right."""
Steps = tuple[tuple[float, float], ...]
"""Price from which it holds, and step, by price."""
# Series of an index that settle on the opening prices, whatever a broker says of the hour.
_MORNING = {"SPX", "NDX", "RUT", "DJX", "VIX", "MXEA", "MXEF"}
_MOST_STRIKE = 1e7


@dataclass(frozen=True, slots=True)
class Series:
    """The contracts of one trading class and expiry, by strike and right.

    `last_day` is the broker's last trading day, `expires` the day it settles; both ``YYYYMMDD``.
    `tick` is the least step of a price, `steps` are all of them, empty where not known.
    """

    trading_class: str
    last_day: str
    expires: str
    settlement: str
    tick: float
    rows: tuple[Row, ...]
    steps: Steps = ()

    @property
    def expiry(self) -> Expiry:
        """The expiry, its instant from the calendar."""
        day = _date(self.expires)
        instant = calendar_named("us").settlement_ns(day, self.settlement)
        return Expiry(instant, day, self.settlement, self.trading_class)


@dataclass(frozen=True)
class Listed:
    """The series of a symbol; `listing` and ids are made from them once.

    `sec_type` and `exchange` are the broker's words for the underlying, `spot_steps` the increments
    of its price, empty where not known.
    """

    symbol: str
    underlying_id: str
    sec_type: str
    exchange: str
    style: str
    series: tuple[Series, ...]
    spot_steps: Steps = ()

    @property
    def n_contracts(self) -> int:
        """How many options there are."""
        return sum(len(one.rows) for one in self.series)

    @cached_property
    def listing(self) -> Listing:
        """The listing, with contract ids in the order of quotes; "" where one right is missing."""
        ids = {
            (one.expiry, strike, right): str(con_id)
            for one in self.series
            for con_id, strike, right in one.rows
        }
        plain = Listing.of_rows(
            self.symbol, ((expiry, strike) for expiry, strike, _ in ids),
            kind=INDEX if self.sec_type == "IND" else EQUITY, style=self.style,
            tick=min((one.tick for one in self.series), default=0.01),
        )  # fmt: skip
        keys = plain.keys()
        return replace(plain, contract_ids=tuple(ids.get(key, "") for key in keys))

    @cached_property
    def quotes(self) -> dict[str, int]:
        """The quote index of each contract id."""
        return {one: quote for quote, one in enumerate(self.listing.contract_ids) if one}

    @cached_property
    def steps(self) -> dict[str, Steps]:
        """The price increments of each contract id."""
        return {
            str(con_id): one.steps or ((0.0, one.tick),)
            for one in self.series
            for con_id, _, _ in one.rows
        }

    @property
    def underlying(self) -> Contract:
        """The underlying as a contract."""
        return Contract(STOCK, self.symbol, exchange_id=self.underlying_id)

    def near(self, spot: float, rows: int) -> Listed:
        """Return the part with so many strikes a series around `spot`, at most."""
        if not spot > 0.0:
            return self
        return replace(self, series=tuple(_near(one, spot, rows) for one in self.series))

    def after(self, now_ns: int) -> Listed:
        """Return the part that has not settled at `now_ns`."""
        left = (one for one in self.series if one.expiry.settles_ns > now_ns)
        return replace(self, series=tuple(left))

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "symbol": self.symbol, "underlying": self.underlying_id, "type": self.sec_type,
            "exchange": self.exchange, "style": self.style,
            "steps": [list(step) for step in self.spot_steps],
            "series": [
                [one.trading_class, one.last_day, one.expires, one.settlement, one.tick,
                 [list(row) for row in one.rows], [list(step) for step in one.steps]]
                for one in self.series
            ],
        }  # fmt: skip

    @classmethod
    def of_json(cls, value: Any) -> Listed:
        """Return what `to_json` gave.

        Raises
        ------
        ValueError
            If it is not that.
        """
        try:
            found = cls(
                str(value["symbol"]), str(int(value["underlying"])), str(value["type"]),
                str(value["exchange"]), str(value["style"]),
                tuple(
                    Series(str(name), str(last), str(expires), str(settlement), float(tick),
                           tuple((int(c), float(k), str(r)) for c, k, r in rows),
                           tuple((float(start), float(step)) for start, step in steps))
                    for name, last, expires, settlement, tick, rows, steps in value["series"]
                ),
                tuple((float(start), float(step)) for start, step in value["steps"]),
            )  # fmt: skip
            if not found.listing.n_rows:
                raise ValueError("no contracts")
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"not a listing: {error}") from None
        return found


def series_of(details: Iterable[Any], symbol: str, left_out: Counter[str]) -> Series | None:
    """Return the series of contract details of one class and expiry, None if none is sound.

    What is left out is counted by its reason.
    """
    rows: dict[tuple[float, str], int] = {}
    head: tuple[str, str, str, str] | None = None
    tick = math.inf
    for one in details:
        contract = one.contract
        try:
            strike, step, con_id = float(contract.strike), float(one.minTick), int(contract.conId)
            multiplier = float(contract.multiplier or STANDARD_MULTIPLIER)
            last = contract.lastTradeDateOrContractMonth[:8]
            expires = (one.realExpirationDate or last)[:8]
            _date(last), _date(expires)
        except (ValueError, TypeError):
            left_out["a field that is no number or no day"] += 1
            continue
        right = contract.right[:1]
        if contract.symbol != symbol or contract.secType != "OPT" or right not in ("C", "P"):
            left_out["another kind of contract"] += 1
        elif multiplier != STANDARD_MULTIPLIER:
            left_out["another multiplier"] += 1
        elif not (0.0 < strike <= _MOST_STRIKE and 0.0 < step <= 100.0 and con_id > 0):
            left_out["a strike, a tick or an id that cannot be"] += 1
        else:
            name = contract.tradingClass or symbol
            settlement = _settlement(one, name, last, expires)
            head = head or (name, last, expires, settlement)
            if head != (name, last, expires, settlement) or (strike, right) in rows:
                left_out["a contract of another series, or twice"] += 1
                continue
            rows[strike, right] = con_id
            tick = min(tick, step)
    if head is None:
        return None
    ordered = tuple((rows[key], *key) for key in sorted(rows))
    return Series(*head, tick, ordered)


def _settlement(details: Any, name: str, last: str, expires: str) -> str:
    """Return AM where the broker's hour, its days or the class say that the opening settles it."""
    if details.underSecType != "IND":
        return "PM"
    hour = str(details.lastTradeTime)[:2]
    is_early = hour.isdigit() and int(hour) < 12
    return "AM" if is_early or expires != last or name in _MORNING else "PM"


def _near(series: Series, spot: float, rows: int) -> Series:
    strikes = sorted({strike for _, strike, _ in series.rows}, key=lambda k: (abs(k - spot), k))
    kept = set(strikes[:rows])
    return replace(series, rows=tuple(row for row in series.rows if row[1] in kept))


def _date(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()
