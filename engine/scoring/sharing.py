"""Which quote makes which rows: those that rest on one, under it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence


def groups_of(uses: Sequence[Iterable[Hashable]]) -> list[tuple[Hashable, list[int]]]:
    """Return what makes the rows: the quote in most of them with its rows, then of the rest.

    Of quotes in as many rows the first met comes first; a row that shares none is not in it.
    O(groups x quotes + uses).
    """
    users: dict[Hashable, dict[int, None]] = {}
    for row, whats in enumerate(uses):
        for what in whats:
            users.setdefault(what, {})[row] = None
    found = []
    while users:
        what = max(users, key=lambda one: len(users[one]))
        rows = list(users[what])
        if len(rows) < 2:
            break
        found.append((what, rows))
        gone = set(rows)
        for other in list(users):
            left = {row: None for row in users[other] if row not in gone}
            if left:
                users[other] = left
            else:
                del users[other]
    return found
