"""Screens at the border: with a floor one rounding step below an edge, its expiry is flagged.

Searches and screens add the same terms in another order, so this is where a slack too small, a
wrong sign or a part of the strikes left out shows.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from engine.backend import Backend
from engine.market.calendar import US
from engine.market.carry import Carry
from engine.market.chain import AMERICAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.strategies.candidates import CandidateTable, Columns
from engine.strategies.registry import REGISTRY, why_not
from engine.strategies.screen import FLAGS, ruled_out_families
from engine.strategies.view import View
from tests.kernels.test_screen import chains, moved, view_of
from tests.properties.random_american import ENDS, STRIKES, random_chain
from tests.properties.test_american_judge import random_carry
from tests.unit.test_american_golden import ASK, BID, NOW

# Candidates of a family in one chain that are tried.
TRIED = 12


def all_views(backend: Backend, name: str) -> Iterator[View]:
    """Yield unscreened views: the demo's chains with moved quotes, small American ones."""
    draw = Random("borders")
    is_rare = name == "jelly_roll"
    for chain, carry in chains()[:: 1 if is_rare else 2] * (4 if is_rare else 1):
        turned = moved(chain, draw)
        if name == "upper_bound":
            # A call dearer than the stock, or a put dearer than its strike.
            quote = draw.randrange(len(chain.bid))
            turned.bid[quote] = 1.02 * max(chain.underlying.ask, chain.strike[chain.row_of(quote)])
        yield view_of(turned, carry, backend)
    for seed in range(400 if name == "covered_mix" else 120):
        chain, settings = random_chain(Random(f"borders {seed}"), 6)
        # Without rates and dividends nothing is lost to late notice: edges are those at expiry.
        is_free = seed % 2 and name != "covered_mix"
        yield view_of(chain, Carry() if is_free else settings.carry, backend)


def again(view: View, floor: float) -> View:
    """Return the view with another floor, as if it had not been screened."""
    return replace(view, floor=floor)


def found_in(view: View, name: str, *, is_whole: bool) -> Columns:
    """Return what a family finds; a search for near misses leaves no pair of expiries out."""
    table = CandidateTable(view.backend, view.chain.n_rows, view.days, wants_near=is_whole)
    REGISTRY[name].find(view, table)
    return table.found


def expiries(chain: OptionChain, found: Columns, row: int) -> set[int]:
    return {chain.expiry_of(chain.row_of(quote)) for quote, _ in found.legs(row)}


def borders(view: View, name: str) -> Iterator[tuple[float, set[int]]]:
    """Yield floors one step below edges that a search without a screen finds, and where."""
    found = found_in(view, name, is_whole=True)
    rows = sorted(range(found.count), key=lambda row: -found.edge[row])
    for row in rows[:TRIED]:
        yield math.nextafter(found.edge[row], -math.inf), expiries(view.chain, found, row)


def keys(found: Columns) -> list[tuple[object, float]]:
    return sorted((found.key(row), found.edge[row]) for row in range(found.count))


@pytest.mark.parametrize("name", FLAGS)
def test_an_edge_just_above_the_floor_is_flagged_and_found(name: str, backend: Backend) -> None:
    tried = 0
    for view in all_views(backend, name):
        if why_not(REGISTRY[name], view):
            continue
        for floor, where in borders(view, name):
            plain, screened = again(view, floor), again(view, floor)
            assert name not in ruled_out_families(screened, [name]), (name, floor)
            flags = screened.flags
            assert flags is not None
            is_apart = name in ("jelly_roll", "partial_box")  # flagged by pair, and by a credit
            assert is_apart or all(flags[e] & FLAGS[name] for e in where), (name, floor)
            # The parts of the chain that are left out had nothing.
            left, whole = (
                found_in(screened, name, is_whole=False),
                found_in(plain, name, is_whole=True),
            )
            assert keys(left) == keys(whole), (name, floor)
            tried += 1
    assert tried > 8, tried


# What is wrong with the quotes of one strike: (what the call brings, what it costs, what the put
# brings, what it costs); None leaves a price as it is.
Wrong = tuple[float | None, float | None, float | None, float | None]
WRONG: tuple[Wrong, ...] = (
    (None, 0.01, None, None),
    (None, None, None, 0.01),
    (40.0, None, None, None),
    (None, None, 40.0, None),
    (120.0, None, None, None),
    (math.nan, None, None, 0.01),
    (None, 0.01, math.nan, None),
    (40.0, 40.2, math.nan, None),
    (math.nan, None, 40.0, 40.2),
)


def with_wrong(view: View, row: int, wrong: Wrong) -> View:
    """Return the view, not screened, with wrong quotes at one row."""
    n, receive, pay = view.chain.n_rows, view.receive[:], view.pay[:]
    places = ((receive, row), (pay, row), (receive, n + row), (pay, n + row))
    for (column, at), price in zip(places, wrong, strict=True):
        if price is not None:
            column[at] = price
    return replace(view, receive=receive, pay=pay)


def test_a_wrong_quote_at_any_strike_is_seen(backend: Backend) -> None:
    """At the first strike, the last one, and those between."""
    seen = dict.fromkeys(FLAGS, 0)
    for seed in range(8):
        chain, settings = random_chain(Random(f"any strike {seed}"), 7)
        view = view_of(chain, settings.carry, backend)
        asked = [name for name in FLAGS if not why_not(REGISTRY[name], view)]
        for row in range(chain.n_rows):
            for wrong in WRONG:
                plain, screened = with_wrong(view, row, wrong), with_wrong(view, row, wrong)
                ruled_out = ruled_out_families(screened, asked)
                for name in asked:
                    count = found_in(plain, name, is_whole=True).count
                    assert not (count and name in ruled_out), (name, row, wrong)
                    seen[name] += count > 0
                    for floor, _ in borders(plain, name):
                        assert name not in ruled_out_families(again(plain, floor), [name])
                        break
    del seen["jelly_roll"]  # of two expiries
    assert min(seen.values()) > 8, seen


