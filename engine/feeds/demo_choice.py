"""Where to plant: positions of each family near the money, and the best cover of a sold quote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from engine.feeds import demo_packages as families
from engine.feeds.demo_listing import pick
from engine.feeds.demo_packages import Package
from engine.feeds.demo_quotes import Book, Key
from engine.feeds.demo_worth import Worth
from engine.market.chain import AMERICAN, COIN, INDEX

# Kinds of chains that the demo has.
_INDEX, _COIN, _AMERICAN, _EUROPEAN = "index", "coin", "american", "european"
_SHARES = (_AMERICAN, _EUROPEAN)
_ALL = (_INDEX, _COIN, _AMERICAN, _EUROPEAN)
_ANY_LEG = -1


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn before a combo is proposed: where, which right and side, strikes in a row."""

    book: Book
    worth: Worth
    rng: Random
    e: int
    right: str
    side: int
    low: float
    body: float
    high: float


@dataclass(frozen=True, slots=True)
class Plant:
    """How one family is planted.

    `propose` returns a combo near the money and the index of the leg to move, -1 for any; `kinds`
    are the chains it is planted in; `always` says that its only kind of chain has one of each.
    """

    propose: Callable[[Draw], tuple[Package, int]]
    kinds: tuple[str, ...]
    always: bool = False


def _kind_of(book: Book) -> str:
    kind = book.listing.kind
    if kind.kind in (INDEX, COIN):
        return _INDEX if kind.kind == INDEX else _COIN
    return _AMERICAN if kind.style == AMERICAN else _EUROPEAN


def families_of(book: Book) -> tuple[str, ...]:
    """Return the families that are planted in a chain like this one."""
    kind = _kind_of(book)
    return tuple(name for name, plant in PLANTS.items() if kind in plant.kinds)


def choose_families(book: Book, count: int, rotation: int) -> tuple[str, ...]:
    """Return `count` families of this chain, from the `rotation`-th on."""
    names = families_of(book)
    # First, while two expiries with a strike in common are still free.
    always = [name for name in names if PLANTS[name].always]
    others = [name for name in names if not PLANTS[name].always]
    room = min(count - len(always), len(others))
    return (*always, *(others[(rotation + k) % len(others)] for k in range(room)))


def propose(book: Book, worth: Worth, family: str, rng: Random) -> tuple[Package, int]:
    """Return a position of `family` near the money and the index of the leg to move.

    Raises
    ------
    LookupError
        If the strikes drawn do not allow one; draw again.
    """
    e = pick(rng, len(book.listing.expiries))
    right = "CP"[pick(rng, 2)]
    side = 1 if worth.is_american or pick(rng, 2) else -1
    draw = Draw(book, worth, rng, e, right, side, *_near(book, e, pick(rng, 5) - 2))
    package, leg = PLANTS[family].propose(draw)
    return package, pick(rng, len(package.legs)) if leg == _ANY_LEG else leg


def _conversion(d: Draw) -> tuple[Package, int]:
    return families.conversion(d.book, d.worth, d.e, d.body), _ANY_LEG


def _reversal(d: Draw) -> tuple[Package, int]:
    return families.reversal(d.book, d.worth, d.e, d.body), _ANY_LEG


def _collar(d: Draw) -> tuple[Package, int]:
    return families.collar(d.book, d.worth, d.e, d.low, d.body), _ANY_LEG


def _reverse_collar(d: Draw) -> tuple[Package, int]:
    return families.reverse_collar(d.book, d.worth, d.e, d.low, d.body), _ANY_LEG


def _box(d: Draw) -> tuple[Package, int]:
    return families.box(d.book, d.worth, d.e, d.low, d.body, d.side), _ANY_LEG


def _intrinsic(d: Draw) -> tuple[Package, int]:
    inside = _near(d.book, d.e, -3 if d.right == "C" else 3)[1]
    return families.intrinsic(d.book, d.worth, d.e, inside, d.right), _ANY_LEG


def _upper_bound(d: Draw) -> tuple[Package, int]:
    # The lowest strike of all: stock or strike is nearest to what the option is worth.
    e = len(d.book.listing.expiries) - 1
    strike = d.book.listing.strikes[e][0]
    return families.upper_bound(d.book, d.worth, e, strike, d.right), _ANY_LEG


