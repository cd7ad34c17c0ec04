"""What a kernel made of its arguments, as bytes that compare and hash alike everywhere."""

from __future__ import annotations

import hashlib
import struct
from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from math import exp, log, log10, nan
from random import Random
from typing import NamedTuple

from tests.kernels.inputs import KERNELS, arguments, copies, is_scalar, nasty_arguments

VALUES = 50_000
"""Computed values of each kernel that are compared."""
SAMPLE = 5_000
"""Of these, so many in every run of the tests; all of them in the long one."""
CALLS = 50_000
"""Random calls of each kernel without columns that are compared, whatever it returns.

A kernel with columns makes fewer, as what it writes to them is computed, scratch too: chains of
64 rows or histories of bars, and about 1 000 calls of `american_price`, `american_lattice`,
`american_vega_rho` and `american_sensitivities`, of which 50 000 would take two to four minutes
together on either interpreter.
"""
NASTY_CALLS = 4_000
"""Its calls with numbers where formulas break."""


class Outcome(NamedTuple):
    """The result and every column afterwards, and how many values were computed.

    Computed are the numbers of the result and the elements of columns that changed. Any nan is
    the same nan: its sign and payload are not part of a result.
    """

    content: bytes
    size: int


def packed(value: object) -> bytes:
    if isinstance(value, tuple):
        return b"".join(packed(part) for part in value)
    if isinstance(value, float):
        return struct.pack("<d", value if value == value else nan)
    if isinstance(value, int):
        return struct.pack("<q", value)
    if isinstance(value, bytes):
        return value
    if value is None:
        return b"-"
    raise TypeError(f"a kernel returned {value!r}")


def column_bytes(column: array[float]) -> bytes:
    if column.typecode == "d":
        return array("d", [v if v == v else nan for v in column]).tobytes()
    return column.tobytes()


def run(kernel: Callable[..., object], values: tuple[object, ...]) -> Outcome:
    """Call a kernel with columns that it may overwrite."""
    columns = [value for value in values if isinstance(value, array)]
    before = [column_bytes(column) for column in columns]
    content = packed(kernel(*values))
    size = 0 if content == b"-" else len(content) // 8
    for column, old in zip(columns, before, strict=True):
        new = column_bytes(column)
        if new != old:
            width = column.itemsize
            size += sum(new[i : i + width] != old[i : i + width] for i in range(0, len(new), width))
        content += new
    return Outcome(content, size)


def outcomes(name: str, least: int) -> Iterator[tuple[tuple[object, ...], Outcome]]:
    """Yield arguments and the pure kernel's outcome until `least` values have been computed."""
    computed = 0
    for values in arguments(name):
        outcome = run(KERNELS[name], copies(values))
        yield values, outcome
        computed += outcome.size
        if computed >= least:
            return


def calls_before(name: str) -> int:
    """Return how many calls of a scalar kernel `outcomes` makes: it returns so many numbers."""
    return -(-VALUES // run(KERNELS[name], next(arguments(name))).size)


def further_outcomes(name: str) -> Iterator[tuple[tuple[object, ...], Outcome]]:
    """Yield what follows `outcomes` of a scalar kernel until both are `CALLS` calls."""
    for values in islice(arguments(name), calls_before(name), CALLS):
        yield values, run(KERNELS[name], values)


def nasty_outcomes(name: str) -> Iterator[tuple[tuple[object, ...], Outcome]]:
    """Yield arguments of a scalar kernel where formulas break, and the pure kernel's outcome."""
    for values in islice(nasty_arguments(name), NASTY_CALLS):
        yield values, run(KERNELS[name], values)


SCALAR_CALLS = {"further": further_outcomes, "nasty": nasty_outcomes}
"""What digests_scalar.json has digests of, beside those of digests.json."""
SCALARS = tuple(filter(is_scalar, KERNELS))


def sets_of_calls(name: str) -> list[str]:
    """Return which of `SCALAR_CALLS` there are of a kernel."""
    return [calls for calls in SCALAR_CALLS if calls == "nasty" or calls_before(name) < CALLS]


class Digests:
    """Digests of a kernel's inputs and of its results."""

    def __init__(self) -> None:
        self.inputs = hashlib.sha256()
        self.results = hashlib.sha256()

    def add(self, values: tuple[object, ...], outcome: Outcome) -> None:
        for value in values:
            self.inputs.update(column_bytes(value) if isinstance(value, array) else packed(value))
        self.results.update(outcome.content)

    def recorded(self) -> dict[str, str]:
        """Return both as they stand in a file."""
        return {"inputs": self.inputs.hexdigest(), "results": self.results.hexdigest()}


@lru_cache(maxsize=1)
def libm_digest() -> str:
    """Return a digest of what the platform's exp, log and log10 make of 20 000 numbers."""
    draw, digest = Random("libm"), hashlib.sha256()
    for _ in range(20_000):
        x = draw.random()
        digest.update(
            struct.pack("<ddd", exp(80.0 * x - 60.0), log(9.0 * x + 1e-9), log10(x + 1.0))
        )
    return digest.hexdigest()[:32]
