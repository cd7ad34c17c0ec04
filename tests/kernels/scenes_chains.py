"""Scenes of the families: chains of quotes, their terms and dates."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import inf, nan
from random import Random

from kernels_pure.rolls import PARTS
from tests.kernels.draws import Scene, between, choice, count, floats, offsets, zeros


def quotes(draw: Random) -> Scene:
    """One to four expiries of strikes, with net quotes by quote index."""
    sizes = [count(draw, 1, 9) for _ in range(count(draw, 1, 4))]
    spot = between(draw, 85.0, 115.0)
    strike, pay, receive = array("d"), array("d"), array("d")
    for size in sizes:
        k = 80.0 + 2.5 * count(draw, 0, 4)
        for _ in range(size):
            strike.append(k)
            k += 2.5 * count(draw, 1, 4)
    for right in (1.0, -1.0):
        for k in strike:
            fair = max(right * (spot - k), 0.0) + between(draw, 0.2, 6.0)
            width = between(draw, -0.2, 1.0)
            pay.append(nan if draw.random() < 0.08 else fair + width)
            receive.append(nan if draw.random() < 0.08 else fair - width)
    numbers = {"e": count(draw, 0, len(sizes) - 1), "floor": choice(draw, (0.0, -1.0, 0.25))}
    columns = {"first": offsets(sizes), "strike": strike, "pay": pay, "receive": receive}
    return Scene(numbers, columns)


def chain(draw: Random) -> Scene:
    """Quotes, with fees, terms by expiry, and the dates on which an option may end early."""
    scene = quotes(draw)
    columns = scene.columns
    n, n_expiries = len(columns["strike"]), len(columns["first"]) - 1
    scene.numbers.update({"proportional": 0.0003, "premium_cap": 0.125})
    columns["edge"] = floats(draw, n, -2.0, 2.0, 0.1)
    columns["bid"] = floats(draw, 2 * n, -1.0, 8.0, 0.1)
    columns["ask"] = floats(draw, 2 * n, -1.0, 9.0, 0.1)
    columns["tier_start"] = array("d", [0.0, 0.05, 0.1])
    columns["tier_fee"] = array("d", [0.0025, 0.005, 0.0065])
    for name in ("discount", "discount_borrow", "discount_lend"):
        columns[name] = floats(draw, n_expiries, 0.95, 1.0)
    for name in ("stock_pay", "stock_receive", "bound"):
        columns[name] = floats(draw, n_expiries, 95.0, 105.0)
    for name in ("div_in", "div_out", "stock_borrow", "late_call", "night"):
        columns[name] = floats(draw, n_expiries, 0.0, 0.4)
    for name in ("hold", "owe", "take", "give"):
        branches = [count(draw, 0, 3) for _ in range(n_expiries)]
        columns[f"{name}_first"] = offsets(branches)
        columns[f"{name}_discount"] = floats(draw, sum(branches), 0.95, 1.0)
        columns[f"{name}_value"] = floats(draw, sum(branches), -0.5, 0.5)
    for name in ("out_low", "out_high", "out_low_early", "out_high_early", "out_edge"):
        columns[name] = zeros("d", n)
    columns["out_receive"], columns["out_pay"] = zeros("d", 2 * n), zeros("d", 2 * n)
    columns["out_row"] = zeros("l", count(draw, 0, n + 1))
    return scene


def notice(draw: Random) -> Scene:
    """Quotes, the days on which options may be assigned, and pairs that were found."""
    scene = quotes(draw)
    first, n = scene.columns["first"], len(scene.columns["first"]) - 1
    for name in ("called", "put"):
        sizes = [count(draw, 0, 4) for _ in range(n)]
        scene.columns[f"{name}_first"] = offsets(sizes)
        scene.columns[f"{name}_receive"] = floats(draw, sum(sizes), 0.94, 0.98)
        scene.columns[f"{name}_pay"] = floats(draw, sum(sizes), 0.98, 1.01)
        most = 1.0 if name == "called" else 0.01
        scene.columns[f"{name}_cost"] = floats(draw, sum(sizes), 0.0, most)
    for name in ("guess", "receive_at_end", "pay_at_end"):
        scene.columns[name] = floats(draw, n, 0.94, 1.0)
    low, high = array("l"), array("l")
    for e in range(n):
        rows = range(int(first[e]), int(first[e + 1]))
        for i in rows:
            for j in rows:
                if i < j and draw.random() < 0.4:
                    low.append(i)
                    high.append(j)
    scene.columns["out_low"], scene.columns["out_high"] = low, high
    scene.columns["out_edge"] = floats(draw, len(low), -0.5, 2.0)
    for name in ("out_calls", "out_puts"):
        scene.columns[name] = zeros("l", len(low))
    scene.numbers.update(
        hits=len(low), kind=count(draw, 0, 6), amount=between(draw, -9.0, 9.0),
        most=choice(draw, (inf, 0.0, between(draw, -9.0, 9.0))), sold=between(draw, 80.0, 120.0),
        end_receive=between(draw, 0.95, 0.98), end_pay=between(draw, 0.98, 1.0),
    )  # fmt: skip
    return scene


def spread_columns(draw: Random) -> Scene:
    """The same, and room for a column by row."""
    scene = notice(draw)
    for name in ("out_low", "out_high"):
        scene.columns[name] = zeros("d", len(scene.columns["strike"]))
    return scene


def partial(draw: Random) -> Scene:
    """The same with sizes: few contracts, many, or not known."""
    scene = notice(draw)
    n = 2 * len(scene.columns["strike"])
    for name in ("bid_size", "ask_size"):
        scene.columns[name] = array("d", [choice(draw, (nan, 1.0, 9.0, 60.0)) for _ in range(n)])
    return scene


def covered(draw: Random) -> Scene:
    """A chain with sizes, and room for a hit of every row."""
    scene = chain(draw)
    n = len(scene.columns["strike"])
    for name in ("bid_size", "ask_size"):
        scene.columns[name] = array(
            "d", [choice(draw, (nan, 1.0, 9.0, 60.0)) for _ in range(2 * n)]
        )
    for name in ("sold", "low", "high", "lows", "highs"):
        scene.columns[f"out_{name}"] = zeros("l", n)
    return scene


def pair_hits(draw: Random) -> Scene:
    """Quotes, the separable columns from which pairs are found, and room for the pairs."""
    scene = quotes(draw)
    n, capacity = len(scene.columns["strike"]), count(draw, 0, 40)
    for name in ("low", "high", "low_early", "high_early"):
        scene.columns[name] = floats(draw, n, -3.0, 1.0, 0.1)
    for name, typecode in (("out_low", "l"), ("out_high", "l"), ("out_edge", "d")):
        scene.columns[name] = zeros(typecode, capacity)
    return scene


def dates(draw: Random, n_expiries: int = 2) -> Scene:
    """The dates on which a strike may be received and paid, the settlement of an expiry last."""
    scene = Scene({}, {})
    for name in ("receipt", "payment"):
        sizes = [count(draw, 1, 3) for _ in range(n_expiries)]
        n, first = sum(sizes), offsets(sizes)
        scene.columns[f"{name}_first"] = first
        for column, low in (("order", 0.0), ("discount", 0.95), ("div_in", 0.0), ("owed", 0.0)):
            scene.columns[f"{name}_{column}"] = floats(draw, n, low, 1.0)
        e = count(draw, 0, n_expiries - 1)
        scene.numbers[f"{name}s"], scene.numbers[f"{name}s_end"] = first[e], first[e + 1]
    return scene


def rolls(draw: Random) -> Scene:
    """Quotes with the dates of every expiry, and room for the rolls."""
    scene = quotes(draw)
    more, capacity = dates(draw, len(scene.columns["first"]) - 1), count(draw, 0, 40)
    scene.columns.update(more.columns)
    for name in ("out_near", "out_far", "out_side"):
        scene.columns[name] = zeros("l", capacity)
    scene.columns["out_edge"] = zeros("d", capacity)
    return scene


def screen(draw: Random) -> Scene:
    """A chain with its early dates and those of rolls, and one expiry of it."""
    scene = chain(draw)
    n, n_expiries = len(scene.columns["strike"]), len(scene.columns["first"]) - 1
    scene.columns.update(dates(draw, n_expiries).columns)
    scene.columns["out_flags"] = zeros("l", n_expiries)
    e = count(draw, 0, n_expiries - 1)
    columns, numbers = scene.columns, scene.numbers
    numbers["start"], numbers["stop"] = columns["first"][e], columns["first"][e + 1]
    numbers["is_european"], numbers["shift"] = choice(draw, (0, 1)), choice(draw, (0, n))
    numbers["hold"], numbers["hold_end"] = columns["hold_first"][e], columns["hold_first"][e + 1]
    numbers["branch"], numbers["branch_end"] = numbers["hold"], numbers["hold_end"]
    numbers.update(
        buy=100.01, sell=99.99, most=between(draw, 1.0, 9.0), discount=between(draw, 0.9, 1.0),
        lend=0.99, borrow=0.98, kept=between(draw, 0.0, 0.4), owed=between(draw, 0.0, 0.4),
        now=choice(draw, (0.0, 1.0)), now_value=choice(draw, (0.0, 0.2)),
        late_call=between(draw, 0.0, 0.4), night=0.0005, stock=100.0,
        side=choice(draw, (1.0, -1.0)), floor=choice(draw, (0.0, 0.0, -1.0)),
        slack=1e-9, k=between(draw, 90.0, 110.0),
    )  # fmt: skip
    add_roll_columns(scene)
    return scene


def early(draw: Random) -> Scene:
    """The same, for early dates alone."""
    scene = screen(draw)
    for name in ("discount", "value"):
        scene.columns[name] = scene.columns[f"hold_{name}"]
    return scene


def surface(draw: Random) -> Scene:
    """A chain seen from one right, with the scale on which its expiries compare."""
    scene = quotes(draw)
    first, strike = scene.columns["first"], scene.columns["strike"]
    n, n_expiries, side = len(strike), len(first) - 1, choice(draw, (1, -1))
    scene.numbers["side"] = side
    scene.numbers["shift"] = 0 if side > 0 else n
    scene.columns["discount"] = floats(draw, n_expiries, 0.95, 1.0)
    scene.columns["value"] = floats(draw, n_expiries, -1.0, 1.0)
    scale, deduct = array("d"), array("d")
    for e in range(n_expiries):
        shift = choice(draw, (0.0, between(draw, -1.0, 1.0)))
        for row in range(int(first[e]), int(first[e + 1])):
            scale.append(strike[row] + shift)
            deduct.append(choice(draw, (0.0, 0.3)))
    scene.columns["scale"], scene.columns["deduct"] = scale, deduct
    scene.columns["excess"] = array(
        "d", [choice(draw, (inf, 0.97, 1.0)) for _ in range(n_expiries)]
    )
    scene.columns["out_scale"] = zeros("d", n)
    for name in ("bid_size", "ask_size"):
        scene.columns[name] = array(
            "d", [choice(draw, (nan, 1.0, 9.0, 60.0)) for _ in range(2 * n)]
        )
    e = count(draw, 0, n_expiries - 1)
    scene.numbers["start"], scene.numbers["stop"] = first[e], first[e + 1]
    scene.numbers["sold"] = count(draw, 0, n - 1)
    capacity = count(draw, 0, 40)
    for name in ("out_low", "out_middle", "out_high", "out_sold", "out_bought"):
        scene.columns[name] = zeros("l", capacity)
    scene.columns["out_edge"] = zeros("d", capacity)
    scene.columns["work_value"] = zeros("d", 2 * n)
    scene.columns["work_vertex"] = zeros("l", n)
    for name, typecode in (("scale", "d"), ("pay", "d"), ("row", "l")):
        scene.columns[f"work_{name}"] = zeros(typecode, n)
        scene.columns[f"work_{name}_next"] = zeros(typecode, n)
    return scene


def between_expiries(draw: Random) -> Scene:
    """The same, and two of the expiries, with what other pairs of them have brought."""
    scene = rolls(draw)
    n_expiries, n = len(scene.columns["first"]) - 1, len(scene.columns["strike"])
    near, far = sorted((count(draw, 0, n_expiries - 1), count(draw, 0, n_expiries - 1)))
    scene.numbers.update({"e1": near, "e2": far, "hits": count(draw, 0, 3)})
    bests = {name: count(draw, -1, n - 1) for name in ("best_near", "best_far")}
    scene.numbers.update({**bests, "best_side": choice(draw, (-1, 0, 1))})
    scene.numbers["bound"] = choice(draw, (-inf, -0.5, 1.0))
    return scene


def screened_rolls(draw: Random) -> Scene:
    """Rolls, and a column of each kind by expiry to screen them with."""
    scene = rolls(draw)
    add_roll_columns(scene)
    return scene


def add_roll_columns(scene: Scene) -> None:
    """Add the columns in which expiries are judged for jelly rolls."""
    for name in ("work_sold", "work_bought", "work_now"):
        scene.columns[name] = zeros("d", PARTS * (len(scene.columns["first"]) - 1))


def summed_rolls(draw: Random) -> Scene:
    """The same with what the expiries bring in every part of the strikes."""
    scene = screened_rolls(draw)
    n_expiries = len(scene.columns["first"]) - 1
    for name, middle in (("sold", 100.0), ("bought", -100.0), ("now", -100.0)):
        scene.columns[f"work_{name}"] = floats(draw, PARTS * n_expiries, middle - 1.0, middle + 1.0)
    return scene


def judged_rolls(draw: Random) -> Scene:
    """The same with two of the expiries and what they bring in every part of the strikes."""
    scene = screened_rolls(draw)
    n_expiries = len(scene.columns["first"]) - 1
    near, far = sorted((count(draw, 0, n_expiries - 1), count(draw, 0, n_expiries - 1)))
    scene.numbers.update({"e1": near, "e2": far, "largest": between(draw, 90.0, 110.0)})
    for name, middle in (("sold", 100.0), ("bought", -100.0), ("now", -100.0)):
        scene.columns[f"work_{name}"] = floats(draw, PARTS * n_expiries, middle - 1.0, middle + 1.0)
    return scene


def sold_rows(draw: Random) -> Scene:
    """A chain seen from one right, and rows of it, those of the last expiry first."""
    scene, rows = surface(draw), array("l")
    first = scene.columns["first"]
    for e in range(len(first) - 2, -1, -1):
        rows.extend(row for row in range(int(first[e]), int(first[e + 1])) if draw.random() < 0.4)
    scene.columns["rows"], scene.numbers["count"] = rows, len(rows)
    return scene


SCENES: dict[str, Callable[[Random], Scene]] = {
    "calendars": surface,
    "forward": quotes,
    "mixture": surface,
    "mixture.covered_later": sold_rows,
    "mixture.mixed_later": sold_rows,
    "pairs": chain,
    "pairs.pair_hits": pair_hits,
    "parity": chain,
    "rolls": rolls,
    "rolls.roll_floor": dates,
    "rolls.rolls_between": between_expiries,
    "rolls.may_roll": judged_rolls,
    "rolls.roll_sums": screened_rolls,
    "rolls.screen_rolls": screened_rolls,
    "rolls.summed_roll_hits": summed_rolls,
    "pair_screens": screen,
    "screen": screen,
    "screen.best_early": early,
    "screen.screen_early": early,
    "surface": surface,
    "notice": notice,
    "notice.spread_and_option_columns": spread_columns,
    "partial": partial,
    "partial.covered_mixes": covered,
    "verticals": chain,
}