def _vertical(d: Draw) -> tuple[Package, int]:
    return families.vertical(d.book, d.worth, d.e, d.low, d.body, d.right), _ANY_LEG


def _vertical_width(d: Draw) -> tuple[Package, int]:
    return families.vertical_width(d.book, d.worth, d.e, d.low, d.body, d.right), _ANY_LEG


def _butterfly(d: Draw) -> tuple[Package, int]:
    # Only the best wings of a body are reported: the body is what is moved.
    _check_wing(d.book, d.low)
    return families.butterfly(d.worth, d.e, (d.low, d.body, d.high), d.right), 1


def _package(d: Draw) -> tuple[Package, int]:
    strikes = _near(d.book, d.e, pick(d.rng, 3))
    return families.mixed_cover(d.book, d.worth, d.e, strikes), 1


def _jelly_roll(d: Draw) -> tuple[Package, int]:
    near, far, strike = _common_strike(d.book, d.e)
    side = 1 - 2 * pick(d.rng, 2)
    return families.jelly_roll(d.book, d.worth, near, far, strike, side), _ANY_LEG


def _calendar(d: Draw) -> tuple[Package, int]:
    return best_calendar(d.book, d.worth, (d.e, d.body, d.right)), 0


def _calendar_butterfly(d: Draw) -> tuple[Package, int]:
    later = _later(d.book, d.e)
    below = [k for k in d.book.listing.strikes[later] if k < d.body]
    strikes = (below[-1], d.body, d.high)
    _check_wing(d.book, below[-1])
    # A later long is dearer than its twin beside the body, unless it is the one that is moved.
    expiries = (later, d.e, d.e)
    return families.mixture("calendar_butterfly", d.worth, expiries, strikes, d.right), 0


# A plant more would move every other one: these are held against a search of every combo instead
# (tests/properties/test_missed_locks.py).
UNPLANTED = ("three_legs", "partial_box", "covered_mix")
# In the order in which the chains rotate through them.
PLANTS: dict[str, Plant] = {
    "jelly_roll": Plant(_jelly_roll, (_EUROPEAN,), always=True),
    "package": Plant(_package, (_EUROPEAN,), always=True),
    "conversion": Plant(_conversion, (_COIN, *_SHARES)),
    "reversal": Plant(_reversal, (_COIN, *_SHARES)),
    "collar": Plant(_collar, _SHARES),
    "reverse_collar": Plant(_reverse_collar, _SHARES),
    "intrinsic": Plant(_intrinsic, (_COIN, *_SHARES)),
    "upper_bound": Plant(_upper_bound, _SHARES),
    "box": Plant(_box, _ALL),
    "vertical": Plant(_vertical, _ALL),
    "vertical_width": Plant(_vertical_width, (_INDEX, *_SHARES)),
    "butterfly": Plant(_butterfly, _ALL),
    "calendar": Plant(_calendar, _SHARES),
    "calendar_butterfly": Plant(_calendar_butterfly, (_AMERICAN,)),
}


def _check_wing(book: Book, strike: float) -> None:
    """Refuse the strike near nothing as a wing: it makes ratios that nobody trades."""
    if strike < 0.03 * book.listing.spot:
        raise LookupError("a wing near nothing")


def best_cover(book: Book, worth: Worth, package: Package) -> Package:
    """Return the best position of the same family that sells the same quote.

    Families other than butterflies and calendars have one position per choice of legs; those are
    returned as they are. O(quotes^2), naively: this is the label's side.
    """
    if package.cover == families.ONE_LATER:
        return best_calendar(book, worth, package.legs[0][0])
    if not package.cover:
        return package
    sold = package.legs[1][0]
    is_roll = package.cover == families.TWO_LATER
    # The cheapest expiry of each strike is all that a cover needs.
    cheapest: dict[float, tuple[float, Key]] = {}
    fees = families.fees_of(book)
    for key in book.quotes:
        e, strike, right = key
        fits = e == sold[0] or (is_roll and e > sold[0])
        if fits and right == sold[2] and strike != sold[1] and book.is_usable(key, 1):
            price = families.net_price(book, fees, key, 1)
            if strike not in cheapest or price < cheapest[strike][0]:
                cheapest[strike] = (price, key)
    lows = [(k, *found) for k, found in cheapest.items() if k < sold[1]]
    highs = [(k, *found) for k, found in cheapest.items() if k > sold[1]]
    best, choice = float("inf"), None
    for low, low_price, low_key in lows:
        for high, high_price, high_key in highs:
            weight = (high - sold[1]) / (high - low)
            cost = weight * low_price + (1.0 - weight) * high_price
            if cost < best:
                best, choice = cost, (low_key, high_key)
    if choice is None:
        return package
    low_key, high_key = choice
    if is_roll and low_key[0] == high_key[0] == sold[0]:
        return package
    return families.mixture(
        package.family,
        worth,
        (low_key[0], sold[0], high_key[0]),
        (low_key[1], sold[1], high_key[1]),
        sold[2],
    )


