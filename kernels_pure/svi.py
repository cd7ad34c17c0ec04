"""The smile of one expiry in raw SVI, and whether it admits arbitrage.

Total variance ``w(k) = a + b (rho (k - m) + sqrt((k - m)**2 + sigma**2))`` is implied volatility
squared times tau, and k is ``ln(strike / forward)``. All of it is unitless.

Source: Gatheral 2004; Gatheral and Jacquier 2014, sections 2 and 3; Lee 2004 (wings).
"""

from math import inf, nan, sqrt

SVI_OK = 0
SVI_NO_SMILE = 1
SVI_WING = 2
SVI_BUTTERFLY = 3

CALENDAR_OK = 0
CALENDAR_CROSSED = 1
CALENDAR_WING = 2

# A bound that is missed by this part of its terms is met: fits end on bounds, rounded.
SLACK = 1e-12


def svi_slopes(
    k: float, a: float, b: float, rho: float, m: float, sigma: float
) -> tuple[float, float, float]:
    """Return total variance and its first and second derivatives by k; nan unless sigma > 0.

    Source: Gatheral and Jacquier 2014, definition 3.1.

    >>> [round(value, 12) for value in svi_slopes(0.0, 0.04, 0.1, -0.5, 0.0, 0.2)]
    [0.06, -0.05, 0.5]
    """
    root = sqrt((k - m) * (k - m) + sigma * sigma)
    if not (sigma > 0.0 and 0.0 < root < inf):
        return nan, nan, nan
    part = sigma / root
    return a + b * (rho * (k - m) + root), b * (rho + (k - m) / root), b * part * part / root


def svi_variance(k: float, a: float, b: float, rho: float, m: float, sigma: float) -> float:
    """Return total variance at k; domain as in `svi_slopes`.

    >>> round(svi_variance(0.0, 0.04, 0.1, -0.5, 0.0, 0.2), 12)
    0.06
    """
    return svi_slopes(k, a, b, rho, m, sigma)[0]


def svi_density(k: float, a: float, b: float, rho: float, m: float, sigma: float) -> float:
    """Return the function g whose sign is that of the implied density at k.

    No butterfly pays, at prices without spread, where g >= 0 everywhere and the wings are within
    Lee's bounds. nan where variance is not positive.

    Source: Gatheral and Jacquier 2014, equation 2.1.

    >>> round(svi_density(0.0, 0.04, 0.0, 0.0, 0.0, 0.2), 12)
    1.0
    """
    variance, slope, bend = svi_slopes(k, a, b, rho, m, sigma)
    if not variance > 0.0:
        return nan
    first = 1.0 - 0.5 * k * slope / variance
    return first * first - 0.25 * slope * slope * (1.0 / variance + 0.25) + 0.5 * bend


def svi_check(
    a: float, b: float, rho: float, m: float, sigma: float, low: float, high: float, points: int
) -> tuple[int, float, float]:
    """Return a status, the least g on `points` equal steps from `low` to `high`, and its place.

    The status is the first that holds of `SVI_NO_SMILE` (b < 0, abs(rho) > 1, sigma not positive,
    a least variance below 0, or a nan), `SVI_WING` (``b (1 + abs(rho)) > 2``), `SVI_BUTTERFLY`
    (g < 0, or no g, somewhere on the grid) and `SVI_OK`. Bounds count as met within
    1e-12. The grid does not prove what lies between or beyond its points. O(points).

    Source: Gatheral and Jacquier 2014, section 2.2; Lee 2004, theorem 3.1.

    >>> status, least, place = svi_check(-0.041, 0.1331, 0.306, 0.3586, 0.4153, -1.5, 1.5, 301)
    >>> status, round(least, 3), round(place, 2)
    (3, -0.033, 0.88)
    """
    if not (
        abs(a) < inf
        and 0.0 <= b < inf
        and abs(rho) <= 1.0
        and abs(m) < inf
        and 0.0 < sigma < inf
        and a + b * sigma * sqrt(max(0.0, 1.0 - rho * rho)) >= -SLACK * abs(a)
    ):
        return SVI_NO_SMILE, nan, nan
    least = inf
    where = nan
    for i in range(points):
        k = low + (high - low) * i / max(1, points - 1)
        density = svi_density(k, a, b, rho, m, sigma)
        if not density >= least:
            least = density
            where = k
            if not density > -inf:
                break
    if b * (1.0 + abs(rho)) > 2.0 * (1.0 + SLACK):
        return SVI_WING, least, where
    if not least >= 0.0:
        return SVI_BUTTERFLY, least, where
    return SVI_OK, least, where


def svi_calendar(
    a: float,
    b: float,
    rho: float,
    m: float,
    sigma: float,
    late_a: float,
    late_b: float,
    late_rho: float,
    late_m: float,
    late_sigma: float,
    low: float,
    high: float,
    points: int,
) -> tuple[int, float, float]:
    """Return a status, by how much the later slice is the higher at least, and where.

    Total variance at one k must not fall from an expiry to a later one. `CALENDAR_CROSSED` where it
    does on the grid of `svi_check`, `CALENDAR_WING` where a wing of the later slice is the flatter,
    so that they cross beyond it, else `CALENDAR_OK`. Of slices with a nan `CALENDAR_CROSSED`.

    Source: Gatheral and Jacquier 2014, lemma 2.1.

    >>> svi_calendar(0.04, 0.1, 0.0, 0.0, 0.1, 0.05, 0.1, 0.0, 0.0, 0.1, -1.0, 1.0, 3)[0]
    0
    """
    least = inf
    where = nan
    for i in range(points):
        k = low + (high - low) * i / max(1, points - 1)
        early = svi_variance(k, a, b, rho, m, sigma)
        rise = svi_variance(k, late_a, late_b, late_rho, late_m, late_sigma) - early
        if not rise >= least:
            least = rise
            where = k
            if not rise > -inf:
                break
    if not least >= 0.0:
        return CALENDAR_CROSSED, least, where
    if late_b * (1.0 + late_rho) < b * (1.0 + rho) or late_b * (1.0 - late_rho) < b * (1.0 - rho):
        return CALENDAR_WING, least, where
    return CALENDAR_OK, least, where
