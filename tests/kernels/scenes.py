"""Random chains, options and tableaux: a value for every argument name of the kernels.

Names mean the same in every kernel of a module, which is what makes one scene enough. The numbers
are plausible rather than arbitrage-free: every branch should be met.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import inf, nan
from random import Random
from typing import NamedTuple, TypeVar

from kernels_pure.candidates import N_LEGS
from kernels_pure.envelope import FRAME_WIDTH
from kernels_pure.limits import IS_DELAYED, MULTIPLIER, N_LIMITS
from kernels_pure.screen import N_SCREENS
from kernels_pure.simplex import UNLIMITED, payoff_rows, start_tableau

Item = TypeVar("Item")

# What a number may be where no scene says otherwise, by argument name; a negative age or size is
# one that is not known.
RANGES = {
    "x": (-9.0, 9.0), "spot": (20.0, 200.0), "strike": (20.0, 200.0), "forward": (20.0, 200.0),
    "tau": (0.0, 2.0), "rate": (-0.03, 0.08), "div": (-0.01, 0.05), "vol": (0.01, 1.5),
    "price": (0.0, 60.0), "discount": (0.8, 1.01), "stock_discount": (0.8, 1.01),
    "carry": (-0.1, 0.1), "root": (0.0, 1.4), "stock_value": (20.0, 200.0),
    "strike_value": (20.0, 200.0), "moneyness": (-0.6, 0.6), "deviation": (0.001, 2.0),
    "gap": (0.0, 0.6), "value": (1e-6, 0.6), "log_value": (-30.0, 0.0), "room": (0.001, 1.0),
    "stock_pay": (90.0, 110.0), "stock_receive": (90.0, 110.0), "put_pay": (0.0, 9.0),
    "call_receive": (0.0, 9.0), "put_receive": (0.0, 9.0), "call_pay": (0.0, 9.0),
    "cost": (80.0, 120.0), "minimum": (0.0, 3.0), "commission": (0.0, 3.0), "edge": (-1.0, 3.0),
    "lots": (0.0, 9.0), "bid": (-0.5, 3.0), "ask": (-0.5, 4.0), "spread": (0.0, 3.0),
    "stock_fee": (0.0, 0.01), "low": (80.0, 95.0), "middle": (95.0, 105.0), "high": (105.0, 120.0),
    "low_pay": (0.0, 9.0), "receive": (0.0, 9.0), "high_pay": (0.0, 9.0), "size": (-3.0, 50.0),
    "needed": (0.0, 20.0), "age": (-0.2, 5.0), "fill_time": (0.1, 4.0), "spread_cap": (-0.1, 0.5),
    "sigma": (0.0, 2.0), "edge_usd": (-9.0, 90.0), "capital": (-9.0, 9e4), "days": (-1.0, 90.0),
    "loss": (0.0, 90.0), "fill_probability": (0.0, 1.0), "seconds": (-1.0, 9.0),
    "put": (0.0, 3.0), "gain": (-1.0, 9.0), "best_gain": (-1.0, 9.0), "volume": (-9.0, 2e3),
    "open_interest": (-9.0, 3e3), "call": (0.0, 0.3), "stock": (0.0, 0.1), "reward": (-1.0, 5.0),
    "risk": (-1.0, 5.0), "stock_low": (90.0, 100.0), "stock_high": (100.0, 110.0),
    "borrow": (0.9, 0.98), "lend": (0.98, 1.0), "k": (80.0, 120.0), "pay": (0.0, 9.0),
    "discount_borrow": (0.95, 1.0), "discount_lend": (0.95, 1.0), "div_in": (0.0, 0.4),
    "owed": (0.0, 0.4), "late_call": (0.0, 0.4), "night": (0.0, 0.001),
    "weight": (0.0, 1.0), "brings": (0.0, 9.0), "first_pay": (0.0, 9.0), "second_pay": (0.0, 9.0),
    "first_size": (-3.0, 90.0), "short_size": (-3.0, 90.0), "second_size": (-3.0, 90.0),
}  # fmt: skip
CHOICES: dict[str, tuple[int, ...]] = {"right": (1, -1)}


class Scene(NamedTuple):
    """Values by argument name: of arguments that are numbers, and of those that are columns."""

    numbers: dict[str, float]
    columns: dict[str, array[float] | array[int]]


def number(draw: Random, name: str) -> float:
    """Return a plausible number for an argument of this name."""
    if name in CHOICES:
        return choice(draw, CHOICES[name])
    low, high = RANGES[name]
    return low + (high - low) * draw.random()


def choice(draw: Random, items: Sequence[Item]) -> Item:
    """Choose one item with a single call of ``random()``."""
    return items[int(draw.random() * len(items))]


def between(draw: Random, low: float, high: float) -> float:
    return low + (high - low) * draw.random()


def count(draw: Random, low: int, high: int) -> int:
    return low + int(draw.random() * (high - low + 1))


def floats(draw: Random, n: int, low: float, high: float, gaps: float = 0.0) -> array[float]:
    """Return a column of uniform numbers, of which the share `gaps` is nan."""
    return array("d", [nan if draw.random() < gaps else between(draw, low, high) for _ in range(n)])


def ints(draw: Random, n: int, low: int, high: int) -> array[int]:
    return array("q", [count(draw, low, high) for _ in range(n)])


def zeros(typecode: str, n: int) -> array[float] | array[int]:
    return array(typecode, [0] * n)


def offsets(sizes: Sequence[int]) -> array[int]:
    column = array("q", [0])
    for size in sizes:
        column.append(column[-1] + size)
    return column


def options(draw: Random) -> Scene:
    """A chain of 64 options of four expiries."""
    n = 64
    columns: dict[str, array[float] | array[int]] = {
        "spot": floats(draw, n, 60.0, 140.0, 0.01),
        "strike": floats(draw, n, 60.0, 140.0, 0.01),
        "vol": floats(draw, n, 0.0, 0.9, 0.01),
        "price": floats(draw, n, 0.0, 60.0, 0.02),
        "right": array("b", [choice(draw, (1, -1)) for _ in range(n)]),
        "out_status": zeros("b", n),
    }
    for name, low, high in (("rate", -0.02, 0.06), ("div", 0.0, 0.03), ("tau", 0.001, 1.0)):
        # Runs of equal values, as a chain has them.
        few = floats(draw, 4, low, high)
        columns[name] = array("d", [few[4 * i // n] for i in range(n)])
    for name in ("price", "delta", "gamma", "vega", "theta", "rho", "vol"):
        columns[f"out_{name}"] = zeros("d", n)
    return Scene({}, columns)


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
    columns["out_row"] = zeros("q", count(draw, 0, n + 1))
    return scene


def pair_hits(draw: Random) -> Scene:
    """Quotes, the separable columns from which pairs are found, and room for the pairs."""
    scene = quotes(draw)
    n, capacity = len(scene.columns["strike"]), count(draw, 0, 40)
    for name in ("low", "high", "low_early", "high_early"):
        scene.columns[name] = floats(draw, n, -3.0, 1.0, 0.1)
    for name, typecode in (("out_low", "q"), ("out_high", "q"), ("out_edge", "d")):
        scene.columns[name] = zeros(typecode, capacity)
    return scene


def screen(draw: Random) -> Scene:
    """The same chain, and room for the counts of every screen."""
    scene = chain(draw)
    scene.numbers["is_european"] = choice(draw, (0, 1))
    scene.columns["out_hits"] = zeros("q", N_SCREENS)
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
        scene.columns[name] = zeros("q", capacity)
    scene.columns["out_edge"] = zeros("d", capacity)
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
        scene.columns[name] = zeros("q", capacity)
    scene.columns["out_edge"] = zeros("d", capacity)
    scene.columns["work_value"] = zeros("d", 2 * n)
    scene.columns["work_vertex"] = zeros("q", n)
    for name, typecode in (("scale", "d"), ("pay", "d"), ("row", "q")):
        scene.columns[f"work_{name}"] = zeros(typecode, n)
        scene.columns[f"work_{name}_next"] = zeros(typecode, n)
    return scene


def points(draw: Random) -> Scene:
    """Points in the plane, some absent, and which of them to take."""
    columns: dict[str, array[float] | array[int]] = {
        "x": array("d", sorted(floats(draw, 40, 0.0, 9.0))),
        "y": floats(draw, 45, 0.0, 3.0, 0.2),
        "out_value": zeros("d", 45),
        "work_vertex": zeros("q", 40),
    }
    numbers: dict[str, float] = {"shift": count(draw, 0, 5), "start": count(draw, 0, 20)}
    numbers["stop"] = count(draw, 20, 40)
    return Scene(numbers, columns)


def envelope(draw: Random) -> Scene:
    """A chain on the scale of the hull, with a later hull already in the work column."""
    scene = quotes(draw)
    columns, numbers = scene.columns, scene.numbers
    n, n_expiries = len(columns["strike"]), len(columns["first"]) - 1
    frame = array("d")
    for _ in range(n_expiries):
        spot = between(draw, 95.0, 105.0)
        frame.extend([between(draw, 0.9, 1.0), between(draw, 0.0, 1.0)])
        frame.extend([choice(draw, (0.0, 0.0, nan)), choice(draw, (spot, spot, nan)), 0.97])
        frame.extend([spot - 0.1, 0.98, choice(draw, (0.0, 1.0, inf)), spot, spot, 0.0])
    assert len(frame) == FRAME_WIDTH * n_expiries
    columns["frame"] = frame
    numbers["is_coupled"] = choice(draw, (0, 1))
    columns["out_sell"], columns["out_buy"] = zeros("d", 2 * n), zeros("d", 2 * n)
    columns["out_hits"] = zeros("q", n_expiries)
    # Two halves, abscissas and ordinates, each with room for the hull before and after.
    places = n + n_expiries + 2
    half, n_later = 2 * places, count(draw, 1, min(3, places - 1))
    work = floats(draw, 2 * half, 0.0, 1.0)
    for v in range(n_later):
        work[v], work[half + v] = 80.0 + 9.0 * v, 20.0 / (1.0 + v)
    columns["work_hull"] = work
    numbers["half"], numbers["base"] = half, places
    numbers["low"], numbers["high"] = 0, n_later
    return scene


def read_hull(draw: Random) -> Scene:
    """The same, seen by the kernel that reads the hull just built."""
    scene = envelope(draw)
    scene.numbers["base"], scene.numbers["top"] = 0, scene.numbers["high"]
    return scene


def cover(draw: Random) -> Scene:
    """Quotes of one right on the scale z, and a later hull already in the work column."""
    scene = envelope(draw)
    columns, numbers = scene.columns, scene.numbers
    first, is_put = columns["first"], choice(draw, (0, 1))
    e = int(numbers["e"])
    numbers["row"], numbers["start"], numbers["stop"] = first[e], first[e], first[e + 1]
    numbers["shift"], numbers["is_put"] = is_put * len(columns["strike"]), is_put
    numbers["scale"], numbers["offset"] = between(draw, 0.9, 1.0), between(draw, 0.0, 1.0)
    columns["scale"] = floats(draw, len(first) - 1, 0.9, 1.0, 0.05)
    columns["offset"] = floats(draw, len(first) - 1, 0.0, 1.0, 0.05)
    columns["out_row"] = zeros("q", len(columns["strike"]))
    if is_put:
        # What a put is less its z falls as a call does.
        for v in range(int(numbers["high"])):
            columns["work_hull"][int(numbers["half"]) + v] -= columns["work_hull"][v]
    return scene


def read_cover(draw: Random) -> Scene:
    """The same, seen by the kernel that reads the hull just built."""
    scene = cover(draw)
    scene.columns["hull"], scene.numbers["hits"] = scene.columns["work_hull"], 0
    scene.numbers["base"], scene.numbers["top"] = 0, scene.numbers["high"]
    return scene


def simplex(draw: Random) -> Scene:
    """A small programme, its tableau laid out and stirred."""
    n_columns, n_states = count(draw, 1, 5), count(draw, 1, 4)
    n_rows = n_states + 1
    columns: dict[str, array[float] | array[int]] = {
        "state": array("d", [20.0 * r for r in range(n_states)]),
        "kind": ints(draw, n_columns, -1, 2),
        "side": array("d", [choice(draw, (1.0, -1.0)) for _ in range(n_columns)]),
        "strike": array("d", [20.0 * count(draw, 0, n_states - 1) for _ in range(n_columns)]),
        "out_rows": zeros("d", n_rows * n_columns),
        "gain": floats(draw, n_columns, -1.0, 1.0),
        "bound": array("d", [choice(draw, (1.0, 3.0, UNLIMITED)) for _ in range(n_columns)]),
        "out_x": zeros("d", n_columns),
        "out_dual": zeros("d", n_rows),
    }
    rows = zeros("d", n_rows * n_columns)
    payoff_rows(
        n_states, n_columns, columns["state"], columns["kind"], columns["side"],
        columns["strike"], 50.0, rows,
    )  # fmt: skip
    for k in range(len(rows)):
        rows[k] += between(draw, -0.2, 0.2) if draw.random() < 0.3 else 0.0
    columns["rows"] = rows
    columns["work"] = zeros("d", (n_rows + 2) * n_columns + 3 * n_rows)
    columns["work_index"] = zeros("q", n_rows + 2 * n_columns)
    start_tableau(n_rows, n_columns, rows, columns["gain"], columns["work"], columns["work_index"])
    for r in range(n_rows):
        columns["work"][(n_rows + 1) * n_columns + r] = between(draw, 0.0, 2.0)
    row, column = count(draw, 0, n_rows - 1), count(draw, 0, n_columns - 1)
    if not abs(columns["work"][row * n_columns + column]) > 1e-9:
        columns["work"][row * n_columns + column] = 0.5
    numbers: dict[str, float] = {
        "n_states": n_states,
        "n_rows": n_rows,
        "n_columns": n_columns,
        "scale": between(draw, 10.0, 90.0),
        "row": row,
        "column": column,
        "sign": choice(draw, (1.0, -1.0)),
        "step": between(draw, 0.0, 2.0),
        "fine_step": between(draw, -1.0, 1.0),
    }
    return Scene(numbers, columns)


def candidates(draw: Random) -> Scene:
    """Hits of one family, to be appended to a candidate table."""
    n, hits, start = count(draw, 3, 20), count(draw, 0, 12), count(draw, 0, 5)
    columns: dict[str, array[float] | array[int]] = {
        "shift": ints(draw, N_LEGS, 0, n),
        "weight": ints(draw, N_LEGS, -2, 2),
        "which": ints(draw, N_LEGS, -1, 2),
        "edge": floats(draw, hits, 0.0, 2.0),
        "days": floats(draw, n, 1.0, 400.0),
        "out_quote": zeros("q", N_LEGS * (start + hits)),
        "out_ratio": zeros("q", N_LEGS * (start + hits)),
        "out_days": zeros("d", start + hits),
        "out_edge": zeros("d", start + hits),
    }
    for name in ("low", "middle", "high"):
        columns[name] = ints(draw, hits, 0, n - 1)
    for name in ("family", "condition", "stock", "unit"):
        columns[f"out_{name}"] = zeros("q", start + hits)
    numbers: dict[str, float] = {"hits": hits, "start": start, "family": count(draw, 0, 14)}
    numbers["condition"], numbers["stock"] = count(draw, 0, 3), count(draw, -1, 1)
    return Scene(numbers, columns)


def one_candidate(draw: Random) -> Scene:
    """A candidate alone, of up to twelve legs, on few quotes."""
    scene = gates(draw, most_quotes=5, most_rows=1)
    width = count(draw, 1, 12)
    scene.numbers["width"] = width
    scene.columns["quote"] = ints(draw, width, -1, len(scene.columns["bid"]) - 1)
    scene.columns["ratio"] = array("q", [choice(draw, (-2, -1, 1, 2)) for _ in range(width)])
    return scene


def gates(draw: Random, most_quotes: int = 20, most_rows: int = 10) -> Scene:
    """Candidates on gross and net quotes, and limits around what these show."""
    n_quotes, rows = count(draw, 4, most_quotes), count(draw, 1, most_rows)
    limits = floats(draw, N_LIMITS, 0.0, 3.0, 0.05)
    for k in range(IS_DELAYED, N_LIMITS):
        limits[k] = 1.0 if draw.random() < 0.05 else 0.0
    limits[MULTIPLIER] = choice(draw, (1.0, 100.0))
    bid = floats(draw, n_quotes, -0.5, 5.0, 0.05)
    ask = array("d", [b + between(draw, -0.1, 1.0) for b in bid])
    columns: dict[str, array[float] | array[int]] = {
        "bid": bid,
        "ask": ask,
        "receive": array("d", [b - 0.01 for b in bid]),
        "pay": array("d", [a + 0.01 for a in ask]),
        "limits": limits,
        "quote": ints(draw, N_LEGS * rows, -1, n_quotes - 1),
        "ratio": array("q", [choice(draw, (-2, -1, 1, 2)) for _ in range(N_LEGS * rows)]),
        "stock": ints(draw, rows, -1, 1),
        "unit": ints(draw, rows, 1, 3),
        "days": floats(draw, rows, 0.0, 5.0),
        "row_days": floats(draw, (n_quotes + 1) // 2, 0.0, 5.0),
        "edge": floats(draw, rows, -0.5, 2.0),
        "stock_quote": array(
            "d",
            [
                99.9,
                choice(draw, (99.9, 100.1)),
                500.0,
                800.0,
                0.1,
                between(draw, -1, 2),
                0.005,
                choice(draw, (-1.0, 0.0, 250.0)),
            ],
        ),
        "volume": floats(draw, choice(draw, (0, n_quotes)), 0.0, 5.0, 0.1),
        "open_interest": floats(draw, choice(draw, (0, n_quotes)), 0.0, 5.0, 0.1),
        "out_gate": zeros("b", rows),
        "out_flags": zeros("b", rows),
        "out_lots": zeros("d", rows),
        "out_usd": zeros("d", rows),
        "out_receive": zeros("d", n_quotes),
        "out_pay": zeros("d", n_quotes),
    }
    for name in ("bid_size", "ask_size", "bid_age", "ask_age"):
        columns[name] = floats(draw, n_quotes, 0.0, 4.0, 0.1)
    row = count(draw, 0, rows - 1)
    numbers: dict[str, float] = {
        "count": rows,
        "row": row,
        "quotes": N_LEGS * row,
        "stock": count(draw, -1, 1),
        "unit": count(draw, 1, 3),
    }
    return Scene(numbers, columns)


def scoring(draw: Random) -> Scene:
    """Legs to close, and columns of scores with ties."""
    n = count(draw, 1, 30)
    columns: dict[str, array[float] | array[int]] = {
        "cost": floats(draw, 5, 0.0, 9.0),
        "delta": floats(draw, 5, -9.0, 9.0),
        "score": array("d", [choice(draw, (nan, -1.0, 0.5, draw.random())) for _ in range(n)]),
        "edge": array("d", [choice(draw, (0.1, 0.2)) for _ in range(n)]),
        "out_row": zeros("q", 12),
    }
    return Scene({"legs": count(draw, 1, 5), "k": count(draw, 0, 12)}, columns)
