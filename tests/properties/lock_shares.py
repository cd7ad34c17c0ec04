"""Which locks of small American chains the scan lists, by shape, in whole contracts.

    PYTHONPATH=tests python -m tests.properties.lock_shares --chains 600 --out FILE

The committed result is ``lock_shares.json`` beside this file.

The search for locks knows no family (`random_american`); the judge of each shares nothing with the
verifier. For each shape, of the chains that hold a lock of it: in how many the scan lists the best
such combo itself, and in how many a LOCKED row that is worth at least as much per package.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random

from engine.backend import Backend, select
from engine.market.combo import OPTION, STOCK, Leg
from engine.scanner.pipeline import scan_chain
from engine.scoring.opportunity import LOCKED, Opportunity
from tests.properties.random_american import Lock, locks, random_chain

LEAST = 0.05  # per share: five dollars a contract
_LETTERS = "abcdefgh"
# Shapes of one contract of each leg, by the names that traders give them; strikes a < b < c.
NAMES = {
    "+S -Ca +Pa": "conversion",
    "+S -Cb +Pa": "collar",
    "+S -Ca": "covered call below parity",
    "+S -Ca +Pb": "covered call and a put above it",
    "+S +Pa": "stock and a put above parity",
    "-Ca +Cb": "call vertical for a credit",
    "+Ca -Cb": "call vertical",
    "+Pa -Pb": "put vertical for a credit",
    "-Pa +Pb": "put vertical",
    "+Ca -Cb -Pa +Pb": "box",
    "-Ca +Cb +Pa -Pb": "box, sold",
}


def contracts(legs: Iterable[Leg]) -> dict[tuple[str, float], int]:
    """Return the signed counts of a combo by right and strike; the stock's under ("S", 0)."""
    counts: dict[tuple[str, float], int] = {}
    for leg in legs:
        key = (leg.right, leg.strike) if leg.kind == OPTION else ("S", 0.0)
        assert leg.kind in (OPTION, STOCK)
        counts[key] = counts.get(key, 0) + leg.side * leg.ratio
    return counts


def counts_of(lock: Lock) -> dict[tuple[str, float], int]:
    counts = {(one.right, one.strike): one.count for one in lock.options}
    return {**counts, ("S", 0.0): lock.stock} if lock.stock else counts


def shape(counts: dict[tuple[str, float], int]) -> str:
    """Return a combo with its strikes as letters: ``+S -Ca +Pa``.

    >>> shape({("S", 0.0): 1, ("C", 95.0): -1, ("P", 90.0): 1})
    '+S -Cb +Pa'
    """
    strikes = sorted({strike for (right, strike) in counts if right != "S"})
    parts = []
    for (right, strike), count in sorted(counts.items(), key=lambda one: ("SCP".index(one[0][0]),
                                                                          one[0][1])):  # fmt: skip
        letter = "" if right == "S" else _LETTERS[strikes.index(strike)]
        many = str(abs(count)) if abs(count) > 1 else ""
        parts.append(f"{'+' if count > 0 else '-'}{many}{right}{letter}")
    return " ".join(parts)


def worth(row: Opportunity) -> float:
    """Return the edge of one package per share of a contract."""
    return row.edge * row.unit


def measured(chains: int, most: int, backend: Backend) -> dict[str, list[int]]:
    """Return by shape: chains that hold it, with that combo listed, with a lock worth as much."""
    table: dict[str, list[int]] = {}
    for seed in range(chains):
        chain, settings = random_chain(Random(f"missed {seed}"))
        best: dict[str, Lock] = {}
        for lock in locks(chain, settings.carry, most, LEAST):
            name = shape(counts_of(lock))
            if name not in best or lock.edge > best[name].edge:
                best[name] = lock
        if not best:
            continue
        rows = [
            one for one in scan_chain(chain, settings, backend).opportunities
            if one.grade == LOCKED
        ]  # fmt: skip
        listed = [contracts(one.legs) for one in rows]
        most_worth = max((worth(one) for one in rows), default=0.0)
        for name, lock in best.items():
            entry = table.setdefault(name, [0, 0, 0])
            entry[0] += 1
            entry[1] += counts_of(lock) in listed
            entry[2] += most_worth >= lock.edge - 1e-9
    return table


def page(content: dict[str, object]) -> str:
    """Return the table of docs/SCANNER.md."""
    shapes = content["shapes"]
    assert isinstance(shapes, dict)
    lines = [
        "| shape | chains with it | listed itself | a lock worth as much |",
        "|---|---|---|---|",
    ]
    others = [0, 0, 0]
    for name, entry in sorted(shapes.items(), key=lambda one: (-one[1][0], one[0])):
        if name not in NAMES:
            others = [a + b for a, b in zip(others, entry, strict=True)]
            continue
        lines.append(_line(f"{NAMES[name]} `{name}`", entry))
    lines.append(_line("all others (mixtures of these)", others))
    every = [sum(entry[k] for entry in shapes.values()) for k in range(3)]
    return "\n".join([*lines, _line("together", every)])


def _line(name: str, entry: list[int]) -> str:
    holding, itself, as_much = entry
    share = [f"{count} ({count / max(1, holding):.0%})" for count in (itself, as_much)]
    return f"| {name} | {holding} | {share[0]} | {share[1]} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=400)
    parser.add_argument("--contracts", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    shapes = measured(asked.chains, asked.contracts, select("auto"))
    content = {"chains": asked.chains, "contracts": asked.contracts, "least": LEAST,
               "shapes": dict(sorted(shapes.items()))}  # fmt: skip
    asked.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(page(content))


if __name__ == "__main__":
    main()
