"""The least a position can pay: a game of the market against its holder, played out in full.

The market chooses which sold legs are assigned when, and every settlement level; the holder
answers with exercise and, when a nearer series settles, with a trade in the asset. The market
knows the answers beforehand; the holder learns of an assignment the next morning.
docs/adr/0003-verifier.md derives the rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

from engine.scoring.claims import Position
from engine.scoring.settlement import Answer, Holdings, Line, Settlement
from engine.scoring.timeline import AFTER_EXPIRY, EVE, EX, EXPIRY, NODE, Moment
from engine.values import replace

# Of more legs than this, sets of one and of all stand for every set.
_MOST_SUBSETS_OF = 4


class Game:
    """One position against the market. Values are present, per package, cost of entry excluded.

    `is_tradable` says whether the asset can be bought and sold (an index cannot), `is_early`
    whether options can be assigned and exercised before they settle. `tried` counts states.
    """

    def __init__(
        self,
        position: Position,
        moments: tuple[Moment, ...],
        is_tradable: bool,
        is_early: bool,
        may_carry: bool = False,
    ) -> None:
        self.position = position
        self.moments = moments
        self.is_tradable = is_tradable
        self.is_early = is_early
        self.may_carry = may_carry
        self.tried = 0
        self._worth: dict[tuple[int, Holdings, float], float] = {}
        claims = position.claims
        self._calls = [k for k, claim in enumerate(claims) if claim.right > 0]
        self._calls.sort(key=lambda k: claims[k].strike)
        self._puts = [k for k, claim in enumerate(claims) if claim.right < 0]
        self._puts.sort(key=lambda k: -claims[k].strike)

    def reach(self, i: int, holdings: Holdings, stock: float) -> float:
        """Return the worst value of holding on to moment `i` and beyond."""
        return self.waiting(i, stock) + self.worth(i, holdings, stock)

    def waiting(self, i: int, stock: float) -> float:
        """Return what `stock`, held from the moment before, pays by moment `i`."""
        if stock > 0.0:
            return stock * self.moments[i].received
        return stock * self.moments[i].paid if stock < 0.0 else 0.0

    def worth(self, i: int, holdings: Holdings, stock: float) -> float:
        """Return the worst value from moment `i` on.

        Memoised: the cost grows with the moments times the ways in which legs can be gone, not
        with the paths.
        """
        key = (i, holdings, stock)
        value = self._worth.get(key)
        if value is None:
            self._prepare(i, holdings, stock)
            self.tried += 1
            if self.moments[i].kind == EXPIRY:
                settlement = self.settlement(i, holdings, stock)
                levels = settlement.levels()
                self.tried += len(levels)
                value = self.moments[i].present(settlement.worst(levels)[1])
            elif is_short(holdings):
                value = self.reach(i + 1, holdings, stock)
                for legs in self.assignments(i, holdings):
                    value = min(value, self.answer(i, holdings, stock, legs).value)
            else:
                value = self.exercise(i, holdings, stock).value
            self._worth[key] = value
        return value

    def _prepare(self, i: int, holdings: Holdings, stock: float) -> None:
        """Work out the later moments up to the next settlement, the last first.

        Without it a position of many days would be told by calls within calls, one per day.
        """
        if self.moments[i].kind == EXPIRY or (i + 1, holdings, stock) in self._worth:
            return
        ahead = next(k for k in range(i, len(self.moments)) if self.moments[k].kind == EXPIRY)
        for k in range(ahead, i, -1):
            self.worth(k, holdings, stock)

    # Between settlements: assignment, notice, answer.

    def assignments(self, i: int, holdings: Holdings) -> Iterator[tuple[int, ...]]:
        """Yield every set of sold legs that the market may assign at moment `i`."""
        is_put_only = self.moments[i].kind in (NODE, EX, AFTER_EXPIRY)
        sold = [
            k for k, claim in enumerate(self.position.claims)
            if holdings[k] < 0.0 and not (is_put_only and claim.right > 0)
        ]  # fmt: skip
        return subsets(sold)

    def answer(self, i: int, holdings: Holdings, stock: float, legs: tuple[int, ...]) -> Answer:
        """Return what the holder does when notice of the assignment of `legs` at `i` arrives.

        Stock held is delivered, short stock is covered. What the assignment left open beyond
        that is closed the next morning: by late exercise of bought options of the same right,
        best strike first, and the rest by a trade at a spot of the market's choice, which makes a
        purchase cost without limit and a sale bring nothing. Or, where `may_carry`, it stays open.
        """
        moment = self.moments[i]
        left = list(holdings)
        cash = financed = 0.0
        before = stock
        for k in self._calls + self._puts:
            if k not in legs:
                continue
            claim, shares = self.position.claims[k], -left[k]
            left[k] = 0.0
            if not self.is_tradable:
                # Paid in cash at a level of the market's choice, which nothing hedges any more.
                cash -= math.inf if claim.right > 0 else shares * claim.strike
                continue
            cash += claim.right * shares * claim.strike
            held = max(0.0, stock)
            stock -= claim.right * shares
            if claim.right < 0:
                financed += claim.strike * (max(0.0, stock) - held)
        # Notice comes after the dividend: delivered stock has left, short stock owes it.
        carried = self.waiting(i + 1, stock) if moment.kind == EVE else 0.0
        kept = max(min(stock, max(before, 0.0)), min(before, 0.0))
        covered, paid, rest = self._cover(tuple(left), kept - stock)
        if paid > 0.0:
            paid -= financed * moment.night
        after = self.worth if moment.kind == EVE else self.reach
        closed = Answer(-math.inf, rest, kept, changed(tuple(left), rest))
        if stock + covered >= kept:
            value = moment.present(cash + paid) + carried + after(i + 1, rest, kept)
            closed = replace(closed, value=value)
        if stock == kept or not (self.may_carry and self.is_tradable):
            return closed
        open_ = tuple(left)
        value = moment.present(cash) + carried + after(i + 1, open_, stock)
        return closed if closed.value >= value else Answer(value, open_, stock)

    def exercise(self, i: int, holdings: Holdings, stock: float) -> Answer:
        """Return what the holder does best at moment `i` when no sold leg is left.

        Nothing, or exercise of bought options that closes the stock as far as they can.
        """
        waits = Answer(self.reach(i + 1, holdings, stock), holdings, stock)
        covered, paid, rest = self._cover(holdings, -stock)
        if covered == 0.0:
            return waits
        self.tried += 1
        value = self.moments[i].present(paid) + self.reach(i + 1, rest, stock + covered)
        if value <= waits.value:
            return waits
        return Answer(value, rest, stock + covered, changed(holdings, rest))

    def _cover(self, holdings: Holdings, shares: float) -> tuple[float, float, Holdings]:
        """Exercise what brings up to `shares` (or takes -shares), the best strikes first.

        Return the shares brought, the cash, and the holdings left.
        """
        if shares == 0.0 or not self.is_tradable:
            return 0.0, 0.0, holdings
        left, covered, cash = list(holdings), 0.0, 0.0
        for k in self._calls if shares > 0.0 else self._puts:
            claim = self.position.claims[k]
            count = min(left[k], abs(shares - covered))
            if count > 0.0:
                left[k] -= count
                covered += claim.right * count
                cash -= claim.right * count * claim.strike
        return covered, cash, tuple(left)

    # Settlements.

    def settlement(self, i: int, holdings: Holdings, stock: float) -> Settlement:
        """Return the settlement at moment `i` with `holdings` and `stock` on arrival."""
        series = self.moments[i].series
        if i + 1 == len(self.moments):
            lines: tuple[Line, ...] = (Line(0.0, stock, Answer(0.0, (), 0.0)),)
        else:
            claims = self.position.claims
            later = tuple(
                0.0 if claim.series == series else quantity
                for claim, quantity in zip(claims, holdings, strict=True)
            )
            lines = self._lines(i, later, stock)
        return Settlement.of(self.position, series, holdings, lines)

    def _lines(self, i: int, later: Holdings, stock: float) -> tuple[Line, ...]:
        """Return the answers to the settlement at moment `i`, the best of each slope.

        An answer exercises some of the claims that live on and keeps a quantity of the asset;
        what follows is brought to this moment at forward rates and nets with the settlement.
        """
        claims = self.position.claims
        bought = [k for k, quantity in enumerate(later) if quantity > 0.0 and self.is_early]
        best: dict[float, Line] = {}
        for exercised in ((), *subsets(bought)) if self.is_tradable else ((),):
            cash, held, rest = 0.0, stock, list(later)
            for k in exercised:
                cash -= claims[k].right * rest[k] * claims[k].strike
                held += claims[k].right * rest[k]
                rest[k] = 0.0
            remaining = tuple(rest)
            for target in self._targets(remaining, stock) if self.is_tradable else (stock,):
                self.tried += 1
                value = self.reach(i + 1, remaining, target)
                if value == -math.inf:
                    continue
                slope = held - target
                intercept = cash + self.moments[i].forward(value)
                if slope not in best or intercept > best[slope].intercept:
                    answer = Answer(value, remaining, target, exercised)
                    best[slope] = Line(intercept, slope, answer)
        return tuple(best.values())

    def _targets(self, holdings: Holdings, stock: float) -> list[float]:
        """Return quantities of the asset worth keeping: as it is, none, and each exact hedge.

        In this order, once each: of answers worth the same, every runtime names the first.
        """
        left = [
            (claim.strike, claim.right, quantity)
            for claim, quantity in zip(self.position.claims, holdings, strict=True)
            if quantity != 0.0
        ]
        slope = -math.fsum(quantity for _, right, quantity in left if right < 0)
        targets = [stock, 0.0, -slope]
        for _, _, quantity in sorted(left):
            slope += quantity
            targets.append(-slope)
        return list(dict.fromkeys(targets))


def is_short(holdings: Holdings) -> bool:
    """Return whether a sold leg is left."""
    return min(holdings, default=0.0) < 0.0


def subsets(legs: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield the non-empty subsets of `legs`; of many legs, each one and all of them."""
    count = len(legs)
    for size in range(1, count + 1) if count <= _MOST_SUBSETS_OF else (1, count):
        yield from combinations(legs, size)


def changed(before: Holdings, after: Holdings) -> tuple[int, ...]:
    """Return which legs differ between two holdings."""
    return tuple(k for k in range(len(after)) if before[k] != after[k])
