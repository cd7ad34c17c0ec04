"""Scenes of positions: tableaux, candidates, gates and scores."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from math import nan
from random import Random

from kernels_pure.candidates import N_LEGS
from kernels_pure.capital import BOX, FREE, NAKED, STRIKES, WIDTH
from kernels_pure.gates import IS_DELAYED, N_LIMITS, N_STOCK
from kernels_pure.limits import IS_SYNCHRONOUS, LOTS, MAX_CAPITAL, MULTIPLIER
from kernels_pure.rank import WORK
from kernels_pure.simplex import UNLIMITED, payoff_rows, start_tableau
from tests.kernels.draws import Scene, between, choice, count, floats, ints, zeros


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
    columns["work_index"] = zeros("l", n_rows + 2 * n_columns)
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
        "out_quote": zeros("l", N_LEGS * (start + hits)),
        "out_ratio": zeros("l", N_LEGS * (start + hits)),
        "out_days": zeros("d", start + hits),
        "out_edge": zeros("d", start + hits),
    }
    for name in ("low", "middle", "high"):
        columns[name] = ints(draw, hits, 0, n - 1)
    for name in ("family", "condition", "stock", "unit"):
        columns[f"out_{name}"] = zeros("l", start + hits)
    numbers: dict[str, float] = {"hits": hits, "start": start, "family": count(draw, 0, 14)}
    numbers["condition"], numbers["stock"] = count(draw, 0, 3), count(draw, -1, 1)
    return Scene(numbers, columns)


def one_candidate(draw: Random) -> Scene:
    """A candidate alone, of up to twelve legs, on few quotes."""
    scene = gates(draw, most_quotes=5, most_rows=1)
    width = count(draw, 1, 12)
    scene.numbers["width"] = width
    scene.columns["quote"] = ints(draw, width, -1, len(scene.columns["bid"]) - 1)
    scene.columns["ratio"] = array("l", [choice(draw, (-2, -1, 1, 2)) for _ in range(width)])
    return scene


def counted(draw: Random) -> Scene:
    """Quotes with a count of each, known or not."""
    scene = gates(draw)
    n = len(scene.columns["out_pay"])
    scene.columns["counts"] = array("d", [choice(draw, (nan, 0.0, 1.0, 9.0)) for _ in range(n)])
    scene.numbers["least"] = choice(draw, (nan, 0.0, 1.0, 5.0))
    return scene


def gates(draw: Random, most_quotes: int = 20, most_rows: int = 10) -> Scene:
    """Candidates on gross and net quotes, and limits around what these show."""
    n_quotes, rows = count(draw, 4, most_quotes), count(draw, 1, most_rows)
    limits = floats(draw, N_LIMITS, 0.0, 3.0, 0.05)
    for k in range(IS_DELAYED, IS_SYNCHRONOUS + 1):
        limits[k] = 1.0 if draw.random() < 0.05 else 0.0
    limits[MULTIPLIER] = choice(draw, (1.0, 100.0))
    limits[MAX_CAPITAL] = choice(draw, (nan, 0.0, 2e4))
    bid = floats(draw, n_quotes, -0.5, 5.0, 0.05)
    ask = array("d", [b + between(draw, -0.1, 1.0) for b in bid])
    columns: dict[str, array[float] | array[int]] = {
        "bid": bid,
        "ask": ask,
        "receive": array("d", [b - 0.01 for b in bid]),
        "pay": array("d", [a + 0.01 for a in ask]),
        "limits": limits,
        "quote": ints(draw, N_LEGS * rows, -1, n_quotes - 1),
        "ratio": array("l", [choice(draw, (-2, -1, 1, 2)) for _ in range(N_LEGS * rows)]),
        "stock": ints(draw, rows, -1, 1),
        "unit": ints(draw, rows, 1, 3),
        "days": floats(draw, rows, 0.0, 5.0),
        "row_days": floats(draw, (n_quotes + 1) // 2, 0.0, 5.0),
        "edge": floats(draw, rows, -0.5, 2.0),
        "stock_quote": stock_quotes(draw, rows),
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
        "apart": choice(draw, (0, N_STOCK)),
        "most": choice(draw, (1e15, 1.0, 3.0)),
    }
    return Scene(numbers, columns)


def stock_quotes(draw: Random, rows: int) -> array[float]:
    """The quote of a stock, or of a coin's future, for each of some candidates."""
    quotes = array("d")
    for _ in range(rows):
        quotes.extend(
            (
                99.9,
                choice(draw, (99.9, 100.1)),
                500.0,
                800.0,
                0.1,
                between(draw, -1, 2),
                0.005,
                choice(draw, (-1.0, 0.0, 250.0)),
                choice(draw, (0.0, 0.0, 1.0)),
                choice(draw, (0.0, 1.0)),
            )
        )
    return quotes


