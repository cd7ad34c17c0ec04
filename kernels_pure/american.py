"""American prices from the boundary of early exercise, without a lattice.

The price is the European one plus the integral of what exercise earns below the boundary of
`kernels_pure.exercise`. A call is the put with spot and strike, and rate and yield, exchanged.

Where ``div < rate < 0`` a put has two boundaries (``rate < div < 0`` a call): such options are nan
here; `kernels_pure.lattice` values them, and those with cash dividends.

Source: Andersen, Lake and Offengenden, High-performance American option pricing, 2016; McDonald
and Schroder 1998 (symmetry).
"""

from math import exp, inf, log, nan, sqrt

from kernels_pure.columns import Flags, Floats
from kernels_pure.escrow import never_early
from kernels_pure.exercise import LEAST_BOUNDARY, boundary_start, interpolate, put_boundary
from kernels_pure.normal import norm_cdf, norm_pdf
from kernels_pure.pricing import bs_greeks, bs_price

# Central differences: by this part of the volatility, and by this much of the rate.
VOL_BUMP = 0.001
RATE_BUMP = 0.0001


def early_premium(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    nodes: int,
    points: int,
    last_points: int,
    reach: Floats,
    share: Floats,
    blend: Floats,
    bend: Floats,
    work_grid: Floats,
) -> tuple[float, float, float]:
    """Return what early exercise adds to a put's price, delta and gamma above its boundary.

    The integral of the interest on the strike less the yield of the share, over the times when the
    share is below the boundary, and its derivatives by spot.

    Source: Kim 1990, equation 10; Carr, Jarrow and Myneni 1992.
    """
    root = vol * sqrt(tau)
    start = log(spot / (strike * boundary_start(rate, div)))
    interpolate(nodes, last_points, nodes * points * (nodes + 1), blend, bend, 0, work_grid)
    price = 0.0
    delta = 0.0
    gamma = 0.0
    for k in range(points, points + last_points):
        width = root * reach[k]
        elapsed = tau * reach[k] * reach[k]
        d = (
            start + sqrt(max(0.0, work_grid[k - points])) + (rate - div) * elapsed
        ) / width + 0.5 * width
        owed = share[k] * rate * strike * exp(-rate * elapsed)
        held = share[k] * div * spot * exp(-div * elapsed)
        in_strike = owed * norm_pdf(d - width) / width
        in_share = held * norm_pdf(d) / width
        tail = held * norm_cdf(-d)
        price += owed * norm_cdf(width - d) - tail
        delta += in_share - in_strike - tail
        gamma += in_strike * (1.0 + (d - width) / width) + in_share * (1.0 - d / width)
    return tau * price, tau * delta / spot, tau * gamma / (spot * spot)


def american_price(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    nodes: int,
    points: int,
    last_points: int,
    rounds: int,
    node: Floats,
    reach: Floats,
    share: Floats,
    blend: Floats,
    work_grid: Floats,
    work_bend: Floats,
) -> tuple[float, float, float, float]:
    """Return price, delta, gamma and theta of an American option; conventions of `bs_greeks`.

    The rule (`node` to `blend`) is `american_rule`'s for these `nodes`, `points` and
    `last_points`; work columns as in `put_boundary`, and
    `last_points` not more than ``3 nodes points``. Errors against a converged lattice stand in
    docs/KERNELS.md. Where exercise is best the price is the intrinsic value, with delta `right` and
    0 for the rest; at ``tau == 0`` it is the intrinsic value and nan for the rest. nan outside
    positive spots, strikes and volatilities, where there are two boundaries (the lattice has
    these), and where a rate or a yield times tau passes 50. Theta follows from the equation of
    Black and Scholes.

    >>> from array import array
    >>> node, reach, share, blend = (array("d", [0.0] * n) for n in (9, 36, 36, 1080))
    >>> from kernels_pure.quadrature import american_rule
    >>> american_rule(8, 12, 24, node, reach, share, blend)
    >>> work, bend = array("d", [0.0] * 288), array("d", [0.0] * 9)
    >>> option, sizes = (36.0, 40.0, 1.0, 0.06, 0.0, 0.2, -1), (8, 12, 24, 8)
    >>> answer = american_price(*option, *sizes, node, reach, share, blend, work, bend)
    >>> [round(number, 3) for number in answer]
    [4.487, -0.697, 0.087, -0.474]
    """
    if not (0.0 < spot < inf and 0.0 < strike < inf and tau >= 0.0 and right * right == 1):
        return nan, nan, nan, nan
    intrinsic = max(0.0, right * (spot - strike))
    if tau == 0.0:
        return intrinsic, nan, nan, nan
    if not (vol > 0.0 and abs(rate) < inf and abs(div) < inf):
        return nan, nan, nan, nan
    if never_early(rate, div, right) == 1:
        delta, gamma, _, theta, _ = bs_greeks(spot, strike, tau, rate, div, vol, right)
        return bs_price(spot, strike, tau, rate, div, vol, right), delta, gamma, theta
    # As a put: of a call, on the strike, with the spot for strike.
    share_price = spot if right < 0 else strike
    owed = strike if right < 0 else spot
    interest = rate if right < 0 else div
    earned = div if right < 0 else rate
    value = bs_price(share_price, owed, tau, interest, earned, vol, -1)
    delta, gamma, _, _, _ = bs_greeks(share_price, owed, tau, interest, earned, vol, -1)
    start = boundary_start(interest, earned)
    if not 0.0 <= start < LEAST_BOUNDARY:
        moved = put_boundary(
            tau, interest, earned, vol, nodes, points, rounds, node, reach, share, blend,
            work_grid, work_bend,
        )  # fmt: skip
        if not moved < inf:
            return nan, nan, nan, nan
        boundary = start * exp(-sqrt(work_bend[nodes]))
        if share_price <= owed * boundary:
            return intrinsic, float(right), 0.0, 0.0
        more, more_delta, more_gamma = early_premium(
            share_price, owed, tau, interest, earned, vol, nodes, points, last_points,
            reach, share, blend, work_bend, work_grid,
        )  # fmt: skip
        if more > 0.0:
            value += more
        delta += more_delta
        gamma += more_gamma
    if value < intrinsic:
        value = intrinsic
    if right > 0:
        # Of degree one in both prices: the derivatives by the strike, which is the call's spot.
        ratio = share_price / owed
        delta = value / owed - ratio * delta
        gamma = ratio * ratio * gamma
    theta = rate * value - (rate - div) * spot * delta - 0.5 * vol * vol * spot * spot * gamma
    return value, delta, gamma, theta


