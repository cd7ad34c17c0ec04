"""Fill probability, leg-out loss and score of a candidate; the k best rows.

Gates decide; the score only orders. Sizes in contracts, ages in seconds, amounts in currency.

Source: SCANNER section 6.
"""

from math import exp, inf, log, nan, sqrt

from kernels_pure.columns import Floats, Ints
from kernels_pure.pricing import bounded_exp

LEAST_DAYS = 5.0
MOST_RETURN = 10.0


def fill_factor(
    size: float, needed: float, age: float, spread: float, fill_time: float, spread_cap: float
) -> float:
    """Return one leg's chance to fill: size, age and spread each lower it.

    A size that is not known counts as enough, an age that is not known as `fill_time`. nan unless
    `fill_time` is positive.
    """
    if not fill_time > 0.0:
        return nan
    factor = 1.0
    if size >= 0.0 and needed > 0.0:
        factor = min(1.0, size / needed)
    seconds = fill_time
    if age >= 0.0:
        seconds = age
    factor = factor * exp(-seconds / fill_time)
    share = 1.0
    if spread_cap > 0.0:
        share = min(1.0, spread / spread_cap)
    return factor * (1.0 - 0.5 * share)


def leg_out_loss(legs: int, cost: Floats, delta: Floats, sigma: float) -> float:
    """Return the worst loss when only some of `legs` legs fill and must be closed again.

    `cost` is what crossing each filled leg's spread back costs, `delta` its delta, both for the
    whole size; `sigma` is one standard deviation of the spot while waiting. The maximum runs
    over all proper, non-empty subsets of the legs and is exact: for either sign of the exposure a
    leg belongs to the worst subset if it adds to it, and where all do the least of them stays out.
    O(legs).
    """
    worst = 0.0
    for sign in range(-1, 2, 2):
        total = 0.0
        least = 0.0
        for leg in range(legs):
            loss = cost[leg] + sign * sigma * delta[leg]
            if not loss > 0.0:
                loss = 0.0
            if leg == 0:
                least = loss
            elif loss < least:
                total += least
                least = loss
            else:
                total += loss
        worst = max(worst, total)
    return worst


def annualised_return(edge_usd: float, capital: float, days: float) -> float:
    """Return the excess return per year on `capital`; nan without capital.

    nan, too, for fewer than LEAST_DAYS and above MOST_RETURN: a year of such trades is not to be
    had, and the number says no more than the dollars do.
    """
    if not (capital > 0.0 and days >= LEAST_DAYS):
        return nan
    found = edge_usd / capital * 365.0 / days
    if found > MOST_RETURN:
        return nan
    return found


def expected_value(edge_usd: float, loss: float, fill_probability: float) -> float:
    """Return ``EV = P E - (1 - P) L``: the edge if all legs fill, else the loss of legging out."""
    return fill_probability * edge_usd - (1.0 - fill_probability) * loss


def sigma_move(spot: float, vol: float, seconds: float) -> float:
    """Return one standard deviation of the spot over `seconds`."""
    if not (spot > 0.0 and vol > 0.0 and seconds > 0.0):
        return 0.0
    return spot * vol * sqrt(seconds / 31536000.0)


def exercise_threshold(put: float, strike: float, rate: float, tau: float) -> float:
    """Return the dividend above which a call in the money is exercised on the eve of its ex-date.

    ``P + K (1 - exp(-r tau))`` with `tau` the years left at the ex-date: what exercise gives up.

    >>> round(exercise_threshold(0.20, 100.0, 0.045, 40 / 365), 4)
    0.6919
    """
    return put + strike * (1.0 - bounded_exp(-rate * tau))


def top_rows(score: Floats, edge: Floats, k: int, out_row: Ints) -> int:
    """Write the rows of the `k` highest scores, best first; return how many.

    Ties go to the higher edge, then to the earlier row; nan is never taken. O(rows k).
    """
    taken = 0
    for row in range(len(score)):
        value = score[row]
        if value > -inf:
            place = taken
            searching = True
            while place > 0 and searching:
                other = out_row[place - 1]
                is_better = value > score[other]
                if not is_better and not value < score[other]:
                    is_better = edge[row] > edge[other]
                searching = is_better
                if is_better:
                    place -= 1
            if place < k:
                last = min(taken, k - 1)
                for step in range(last - place):
                    out_row[last - step] = out_row[last - step - 1]
                out_row[place] = row
                if taken < k:
                    taken += 1
    return taken


def profit_part(gain: float, best_gain: float) -> float:
    """Return how a gain compares with the best one: ``(gain / best) ** 0.8``, 0 for no gain."""
    if not (gain > 0.0 and best_gain > 0.0):
        return 0.0
    share = gain / best_gain
    if not share > 0.0:
        return 0.0
    return min(1.0, bounded_exp(0.8 * log(share)))


def liquidity_part(volume: float, open_interest: float) -> float:
    """Return the liquidity of the least traded leg, from 0 to 1; what is not known counts as 0.

    ``min(1, log10(volume + 1) / 3 + min(0.2, log10(open_interest + 1) / 4))``.
    """
    per_ten = 2.302585092994046
    traded = 0.0
    if volume > 0.0:
        traded = log(volume + 1.0) / (3.0 * per_ten)
    held = 0.0
    if open_interest > 0.0:
        held = min(0.2, log(open_interest + 1.0) / (4.0 * per_ten))
    return min(1.0, traded + held)


def spread_part(call: float, put: float, stock: float) -> float:
    """Return how tight the relative spreads are, from 0 to 1: ``exp(-10 (.4c + .4p + .2s))``."""
    return bounded_exp(-10.0 * (0.4 * call + 0.4 * put + 0.2 * stock))


def time_part(days: float) -> float:
    """Return how near 30 days an expiry is, from 0 to 1; 0 outside 15 to 50 days."""
    if days < 15.0 or days > 50.0:
        return 0.0
    gap = days - 30.0
    return exp(-(gap * gap) / 200.0)


def reward_part(reward: float, risk: float) -> float:
    """Return reward over risk, squashed: ``rho / (1 + rho)``, 1 without risk, 0 without reward."""
    if not reward > 0.0:
        return 0.0
    if not risk > 0.0:
        return 1.0
    return reward / (reward + risk)
