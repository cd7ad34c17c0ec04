"""The lower convex hull of one smile: the cheapest cover by two strikes of one expiry and right."""

from math import nan

from kernels_pure.columns import LARGEST, Floats, Ints


def lower_hull(
    x: Floats,
    y: Floats,
    shift: int,
    start: int,
    stop: int,
    out_value: Floats,
    work_vertex: Ints,
) -> int:
    """Write the lower convex hull of the points ``(x[i], y[shift + i])``, start <= i < stop.

    `x` rises strictly; a `y` that is nan or inf is an absent point. ``out_value[shift + i]``
    becomes the height of the hull at ``x[i]``, also where the point itself is absent; nan left of
    the first and right of the last present point. Returns the number of vertices; their indices i
    stand in ``work_vertex[0] ..``, rising (it needs ``stop - start`` elements).

    With net asks as `y`, a quote sold at K2 for `receive` belongs to a profitable butterfly of
    one expiry and right exactly when ``receive > out_value``, and its best wings are the vertices
    either side of K2: the hull at K2 is the least cost of a convex combination of longs that
    dominates the short (a quote with receive > pay dominates itself: gate crossed quotes first).

    O(stop - start). Source: Andrew 1979 (monotone chain).

    >>> from array import array
    >>> strike, ask = array("d", [95.0, 100.0, 110.0]), array("d", [7.2, 5.4, 1.1])
    >>> value, vertex = array("d", ask), array("l", [0, 0, 0])
    >>> lower_hull(strike, ask, 0, 0, 3, value, vertex), round(value[1], 4)
    (2, 5.1667)
    """
    n_vertices = 0
    x_a = y_a = x_b = y_b = 0.0
    for i in range(start, stop):
        y_i = y[shift + i]
        if y_i <= LARGEST:
            x_i = x[i]
            while n_vertices >= 2:
                if (y_b - y_a) * (x_i - x_a) < (y_i - y_a) * (x_b - x_a):
                    break
                n_vertices -= 1
                x_b = x_a
                y_b = y_a
                if n_vertices >= 2:
                    a = work_vertex[n_vertices - 2]
                    x_a = x[a]
                    y_a = y[shift + a]
            work_vertex[n_vertices] = i
            n_vertices += 1
            x_a = x_b
            y_a = y_b
            x_b = x_i
            y_b = y_i
    i = start
    for v in range(n_vertices):
        b = work_vertex[v]
        x_b = x[b]
        y_b = y[shift + b]
        slope = nan
        if v > 0:
            slope = (y_b - y_a) / (x_b - x_a)
        for j in range(i, b):
            out_value[shift + j] = y_b - slope * (x_b - x[j])
        out_value[shift + b] = y_b
        i = b + 1
        x_a = x_b
        y_a = y_b
    for j in range(i, stop):
        out_value[shift + j] = nan
    return n_vertices
