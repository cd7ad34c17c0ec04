"""Whether an order may be taken at all: its contract, its legs, its price on a tick."""

from __future__ import annotations

from engine.gateway.errors import NO_CONTRACT, OFF_TICK, REJECTED, VALIDATION, RequestError
from engine.gateway.listing import BAG, Listing
from engine.gateway.order import Placed

_COMBO_TICKS = 100
_INDEX = "IND"
_MOST_RATIO = 100_000


class Acceptance:
    """What the exchange checks before it takes an order; `now_ns` is the time of the market."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.now_ns = 0

    def legs_of(self, placed: Placed) -> tuple[tuple[int, int], ...]:
        """Return the legs of an order as (instrument, signed ratio of one bought).

        Raises
        ------
        RequestError
            If the contract is unknown, ambiguous, expired or not tradable, or a price is off tick.
        """
        about = placed.order_id
        if placed.contract.sec_type == BAG:
            legs = self._combo_legs(placed)
            if placed.kind == "LMT":
                _check_tick(placed.limit, _COMBO_TICKS, about)
            return legs
        index = self._find(placed, about)
        instrument = self.listing.instruments[index]
        if placed.kind == "LMT":
            if placed.limit <= 0.0:
                raise RequestError(OFF_TICK, "The price must be above 0", about)
            low, high = instrument.ticks
            per_unit = low if placed.limit < instrument.tick_change else high
            _check_tick(placed.limit, per_unit, about)
        return ((index, 1),)

    def _find(self, placed: Placed, about: int) -> int:
        found = self.listing.matching(placed.contract)
        if not found:
            text = "No security definition has been found for the request"
            raise RequestError(NO_CONTRACT, text, about)
        if len(found) > 1:
            text = "The contract description specified for the request is ambiguous"
            raise RequestError(NO_CONTRACT, text, about)
        self._check_tradable(found[0], about)
        return found[0]

    def _check_tradable(self, index: int, about: int) -> None:
        instrument = self.listing.instruments[index]
        if instrument.kind == _INDEX:
            raise RequestError(REJECTED, "Order rejected - reason: an index is not traded", about)
        if instrument.settles_ns and instrument.settles_ns <= self.now_ns:
            raise RequestError(REJECTED, "Order rejected - reason: the contract expired", about)

    def _combo_legs(self, placed: Placed) -> tuple[tuple[int, int], ...]:
        about, legs = placed.order_id, []
        for leg in placed.contract.legs:
            index = self.listing.by_con_id(leg.con_id)
            if index < 0:
                text = f"No security definition has been found for leg {leg.con_id}"
                raise RequestError(NO_CONTRACT, text, about)
            self._check_tradable(index, about)
            if not 0 < leg.ratio <= _MOST_RATIO or leg.action not in ("BUY", "SELL"):
                raise RequestError(VALIDATION, "A combo leg has no valid ratio or action", about)
            legs.append((index, leg.ratio if leg.action == "BUY" else -leg.ratio))
        rows = [self.listing.instruments[index] for index, _ in legs]
        if len(legs) < 2 or len({index for index, _ in legs}) < len(legs):
            raise RequestError(VALIDATION, "A combo needs two legs or more, all different", about)
        if len({row.symbol for row in rows}) > 1:
            raise RequestError(VALIDATION, "The legs of a combo have one underlying", about)
        if len({row.multiplier for row in rows if row.right}) > 1:
            raise RequestError(VALIDATION, "The legs of a combo have one multiplier", about)
        return tuple(legs)


def _check_tick(price: float, per_unit: int, about: int) -> None:
    scaled = price * per_unit
    if abs(scaled - round(scaled)) > 1e-6 * max(1.0, abs(scaled)):
        text = "The price does not conform to the minimum price variation for this contract"
        raise RequestError(OFF_TICK, text, about)
