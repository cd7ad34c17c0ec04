"""Fit raw SVI to the total variances of one expiry.

Given m and sigma, total variance is linear in the rest: ``a + d y + c sqrt(y*y + 1)`` with
``y = (k - m) / sigma``, ``c = b sigma`` and ``d = rho b sigma``. Those three come from a least
squares problem of two unknowns within ``abs(d) <= c`` and ``c + abs(d) <= 2 sigma`` (Lee's bounds
on the wings), and a simplex of Nelder and Mead goes over m and ln(sigma), from the best point of a
fixed grid: nothing is random, and no start has to be given.

Source: De Marco and Martini, Quasi-explicit calibration of Gatheral's SVI model, Zeliade 2009;
Nelder and Mead 1965. Unlike there a may be negative; the least variance may not.
"""

from math import exp, inf, log, nan, sqrt

from kernels_pure.columns import LARGEST, Floats
from kernels_pure.svi import svi_variance

GRID_M = 9
GRID_SIGMA = 7
MAX_MOVES = 250
# The simplex has converged where it is this small in m / range and in ln(sigma).
LEAST_SIZE = 1e-11


def edge_minimum(
    c0: float,
    d0: float,
    c1: float,
    d1: float,
    zz: float,
    yz: float,
    yy: float,
    zw: float,
    yw: float,
) -> tuple[float, float, float]:
    """Return the least of a quadratic form between two points, and where: (value, c, d).

    The form is ``c c zz + 2 c d yz + d d yy - 2 c zw - 2 d yw``.
    """
    c = c1 - c0
    d = d1 - d0
    bend = c * c * zz + 2.0 * c * d * yz + d * d * yy
    slope = c * (zw - c0 * zz - d0 * yz) + d * (yw - c0 * yz - d0 * yy)
    t = 0.0
    if bend > 0.0:
        t = min(1.0, max(0.0, slope / bend))
    c = c0 + t * c
    d = d0 + t * d
    return c * c * zz + 2.0 * c * d * yz + d * d * yy - 2.0 * (c * zw + d * yw), c, d


def svi_inner(
    m: float, sigma: float, n: int, work_k: Floats, work_w: Floats, work_share: Floats
) -> tuple[float, float, float, float]:
    """Return the least squared error at this m and sigma, and the a, c and d that give it.

    The first `n` elements of the columns are k, total variance, and weights that add up to 1. The
    squared error is their mean, inf where sigma is not positive or not finite. O(n).
    """
    if not (abs(m) <= LARGEST and 1e-6 < sigma < 1e6):
        return inf, nan, nan, nan
    slope = 1.0 / sigma
    mean_y = 0.0
    mean_z = 0.0
    mean_w = 0.0
    for i in range(n):
        y = (work_k[i] - m) * slope
        share = work_share[i]
        mean_y += share * y
        mean_z += share * sqrt(y * y + 1.0)
        mean_w += share * work_w[i]
    zz = 0.0
    yz = 0.0
    yy = 0.0
    zw = 0.0
    yw = 0.0
    for i in range(n):
        y = (work_k[i] - m) * slope
        z = sqrt(y * y + 1.0) - mean_z
        y -= mean_y
        w = work_w[i] - mean_w
        share = work_share[i]
        zz += share * z * z
        yz += share * y * z
        yy += share * y * y
        zw += share * z * w
        yw += share * y * w
    c = -1.0
    d = 0.0
    determinant = zz * yy - yz * yz
    if determinant > 1e-14 * zz * yy:
        c = (zw * yy - yw * yz) / determinant
        d = (yw * zz - zw * yz) / determinant
    if not (c >= abs(d) and c + abs(d) <= 2.0 * sigma):
        # The least lies on an edge of the diamond (0, 0), (sigma, sigma), (2 sigma, 0), (sigma, -).
        best = inf
        for edge in range(4):
            side = sigma if edge % 2 == 0 else -sigma
            tip = 0.0 if edge < 2 else 2.0 * sigma
            value, at_c, at_d = edge_minimum(tip, 0.0, sigma, side, zz, yz, yy, zw, yw)
            if value < best:
                best = value
                c = at_c
                d = at_d
    a = max(mean_w - c * mean_z - d * mean_y, -sqrt(max(0.0, (c - d) * (c + d))))
    total = 0.0
    for i in range(n):
        y = (work_k[i] - m) * slope
        miss = a + d * y + c * sqrt(y * y + 1.0) - work_w[i]
        total += work_share[i] * miss * miss
    return total, a, c, d


def svi_error(
    m: float, log_sigma: float, n: int, work_k: Floats, work_w: Floats, work_share: Floats
) -> float:
    """Return the least squared error at this m and logarithm of sigma."""
    if not abs(log_sigma) < 14.0:
        return inf
    return svi_inner(m, exp(log_sigma), n, work_k, work_w, work_share)[0]


