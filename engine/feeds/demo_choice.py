"""Where to plant: positions of each family near the money, and the best cover of a sold quote."""

from __future__ import annotations

from random import Random

from engine.feeds import demo_packages as families
from engine.feeds.demo_listing import pick
from engine.feeds.demo_packages import Package
from engine.feeds.demo_quotes import Book, Key
from engine.feeds.demo_worth import Worth
from engine.market.chain import AMERICAN, COIN, INDEX

_STOCK = ("conversion", "reversal", "collar", "reverse_collar", "intrinsic", "upper_bound")
_ONE_EXPIRY = ("box", "vertical", "vertical_width", "butterfly")
# Only the European stock has these: it always plants one of each.
_ALWAYS = ("jelly_roll", "package")


def families_of(book: Book) -> tuple[str, ...]:
    """Return the families that are planted in a chain like this one."""
    kind = book.listing.kind
    if kind.kind == INDEX:
        return _ONE_EXPIRY
    if kind.kind == COIN:
        return ("conversion", "reversal", "intrinsic", "box", "vertical", "butterfly")
    if kind.style == AMERICAN:
        return (*_STOCK, *_ONE_EXPIRY, "calendar", "calendar_butterfly")
    return (*_ALWAYS, *_STOCK, *_ONE_EXPIRY, "calendar")


def choose_families(book: Book, count: int, rotation: int) -> tuple[str, ...]:
    """Return `count` families of this chain, from the `rotation`-th on."""
    names = families_of(book)
    # First, while two expiries with a strike in common are still free.
    always = [name for name in _ALWAYS if name in names]
    others = [name for name in names if name not in _ALWAYS]
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
    low, body, high = _near(book, e, pick(rng, 5) - 2)
    if family == "conversion":
        package = families.conversion(book, worth, e, body)
    elif family == "reversal":
        package = families.reversal(book, worth, e, body)
    elif family == "collar":
        package = families.collar(book, worth, e, low, body)
    elif family == "reverse_collar":
        package = families.reverse_collar(book, worth, e, low, body)
    elif family == "box":
        package = families.box(book, worth, e, low, body, side)
    elif family == "intrinsic":
        inside = _near(book, e, -3 if right == "C" else 3)[1]
        package = families.intrinsic(book, worth, e, inside, right)
    elif family == "upper_bound":
        # The lowest strike of all: stock or strike is nearest to what the option is worth.
        e = len(book.listing.expiries) - 1
        package = families.upper_bound(book, worth, e, book.listing.strikes[e][0], right)
    elif family == "vertical":
        package = families.vertical(book, worth, e, low, body, right)
    elif family == "vertical_width":
        package = families.vertical_width(book, worth, e, low, body, right)
    elif family == "butterfly":
        # Only the best wings of a body are reported: the body is what is moved.
        _check_wing(book, low)
        return families.butterfly(worth, e, (low, body, high), right), 1
    elif family == "package":
        low, body, high = _near(book, e, pick(rng, 3))
        return families.mixed_cover(book, worth, e, (low, body, high)), 1
    elif family == "jelly_roll":
        near, far, strike = _common_strike(book, e)
        package = families.jelly_roll(book, worth, near, far, strike, 1 - 2 * pick(rng, 2))
    elif family == "calendar":
        return best_calendar(book, worth, (e, body, right)), 0
    else:
        later = _later(book, e)
        below = [k for k in book.listing.strikes[later] if k < body]
        strikes = (below[-1], body, high)
        _check_wing(book, below[-1])
        # A later long is dearer than its twin beside the body, unless it is the one that is moved.
        return families.mixture(family, worth, (later, e, e), strikes, right), 0
    return package, pick(rng, len(package.legs))


def _check_wing(book: Book, strike: float) -> None:
    """Refuse the strike near nothing as a wing: it makes ratios that nobody trades."""
    if strike < 0.03 * book.listing.spot:
        raise LookupError("a wing near nothing")


def best_cover(book: Book, worth: Worth, package: Package) -> Package:
    """Return the best position of the same family that sells the same quote.

    Families other than butterflies and calendars have one position per choice of legs; those are
    returned as they are. O(quotes^2), naively: this is the label's side.
    """
    if package.family == "calendar":
        return best_calendar(book, worth, package.legs[0][0])
    if package.family not in ("butterfly", "calendar_butterfly"):
        return package
    sold = package.legs[1][0]
    is_roll = package.family == "calendar_butterfly"
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
        common = sorted(set(strikes[near]) & set(strikes[far]), key=lambda k: abs(k - spot))
        if common and abs(common[0] - spot) < 0.05 * spot:
            return near, far, common[0]
    raise LookupError("no common strike near the money")
