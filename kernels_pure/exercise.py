"""The boundary of early exercise of American puts.

At the boundary B exercise is as good as holding, which makes an equation with an integral over B
itself. It is solved at Chebyshev nodes in the square root of time, as the polynomial of
``ln(B / B(0))**2``, by iterating. All is in parts of the strike.

Source: Andersen, Lake and Offengenden, High-performance American option pricing, 2016; Bjerksund
and Stensland 2002 (the first guess).
"""

from math import exp, inf, log, nan, sqrt

from kernels_pure.columns import Floats
from kernels_pure.normal import norm_cdf, norm_pdf
from kernels_pure.pricing import bounded_exp

# Rounds end when no node's ln(B / B(0)) moves by more than this.
TOLERANCE = 1e-11
# No boundary is below this part of the strike: it would matter for no spot.
LEAST_BOUNDARY = 1e-12
# Of the drift over the term, in its standard deviations: FP-A up to this, FP-B beyond.
A_FORCE = 1.0
B_PACE = 1.3


def boundary_start(rate: float, div: float) -> float:
    """Return a put's boundary at expiry, as a part of the strike: ``min(1, rate / div)``.

    >>> boundary_start(0.02, 0.04), boundary_start(0.02, 0.0)
    (0.5, 1.0)
    """
    return rate / div if div > 0.0 and rate < div else 1.0


def boundary_end(rate: float, div: float, vol: float) -> float:
    """Return the boundary of a put that never expires, as a part of the strike.

    Source: Merton 1973, section 8.

    >>> round(boundary_end(0.05, 0.0, 0.2), 12)
    0.714285714286
    """
    variance = vol * vol
    if not (variance > 0.0 and rate >= 0.0):
        return nan
    half = (rate - div) / variance - 0.5
    power = -half - sqrt(half * half + 2.0 * rate / variance)
    return power / (power - 1.0) if power < 0.0 else 0.0


def boundary_guess(tau: float, rate: float, div: float, vol: float) -> float:
    """Return roughly where a put is exercised with `tau` to go, as a part of the strike.

    Source: Bjerksund and Stensland 2002, equation 13, for the symmetric call.
    """
    if not (tau >= 0.0 and rate >= 0.0):
        return nan
    start = boundary_start(rate, div)
    end = max(boundary_end(rate, div, vol), 1e-3 * start)
    if not 0.0 < end < start:
        return start
    first = 1.0 / start
    last = 1.0 / end
    exponent = ((rate - div) * tau - 2.0 * vol * sqrt(tau)) / ((last - first) * first)
    return 1.0 / (first + (last - first) * (1.0 - exp(min(0.0, exponent))))


def boundary_terms(d1: float, width: float, smooth: float) -> tuple[float, float]:
    """Return what the strike and the share weigh in the boundary's equation.

    With `smooth` 1 its derivative by the spot (FP-A: the option's delta is -1 at the boundary),
    with 0 its value (FP-B: the option is worth strike less spot).

    Source: Andersen, Lake and Offengenden 2016, equations 24 to 31.
    """
    d2 = d1 - width
    if not width > 0.0:
        return nan, nan
    if smooth > 0.0:
        return norm_pdf(d2) / width, norm_cdf(d1) + norm_pdf(d1) / width
    return norm_cdf(d2), norm_cdf(d1)


def interpolate(
    nodes: int, rows: int, start: int, blend: Floats, bend: Floats, first: int, work_grid: Floats
) -> None:
    """Write a polynomial's values at the points of a rule, from `first` on, given its nodes'.

    The weights begin at ``blend[start]``. O(nodes rows).
    """
    for row in range(rows):
        work_grid[first + row] = blend[start + row] * bend[0]
    for j in range(1, nodes + 1):
        value = bend[j]
        at = start + j * rows
        for row in range(rows):
            work_grid[first + row] += blend[at + row] * value


