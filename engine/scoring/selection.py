"""Which rows of a list can be taken together, at the displayed sizes and with the capital there is.

Rows compete: one quote that is off makes many. Each lot of a row uses up contracts of its quotes,
on the side that is traded. So a choice is a linear programme in whole numbers: most edge, no quote
oversold, no capital exceeded. Its relaxation is solved by the simplex of the profit programme; its
value is a bound that no choice exceeds, its duals are what a contract more of a quote is worth.
Then the few rows in fractions are rounded, in every way, and what is left over is filled. Where
capital is short that is not near enough, and the best of it is the start of branch and bound.

The programme has columns as they are needed: a row of the list is added while its edge is more
than what the quotes that it uses are worth by the duals. Those left out keep the bound true.

Source: Dantzig and Wolfe 1960 (columns as needed); PACKAGES in docs/SCANNER.md.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import product

from engine.backend import Backend
from kernels_pure.simplex import OPTIMAL

# Rows of the list that the programme begins with, that a round adds at most, and rounds.
_FIRST, _MORE, _ROUNDS = 160, 80, 8
# So many rows in fractions are rounded both ways.
_BOTH_WAYS = 6
# Of so few choices in all each one is tried.
_ALL = 4096
# Branches of the search where capital is short, and how near to its bound it ends.
_BRANCHES = 40
_NEAR = 0.002
# What rounding of a quantity may take from a whole number.
_WHOLE = 1e-7
# Of the best value: what rounding of the programme may lack.
_EXACT = 1e-9


@dataclass(frozen=True, slots=True)
class Want:
    """A row that could be taken: what a lot pays, how many there are, what each lot uses.

    `uses` are (what, how much of it) per lot; `capital` is that of all lots.
    """

    per_lot: float
    lots: int
    capital: float
    uses: tuple[tuple[Hashable, float], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """How many lots of each row to take.

    Attributes
    ----------
    take
        By row.
    value
        What they pay together, in currency.
    bound
        What no choice exceeds.
    prices
        What a unit more of a quote's size would pay, of those that are used up.
    capital, capital_price, limit
        What the choice binds, what a unit more of capital would pay, and how much there is.
    """

    take: tuple[int, ...]
    value: float
    bound: float
    prices: Mapping[Hashable, float]
    capital: float
    capital_price: float = 0.0
    limit: float = math.inf


Worth = Callable[[int, int], float]
"""What so many lots of a row pay in currency; not above 0 if they are not to be taken."""


def choose(
    wants: Sequence[Want],
    room: Mapping[Hashable, float],
    backend: Backend,
    worth: Worth,
    capital: float = math.inf,
) -> Choice:
    """Return the best choice found, with the bound of the relaxation.

    `room` is what there is of all that wants use. O(steps x rows x columns) of the programme; a
    list of hundreds of rows takes some ten steps.
    """
    used = Counter(what for want in wants for what, _ in want.uses)
    shared = {what for what, count in used.items() if count > 1}
    columns = [j for j, want in enumerate(wants) if want.lots > 0 and want.per_lot > 0.0]
    columns.sort(key=lambda j: (-wants[j].per_lot * wants[j].lots, j))
    inside, outside = columns[:_FIRST], columns[_FIRST:]
    for turn in range(_ROUNDS):
        shares, value, prices, capital_price = _relaxed(
            wants, inside, room, shared, backend, capital
        )
        gains = [(_gain(wants[j], prices, capital_price) * wants[j].lots, j) for j in outside]
        left = [one for one in gains if one[0] > _EXACT * value]
        if not left or turn + 1 == _ROUNDS:
            break
        left.sort(key=lambda one: (-one[0], one[1]))
        added = {j for _, j in left[:_MORE]}
        inside = [*inside, *sorted(added)]
        outside = [j for j in outside if j not in added]
    bound = value + math.fsum(gain for gain, _ in left)
    if math.prod(1 + wants[j].lots for j in columns) <= _ALL:
        take = _every(wants, columns, room, worth, capital)
    else:
        known = dict(zip(inside, shares, strict=True))
        take = _rounded(wants, columns, known, room, worth, capital)
        if capital < math.inf:
            take = _searched(wants, columns, take, known, room, worth, backend, capital)
    paid = math.fsum(worth(j, count) for j, count in enumerate(take) if count)
    binds = math.fsum(want.capital / want.lots * count for want, count in
                      zip(wants, take, strict=True) if count)  # fmt: skip
    return Choice(tuple(take), paid, max(bound, paid), prices, binds, capital_price,
                  capital)  # fmt: skip


def _gain(want: Want, prices: Mapping[Hashable, float], capital_price: float) -> float:
    """Return what a lot pays above what it uses up."""
    uses = math.fsum(prices.get(what, 0.0) * need for what, need in want.uses)
    return want.per_lot - uses - capital_price * want.capital / want.lots


def _relaxed(
    wants: Sequence[Want],
    inside: Sequence[int],
    room: Mapping[Hashable, float],
    shared: set[Hashable],
    backend: Backend,
    capital: float,
) -> tuple[list[float], float, dict[Hashable, float], float]:
    """Return shares of all lots by column, their value, and the prices of what they use up.

    The kernel reads homogeneous rows, so a column that is 1 stands for what there is.
    """
    n = len(inside)
    most = max((wants[j].per_lot * wants[j].lots for j in inside), default=0.0)
    if not most > 0.0:
        return [0.0] * n, 0.0, {}, 0.0
    rows = [*dict.fromkeys(what for j in inside for what, _ in wants[j].uses if what in shared)]
    place = {what: r for r, what in enumerate(rows)}
    has_capital = capital < math.fsum(wants[j].capital for j in inside)
    n_rows, n_columns = len(rows) + has_capital, n + 1
    matrix = array("d", bytes(8 * n_rows * n_columns))
    for k, j in enumerate(inside):
        want = wants[j]
        for what, need in want.uses:
            if what in place:
                matrix[place[what] * n_columns + k] -= need * want.lots / room[what]
        if has_capital:
            matrix[len(rows) * n_columns + k] = -want.capital / max(capital, 1e-9)
    for r in range(n_rows):
        matrix[r * n_columns + n] = 1.0
    gain = array("d", [wants[j].per_lot * wants[j].lots / most for j in inside] + [0.0])
    found, dual = array("d", bytes(8 * n_columns)), array("d", bytes(8 * max(1, n_rows)))
    work = array("d", bytes(8 * ((n_rows + 2) * n_columns + 3 * n_rows)))
    index = array("l", bytes(8 * (n_rows + 2 * n_columns)))
    status, value, _ = backend.simplex.simplex(
        n_rows, n_columns, matrix, gain, array("d", [1.0]) * n_columns, found, dual, work, index
    )
    if status != OPTIMAL:
        return [0.0] * n, math.fsum(gain) * most, {}, 0.0
    prices = {what: dual[r] * most / room[what] for what, r in place.items() if dual[r] > 0.0}
    price = dual[len(rows)] * most / max(capital, 1e-9) if has_capital else 0.0
    return list(found[:n]), value * most, prices, price


class _Rest:
    """What is left of sizes and capital."""

    def __init__(self, room: Mapping[Hashable, float], capital: float) -> None:
        self.room, self.capital = dict(room), capital

    def copy(self) -> _Rest:
        return _Rest(self.room, self.capital)

    def fits(self, want: Want) -> int:
        """Return how many lots still fit."""
        count = float(want.lots)
        for what, need in want.uses:
            count = min(count, (self.room[what] + _WHOLE * need) // need)
        if want.capital > 0.0 and self.capital < math.inf:
            count = min(count, self.capital * (1.0 + 1e-12) // (want.capital / want.lots))
        return max(0, int(count))

    def take(self, want: Want, count: int) -> None:
        for what, need in want.uses:
            self.room[what] -= need * count
        self.capital -= want.capital / want.lots * count


def _every(
    wants: Sequence[Want],
    columns: Sequence[int],
    room: Mapping[Hashable, float],
    worth: Worth,
    capital: float,
) -> list[int]:
    """Return the best of all choices in whole lots; of equals the first."""
    best, most = [0] * len(wants), 0.0
    for counts in product(*(range(wants[j].lots, -1, -1) for j in columns)):
        value = math.fsum(worth(j, n) for j, n in zip(columns, counts, strict=True) if n)
        if not value > most * (1.0 + _EXACT):
            continue
        rest, is_possible = _Rest(room, capital), True
        for j, count in zip(columns, counts, strict=True):
            is_possible = is_possible and rest.fits(wants[j]) >= count
            rest.take(wants[j], count)
        if is_possible:
            most = value
            best = [0] * len(wants)
            for j, count in zip(columns, counts, strict=True):
                # What does not pay by itself is left.
                best[j] = count if count and worth(j, count) > 0.0 else 0
    return best


def _rounded(
    wants: Sequence[Want],
    columns: Sequence[int],
    shares: Mapping[int, float],
    room: Mapping[Hashable, float],
    worth: Worth,
    capital: float,
) -> list[int]:
    """Return whole lots near `shares`: of the few in fractions every rounding, then what fits."""
    base, partly = [0] * len(wants), []
    for j, share in shares.items():
        lots = share * wants[j].lots
        base[j] = math.floor(lots + _WHOLE)
        if lots - base[j] > _WHOLE:
            partly.append(j)
    partly.sort(key=lambda j: (-wants[j].per_lot, j))
    best, most = [0] * len(wants), 0.0
    for ups in product((0, 1), repeat=min(len(partly), _BOTH_WAYS)):
        take, rest = list(base), _Rest(room, capital)
        for j, up in zip(partly, ups, strict=False):
            take[j] += up
        is_possible = True
        for j in columns:
            if take[j]:
                is_possible = is_possible and rest.fits(wants[j]) >= take[j]
                rest.take(wants[j], take[j])
        if not is_possible:
            continue
        take = _filled(wants, columns, take, rest, worth)
        value = _value(columns, take, worth)
        if value > most * (1.0 + _EXACT):
            best, most = take, value
    return best


def _filled(
    wants: Sequence[Want], columns: Sequence[int], take: list[int], rest: _Rest, worth: Worth
) -> list[int]:
    """Return `take` with what still fits, the most dollars first; what does not pay is dropped.

    Dropped rows free sizes for others, so it is done twice.
    """
    for _ in range(2):
        for j in columns:
            if take[j] and not worth(j, take[j]) > 0.0:
                rest.take(wants[j], -take[j])
                take[j] = 0
        _fill(wants, columns, take, rest, worth)
    return take


def _searched(
    wants: Sequence[Want],
    columns: Sequence[int],
    take: list[int],
    shares: Mapping[int, float],
    room: Mapping[Hashable, float],
    worth: Worth,
    backend: Backend,
    capital: float,
) -> list[int]:
    """Return `take` or what is better, by branch and bound over the relaxation, best bound first.

    For capital that is short: with one large row in a fraction, rounding leaves much of it unused.
    A branch gives a row at most, or at least, the whole lots beside its fraction.

    Source: Land and Doig 1960.
    """
    most = _value(columns, take, worth)
    counts = {j: share * wants[j].lots for j, share in shares.items()}
    # (-bound, order, lots by row, least and most lots of the rows branched on)
    open_: list[tuple[float, int, dict[int, float], dict[int, int], dict[int, int]]] = [
        (-math.inf, 0, counts, {}, {})
    ]
    for turn in range(_BRANCHES):
        if not open_ or -open_[0][0] <= most * (1.0 + _NEAR):
            break
        _, _, counts, least, greatest = heappop(open_)
        partly = [j for j, count in counts.items() if abs(count - round(count)) > _WHOLE]
        if not partly:
            continue
        j = max(partly, key=lambda j: (_undecided(wants[j], counts[j]), -j))
        for order, low, high in (
            (2 * turn + 1, {**least, j: math.ceil(counts[j])}, greatest),
            (2 * turn + 2, least, {**greatest, j: math.floor(counts[j])}),
        ):
            found = _branch(wants, shares, room, backend, capital, low, high)
            if found is None or found[1] <= most * (1.0 + _NEAR):
                continue
            trial, rest = [0] * len(wants), _Rest(room, capital)
            for k, count in found[0].items():
                trial[k] = math.floor(count + _WHOLE)
                rest.take(wants[k], trial[k])
            trial = _filled(wants, columns, trial, rest, worth)
            value = _value(columns, trial, worth)
            if value > most * (1.0 + _EXACT):
                take, most = trial, value
            heappush(open_, (-found[1], order, found[0], low, high))
    return take


def _undecided(want: Want, count: float) -> float:
    """Return what the fraction of a row is worth, whichever way it is rounded."""
    return want.per_lot * min(count % 1.0, 1.0 - count % 1.0)


def _branch(
    wants: Sequence[Want],
    rows: Iterable[int],
    room: Mapping[Hashable, float],
    backend: Backend,
    capital: float,
    least: Mapping[int, int],
    greatest: Mapping[int, int],
) -> tuple[dict[int, float], float] | None:
    """Return the relaxation's lots by row within limits, and its value; None if none fits."""
    rest = _Rest(room, capital)
    for j, count in least.items():
        if rest.fits(wants[j]) < count:
            return None
        rest.take(wants[j], count)
    parts = list(wants)
    free = []
    for j in rows:
        want = wants[j]
        lots = min(greatest.get(j, want.lots) - least.get(j, 0), rest.fits(want))
        if lots > 0:
            parts[j] = replace(want, lots=lots, capital=want.capital / want.lots * lots)
            free.append(j)
    used = {what for j in free for what, _ in wants[j].uses}
    left = max(0.0, rest.capital)
    shares, value, _, _ = _relaxed(parts, free, rest.room, used, backend, left)
    counts = {j: float(count) for j, count in least.items()}
    for j, share in zip(free, shares, strict=True):
        counts[j] = counts.get(j, 0.0) + share * parts[j].lots
    return counts, value + math.fsum(wants[j].per_lot * count for j, count in least.items())


def _value(columns: Sequence[int], take: Sequence[int], worth: Worth) -> float:
    return math.fsum(worth(j, take[j]) for j in columns if take[j])


def _fill(
    wants: Sequence[Want],
    columns: Sequence[int],
    take: list[int],
    rest: _Rest,
    worth: Worth,
) -> None:
    """Add to `take` what still fits, the most dollars first."""
    open_ = columns
    while True:
        better = []
        for j in open_:
            more = min(wants[j].lots - take[j], rest.fits(wants[j]))
            if more:
                gain = worth(j, take[j] + more) - (worth(j, take[j]) if take[j] else 0.0)
                if gain > 0.0:
                    better.append((gain, -j, more))
        if not better:
            return
        # What does not fit now will not fit later.
        open_ = [-j for _, j, _ in better]
        _, j, more = max(better)
        rest.take(wants[-j], more)
        take[-j] += more
