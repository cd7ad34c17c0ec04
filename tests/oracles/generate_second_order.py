"""Write the reference tables of second-order Greeks and of options on a forward.

The second-order Greeks are derivatives of the price taken by mpmath's `diff` at 300 digits; no
formula for them is used. Run ``python tests/oracles/generate_second_order.py`` (CPython with
mpmath, minutes); it writes second_order.csv and black.csv, the same bytes each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from generate_pricing import contracts, price, write
from mpmath import diff, exp, mp, mpf

SEED = 20260307
# In the money the price is 1e3 where vanna is 1e-258: differences need these digits more.
mp.dps = 300


def second_order(spot, strike, tau, rate, div, vol, right) -> list[mpf]:
    def by_spot_and_vol(s, v):
        return price(s, strike, tau, rate, div, v, right)

    def by_spot_and_tau(s, t):
        return price(s, strike, t, rate, div, vol, right)

    return [
        diff(by_spot_and_vol, (spot, vol), (1, 1)),
        diff(by_spot_and_vol, (spot, vol), (0, 2)),
        -diff(by_spot_and_tau, (spot, tau), (1, 1)),
    ]


def on_forward(forward, strike, tau, rate, vol, right) -> mpf:
    # The forward's premium is the share's without carry, discounted.
    return exp(-rate * tau) * price(forward, strike, tau, mpf(0), mpf(0), vol, right)


def black(forward, strike, tau, rate, vol, right) -> list[mpf]:
    at = (forward, tau, rate, vol)

    def premium(f, t, r, v):
        return on_forward(f, strike, t, r, v, right)

    return [
        premium(*at),
        diff(premium, at, (1, 0, 0, 0)),
        diff(premium, at, (2, 0, 0, 0)),
        diff(premium, at, (0, 0, 0, 1)),
        -diff(premium, at, (0, 1, 0, 0)),
        diff(premium, at, (0, 0, 1, 0)),
        diff(premium, at, (1, 0, 0, 1)),
        diff(premium, at, (0, 0, 0, 2)),
        -diff(premium, at, (1, 1, 0, 0)),
    ]


def share_rows(draw: random.Random) -> Iterator[list[object]]:
    for regime, *contract in contracts(draw):
        right = 1 if draw.random() < 0.5 else -1
        exact = [mpf(value) for value in contract]
        yield [regime, *contract, right, *second_order(*exact, right)]


def forward_rows(draw: random.Random) -> Iterator[list[object]]:
    for regime, spot, strike, tau, rate, _, vol in contracts(draw):
        right = 1 if draw.random() < 0.5 else -1
        contract = (spot, strike, tau, rate, vol)
        exact = [mpf(value) for value in contract]
        yield [regime, *contract, right, *black(*exact, right)]


def main() -> None:
    draw = random.Random(SEED)
    write(
        "second_order.csv",
        "regime,spot,strike,tau,rate,div,vol,right,vanna,volga,charm",
        share_rows(draw),
    )
    write(
        "black.csv",
        "regime,forward,strike,tau,rate,vol,right,price,delta,gamma,vega,theta,rho,vanna,volga,charm",
        forward_rows(draw),
    )


if __name__ == "__main__":
    main()
