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
        """Return the fee of a fill; each fill pays as an order of its own."""
        fee = self.order + units * (self.unit + self.rate * paid)
        schedule = self.schedule
        if schedule is not None:
            fee += max(schedule.stock_minimum, units * schedule.stock_fee(paid))
        return fee


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