def best_calendar(book: Book, worth: Worth, sold: Key) -> Package:
    """Return the calendar that covers `sold` with the best edge.

    Raises
    ------
    LookupError
        If no later option covers it.
    """
    covers = [
        families.calendar(book, worth, sold[:2], (e, strike), right)
        for e, strike, right in book.quotes
        if e > sold[0]
        and right == sold[2]
        and book.is_usable((e, strike, right), 1)
        and (not worth.is_american or (strike - sold[1]) * (1 if right == "P" else -1) >= 0.0)
    ]
    if not covers:
        raise LookupError(f"nothing covers {sold}")
    return max(covers, key=lambda package: families.edge(book, package))


def again(book: Book, worth: Worth, package: Package) -> Package:
    """Return `package` with its worst case as of `worth` and the underlying's quote of now."""
    (e, strike, right), ratio = package.legs[0]
    family = package.family
    if family in ("conversion", "collar"):
        return families.collar(book, worth, e, strike, package.legs[1][0][1])
    if family in ("reversal", "reverse_collar"):
        return families.reverse_collar(book, worth, e, package.legs[1][0][1], strike)
    if family == "box":
        return families.box(book, worth, e, strike, package.legs[1][0][1], ratio)
    if family == "intrinsic":
        return families.intrinsic(book, worth, e, strike, right)
    if family == "upper_bound":
        return families.upper_bound(book, worth, e, strike, right)
    if family in ("vertical", "vertical_width"):
        build = families.vertical if family == "vertical" else families.vertical_width
        low, high = sorted((strike, package.legs[1][0][1]))
        return build(book, worth, e, low, high, right)
    if family == "package":
        strikes = (strike, package.legs[1][0][1], package.legs[2][0][1])
        return families.mixed_cover(book, worth, e, strikes)
    if family == "calendar":
        return families.calendar(book, worth, (e, strike), package.legs[1][0][:2], right)
    if family == "jelly_roll":
        return families.jelly_roll(book, worth, package.legs[2][0][0], e, strike, ratio)
    first, body, last = (key for key, _ in package.legs)
    return families.mixture(
        family, worth, (first[0], body[0], last[0]), (first[1], body[1], last[1]), right
    )


def nearest_strikes(book: Book) -> list[tuple[int, float]]:
    """Return every (expiry, strike), those nearest the money first."""
    spot = book.listing.spot
    every = [(e, k) for e, strikes in enumerate(book.listing.strikes) for k in strikes]
    return sorted(every, key=lambda found: (abs(found[1] - spot), found[0]))


def _near(book: Book, e: int, offset: int) -> tuple[float, float, float]:
    """Return three neighbouring strikes around the one `offset` above the money."""
    strikes = book.listing.strikes[e]
    spot = book.listing.spot
    centre = min(range(len(strikes)), key=lambda i: abs(strikes[i] - spot))
    i = min(max(centre + offset, 1), len(strikes) - 2)
    return strikes[i - 1], strikes[i], strikes[i + 1]


def _later(book: Book, e: int) -> int:
    if e + 1 >= len(book.listing.expiries):
        raise LookupError("no later expiry")
    return e + 1


def _common_strike(book: Book, near: int) -> tuple[int, int, float]:
    """Return `near`, the next expiry with a strike in common near the money, and that strike."""
    strikes, spot = book.listing.strikes, book.listing.spot
    for far in range(near + 1, len(strikes)):
        common = sorted(set(strikes[near]) & set(strikes[far]), key=lambda k: (abs(k - spot), k))
        if common and abs(common[0] - spot) < 0.05 * spot:
            return near, far, common[0]
    raise LookupError("no common strike near the money")
