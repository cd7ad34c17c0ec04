"""American options on a binomial lattice, with cash dividends and a continuous yield.

The tree is Cox's, Ross's and Rubinstein's with Black-Scholes values one step before expiry, which
makes its error smooth, so that twice the value at n steps less that at n / 2 is better than both
(Broadie's and Detemple's BBSR). It starts two steps before today: three nodes lie at time 0, and
delta and gamma are differences among them.

Cash dividends are escrowed: `kernels_pure.escrow`.
"""

from math import exp, inf, nan, sqrt

from kernels_pure.columns import Floats
from kernels_pure.escrow import dividend_ahead, dividends_due, never_early
from kernels_pure.pricing import bounded_exp, bs_greeks, bs_price

# A share that may grow by exp(MAX_SPREAD) over the tree is far from overflow.
MAX_SPREAD = 600.0
# Central differences: by this part of the volatility, and by this much of the rate.
VOL_BUMP = 0.01
RATE_BUMP = 0.001


def step_back(
    nodes: int,
    start: int,
    right: int,
    strike: float,
    up: float,
    down: float,
    work_spot: Floats,
    work_value: Floats,
) -> None:
    """Replace the values of a level of the tree by those of the level before it.

    Node j is worth ``up value[j + 1] + down value[j]``, or what exercise brings where that is more:
    ``right (spot[start + j] - strike)``.
    """
    sign = float(right)
    for j in range(nodes):
        held = up * work_value[j + 1] + down * work_value[j]
        lack = sign * (work_spot[start + j] - strike) - held
        # The greater of the two without a branch: which one it is changes from node to node.
        work_value[j] = held + 0.5 * (lack + abs(lack))


def step_over_dividend(
    nodes: int,
    start: int,
    right: int,
    strike: float,
    part: float,
    weight: float,
    up: float,
    down: float,
    growth: float,
    work_spot: Floats,
    work_value: Floats,
) -> None:
    """Replace a level's values by those before it, a dividend in between, before any exercise.

    The best moment to exercise is at the dividend, and no level lies there. Deciding at the level
    before it (exercise then is worth ``right (part spot - strike)``) is too low by what the stock
    does in the meantime, deciding at the level after it too high; both are linear in the distance.
    `weight` is how near the level before is, and ``1 - weight`` how near the one after.
    """
    back = up + down
    # What exercise is worth a step later, at the nodes above and below: a martingale.
    grown = part / (up * growth + down / growth)
    owed = strike / back
    for j in range(nodes):
        spot = work_spot[start + j]
        held = up * work_value[j + 1] + down * work_value[j]
        decided = max(held, right * (part * spot - strike))
        above = max(work_value[j + 1], right * (grown * growth * spot - owed))
        below = max(work_value[j], right * (grown / growth * spot - owed))
        work_value[j] = weight * decided + (1.0 - weight) * (up * above + down * below)


def exercise_level(
    nodes: int, start: int, right: int, strike: float, work_spot: Floats, work_value: Floats
) -> None:
    """Raise a level's values to what exercise brings, ``right (spot - strike)``."""
    for j in range(nodes):
        gain = right * (work_spot[start + j] - strike)
        if gain > work_value[j]:
            work_value[j] = gain


def lay_spots(spot: float, growth: float, steps: int, work_spot: Floats) -> int:
    """Write the tree's spots: even powers of `growth` times the spot, then odd ones.

    Returns the index of the spot itself; the odd powers begin at twice that plus 1, so that the
    nodes of each level are neighbours. `work_spot` has ``2 steps + 12`` elements or more.
    """
    center = (steps + 2) // 2 + 1
    odd = 2 * center + 1
    square = growth * growth
    high = spot
    low = spot
    for m in range(center + 1):
        work_spot[center + m] = high
        work_spot[center - m] = low
        work_spot[odd + center + m] = high * growth
        work_spot[odd + center - m] = low * growth
        high *= square
        low /= square
    return center


