"""Call the kernels of American options with the columns that they need."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from engine.backend import Backend

Four = tuple[float, float, float, float]


def zeros(n: int) -> array[float]:
    return array("d", bytes(8 * n))


def columns(times: Sequence[float], amounts: Sequence[float]) -> tuple[array[float], array[float]]:
    return array("d", times), array("d", amounts)


NO_DIVIDENDS = columns([], [])


class Fast:
    """`american_price` with one rule."""

    def __init__(
        self, backend: Backend, nodes: int, points: int, last_points: int, rounds: int
    ) -> None:
        sizes = (nodes + 1, points + last_points, points + last_points,
                 (nodes * points + last_points) * (nodes + 1))  # fmt: skip
        self.rule = [zeros(n) for n in sizes]
        backend.load("quadrature").american_rule(nodes, points, last_points, *self.rule)
        self.sizes = (nodes, points, last_points, rounds)
        self.work = (zeros(3 * nodes * points), zeros(nodes + 1))
        self.kernel = backend.load("american").american_price

    def __call__(self, *option: float) -> Four:
        answer: Four = self.kernel(*option, *self.sizes, *self.rule, *self.work)
        return answer


def on_lattice(
    backend: Backend,
    option: Sequence[float],
    steps: int,
    times: array[float] = NO_DIVIDENDS[0],
    amounts: array[float] = NO_DIVIDENDS[1],
    name: str = "american_lattice",
) -> Four:
    """Call `american_lattice`, or another kernel of its arguments."""
    kernel = getattr(backend.load("lattice"), name)
    work = zeros(2 * steps + 12), zeros(steps + 3)
    answer: Four = kernel(*option, steps, times, amounts, *work)
    return answer
