"""What is left of a position, and what need not be found out about it at every moment."""

from __future__ import annotations

from dataclasses import dataclass

Holdings = tuple[float, ...]
"""Signed contracts of each leg that are left."""

Assigned = tuple[tuple[int, float], ...]
"""Which sold legs are assigned, and how many contracts of each."""

Told = tuple[tuple[str, ...], float]
"""What happens in words, and the spot where it ends."""


@dataclass(slots=True, eq=False)
class Held:
    """Legs and stock held at once. `Game.held` makes one of each and keeps here what it knows.

    Attributes
    ----------
    legs, stock
        Contracts of each leg and shares over the multiplier, negative when sold.
    worth
        The worst value of what follows, by moment; None where it is not known yet.
    sets
        What the market may assign of the sold legs: of any, and of puts only.
    closing
        What exercise that closes the stock brings.
    notices
        What each assignment does, by the legs assigned.
    told
        What follows in words, and the spot where it ends, by moment.
    """

    legs: Holdings
    stock: float
    worth: list[float | None]
    sets: tuple[tuple[Assigned, ...], ...]
    closing: Closing | None
    notices: dict[Assigned, Notice]
    told: dict[int, Told]

    @property
    def is_short(self) -> bool:
        """Whether a sold leg is left."""
        return bool(self.sets[0])


@dataclass(frozen=True, slots=True)
class Closing:
    """Exercise that brings up to the shares wanted: what it `covers`, what it pays, what is left.

    `exercised` are the legs it takes.
    """

    covered: float
    paid: float
    rest: Held
    exercised: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the assignment of a set of legs does, whenever it comes.

    Attributes
    ----------
    cash
        What the strikes bring.
    financed
        What puts cost of it that stock sold short does not take up, owed overnight.
    borrowed
        Shares that calls leave short overnight, beyond what was short before.
    stock
        Shares once they are delivered.
    closing
        The answer that leaves no more stock than there was.
    closes
        Whether it goes so far. Otherwise shares are bought back at any price.
    open
        What is held by who answers nothing; None where that is not allowed or all is closed.
    """

    cash: float
    financed: float
    borrowed: float
    stock: float
    closing: Closing
    closes: bool
    open: Held | None