def svi_search(
    m: float,
    log_sigma: float,
    step_m: float,
    step_sigma: float,
    moves: int,
    n: int,
    work_k: Floats,
    work_w: Floats,
    work_share: Floats,
) -> tuple[float, float]:
    """Return the m and ln(sigma) of least error that a simplex started here finds in some moves."""
    x0 = m
    y0 = log_sigma
    f0 = inf
    x1 = m + step_m
    y1 = log_sigma
    f1 = inf
    x2 = m
    y2 = log_sigma + step_sigma
    f2 = inf
    # One call for the three: compiled code holds a copy of what each call does.
    for corner in range(3):
        x = x1 if corner == 1 else m
        y = y2 if corner == 2 else log_sigma
        f = svi_error(x, y, n, work_k, work_w, work_share)
        if corner == 0:
            f0 = f
        elif corner == 1:
            f1 = f
        else:
            f2 = f
    for _ in range(moves):
        # In order: 0 the best, 2 the worst.
        if f1 < f0:
            x0, y0, f0, x1, y1, f1 = x1, y1, f1, x0, y0, f0
        if f2 < f1:
            x1, y1, f1, x2, y2, f2 = x2, y2, f2, x1, y1, f1
        if f1 < f0:
            x0, y0, f0, x1, y1, f1 = x1, y1, f1, x0, y0, f0
        size = abs(x1 - x0) + abs(x2 - x0) + abs(y1 - y0) + abs(y2 - y0)
        if size <= LEAST_SIZE or f0 == 0.0:
            break
        center_x = 0.5 * (x0 + x1)
        center_y = 0.5 * (y0 + y1)
        x = 2.0 * center_x - x2
        y = 2.0 * center_y - y2
        f = svi_error(x, y, n, work_k, work_w, work_share)
        # Farther on if it is the best, towards it if better than the worst, else back inside.
        part = 2.0 if f < f0 else 0.5 if f < f2 else -0.5
        if part > 1.0 or not f < f1:
            other_x = center_x + part * (center_x - x2)
            other_y = center_y + part * (center_y - y2)
            other = svi_error(other_x, other_y, n, work_k, work_w, work_share)
            if other < min(f, f2):
                x, y, f = other_x, other_y, other
            elif part < 2.0:
                x1 = 0.5 * (x0 + x1)
                y1 = 0.5 * (y0 + y1)
                for corner in range(2):
                    x = x1 if corner == 0 else 0.5 * (x0 + x2)
                    y = y1 if corner == 0 else 0.5 * (y0 + y2)
                    f = svi_error(x, y, n, work_k, work_w, work_share)
                    if corner == 0:
                        f1 = f
        x2 = x
        y2 = y
        f2 = f
    return x0, y0


def svi_fit(
    k: Floats,
    variance: Floats,
    weight: Floats,
    out_residual: Floats,
    work_k: Floats,
    work_w: Floats,
    work_share: Floats,
) -> tuple[float, float, float, float, float, float, int]:
    """Return a, b, rho, m, sigma, the weighted RMSE, and how many rows were used.

    `k` is ``ln(strike / forward)``, `variance` total implied variance, `weight` what a squared
    error counts for (only ratios matter). Rows with a weight or a variance that is not positive
    and finite are left out. `out_residual` is fitted less given total variance, nan for rows left
    out. All nan below five rows, or where all k are one (within 1e-9). O(rows) times a few hundred.

    The fit may still admit a butterfly: `svi_check` says. Its wings and its least variance never
    break their bounds.

    >>> from array import array
    >>> k = array("d", [0.1 * i - 0.5 for i in range(11)])
    >>> w = array("d", [svi_variance(x, 0.03, 0.12, -0.4, 0.05, 0.2) for x in k])
    >>> work = [array("d", [0.0] * 11) for _ in range(4)]
    >>> answer = svi_fit(k, w, array("d", [1.0] * 11), *work)
    >>> [round(number, 7) for number in answer]
    [0.03, 0.12, -0.4, 0.05, 0.2, 0.0, 11]
    """
    n = 0
    total = 0.0
    low = inf
    high = -inf
    lowest = inf
    start = 0.0
    for i in range(len(k)):
        out_residual[i] = nan
        if abs(k[i]) <= LARGEST and 0.0 < variance[i] <= LARGEST and 0.0 < weight[i] <= LARGEST:
            work_k[n] = k[i]
            work_w[n] = variance[i]
            work_share[n] = weight[i]
            total += weight[i]
            low = min(low, k[i])
            high = max(high, k[i])
            if variance[i] < lowest:
                lowest = variance[i]
                start = k[i]
            n += 1
    span = high - low
    if not (n >= 5 and 1e-9 < span < 1e6 and 0.0 < total <= LARGEST):
        return nan, nan, nan, nan, nan, nan, n
    for i in range(n):
        work_share[i] /= total
    best = inf
    m = start
    log_sigma = log(0.3 * span)
    for i in range(GRID_M):
        for j in range(GRID_SIGMA):
            x = low + span * (i - 1) / (GRID_M - 3)
            y = log(span) - 0.7 * j
            error = svi_error(x, y, n, work_k, work_w, work_share)
            if error < best:
                best = error
                m = x
                log_sigma = y
    # A second simplex, smaller, where the first has ended: it may have stalled.
    step_m = 0.1 * span
    step_sigma = 0.3
    for _ in range(2):
        m, log_sigma = svi_search(
            m, log_sigma, step_m, step_sigma, MAX_MOVES, n, work_k, work_w, work_share
        )
        step_m = 0.01 * span
        step_sigma = -0.05
    sigma = exp(log_sigma)
    error, a, c, d = svi_inner(m, sigma, n, work_k, work_w, work_share)
    b = c / sigma
    rho = d / c if c > 0.0 else 0.0
    for i in range(len(k)):
        if abs(k[i]) <= LARGEST and 0.0 < variance[i] <= LARGEST and 0.0 < weight[i] <= LARGEST:
            out_residual[i] = svi_variance(k[i], a, b, rho, m, sigma) - variance[i]
    return a, b, rho, m, sigma, sqrt(error), n
