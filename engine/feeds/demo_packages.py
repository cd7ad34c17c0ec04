"""The positions that the demo plants, with the worst case of each from SCANNER section 3.

Written from that page and from nothing else in this program: a label's edge checks the scanner.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.feeds.demo_quotes import Book, Key
from engine.feeds.demo_worth import Worth
from engine.market.chain import COIN
from engine.market.fees import DERIBIT, FeeSchedule

Leg = tuple[Key, int]
"""A contract and its signed ratio."""

# The grades as reports spell them.
LOCKED = "LOCKED"
CONDITIONAL = "CONDITIONAL"

TWO, TWO_LATER, ONE_LATER = "two", "two, one later", "one later"

_DEFAULT_FEES = FeeSchedule()


@dataclass(frozen=True, slots=True)
class Package:
    """A position; `worst` is the least its end is worth today, per short share or per strike.

    `stock` is +1 long, -1 short, more where `unit` is; on a coin chain it stands for the coin held
    or owed. `unit` is what the edge is per. The asks of `rivals` rise with a bid that is moved,
    lest another family sells it too. `cover` says which quotes may cover the sold one,
    where the cheapest of them makes the label: two around it, two of which one is later, or one.
    """

    family: str
    legs: tuple[Leg, ...]
    worst: float
    stock: int = 0
    unit: int = 1
    grade: str = LOCKED
    rivals: tuple[Key, ...] = ()
    cover: str = ""


def fees_of(book: Book) -> FeeSchedule:
    """Return the fees that labels are net of: the default schedule, the venue's for coins."""
    return DERIBIT if book.listing.kind.kind == COIN else _DEFAULT_FEES


def edge(book: Book, package: Package) -> float:
    """Return the package's worst-case present value per share after fees."""
    fees = fees_of(book)
    total = 0.0
    for key, ratio in package.legs:
        total -= ratio * net_price(book, fees, key, ratio)
    total = total / package.unit + package.worst
    is_coin = book.listing.kind.kind == COIN
    if package.stock and is_coin:
        return total - package.stock
    if package.stock > 0:
        cost = book.spot.ask + fees.stock_fee(book.spot.ask)
        return total - package.stock / package.unit * cost
    if package.stock < 0:
        return total + book.spot.bid - fees.stock_fee(book.spot.bid)
    return total


def net_price(book: Book, fees: FeeSchedule, key: Key, side: int) -> float:
    """Return what buying (`side` > 0) costs or selling brings, after fees."""
    multiplier = 1.0 if book.listing.kind.kind == COIN else 100.0
    quote = book.quotes[key]
    if side > 0:
        return quote.ask + fees.option_fee(quote.ask, multiplier)
    return quote.bid - fees.option_fee(quote.bid, multiplier)


def conversion(book: Book, worth: Worth, e: int, strike: float) -> Package:
    """Return long stock, long put, short call."""
    return collar(book, worth, e, strike, strike)


def collar(book: Book, worth: Worth, e: int, low: float, high: float) -> Package:
    """Return long stock, long lower put, short upper call; a conversion when they are equal."""
    end = book.listing.taus[e]
    if book.listing.kind.kind == COIN:
        worst = low / book.futures[e][1]
    else:
        worst = worth.receipt(end) * low + worth.received(end)
        for t in worth.ex_dates(end) if worth.is_american else ():
            worst = min(worst, worth.receipt(t) * high + worth.received(t, eve=True))
    family = "conversion" if low == high else "collar"
    return Package(family, (((e, low, "P"), 1), ((e, high, "C"), -1)), worst, stock=1)


def reversal(book: Book, worth: Worth, e: int, strike: float) -> Package:
    """Return short stock, long call, short put."""
    return reverse_collar(book, worth, e, strike, strike)


