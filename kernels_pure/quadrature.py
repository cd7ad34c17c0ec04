"""Points and weights: Gauss-Legendre rules, and those of the boundary of early exercise.

They depend on nothing but their sizes, so a caller makes them once and hands them to every call of
`kernels_pure.american`. No cosine of the platform is used: the bits are the same everywhere.
"""

from math import pi, sqrt

from kernels_pure.columns import Floats


def cosine(x: float) -> float:
    """Return the cosine of an angle in [0, pi], within 4e-16, by its series.

    >>> cosine(0.0), round(cosine(pi / 3.0), 15)
    (1.0, 0.5)
    """
    angle = pi - x if x > 0.5 * pi else x
    square = angle * angle
    total = 1.0
    for k in range(12, 0, -1):
        total = 1.0 - square * total / ((2 * k - 1) * (2 * k))
    return -total if x > 0.5 * pi else total


def legendre_point(i: int, n: int) -> tuple[float, float]:
    """Return the i-th of `n` points of Gauss and Legendre on (-1, 1), descending, and its weight.

    Source: Press et al., Numerical Recipes, section 4.6.

    >>> x, weight = legendre_point(0, 2)
    >>> round(x * x, 15), round(weight, 15)
    (0.333333333333333, 1.0)
    """
    x = cosine(pi * (i + 0.75) / (n + 0.5))
    slope = 1.0
    for _ in range(8):
        value = 1.0
        before = 0.0
        for k in range(n):
            older = before
            before = value
            value = ((2 * k + 1) * x * before - k * older) / (k + 1)
        slope = n * (x * value - before) / (x * x - 1.0)
        x -= value / slope
    return x, 2.0 / ((1.0 - x * x) * slope * slope)


def blend_row(
    x: float, nodes: int, node: Floats, start: int, stride: int, out_blend: Floats
) -> None:
    """Write the weights by which values at Chebyshev's extreme points are interpolated at `x`.

    That of node j goes to ``out_blend[start + j stride]``.

    Source: Berrut and Trefethen 2004, equation 5.4 (barycentric form).
    """
    total = 0.0
    hit = -1
    for j in range(nodes + 1):
        distance = x - node[j]
        if distance == 0.0:
            hit = j
            distance = 1.0
        weight = 1.0 / distance
        if j == 0 or j == nodes:
            weight *= 0.5
        if j % 2 == 1:
            weight = -weight
        out_blend[start + j * stride] = weight
        total += weight
    for j in range(nodes + 1):
        if hit >= 0:
            out_blend[start + j * stride] = 1.0 if j == hit else 0.0
        else:
            out_blend[start + j * stride] /= total


def american_rule(
    nodes: int,
    points: int,
    last_points: int,
    out_node: Floats,
    out_reach: Floats,
    out_share: Floats,
    out_blend: Floats,
) -> None:
    """Write the rule of `kernels_pure.american`, for this many nodes and points.

    ``out_node[i]`` is the square root of the part of the term at which the boundary's i-th node
    lies, 0 to 1 for i from 0 to `nodes` (``nodes + 1`` elements). The premium of early exercise is
    an integral over the time s until exercise, in the angle whose sine is ``sqrt(s)`` of the whole:
    ``sqrt(s)`` and the boundary are smooth in it. With
    `points` points for the boundary and `last_points` for the price (one after the other in
    `out_reach`, the square root of the part of the term until exercise, and in `out_share`, the
    weights). `out_blend` has ``(nodes points + last_points) (nodes + 1)`` elements: the weights by
    which the boundary is interpolated at each point, as seen from node 1, 2, ... (first all points'
    weights of node 0, then of node 1, and so on) and after them as seen from today.

    Source: Andersen, Lake and Offengenden 2016, section 5.
    """
    for i in range(nodes + 1):
        out_node[i] = 0.5 - 0.5 * cosine(pi * i / nodes)
    for part in range(2):
        rows = last_points if part == 1 else nodes * points
        row = nodes * points * (nodes + 1) if part == 1 else 0
        first = points if part == 1 else 0
        count = last_points if part == 1 else points
        for k in range(count):
            x, weight = legendre_point(k, count)
            angle = 0.25 * pi * (1.0 + x)
            out_reach[first + k] = cosine(0.5 * pi - angle)
            out_share[first + k] = 0.5 * pi * weight * cosine(0.5 * pi - angle) * cosine(angle)
        for i in range(1 if part == 0 else nodes, nodes + 1):
            for k in range(count):
                reach = out_reach[first + k]
                x = out_node[i] * sqrt((1.0 - reach) * (1.0 + reach))
                blend_row(x, nodes, out_node, row, rows, out_blend)
                row += 1
