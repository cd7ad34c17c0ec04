"""Trades one at a time: an average, rolling statistics, the imbalance of the flow, a signal.

The state of one instrument is a column of numbers, read by the names below, and a ring of the last
prices whose length is a power of two. `start_ticks` sets both up; `on_trade` takes one trade,
`on_trades` columns of them, and the bits of the two are the same in any mixture.

With a = 2 / (span + 1):

- ``EMA = (1 - a) EMA + a price``, from the first price on;
- ``MEAN`` and ``SQUARES`` (the sum of squares around it) of the prices in the ring;
- ``FLOW = (1 - a) FLOW + a side size`` and ``VOLUME = (1 - a) VOLUME + a size``, whose ratio is the
  imbalance of the order flow, in [-1, 1]: signed sizes of trades, not changes of quotes;
- the signal ``(imbalance + gap / (deviation + |gap|)) / 2`` with ``gap = price - EMA``, in [-1, 1]:
  positive where buyers push and the price is above its average. Without a deviation the second part
  is 0.

`side` is 1 where the buyer took, -1 where the seller did, 0 where nobody knows. A trade without a
positive, finite price or with a negative or infinite size changes nothing and has the signal nan.

Source: Cont, Kukanov and Stoikov 2014 (signed trade sizes beside changes of quotes); the weights
and the signal are our own.
"""

from math import nan, sqrt

from kernels_pure.columns import LARGEST, Flags, Floats
from kernels_pure.windows import slide

# Where `state` has which number.
SEEN = 0
EMA = 1
MEAN = 2
SQUARES = 3
FLOW = 4
VOLUME = 5
WEIGHT = 6
N_STATE = 7

# A deviation below this share of the price is rounding, not movement.
STILL = 1e-8


def start_ticks(span: float, state: Floats, ring: Floats) -> None:
    """Clear the state of one instrument; `span` (at least 1) is that of the averages in trades.

    >>> from array import array
    >>> state, ring = array("d", [7.0] * N_STATE), array("d", [7.0] * 4)
    >>> start_ticks(3.0, state, ring)
    >>> state[SEEN], state[WEIGHT], list(ring)
    (0.0, 0.5, [0.0, 0.0, 0.0, 0.0])
    """
    for i in range(N_STATE):
        state[i] = 0.0
    weight = nan
    if span >= 1.0:
        weight = 2.0 / (span + 1.0)
    state[WEIGHT] = weight
    for i in range(len(ring)):
        ring[i] = 0.0


def ring_moments(
    mean: float, squares: float, seen: int, length: int, share: float, price: float, old: float
) -> tuple[float, float, float]:
    """Return mean, sum of squares and variance of a ring after `price` took the place of `old`.

    `seen` are the trades before this one, `length` is that of the ring, `share` 1 over it: as long
    as it has room, nothing leaves. The variance is that of a population.

    Source: Welford 1962.
    """
    # Whole numbers: PyPy on ARM64 compares a double with itself when it has no register left
    # (engine.runtime.comparisons).
    if seen >= length:
        mean, squares = slide(mean, squares, price, old, share)
        return mean, squares, squares * share
    gap = price - mean
    mean += gap / (seen + 1.0)
    squares += gap * (price - mean)
    return mean, squares, squares / (seen + 1.0)


def tick_signal(price: float, average: float, variance: float, flow: float, volume: float) -> float:
    """Return the signal of a trade, in [-1, 1], see the head of the module.

    >>> tick_signal(101.0, 100.0, 1.0, 3.0, 4.0)  # (3 / 4 + 1 / 2) / 2
    0.625
    """
    imbalance = 0.0
    if volume > 0.0:
        imbalance = flow / volume
    pull = 0.0
    if variance > STILL * STILL * price * price:
        gap = price - average
        pull = gap / (sqrt(variance) + abs(gap))
    return 0.5 * (imbalance + pull)


def on_trade(state: Floats, ring: Floats, price: float, size: float, side: int) -> float:
    """Take one trade into the state; return the signal, nan for what is no trade. O(1).

    >>> from array import array
    >>> state, ring = array("d", [0.0] * N_STATE), array("d", [0.0] * 4)
    >>> start_ticks(3.0, state, ring)
    >>> on_trade(state, ring, 100.0, 2.0, 1)
    0.5
    >>> round(on_trade(state, ring, 101.0, 2.0, -1), 4)  # (-1 / 3 + 1 / 2) / 2
    0.0833
    """
    if not (price > 0.0 and price <= LARGEST and size >= 0.0 and size <= LARGEST and len(ring) > 0):
        return nan
    seen = int(state[SEEN])
    weight = state[WEIGHT]
    kept = 1.0 - weight
    average = price
    if seen > 0:
        average = kept * state[EMA] + weight * price
    place = seen & (len(ring) - 1)
    mean, squares, variance = ring_moments(
        state[MEAN], state[SQUARES], seen, len(ring), 1.0 / len(ring), price, ring[place]
    )
    ring[place] = price
    flow = kept * state[FLOW] + weight * (side * size)
    volume = kept * state[VOLUME] + weight * size
    state[SEEN] = seen + 1.0
    state[EMA] = average
    state[MEAN] = mean
    state[SQUARES] = squares
    state[FLOW] = flow
    state[VOLUME] = volume
    return tick_signal(price, average, variance, flow, volume)


def on_trades(
    state: Floats, ring: Floats, price: Floats, size: Floats, side: Flags, out_signal: Floats
) -> None:
    """Take columns of trades into the state and write the signal of each. O(trades).

    >>> from array import array
    >>> state, ring, signal = (array("d", [0.0] * n) for n in (N_STATE, 4, 2))
    >>> start_ticks(3.0, state, ring)
    >>> price, size = array("d", [100.0, 101.0]), array("d", [2.0, 2.0])
    >>> on_trades(state, ring, price, size, array("b", [1, -1]), signal)
    >>> [round(value, 4) for value in signal]  # as in `on_trade`
    [0.5, 0.0833]
    """
    length = len(ring)
    if length < 1:
        return
    share = 1.0 / length
    seen = int(state[SEEN])
    average = state[EMA]
    mean = state[MEAN]
    squares = state[SQUARES]
    flow = state[FLOW]
    volume = state[VOLUME]
    weight = state[WEIGHT]
    kept = 1.0 - weight
    for i in range(len(price)):
        at = price[i]
        traded = size[i]
        if not (at > 0.0 and at <= LARGEST and traded >= 0.0 and traded <= LARGEST):
            out_signal[i] = nan
        else:
            if seen > 0:
                average = kept * average + weight * at
            else:
                average = at
            place = seen & (length - 1)
            mean, squares, variance = ring_moments(
                mean, squares, seen, length, share, at, ring[place]
            )
            ring[place] = at
            flow = kept * flow + weight * (side[i] * traded)
            volume = kept * volume + weight * traded
            seen += 1
            out_signal[i] = tick_signal(at, average, variance, flow, volume)
    state[SEEN] = float(seen)
    state[EMA] = average
    state[MEAN] = mean
    state[SQUARES] = squares
    state[FLOW] = flow
    state[VOLUME] = volume