def smooth_tree(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    steps: int,
    div_time: Floats,
    div_amount: Floats,
    work_spot: Floats,
    work_value: Floats,
) -> tuple[float, float, float, float]:
    """Return price, delta, gamma and theta of one tree whose last step is Black-Scholes.

    `spot` is already less the present value of the dividends, and theta is at that held constant.
    nan unless steps >= 3 and the drift of a step is less than its volatility. O(steps squared).
    """
    if not (steps >= 3 and spot > 0.0 and strike > 0.0 and tau > 0.0 and vol > 0.0):
        return nan, nan, nan, nan
    dt = tau / steps
    width = vol * sqrt(dt)
    if not (width > 0.0 and width * (steps + 4) <= MAX_SPREAD and abs((rate - div) * dt) < width):
        return nan, nan, nan, nan
    growth = exp(width)
    discount = bounded_exp(-rate * dt)
    chance = (exp((rate - div) * dt) - 1.0 / growth) / (growth - 1.0 / growth)
    if not (0.0 <= chance <= 1.0 and discount < inf):
        return nan, nan, nan, nan
    up = discount * chance
    down = discount * (1.0 - chance)
    center = lay_spots(spot, growth, steps, work_spot)
    later = nan
    for level in range(steps - 1, -1, -1):
        # Even levels stand on even powers. A level has three nodes more than its number.
        odd = level % 2
        start = center - (level + 2) // 2 + odd * (2 * center)
        now = level * dt
        due = dividends_due(now, tau, rate, div_time, div_amount)
        ahead = dividend_ahead(now, now + dt, div_time, div_amount)
        if level == steps - 1:
            for j in range(level + 3):
                here = work_spot[start + j]
                work_value[j] = bs_price(here, strike, tau - now, rate, div, vol, right)
            exercise_level(level + 3, start, right, strike - due, work_spot, work_value)
        elif ahead < 0:
            step_back(level + 3, start, right, strike - due, up, down, work_spot, work_value)
        else:
            # A call is exercised just before a dividend, a put just after.
            wait = div_time[ahead] - now
            money = bounded_exp(-rate * wait)
            left = due - div_amount[ahead] * money if right < 0 else due
            step_over_dividend(
                level + 3, start, right, strike * money - left, bounded_exp(-div * wait),
                1.0 - wait / dt, up, down, growth, work_spot, work_value,
            )  # fmt: skip
            exercise_level(level + 3, start, right, strike - due, work_spot, work_value)
        if level == 2:
            later = work_value[2]
    low = (work_value[1] - work_value[0]) / (spot - work_spot[center - 1])
    high = (work_value[2] - work_value[1]) / (work_spot[center + 1] - spot)
    below = spot - work_spot[center - 1]
    above = work_spot[center + 1] - spot
    delta = (high * below + low * above) / (below + above)
    gamma = 2.0 * (high - low) / (below + above)
    return work_value[1], delta, gamma, (later - work_value[1]) / (2.0 * dt)


