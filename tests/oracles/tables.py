"""Read the reference tables: doubles exactly, references with all their digits."""

from __future__ import annotations

import csv
from decimal import Decimal, localcontext
from pathlib import Path

EPS = 2.0**-52


def read(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file))


def numbers(row: dict[str, str], names: str) -> list[float]:
    """Return the cells of these columns; `right` is an int."""
    return [int(row[name]) if name == "right" else float(row[name]) for name in names.split()]


def gap(value: float, reference: str) -> float:
    """Return how far a double is from a reference of 40 digits."""
    with localcontext() as context:
        context.prec = 60
        return abs(float(Decimal(value) - Decimal(reference)))
