"""The books of an account: cash, fees, fills, and the trades that fills add up to."""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign

from engine.backtesting.holding import Holding
from engine.backtesting.orders import Fill, Trade
from engine.backtesting.terms import Terms
from engine.market.fees import FeeSchedule
from kernels_pure.bars import fill_price
from kernels_pure.fills import whole_ticks

# Below this share of the units around it a remainder is rounding.
NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Costs:
    """What a fill costs, from the terms."""

    rate: float
    unit: float
    order: float
    schedule: FeeSchedule | None

    def of(self, units: float, paid: float) -> float:
        """Return the fee of an order that one fill fills, or of the first fill of an order."""
        fee = self.order + units * (self.unit + self.rate * paid)
        schedule = self.schedule
        if schedule is not None:
            fee += max(schedule.stock_minimum, units * schedule.stock_fee(paid))
        return fee

    def of_more(self, units: float, paid: float, commission: float) -> float:
        """Return the fee of another fill of an order whose fills had `commission` of a schedule.

        What an order costs was paid with its first fill, and the minimum is that of all its fills.
        """
        fee = units * (self.unit + self.rate * paid)
        schedule = self.schedule
        if schedule is not None:
            least = schedule.stock_minimum
            whole = commission + units * schedule.stock_fee(paid)
            fee += max(least, whole) - max(least, commission)
        return fee

    def commission(self, units: float, paid: float) -> float:
        """Return the commission of a schedule by share, before any minimum."""
        return 0.0 if self.schedule is None else units * self.schedule.stock_fee(paid)


class Ledger:
    """Cash, sums and lists; `record` is the only way in which a position changes by a fill."""

    def __init__(self, terms: Terms) -> None:
        self.cash = float(terms.cash)
        self.column = terms.column()
        self.is_free = (
            terms.fees is None and terms.fee_rate + terms.fee_unit + terms.fee_order == 0.0
        )
        self.slips = terms.slippage_rate + terms.slippage_price + terms.spread > 0.0
        self.costs = Costs(terms.fee_rate, terms.fee_unit, terms.fee_order, terms.fees)
        # Fields of fills and trades; as objects they would make PyPy's traces of an order too long.
        self.filled: list[tuple[int, str, int, float, float, float, str, bool]] = []
        self.ended: list[tuple[str, int, int, float, float, float, float, float, str, bool]] = []
        # Orders that were filled in part, and what each has had in commissions today, by number
        # and reason: the bracket of an order has its number, and is an order of its own.
        self.parted: set[int] = set()
        self.begun: dict[tuple[int, str], float] = {}
        self.fees = 0.0
        self.borrow_fees = 0.0
        self.dividends = 0.0

    def paid(self, holding: Holding, units: float, price: float, most: float) -> float:
        """Return the price of a fill at the market after slippage, not beyond a limit of `most`."""
        side = copysign(1.0, units)
        paid = whole_ticks(fill_price(side, price, self.column), holding.tick, side)
        if most > 0.0 and (paid - most) * side > 0.0:
            return most
        return paid

    def fee(self, number: int, reason: str, units: float, paid: float) -> float:
        """Return the fee of a fill of an order that is filled in parts, or of its bracket."""
        commission = self.begun.get((number, reason))
        if commission is None:
            return self.costs.of(units, paid)
        return self.costs.of_more(units, paid, commission)

    def begin(self, number: int, reason: str, units: float, paid: float) -> None:
        """Remember until the day ends what an order that is filled in parts has paid."""
        earned = self.begun.get((number, reason), 0.0)
        self.begun[number, reason] = earned + self.costs.commission(units, paid)

    def record(
        self,
        holding: Holding,
        number: int,
        time_ns: int,
        units: float,
        paid: float,
        fee: float,
        reason: str,
        is_ambiguous: bool,
    ) -> None:
        """Enter a fill: a position that changes sign ends one trade and begins another."""
        size = abs(units)
        self.cash = self.cash - units * paid - fee
        self.fees += fee
        self.filled.append(
            (number, holding.symbol, time_ns, units, paid, fee, reason, is_ambiguous)
        )
        before = holding.units
        after = before + units
        if abs(after) <= NOTHING * size:
            after = 0.0
        if before * units < 0.0:
            closing = min(size, abs(before))
            part = fee if closing == size else fee * closing / size
            holding.exit_units += closing
            # A running mean, so that of equal prices it is that price to the last bit.
            holding.exit += (paid - holding.exit) * (closing / holding.exit_units)
            holding.fees += part
            holding.flow += copysign(closing, before) * paid - part
            holding.is_ambiguous = holding.is_ambiguous or is_ambiguous
            holding.units = after
            if before * after <= 0.0:
                self._end(holding, time_ns, before, reason)
                if after != 0.0:
                    _begin(holding, time_ns, after, paid, fee - part, is_ambiguous)
            return
        holding.units = after
        if before == 0.0:
            _begin(holding, time_ns, units, paid, fee, is_ambiguous)
            return
        holding.entry_units += size
        holding.entry += (paid - holding.entry) * (size / holding.entry_units)
        holding.fees += fee
        holding.flow -= units * paid + fee
        holding.is_ambiguous = holding.is_ambiguous or is_ambiguous

    def _end(self, holding: Holding, time_ns: int, before: float, reason: str) -> None:
        self.ended.append(
            (
                holding.symbol,
                holding.opened_ns,
                time_ns,
                copysign(holding.entry_units, before),
                holding.entry,
                holding.exit,
                holding.fees,
                holding.flow,
                reason,
                holding.is_ambiguous,
            )
        )

    def fills(self, first: int = 0) -> tuple[Fill, ...]:
        """Return the fills, from one of them on."""
        return tuple(Fill(*fields) for fields in self.filled[first:])

    def trades(self) -> tuple[Trade, ...]:
        """Return the trades that have ended."""
        return tuple(Trade(*fields) for fields in self.ended)


def _begin(
    holding: Holding, time_ns: int, units: float, paid: float, fee: float, is_ambiguous: bool
) -> None:
    holding.opened_ns = time_ns
    holding.entry_units = abs(units)
    holding.entry = paid
    holding.exit_units = holding.exit = 0.0
    holding.fees = fee
    holding.flow = -units * paid - fee
    holding.is_ambiguous = is_ambiguous