def reverse_collar(book: Book, worth: Worth, e: int, low: float, high: float) -> Package:
    """Return short stock, short lower put, long upper call; a reversal when they are equal."""
    end = book.listing.taus[e]
    if book.listing.kind.kind == COIN:
        cost = high / book.futures[e][0]
    else:
        cost = worth.payment(end) * high + worth.owed(end)
        if worth.is_american:
            for t in [0.0, *worth.ex_dates(end), *worth.rate_nodes(end)]:
                cost = max(cost, worth.payment(t) * low + worth.owed(t))
    family = "reversal" if low == high else "reverse_collar"
    legs = (((e, high, "C"), 1), ((e, low, "P"), -1))
    # Stock must be borrowed; a dated future is sold without.
    grade = LOCKED if book.listing.kind.kind == COIN else CONDITIONAL
    return Package(family, legs, -cost, stock=-1, grade=grade)


def box(book: Book, worth: Worth, e: int, low: float, high: float, side: int) -> Package:
    """Return a long box (`side` +1) or a short one (-1, European only)."""
    end, width = book.listing.taus[e], high - low
    if book.listing.kind.kind == COIN:
        bid, ask = book.futures[e]
        worst = width / ask if side > 0 else -width / bid
    elif side > 0:
        called, put = worth.called(e, width), worth.put(e, width, low)
        worst = worth.receipt(end) * width
        worst = min(worst, called + min(0.0, put), put + min(0.0, called))
    else:
        worst = -worth.payment(end) * width
    legs = (
        ((e, low, "C"), side), ((e, high, "C"), -side),
        ((e, high, "P"), side), ((e, low, "P"), -side),
    )  # fmt: skip
    return Package("box", legs, worst)


def intrinsic(book: Book, worth: Worth, e: int, strike: float, right: str) -> Package:
    """Return an option bought below what exercising it brings, against stock."""
    end = book.listing.taus[e]
    legs = (((e, strike, right), 1),)
    if book.listing.kind.kind == COIN:
        bid, ask = book.futures[e]
        if right == "C":
            return Package("intrinsic", legs, -strike / bid, stock=-1)
        return Package("intrinsic", legs, strike / ask, stock=1)
    if right == "C":
        cost = worth.payment(end) * strike + worth.owed(end)
        if worth.is_american:
            cost = min(cost, strike)
            for t in worth.ex_dates(end):
                cost = min(cost, worth.payment(t) * strike + worth.owed(t, eve=True))
        return Package("intrinsic", legs, -cost, stock=-1, grade=CONDITIONAL)
    worst = worth.receipt(end) * strike + worth.received(end)
    if worth.is_american:
        worst = max(worst, strike)
        for t in worth.ex_dates(end):
            worst = max(worst, worth.receipt(t) * strike + worth.received(t))
    return Package("intrinsic", legs, worst, stock=1)


def upper_bound(book: Book, worth: Worth, e: int, strike: float, right: str) -> Package:
    """Return a call sold for more than the stock, a put for more than its strike."""
    end = book.listing.taus[e]
    legs = (((e, strike, right), -1),)
    if right == "C":
        worst = 0.0 if worth.is_american else worth.received(end)
        return Package("upper_bound", legs, worst, stock=1)
    worst = -strike * (1.0 if worth.is_american else worth.payment(end))
    return Package("upper_bound", legs, worst)


def vertical(book: Book, worth: Worth, e: int, low: float, high: float, right: str) -> Package:
    """Return the vertical worth at least 0."""
    if right == "C":
        legs = (((e, low, "C"), 1), ((e, high, "C"), -1))
        assigned = worth.called(e, high - low)
    else:
        legs = (((e, high, "P"), 1), ((e, low, "P"), -1))
        assigned = worth.put(e, high - low, low)
    return Package("vertical", legs, min(0.0, assigned))


def vertical_width(
    book: Book, worth: Worth, e: int, low: float, high: float, right: str
) -> Package:
    """Return the vertical that costs at most its width, sold."""
    width = high - low
    end = -width * worth.payment(book.listing.taus[e])
    if right == "C":
        legs = (((e, low, "C"), -1), ((e, high, "C"), 1))
        return Package("vertical_width", legs, min(end, worth.called(e, -width)))
    legs = (((e, high, "P"), -1), ((e, low, "P"), 1))
    return Package("vertical_width", legs, min(end, worth.put(e, -width, high)))


def butterfly(worth: Worth, e: int, strikes: tuple[float, float, float], right: str) -> Package:
    """Return long wings and a short body in the least whole ratio."""
    return mixture("butterfly", worth, (e, e, e), strikes, right)