def boundary_round(
    tau: float,
    rate: float,
    div: float,
    vol: float,
    nodes: int,
    points: int,
    node: Floats,
    reach: Floats,
    share: Floats,
    blend: Floats,
    work_grid: Floats,
    out_bend: Floats,
) -> float:
    """Apply the boundary's equation once at each node, and return the greatest move.

    ``out_bend[i]`` is ``ln(B / B(0))**2`` at node i. `work_grid` begins with ``exp(-rate s)`` and
    ``exp(-div s)`` of node 1's points one after the other, then node 2's, and so on; after those
    comes the boundary there, which this kernel writes. The form
    FP-A gains a digit a round or more while the drift is below the volatility of the term, and is
    damped from a third of that on; beyond, FP-B is sure and slower, and goes a little farther than
    it says.
    """
    start = log(boundary_start(rate, div))
    drift = rate - div
    moved = 0.0
    rows = nodes * points
    interpolate(nodes, rows, 0, blend, out_bend, 2 * rows, work_grid)
    for i in range(1, nodes + 1):
        root = sqrt(tau) * node[i]
        term = root * root
        width = vol * root
        force = drift * root / vol
        smooth = 1.0 if force <= A_FORCE else 0.0
        pace = 1.0 / (1.0 + max(0.0, force - 0.3)) if force <= A_FORCE else B_PACE
        here = -sqrt(out_bend[i])
        d1 = (start + here + drift * term) / width + 0.5 * width
        top = 0.0
        low = 0.0
        for k in range(points):
            row = (i - 1) * points + k
            part = reach[k] * width
            gap = (
                here
                + sqrt(max(0.0, work_grid[2 * rows + row]))
                + drift * term * reach[k] * reach[k]
            )
            d = gap / part + 0.5 * part
            owed, held = boundary_terms(d, part, smooth)
            top += share[k] * work_grid[2 * row] * owed
            low += share[k] * work_grid[2 * row + 1] * held
        owed, held = boundary_terms(d1, width, smooth)
        top = rate * term * top + bounded_exp(-rate * term) * owed
        low = div * term * low + bounded_exp(-div * term) * held
        ratio = top / low if low > 0.0 else 0.0
        step = log(max(ratio, LEAST_BOUNDARY)) - start - here
        moved = max(moved, abs(step))
        value = min(0.0, here + pace * step)
        out_bend[i] = value * value
    return moved


def put_boundary(
    tau: float,
    rate: float,
    div: float,
    vol: float,
    nodes: int,
    points: int,
    rounds: int,
    node: Floats,
    reach: Floats,
    share: Floats,
    blend: Floats,
    work_grid: Floats,
    out_bend: Floats,
) -> float:
    """Write the boundary of an American put as `american_price` uses it; return the last move.

    At most `rounds` rounds; O(nodes squared times points) each. With ``tau node[i]**2`` to go the
    boundary is ``strike boundary_start exp(-sqrt(out_bend[i]))``. nan outside the domain: tau and
    vol positive, ``rate > 0``, or ``rate == 0`` and a negative yield, rates times tau below 50.
    `work_grid` has ``3 nodes points`` elements, `out_bend` ``nodes + 1``.
    """
    if not (
        0.0 < tau < inf
        and 0.0 < vol < inf
        and 0.0 < vol * sqrt(tau) < inf
        and rate >= 0.0
        and (rate > 0.0 or div < 0.0)
        and rate * tau < 50.0
        and abs(div) * tau < 50.0
    ):
        return nan
    start = boundary_start(rate, div)
    if start < LEAST_BOUNDARY:
        return nan
    out_bend[0] = 0.0
    for i in range(1, nodes + 1):
        term = tau * node[i] * node[i]
        ratio = log(boundary_guess(term, rate, div, vol) / start)
        out_bend[i] = ratio * ratio
        for k in range(points):
            row = (i - 1) * points + k
            elapsed = term * reach[k] * reach[k]
            work_grid[2 * row] = exp(-rate * elapsed)
            work_grid[2 * row + 1] = exp(-div * elapsed)
    moved = inf
    for _ in range(rounds):
        moved = boundary_round(
            tau, rate, div, vol, nodes, points, node, reach, share, blend, work_grid, out_bend
        )
        if moved <= TOLERANCE:
            break
    return moved
