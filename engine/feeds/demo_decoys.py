"""Decoys: what a careless scanner takes for an arbitrage, each labelled with why it is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.feeds import demo_packages as families
from engine.feeds.demo_choice import families_of, nearest_strikes
from engine.feeds.demo_listing import between
from engine.feeds.demo_packages import Package, edge
from engine.feeds.demo_plants import DECOY, Label, Planter, describe
from engine.feeds.demo_worth import Worth
from engine.market.chain import EQUITY

MOVED = ("age", "size", "crossed")
SHAPES = ("conversion", "vertical", "reversal", "box")
# What a decoy must seem to pay to be worth showing, per share.
SEEMS = 0.03


def plant_decoys(planter: Planter, *, moved: int, rotation: int) -> list[Label]:
    """Plant `moved` quotes that seem to pay but cannot be traded, and return their labels."""
    labels: list[Label] = []
    for k in range(moved):
        label = _moved(planter, MOVED[(rotation + k) % len(MOVED)], rotation + k)
        if label is not None:
            labels.append(label)
    return labels


def natural_decoys(planter: Planter) -> list[Label]:
    """Return labels of positions that pay only if interest, dividends or borrow are left out.

    Nothing is moved: every chain has those of the three that its carry makes.
    """
    book = planter.book
    if book.listing.kind.kind != EQUITY:
        return []
    bid = book.spot.bid
    sought: tuple[tuple[str, Worth, Callable[..., Package]], ...] = (
        ("CARRY", Worth(book.listing, bid, with_rates=False), families.conversion),
        ("dividend", Worth(book.listing, bid, with_dividends=False), families.reversal),
        ("borrow", Worth(book.listing, bid, with_borrow=False), families.reversal),
    )
    labels: list[Label] = []
    for reason, naive, build in sought:
        label = _unmoved(planter, reason, naive, build)
        if label is not None:
            labels.append(label)
    return labels


def _moved(planter: Planter, reason: str, rotation: int) -> Label | None:
    allowed = [name for name in SHAPES if name in families_of(planter.book)]
    for k in range(len(allowed)):
        family = allowed[(rotation + k) % len(allowed)]
        found = planter.move(family, must_cross=reason == "crossed")
        if found is None:
            continue
        package, cause = found
        paid = edge(planter.book, package)
        quote = planter.book.quotes[cause]
        is_sold = dict(package.legs)[cause] < 0
        if reason == "age":
            age = round(between(planter.rng, 4.0, 90.0), 1)
            quote = replace(quote, bid_age=age, ask_age=age)
        elif reason == "size":
            quote = replace(quote, bid_size=0.0) if is_sold else replace(quote, ask_size=0.0)
        planter.book.quotes[cause] = quote
        return _label(planter, package, cause, reason, paid)
    return None


def _unmoved(
    planter: Planter, reason: str, naive: Worth, build: Callable[..., Package]
) -> Label | None:
    """Return the label of a position near the money that pays only in the eyes of `naive`."""
    book = planter.book
    for e, strike in nearest_strikes(book):
        package = build(book, planter.worth, e, strike)
        keys = {key for key, _ in package.legs}
        if keys & planter.taken or not all(
            book.is_usable(key, ratio) for key, ratio in package.legs
        ):
            continue
        seeming = edge(book, build(book, naive, e, strike))
        if seeming > SEEMS and edge(book, package) < 0.0:
            planter.taken |= keys
            return _label(planter, package, package.legs[0][0], reason, seeming)
    return None


def _label(
    planter: Planter, package: Package, cause: tuple[int, float, str], reason: str, seeming: float
) -> Label:
    return {
        "kind": DECOY,
        "family": package.family,
        "grade": "",
        "reason": reason,
        "edge": edge(planter.book, package),
        "seeming": seeming,
        **describe(planter.book, package, cause),
    }
