"""Write the reference tables of the normal distribution, of prices, Greeks and volatilities.

Every number comes from mpmath's ``erfc`` and ``exp`` with 100 digits and is written with 40; the
formulas are the textbook's, with nothing of `kernels_pure` in them. Arguments are doubles, exactly.
Run ``python tests/oracles/generate_pricing.py`` (CPython with mpmath); it takes some seconds and
writes normal.csv, prices.csv and volatilities.csv beside itself, the same bytes each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from mpmath import erfc, exp, isnan, log, mp, mpf, nstr, pi, sqrt

mp.dps = 100
HERE = Path(__file__).resolve().parent
SEED = 20240229
PRICES_PER_REGIME = 60


def cdf(x: mpf) -> mpf:
    return erfc(-x / sqrt(2)) / 2


def pdf(x: mpf) -> mpf:
    return exp(-x * x / 2) / sqrt(2 * pi)


def odds(spot, strike, tau, rate, div, vol) -> tuple[mpf, mpf]:
    deviation = vol * sqrt(tau)
    d1 = (log(spot / strike) + (rate - div + vol * vol / 2) * tau) / deviation
    return d1, d1 - deviation


def price(spot, strike, tau, rate, div, vol, right) -> mpf:
    d1, d2 = odds(spot, strike, tau, rate, div, vol)
    held = spot * exp(-div * tau) * cdf(right * d1)
    return right * (held - strike * exp(-rate * tau) * cdf(right * d2))


def greeks(spot, strike, tau, rate, div, vol, right) -> list[mpf]:
    d1, d2 = odds(spot, strike, tau, rate, div, vol)
    stock_discount, discount = exp(-div * tau), exp(-rate * tau)
    root = sqrt(tau)
    delta = right * stock_discount * cdf(right * d1)
    gamma = stock_discount * pdf(d1) / (spot * vol * root)
    vega = spot * stock_discount * pdf(d1) * root
    owed = strike * discount * cdf(right * d2)
    theta = div * spot * delta - right * rate * owed - vega * vol / (2 * tau)
    return [delta, gamma, vega, theta, right * tau * owed]


def implied(target: mpf, spot, strike, tau, rate, div, right, start) -> tuple[mpf, mpf]:
    """Return the exact volatility of an exact price, and vega there, by Newton on the logarithm."""
    vol = mpf(start)
    intrinsic = max(mpf(0), right * (spot * exp(-div * tau) - strike * exp(-rate * tau)))
    for _ in range(200):
        value = price(spot, strike, tau, rate, div, vol, right) - intrinsic
        vega = greeks(spot, strike, tau, rate, div, vol, right)[2]
        step = log(value / (target - intrinsic)) * value / vega
        vol -= step
        if abs(step) < vol * mpf(10) ** -70:
            return vol, vega
    raise ArithmeticError("no convergence")


def text_of(cell: object) -> str:
    if isinstance(cell, mpf):
        return nstr(cell, 40, min_fixed=0, max_fixed=0)
    return repr(cell) if isinstance(cell, float) else str(cell)


def write(name: str, header: str, rows: Iterator[list[object]]) -> None:
    lines = [header]
    for row in rows:
        lines.append(",".join(text_of(cell) for cell in row))
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="ascii")
    print(f"{name}: {len(lines) - 1} rows")


def normal_rows(draw: random.Random) -> Iterator[list[object]]:
    points = [0.0, 5e-324, 1e-300, 1e-16, 1e-8, 0.5, 1.0, 2.0, 5.0, 8.25, 37.0, 37.5]
    points += [draw.random() * span for span in (1.0, 4.0, 9.0, 37.5) for _ in range(60)]
    for x in points:
        exact = mpf(x)
        tail = cdf(-exact)
        yield [x, cdf(exact), tail, pdf(exact), tail * exp(exact * exact / 2)]
    for x in (40.0, 1e3, 99999999.0, 1e8, 1e300):
        exact = mpf(x)
        # erfc's asymptotic series: 30 terms are exact to 60 digits from x = 40 on.
        term = total = mpf(1)
        for k in range(1, 30):
            term *= -(2 * k - 1) / (exact * exact)
            total += term
        tail = cdf(-exact) if x < 1e4 else mpf(0)
        yield [x, 1 - tail, tail, mpf(0), total / (exact * sqrt(2 * pi))]


def contracts(
    draw: random.Random,
) -> Iterator[tuple[str, float, float, float, float, float, float]]:
    """Yield (regime, spot, strike, tau, rate, div, vol)."""

    def between(low: float, high: float) -> float:
        return low + (high - low) * draw.random()

    minute = 1.0 / (365.0 * 24.0 * 60.0)
    for _ in range(PRICES_PER_REGIME):
        spot = between(1.0, 500.0)
        tau, vol = between(0.02, 2.0), between(0.05, 1.0)
        near = spot * between(0.8, 1.25)
        rate, div = between(0.0, 0.06), between(0.0, 0.04)
        yield "ordinary", spot, near, tau, rate, div, vol
        yield "no carry", spot, near, tau, 0.0, 0.0, vol
        yield "at the money", spot, spot, tau, 0.0, 0.0, vol
        yield "near the money", spot, spot * between(0.9999, 1.0001), tau, rate, div, vol
        yield "negative rate", spot, near, tau, between(-0.03, 0.0), between(-0.01, 0.02), vol
        soon = minute * between(1.0, 600.0)
        yield "minutes", spot, spot * between(0.998, 1.002), soon, rate, div, vol
        yield "wing", spot, spot * between(0.2, 5.0), between(0.05, 0.5), rate, div, vol
        yield "far wing", spot, spot * between(0.02, 40.0), between(0.05, 1.0), rate, 0.0, vol
        late, wild = between(2.0, 10.0), between(0.8, 3.0)
        yield "long and wild", spot, spot * between(0.3, 3.0), late, rate, div, wild
        early, quiet = between(0.02, 0.5), between(0.005, 0.05)
        yield "quiet", spot, spot * between(0.97, 1.03), early, rate, div, quiet


def price_rows(draw: random.Random) -> Iterator[list[object]]:
    for regime, spot, strike, tau, rate, div, vol in contracts(draw):
        right = 1 if draw.random() < 0.5 else -1
        exact = [mpf(value) for value in (spot, strike, tau, rate, div, vol)]
        values = [price(*exact, right), *greeks(*exact, right)]
        yield [regime, spot, strike, tau, rate, div, vol, right, *values]


def volatility_rows(draw: random.Random) -> Iterator[list[object]]:
    for regime, spot, strike, tau, rate, div, vol in contracts(draw):
        for right in (1, -1):
            exact = [mpf(value) for value in (spot, strike, tau, rate, div)]
            quote = float(price(*exact, mpf(vol), right))
            stock_value, strike_value = spot * exp(-exact[4] * tau), strike * exp(-exact[3] * tau)
            time_value = mpf(quote) - max(mpf(0), right * (stock_value - strike_value))
            # Where a time value is lost in the rounding of the price there is nothing to recover.
            is_lost = time_value < stock_value * mpf(2) ** -46
            if quote < 1e-280 or (right * (stock_value - strike_value) > 0 and is_lost):
                continue
            if min(stock_value, strike_value) - time_value < stock_value * mpf(2) ** -46:
                continue
            answer, vega = implied(mpf(quote), *exact, right, vol)
            if isnan(answer):
                raise ArithmeticError(regime)
            yield [regime, quote, spot, strike, tau, rate, div, right, answer, vega]


def main() -> None:
    draw = random.Random(SEED)
    write("normal.csv", "x,cdf,tail,pdf,scaled_tail", normal_rows(draw))
    write(
        "prices.csv",
        "regime,spot,strike,tau,rate,div,vol,right,price,delta,gamma,vega,theta,rho",
        price_rows(draw),
    )
    write(
        "volatilities.csv",
        "regime,price,spot,strike,tau,rate,div,right,vol,vega",
        volatility_rows(draw),
    )


if __name__ == "__main__":
    main()