def american_lattice(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    steps: int,
    div_time: Floats,
    div_amount: Floats,
    work_spot: Floats,
    work_value: Floats,
) -> tuple[float, float, float, float]:
    """Return price, delta, gamma and theta of an American option; conventions of `bs_greeks`.

    `div` is a continuous yield; `div_time` (years from today) and `div_amount` (per share) are the
    cash dividends (`kernels_pure.escrow`). `steps` is even and at least 6; `work_spot` has
    ``2 steps + 12`` elements, `work_value` ``steps + 3``. Errors stand in docs/KERNELS.md; they
    grow with the drift over the term. What is never exercised early is Black-Scholes exactly. At
    ``tau == 0`` the intrinsic value and nan for the rest. All nan unless the spot exceeds the
    dividends, strike and vol are positive, tau is not negative, and each step's drift is below its
    volatility. O(steps squared).

    Source: Broadie and Detemple 1996, section 4 (BBSR); Pelsser and Vorst 1994 (nodes before
    today); Roll 1977 and Hull, the chapter on early exercise (escrowed dividends).

    >>> from array import array
    >>> none, work = array("d"), [array("d", bytes(8 * 220)) for _ in range(2)]
    >>> answer = american_lattice(36.0, 40.0, 1.0, 0.06, 0.0, 0.2, -1, 100, none, none, *work)
    >>> [round(number, 3) for number in answer]
    [4.486, -0.696, 0.086, -0.454]
    """
    due = dividends_due(0.0, tau, rate, div_time, div_amount)
    free = spot - due
    if not (free > 0.0 and strike > 0.0 and tau >= 0.0 and spot < inf and right * right == 1):
        return nan, nan, nan, nan
    intrinsic = max(0.0, right * (spot - strike))
    if tau == 0.0 and strike < inf:
        return intrinsic, nan, nan, nan
    european = bs_price(free, strike, tau, rate, div, vol, right)
    if never_early(rate, div, right) == 1 and (due == 0.0 or (right < 0 and due > 0.0)):
        delta, gamma, _, theta, _ = bs_greeks(free, strike, tau, rate, div, vol, right)
        return european, delta, gamma, theta - delta * rate * due
    half = steps // 2
    price, delta, gamma, theta = smooth_tree(
        free, strike, tau, rate, div, vol, right, 2 * half, div_time, div_amount,
        work_spot, work_value,
    )  # fmt: skip
    price2, delta2, gamma2, theta2 = smooth_tree(
        free, strike, tau, rate, div, vol, right, half, div_time, div_amount, work_spot, work_value
    )
    price = 2.0 * price - price2
    delta = 2.0 * delta - delta2
    # At the spot held constant the escrowed part grows at the rate.
    theta = 2.0 * theta - theta2 - delta * rate * due
    if price < intrinsic:
        price = intrinsic
    if price < european:
        price = european
    return price, delta, 2.0 * gamma - gamma2, theta


def american_sensitivities(
    spot: float,
    strike: float,
    tau: float,
    rate: float,
    div: float,
    vol: float,
    right: int,
    steps: int,
    div_time: Floats,
    div_amount: Floats,
    work_spot: Floats,
    work_value: Floats,
) -> tuple[float, float]:
    """Return vega (per 1.00) and rho (per 1.00) of `american_lattice`, by central differences.

    Bumps of `VOL_BUMP` of the volatility and of `RATE_BUMP` either way: four trees. nan where one
    of them is.

    A call without yield and dividends is never exercised: they are the European's.

    >>> from array import array
    >>> none, work = array("d"), [array("d", bytes(8 * 220)) for _ in range(2)]
    >>> option = (100.0, 100.0, 1.0, 0.05, 0.0, 0.2, 1)
    >>> vega, rho = american_sensitivities(*option, 100, none, none, *work)
    >>> greeks = bs_greeks(*option)
    >>> abs(vega / greeks[2] - 1.0) < 1e-4, abs(rho / greeks[4] - 1.0) < 1e-4
    (True, True)
    """
    step = VOL_BUMP * vol
    high = american_lattice(
        spot, strike, tau, rate, div, vol + step, right, steps, div_time, div_amount,
        work_spot, work_value,
    )[0]  # fmt: skip
    low = american_lattice(
        spot, strike, tau, rate, div, vol - step, right, steps, div_time, div_amount,
        work_spot, work_value,
    )[0]  # fmt: skip
    richer = american_lattice(
        spot, strike, tau, rate + RATE_BUMP, div, vol, right, steps, div_time, div_amount,
        work_spot, work_value,
    )[0]  # fmt: skip
    poorer = american_lattice(
        spot, strike, tau, rate - RATE_BUMP, div, vol, right, steps, div_time, div_amount,
        work_spot, work_value,
    )[0]  # fmt: skip
    if not step > 0.0:
        return nan, nan
    return (high - low) / (2.0 * step), (richer - poorer) / (2.0 * RATE_BUMP)