def american_vega_rho(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    nodes: int,
    points: int,
    last_points: int,
    rounds: int,
    node: Floats,
    reach: Floats,
    share: Floats,
    blend: Floats,
    work_grid: Floats,
    work_bend: Floats,
) -> tuple[float, float]:
    """Return vega and rho (per 1.00) of `american_price`, by central differences.

    Bumps of `VOL_BUMP` of the volatility and of `RATE_BUMP` either way: four prices. nan where one
    of them is.

    A call without yield is never exercised: they are the European's.

    >>> from array import array
    >>> node, reach, share, blend = (array("d", [0.0] * n) for n in (9, 36, 36, 1080))
    >>> work, bend, sizes = array("d", [0.0] * 288), array("d", [0.0] * 9), (8, 12, 24, 8)
    >>> option = (100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1)
    >>> vega, rho = american_vega_rho(*option, *sizes, node, reach, share, blend, work, bend)
    >>> greeks = bs_greeks(*option)
    >>> abs(vega - greeks[2]) < 1e-4, abs(rho - greeks[4]) < 1e-4
    (True, True)
    """
    vega = 0.0
    rho = 0.0
    for bump in range(4):
        sign = 1.0 - 2.0 * (bump % 2)
        by_vol = sign * VOL_BUMP * vol if bump < 2 else 0.0
        by_rate = 0.0 if bump < 2 else sign * RATE_BUMP
        price, _, _, _ = american_price(
            spot, strike, tau, rate + by_rate, div, vol + by_vol, right, nodes, points,
            last_points, rounds, node, reach, share, blend, work_grid, work_bend,
        )  # fmt: skip
        if bump < 2:
            vega += sign * price
        else:
            rho += sign * price
    step = 2.0 * VOL_BUMP * vol
    if not step > 0.0:
        return nan, nan
    return vega / step, rho / (2.0 * RATE_BUMP)


def american_chain(
    spot: Floats,
    strike: Floats,
    tau: Floats,
    rate: Floats,
    div: Floats,
    vol: Floats,
    right: Flags,
    nodes: int,
    points: int,
    last_points: int,
    rounds: int,
    node: Floats,
    reach: Floats,
    share: Floats,
    blend: Floats,
    work_grid: Floats,
    work_bend: Floats,
    out_price: Floats,
    out_delta: Floats,
    out_gamma: Floats,
    out_theta: Floats,
) -> None:
    """Write `american_price` of every row.

    A call without yield is worth what the European is, a put far in the money its intrinsic value:

    >>> from array import array
    >>> from kernels_pure.quadrature import american_rule
    >>> rule = [array("d", [0.0] * n) for n in (9, 36, 36, 1080)]
    >>> american_rule(8, 12, 24, *rule)
    >>> work = (array("d", [0.0] * 288), array("d", [0.0] * 9))
    >>> columns = [array("d", row) for row in ([42.0, 10.0], [40.0, 40.0], [0.5, 0.5], [0.1, 0.1])]
    >>> columns += [array("d", [0.0, 0.0]), array("d", [0.2, 0.2]), array("b", [1, -1])]
    >>> price, delta, gamma, theta = (array("d", [0.0] * 2) for _ in range(4))
    >>> american_chain(*columns, 8, 12, 24, 8, *rule, *work, price, delta, gamma, theta)
    >>> round(price[0], 2), price[1], delta[1], gamma[1], theta[1]
    (4.76, 30.0, -1.0, 0.0, 0.0)
    """
    for i in range(len(out_price)):
        price, delta, gamma, theta = american_price(
            spot[i], strike[i], tau[i], rate[i], div[i], vol[i], right[i], nodes, points,
            last_points, rounds, node, reach, share, blend, work_grid, work_bend,
        )  # fmt: skip
        out_price[i] = price
        out_delta[i] = delta
        out_gamma[i] = gamma
        out_theta[i] = theta