def mixture(
    family: str,
    worth: Worth,
    expiries: tuple[int, int, int],
    strikes: tuple[float, float, float],
    right: str,
) -> Package:
    """Return a short option between two longs that expire with it or later."""
    low, body, high = strikes
    sold = expiries[1]
    # Strikes are multiples of 0.5.
    down, up, all_of_it = int(2 * (body - low)), int(2 * (high - body)), int(2 * (high - low))
    common = _greatest_divisor(down, up)
    legs = (
        ((expiries[0], low, right), up // common),
        ((sold, body, right), -(all_of_it // common)),
        ((expiries[2], high, right), down // common),
    )
    # By their family the wings may expire later, whatever those at hand do.
    is_roll = family != "butterfly"
    worst = worth.put(sold, 0.0, body)
    if right == "C":
        worst = worth.rolled(sold) if is_roll else worth.called(sold, 0.0)
    # The two longs are used up one after the other, on different days.
    apart = (body - low) * (high - body) / (high - low) * worth.apart(sold)
    worst, cover = min(0.0, worst) - apart, TWO_LATER if is_roll else TWO
    return Package(family, legs, worst, unit=all_of_it // common, cover=cover)


def mixed_cover(book: Book, worth: Worth, e: int, strikes: tuple[float, float, float]) -> Package:
    """Return a short European call between a lower call, made of its put and stock, and an upper.

    No family has it: butterflies keep to one right. Only the profit programme sees it, as long as
    neither a lower call nor the put of the sold strike is cheap.
    """
    low, body, _ = strikes
    plain = butterfly(worth, e, strikes, "C")
    (_, lowers), sold, bought = plain.legs
    end = book.listing.taus[e]
    below = [k for k in book.listing.strikes[e] if k < body]
    worst = lowers / plain.unit * (worth.receipt(end) * low + worth.received(end))
    return Package(
        "package", (((e, low, "P"), lowers), sold, bought), worst, stock=lowers, unit=plain.unit,
        rivals=((e, body, "P"), *((e, k, "C") for k in below)),
    )  # fmt: skip


def calendar(
    book: Book, worth: Worth, sold: tuple[int, float], bought: tuple[int, float], right: str
) -> Package:
    """Return a short option covered by a later one, each given as (expiry, strike)."""
    legs = (((*sold, right), -1), ((*bought, right), 1))
    if worth.is_american:
        late = worth.rolled(sold[0]) if right == "C" else worth.put(sold[0], 0.0, sold[1])
        return Package("calendar", legs, min(0.0, late), cover=ONE_LATER)
    taus = book.listing.taus
    t1, t2 = taus[sold[0]], taus[bought[0]]
    if right == "C":
        gap = worth.payment(t2) * bought[1] + worth.owed(t2)
        gap -= worth.payment(t1) * sold[1] + worth.owed(t1)
    else:
        gap = worth.receipt(t1) * sold[1] + worth.received(t1)
        gap -= worth.receipt(t2) * bought[1] + worth.received(t2)
        gap *= worth.payment(t1) / worth.receipt(t1)
    return Package("calendar", legs, -max(0.0, gap), grade=CONDITIONAL, cover=ONE_LATER)


def jelly_roll(book: Book, worth: Worth, near: int, far: int, strike: float, side: int) -> Package:
    """Return a long roll (`side` +1) or a short one of European options."""
    taus = book.listing.taus
    t1, t2 = taus[near], taus[far]
    legs = (
        ((far, strike, "C"), side), ((far, strike, "P"), -side),
        ((near, strike, "C"), -side), ((near, strike, "P"), side),
    )  # fmt: skip
    if side > 0:
        worst = strike * (worth.receipt(t1) - worth.payment(t2))
        worst -= worth.owed(t2) - worth.owed(t1)
        return Package("jelly_roll", legs, worst, grade=CONDITIONAL)
    worst = strike * (worth.receipt(t2) - worth.payment(t1))
    worst += worth.received(t2) - worth.received(t1)
    return Package("jelly_roll", legs, worst)


def _greatest_divisor(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a
