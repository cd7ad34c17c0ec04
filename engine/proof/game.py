"""The least a position can pay: a game of the market against its holder, played out in full.

The market chooses which sold legs are assigned when, and every settlement level; the holder
answers with exercise and, when a nearer series settles, with a trade in the asset. The market
knows the answers beforehand; the holder learns of an assignment the next morning.
docs/adr/0003-verifier.md derives the rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations, product

from engine.proof.claims import Position
from engine.proof.holdings import Assigned, Closing, Held, Holdings, Notice
from engine.proof.settlement import Answer, Line, Settlement
from engine.proof.timeline import AFTER_EXPIRY, EVE, EX, EXPIRY, Moment

# Up to this many legs every subset is tried; of more, only single legs and all of them together.
_MOST_SUBSETS_OF = 4
# Up to this many contracts of a leg every number is assigned; of more, only some numbers.
_EVERY_COUNT = 3.0


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
        self._held: dict[tuple[Holdings, float], Held] = {}
        claims = position.claims
        self._calls = [k for k, claim in enumerate(claims) if claim.right > 0]
        self._calls.sort(key=lambda k: claims[k].strike)
        self._puts = [k for k, claim in enumerate(claims) if claim.right < 0]
        self._puts.sort(key=lambda k: -claims[k].strike)

    def held(self, legs: Holdings, stock: float) -> Held:
        """Return the one that holds `legs` and `stock`."""
        held = self._held.get((legs, stock))
        if held is None:
            sold = [k for k, quantity in enumerate(legs) if quantity < 0.0]
            puts = [k for k in sold if self.position.claims[k].right < 0]
            counts = {k: self._counts(k, legs, stock) for k in sold}
            sets = tuple(_parts(sold, counts)), tuple(_parts(puts, counts))
            held = Held(legs, stock, [None] * len(self.moments), sets, None, {}, {})
            self._held[legs, stock] = held
        return held

    def reach(self, i: int, held: Held) -> float:
        """Return the worst value of holding on to moment `i` and beyond."""
        return self.waiting(i, held.stock) + self.worth(i, held)

    def waiting(self, i: int, stock: float) -> float:
        """Return what `stock`, held from the moment before, pays by moment `i`."""
        if stock > 0.0:
            return stock * self.moments[i].received
        return stock * self.moments[i].paid if stock < 0.0 else 0.0

    def worth(self, i: int, held: Held) -> float:
        """Return the worst value from moment `i` on.

        Kept once known: the cost grows with the moments times the ways in which legs can be gone,
        not with the paths.
        """
        value = held.worth[i]
        if value is None:
            self._prepare(i, held)
            self.tried += 1
            if self.moments[i].kind == EXPIRY:
                settlement = self.settlement(i, held)
                levels = settlement.levels()
                self.tried += len(levels)
                value = self.moments[i].present(settlement.worst(levels)[1])
            elif held.is_short:
                value = self.reach(i + 1, held)
                for legs in self.assignments(i, held):
                    value = min(value, self.answer(i, held, legs).value)
            else:
                value = self.exercise(i, held).value
            held.worth[i] = value
        return value

    def _prepare(self, i: int, held: Held) -> None:
        """Work out the later moments up to the next settlement, the last first.

        Without it a position of many days would be told by calls within calls, one per day.
        """
        if self.moments[i].kind == EXPIRY or held.worth[i + 1] is not None:
            return
        ahead = next(k for k in range(i, len(self.moments)) if self.moments[k].kind == EXPIRY)
        for k in range(ahead, i, -1):
            self.worth(k, held)

    # Between settlements: assignment, notice, answer.

    def assignments(self, i: int, held: Held) -> tuple[Assigned, ...]:
        """Return everything that the market may assign at moment `i`."""
        return held.sets[self.moments[i].kind in (EX, AFTER_EXPIRY)]

    def answer(self, i: int, held: Held, legs: Assigned) -> Answer:
        """Return what the holder does when notice of the assignment of `legs` at `i` arrives.

        Stock held is delivered, short stock is covered. What the assignment left open beyond
        that is closed the next morning: by late exercise of bought options of the same right,
        best strike first, and the rest by a trade at a spot of the market's choice, which makes a
        purchase cost without limit and a sale bring nothing. Or, where `may_carry`, it stays open.
        """
        moment = self.moments[i]
        notice = held.notices.get(legs)
        if notice is None:
            notice = held.notices[legs] = self._notice(held, legs)
        # Notice comes after the dividend: delivered stock has left, short stock owes it.
        carried = self.waiting(i + 1, notice.stock) if moment.kind == EVE else 0.0
        after = self.worth if moment.kind == EVE else self.reach
        closing, value = notice.closing, -math.inf
        if notice.closes:
            paid = closing.paid
            if paid > 0.0:
                paid -= notice.financed * moment.night
            value = moment.present(notice.cash + paid) + carried + after(i + 1, closing.rest)
            if notice.borrowed:
                value -= notice.borrowed * moment.overnight
        if notice.open is not None:
            carries = moment.present(notice.cash) + carried + after(i + 1, notice.open)
            if not value >= carries:
                return Answer(carries, notice.open)
        return Answer(value, closing.rest, closing.exercised)

    def _notice(self, held: Held, legs: Assigned) -> Notice:
        left, stock = list(held.legs), held.stock
        cash = financed = 0.0
        counts = dict(legs)
        for k in self._calls + self._puts:
            if k not in counts:
                continue
            claim, shares = self.position.claims[k], counts[k]
            left[k] += shares
            if not self.is_tradable:
                # Paid in cash at a level of the market's choice, which nothing hedges any more.
                cash -= math.inf if claim.right > 0 else shares * claim.strike
                continue
            cash += claim.right * shares * claim.strike
            had = max(0.0, stock)
            stock -= claim.right * shares
            if claim.right < 0:
                financed += claim.strike * (max(0.0, stock) - had)
        kept = max(min(stock, max(held.stock, 0.0)), min(held.stock, 0.0))
        closing = self._close(tuple(left), kept - stock, kept)
        open_ = None
        if stock != kept and self.may_carry and self.is_tradable:
            open_ = self.held(tuple(left), stock)
        borrowed = max(0.0, -stock) - max(0.0, -held.stock)
        closes = stock + closing.covered >= kept
        return Notice(cash, financed, max(0.0, borrowed), stock, closing, closes, open_)

    def _counts(self, k: int, legs: Holdings, stock: float) -> tuple[float, ...]:
        """Return how many contracts of sold leg `k` the market may assign at once.

        What follows is straight in their number but where one cover is used up and the next one
        begins, so of many contracts these numbers and all of them are enough.
        """
        claim, total = self.position.claims[k], -legs[k]
        if total <= _EVERY_COUNT:
            return (*(float(n) for n in range(1, int(total))), total)
        found, covered = {total}, max(0.0, stock) if claim.right > 0 else max(0.0, -stock)
        for other in self._calls if claim.right > 0 else self._puts:
            if 0.0 < covered < total:
                found.add(covered)
            covered += max(0.0, legs[other])
        if 0.0 < covered < total:
            found.add(covered)
        return tuple(sorted(found))

    def exercise(self, i: int, held: Held) -> Answer:
        """Return what the holder does best at moment `i` when no sold leg is left.

        Nothing, or exercise of bought options that closes the stock as far as they can.
        """
        waits = self.reach(i + 1, held)
        if held.closing is None:
            held.closing = self._close(held.legs, -held.stock)
        closing = held.closing
        if closing.covered != 0.0:
            self.tried += 1
            value = self.moments[i].present(closing.paid) + self.reach(i + 1, closing.rest)
            if value > waits:
                return Answer(value, closing.rest, closing.exercised)
        return Answer(waits, held)

    def _close(self, legs: Holdings, shares: float, stock: float | None = None) -> Closing:
        """Exercise what brings up to `shares` (or takes -shares), the best strikes first.

        What is left then holds `stock`, without it the part of `shares` that is still missing.
        """
        left, covered, cash = list(legs), 0.0, 0.0
        if shares != 0.0 and self.is_tradable:
            for k in self._calls if shares > 0.0 else self._puts:
                claim = self.position.claims[k]
                count = min(left[k], abs(shares - covered))
                if count > 0.0:
                    left[k] -= count
                    covered += claim.right * count
                    cash -= claim.right * count * claim.strike
        rest = tuple(left)
        exercised = tuple(k for k in range(len(rest)) if legs[k] != rest[k])
        held = self.held(rest, covered - shares if stock is None else stock)
        return Closing(covered, cash, held, exercised)

    # Settlements.

    def settlement(self, i: int, held: Held) -> Settlement:
        """Return the settlement at moment `i` of what is `held` on arrival."""
        series = self.moments[i].series
        if i + 1 == len(self.moments):
            lines: tuple[Line, ...] = (Line(0.0, held.stock, Answer(0.0, held)),)
        else:
            claims = self.position.claims
            later = tuple(
                0.0 if claim.series == series else quantity
                for claim, quantity in zip(claims, held.legs, strict=True)
            )
            lines = self._lines(i, later, held.stock)
        return Settlement.of(self.position, series, held.legs, lines)

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
                kept = self.held(remaining, target)
                value = self.reach(i + 1, kept)
                if value == -math.inf:
                    continue
                slope = held - target
                intercept = cash + self.moments[i].forward(value)
                if slope not in best or intercept > best[slope].intercept:
                    answer = Answer(value, kept, exercised)
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


def subsets(legs: list[int]) -> Iterator[tuple[int, ...]]:
    """Yield the non-empty subsets of `legs`; of many legs, each one and all of them."""
    count = len(legs)
    for size in range(1, count + 1) if count <= _MOST_SUBSETS_OF else (1, count):
        yield from combinations(legs, size)


def _parts(legs: list[int], counts: dict[int, tuple[float, ...]]) -> Iterator[Assigned]:
    """Yield what may be assigned of `legs`: of every set of them every number of contracts."""
    for chosen in subsets(legs):
        for numbers in product(*(counts[k] for k in chosen)):
            yield tuple(zip(chosen, numbers, strict=True))