def two_expiries(draw: Random) -> OptionChain:
    """Return an American chain of six strikes at each of two expiries, of large sizes."""
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", BID, ASK, 1e6, 1e6, 0.1, 0.1))
    for end in ENDS[:2]:
        for strike in sorted(draw.sample(STRIKES, 6)):
            for right in "CP":
                sizes = 1000.0, 1000.0, 0.1, 0.1
                builder.add(Expiry(US.close_ns(end), end), strike, right, 1.0, 1.1, *sizes)
    return builder.build(style=AMERICAN)


def test_a_part_of_a_box_beside_a_spread_for_a_credit_is_found(backend: Backend) -> None:
    """Its box has no edge at expiry: that a spread is bought for a credit must be noticed.

    The other expiry has a box with an edge, so that it is flagged.
    """
    seen = 0
    for seed in range(150):
        draw = Random(f"credit {seed}")
        view = view_of(two_expiries(draw), random_carry(draw), backend)
        chain, n, e = view.chain, view.chain.n_rows, draw.randrange(2)
        low = chain.first[e] + draw.randrange(5)
        high = draw.randrange(low + 1, chain.first[e + 1])
        width, dear = chain.strike[high] - chain.strike[low], 3.0
        receive, pay = (array("d", [math.nan]) * (2 * n) for _ in range(2))
        other = chain.first[1 - e]
        receive[other + 1] = receive[n + other] = 10.0
        pay[other] = pay[n + other + 1] = 10.1
        for q in (high, n + low):
            receive[q] = 10.0 * width
        credit, debit = (low, n + high) if seed % 2 else (n + high, low)
        pay[credit] = 10.0 * width - dear * width
        most = (1.0 + dear) * width * view.terms.borrow[e]
        pay[debit] = 10.0 * width + most + draw.uniform(0.0, 0.04) * width
        plain, screened = (replace(view, receive=receive, pay=pay) for _ in range(2))
        assert "partial_box" not in ruled_out_families(screened, ["partial_box"])
        flags = screened.flags
        assert flags is not None
        assert flags[1 - e] & FLAGS["partial_box"]
        whole = found_in(plain, "partial_box", is_whole=True)
        assert keys(found_in(screened, "partial_box", is_whole=False)) == keys(whole)
        seen += any(expiries(chain, whole, row) == {e} for row in range(whole.count))
        # Where no expiry is flagged the credit alone says that there is something to search.
        alone = replace(view, receive=receive[:], pay=pay[:])
        alone.receive[other + 1] = alone.receive[n + other] = math.nan
        if found_in(again(alone, 0.0), "partial_box", is_whole=True).count:
            assert "partial_box" not in ruled_out_families(alone, ["partial_box"])
    assert seen > 5, seen


def best_mix(view: View, sold: int, e: int) -> tuple[float, float]:
    """Return the best that two puts do for a sold call, by trial of their shares; that of one."""
    chain, terms, n = view.chain, view.terms, view.chain.n_rows
    strike, hold, best = chain.strike, terms.hold, {False: -math.inf, True: -math.inf}
    called = min(
        hold.discount[b] * strike[sold] + hold.value[b]
        for b in range(hold.first[e], hold.first[e + 1])
    )
    base = view.receive[sold] - terms.stock_pay[e]
    for low in range(chain.first[e], sold + 1):
        for high in range(low, sold + 1):
            for step in range(1, 40):
                part = step / 40.0
                puts = part * view.pay[n + low] + (1.0 - part) * view.pay[n + high]
                strikes = part * strike[low] + (1.0 - part) * strike[high]
                kept = terms.borrow[e] * strikes + terms.div_in[e]
                best[low < high] = max(best[low < high], base - puts + min(called, kept))
    return best[True], best[False]


def test_no_covered_mix_is_missed(backend: Backend) -> None:
    """The search judges a call by a bound before it tries pairs of puts: it is never too low."""
    tried = 0
    for seed in range(150):
        chain, settings = random_chain(Random(f"mix {seed}"), 6)
        view = view_of(chain, settings.carry, backend)
        if not len(view.terms.hold.discount):
            continue
        view = replace(view, floor=-2.0)
        n = chain.n_rows
        sold, low, high, lows, highs = (array("l", [0]) * n for _ in range(5))
        edge, hold = array("d", [0.0]) * n, view.terms.hold
        hits = backend.partial.covered_mixes(
            chain.first, chain.strike, view.receive, view.pay, chain.bid_size, chain.ask_size,
            view.terms.stock_pay, view.terms.borrow, view.terms.div_in, hold.first, hold.discount,
            hold.value, 1, view.floor, sold, low, high, lows, highs, edge,
        )  # fmt: skip
        found = dict(zip(sold[:hits], edge[:hits], strict=True))
        for row in range(n):
            best, alone = best_mix(view, row, chain.expiry_of(row))
            if best > max(view.floor, alone + 1e-9):
                tried += 1
                assert best <= found[row] + 1e-9
    assert tried > 30, tried
