"""Rows with times of their own, gathered into snapshots: each then tells how old its quote is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from engine.feeds.snapshot import QuotedRow, Shared
from engine.market.chain import COIN

_BID_AGE, _ASK_AGE = 4, 5


def gathered(
    rows: Mapping[int, Sequence[QuotedRow]], window_ns: float
) -> dict[int, tuple[list[QuotedRow], list[int]]]:
    """Return rows by the instants of snapshots, with the instants that went into each.

    From the last instant back, what lies within the window of it is one snapshot. Of a contract
    that stands there more than once the last counts; its age grows by what it lies behind; and the
    underlying is as the last row of its snapshot (of its expiry, for coins) has it. O(n log n).
    """
    found: dict[int, tuple[list[QuotedRow], list[int]]] = {}
    end: int | None = None
    for instant in sorted(rows, reverse=True):
        if end is None or end - instant > window_ns:
            end = instant
        group = found.setdefault(end, ([], []))
        # What was never quoted has the first instant there is: of unknown age.
        behind = (end - instant) / 1e9 if instant > 0 else math.nan
        group[0].extend(_aged(row, behind) for row in rows[instant])
        group[1].append(instant)
    return {
        # One time alone is that of the snapshot: it says nothing of a quote's age.
        end: (_latest(group) if len(times) > 1 else list(rows[end]), times)
        for end, (group, times) in found.items()
    }


def _aged(row: QuotedRow, seconds: float) -> QuotedRow:
    ages = list(row.values)
    for side in (_BID_AGE, _ASK_AGE):
        # A row that does not say how old its quote is was quoted at its time.
        ages[side] = seconds + (ages[side] if ages[side] == ages[side] else 0.0)
    return row.with_values(tuple(ages))


def _latest(rows: list[QuotedRow]) -> list[QuotedRow]:
    """Return the first of each contract, for the newest stand first, with one underlying."""
    kept: dict[tuple[object, ...], list[QuotedRow]] = {}
    newest: dict[object, QuotedRow] = {}
    for row in rows:
        key = (row.listed, row.trading_class, row.strike, row.right)
        same = kept.setdefault(key, [])
        # Two rows of one instant are for the chain to judge.
        if not same or same[0].values[_BID_AGE:] == row.values[_BID_AGE:]:
            same.append(row)
        newest.setdefault(_whose(row), row)
    return [
        row.with_shared(_with_quote(row.shared, newest[_whose(row)].shared))
        for same in kept.values()
        for row in same
    ]


def _whose(row: QuotedRow) -> object:
    return row.listed if row.shared.kind == COIN else None


def _with_quote(shared: Shared, newest: Shared) -> Shared:
    return shared._replace(
        underlying_bid=newest.underlying_bid,
        underlying_ask=newest.underlying_ask,
        underlying_bid_size=newest.underlying_bid_size,
        underlying_ask_size=newest.underlying_ask_size,
        underlying_bid_age_s=newest.underlying_bid_age_s,
        underlying_ask_age_s=newest.underlying_ask_age_s,
    )