def ranks(draw: Random) -> Scene:
    """Candidates of every kind of margin, on few expiries, of a share or of a coin."""
    scene = gates(draw)
    columns, rows = scene.columns, int(scene.numbers["count"])
    n_rows, n_expiries = (len(columns["bid"]) + 1) // 2, count(draw, 1, 3)
    is_coin = draw.random() < 0.4
    inside = sorted(count(draw, 0, n_rows) for _ in range(n_expiries - 1))
    columns["first"] = array("l", [0, *inside, n_rows])
    columns["quote"] = ints(draw, N_LEGS * rows, -1, len(columns["bid"]) - 1)
    for row in range(rows):
        columns["quote"][N_LEGS * row] = count(draw, 0, len(columns["bid"]) - 1)
    columns["strike"] = array("d", [5.0 * count(draw, 17, 23) for _ in range(n_rows)])
    columns["tau"] = floats(draw, n_expiries, 0.0, 1.0)
    columns["gate"] = array("b", [choice(draw, (0, 0, 0, 3)) for _ in range(rows)])
    columns["family"] = ints(draw, rows, 0, 4)
    columns["margin"] = array("l", [FREE, BOX, WIDTH, STRIKES, NAKED])
    columns["condition"] = ints(draw, rows, 0, 3)
    columns["future"] = array("d")
    for _ in range(n_expiries):
        bid = choice(draw, (99.0, 100.0, nan))
        sizes = (choice(draw, (1e4, nan)), 5e4, choice(draw, (nan, 0.2)), 0.4)
        columns["future"].extend((bid, 100.5, *sizes, choice(draw, (99.0, 100.0))))
    columns["lots"] = floats(draw, rows, 1.0, 9.0, 0.0)
    columns["usd"] = floats(draw, rows, -9.0, 90.0, 0.0)
    spot = 1.0 if is_coin else choice(draw, (100.0, 97.5, 0.0))
    columns["basis"] = array(
        "d",
        [spot, float(is_coin), choice(draw, (1.0, 100.0)), choice(draw, (1.0, 100.0)),
         between(draw, 0.1, 0.6), 2.0, choice(draw, (0.0, 2.0)),
         99.9, choice(draw, (99.9, 100.1)), 500.0, nan, 0.1, -1.0, 0.005, 0.005,
         0.0 if is_coin else choice(draw, (0.0, 1.0))],
    )  # fmt: skip
    columns["limits"][MAX_CAPITAL] = choice(draw, (nan, 1e9, between(draw, 10.0, 9e4)))
    columns["limits"][LOTS] = choice(draw, (1.0, 3.0))
    columns["work"] = zeros("d", WORK)
    columns["work_delta"] = zeros("d", N_LEGS + 1)
    columns["term"] = array(
        "d", [choice(draw, (0.1, 1e16, -1e16, 1.0, 2.0**-53, draw.random())) for _ in range(5)]
    )
    n_legs = count(draw, 1, 6)
    columns["leg_quote"] = ints(draw, n_legs, 0, len(columns["bid"]) - 1)
    columns["leg_ratio"] = array("l", [choice(draw, (-2, -1, 1, 2)) for _ in range(n_legs)])
    for name in ("lots", "usd", "capital", "loss", "fill", "score"):
        columns[f"out_{name}"] = zeros("d", rows)
    row = int(scene.numbers["row"])
    scene.numbers.update(
        n=count(draw, 0, 5), at=0, parts=5, lots=float(count(draw, 1, 9)),
        usd=between(draw, -9.0, 90.0), family=columns["family"][row],
        n_rows=n_rows, start=columns["first"][0], stop=columns["first"][1],
        allowed=count(draw, 0, 3), is_put=count(draw, 0, 1), is_coin=int(is_coin),
    )  # fmt: skip
    return scene


def scoring(draw: Random) -> Scene:
    """Legs to close, and columns of scores with ties."""
    n = count(draw, 1, 30)
    columns: dict[str, array[float] | array[int]] = {
        "cost": floats(draw, 5, 0.0, 9.0),
        "delta": floats(draw, 5, -9.0, 9.0),
        "score": array("d", [choice(draw, (nan, -1.0, 0.5, draw.random())) for _ in range(n)]),
        "edge": array("d", [choice(draw, (0.1, 0.2)) for _ in range(n)]),
        "out_row": zeros("l", 12),
    }
    return Scene({"legs": count(draw, 1, 5), "k": count(draw, 0, 12)}, columns)


SCENES: dict[str, Callable[[Random], Scene]] = {
    "candidates": candidates,
    "capital": ranks,
    "gates": gates,
    "gates.gate_row": one_candidate,
    "limits": gates,
    "limits.drop_below": counted,
    "limits.is_wide": one_candidate,
    "proceeds": one_candidate,
    "rank": ranks,
    "scoring": scoring,
    "simplex": simplex,
}
