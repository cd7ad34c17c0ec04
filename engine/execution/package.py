"""A package: several legs traded as one, an order for each, and what is known of them.

Everything that decides what a package does next is in this file; it is pure. It holds two things:
what is known of each leg's order, and the phase. What is known comes from events; what follows from
it is one function, `Machine.decide`. Each of these rules is needed: tests/simulation explores every
interleaving of fills, partial fills, cancels, rejections, losses, disconnects and corrections, and
shows what breaks without each of the nine that are methods of `Machine`.

* Nothing is sent while the link is down or the package is HALTED.
* An order is FINAL when its end *and* all its executions are known: a terminal status whose filled
  count is ahead of the executions only makes it ENDED (`is_final`).
* An error about a live order is no end (`warned`), a disconnect is no rejection (`after_loss`): the
  order is UNKNOWN until the broker has been asked.
* A timer asks and never sends again (`after_timeout`).
* That the broker does not know an order is evidence only beyond a barrier (`is_evidence`): asked on
  the same connection after the order, or after a reconnect under the same client id.
* When the fill window ends, or a leg is FINAL unfilled, every working leg is cancelled, and nothing
  is bought or sold before all of them are FINAL (`may_correct`). An order that unwinds and does not
  fill in its window is cancelled too.
* What is missing is completed in one round: longs first, and shorts only when these are FINAL
  (`to_complete`). What is left over is unwound: shorts first (`to_unwind`), twice at most, and then
  the package is HALTED.
* A finished package still listens: a correction, or an order that shows up late, reopens it
  (`reopens`). What an earlier order of a leg turns out to have filled counts (`surfaced`).
* Where trading is halted nothing is opened or closed, but orders are cancelled and asked about
  (`holds_back`).

Lots are whole numbers of the smallest thing that can be traded. Where legs are orders of their own,
a package is `grain` of them: of 100 shares and one call, the call is 100 and each share 1. So a
part of the shares is known as what it is, and only whole packages are kept.

A crash is a disconnect, if every intent and execution is journalled before it is acted on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# What is known of a leg's order.
SENT, ACKED, CANCELLING, UNKNOWN, ENDED, FINAL = range(6)
KNOWLEDGE = ("SENT", "ACKED", "CANCELLING", "UNKNOWN", "ENDED", "FINAL")
# The phases; from OVER on nothing more is done.
WORKING, CLOSING, COMPLETING, UNWINDING, COMPLETE, FLAT, HALTED = range(7)
PHASES = ("WORKING", "CLOSING", "COMPLETING", "UNWINDING", "COMPLETE", "FLAT", "HALTED")
OVER = COMPLETE
# What is done: (kind, leg, side, lots); side +1 opens the leg, -1 closes it.
SEND, CANCEL, ASK = "send", "cancel", "ask"
MOST_UNWINDS = 2

Action = tuple[str, int, int, int]


class Leg(NamedTuple):
    """One leg: its present order and what earlier orders of it have left.

    `direction` is +1 where the package holds it long, -1 where short. `held` lots are known from
    orders that are FINAL; the order opens (`side` +1) or closes `lots`, of which `filled` are
    known. `reported` is the filled count of its terminal status, -1 before one.
    """

    direction: int
    held: int
    side: int
    lots: int
    knowledge: int
    filled: int = 0
    reported: int = -1
    completions: int = 0
    unwinds: int = 0

    @property
    def position(self) -> int:
        """Lots that are known to be held."""
        return self.held + self.side * self.filled


class Package(NamedTuple):
    """The whole: its phase, whether the link is up, and its legs."""

    phase: int
    is_linked: bool
    legs: tuple[Leg, ...]

    def __str__(self) -> str:
        """Return one line for a person."""
        legs = ", ".join(f"{leg.position} {KNOWLEDGE[leg.knowledge]}" for leg in self.legs)
        return f"{PHASES[self.phase]} ({legs}){'' if self.is_linked else ' link down'}"


Step = tuple[Package, tuple[Action, ...]]


class Machine:
    """The transitions. Every event returns the package after it and what is to be done.

    `completes` is whether a partial package is completed before what is left over is unwound;
    `grain` how many lots make a package; `holds_back` is set while nothing may be sent.
    """

    def __init__(self, *, completes: bool = True, grain: int = 1) -> None:
        self.completes = completes
        self.grain = grain
        self.holds_back = False

    # the beginning

    def begin(self, directions: Sequence[int], lots: int) -> Step:
        """Send one order for each leg; the intents are journalled before."""
        legs = tuple(Leg(direction, 0, 1, lots, SENT) for direction in directions)
        sends = tuple((SEND, i, 1, lots) for i in range(len(legs)))
        return Package(WORKING, True, legs), sends

    # events about one order

    def acknowledged(self, package: Package, i: int) -> Step:
        """Take note that the broker has the order. It never lowers a later state."""
        leg = package.legs[i]
        if leg.knowledge == SENT:
            package = _with(package, i, leg._replace(knowledge=ACKED))
        return self.decide(package)

    def executed(self, package: Package, i: int, lots: int) -> Step:
        """Take `lots` more as filled; whoever calls has left out executions seen before."""
        leg = package.legs[i]
        leg = leg._replace(filled=leg.filled + lots)
        if leg.knowledge == ENDED and self.is_final(leg.filled, leg.reported):
            leg = leg._replace(knowledge=FINAL)
        return self.decide(_with(package, i, leg))

    def ended(self, package: Package, i: int, filled: int) -> Step:
        """Take a terminal status with its own filled count."""
        leg = package.legs[i]
        if leg.knowledge == FINAL:
            return package, ()
        is_final = self.is_final(leg.filled, filled)
        leg = leg._replace(reported=filled, knowledge=FINAL if is_final else ENDED)
        package, actions = self.decide(_with(package, i, leg))
        return package, actions if is_final else ((ASK, i, 0, 0), *actions)

    def warned(self, package: Package, i: int) -> Step:
        """Take an error about a live order: no transition; ask."""
        return package, ((ASK, i, 0, 0),)

    def timed_out(self, package: Package, i: int) -> Step:
        """Take note that no acknowledgement, or no end after a cancel, came in time."""
        leg = package.legs[i]
        if leg.knowledge not in (SENT, CANCELLING) or not package.is_linked:
            return package, ()
        return package, (self.after_timeout(i, leg),)

    def seen(self, package: Package, i: int, filled: int, *, is_live: bool) -> Step:
        """Take the answer of the broker: the order is live or over, with `filled` lots in all."""
        leg = package.legs[i]
        if leg.knowledge == FINAL and not is_live and filled == leg.filled:
            return package, ()
        if is_live:
            was_closing = leg.knowledge == CANCELLING
            leg = leg._replace(filled=filled, knowledge=CANCELLING if was_closing else ACKED)
        else:
            leg = leg._replace(filled=filled, reported=filled, knowledge=FINAL)
        return self.decide(self.reopened(_with(package, i, leg)))

    def absent(self, package: Package, i: int, *, is_beyond_barrier: bool) -> Step:
        """Take the answer of the broker that it does not know the order."""
        leg = package.legs[i]
        if leg.knowledge == FINAL or not self.is_evidence(is_beyond_barrier):
            return package, ()
        return self.decide(_with(package, i, leg._replace(reported=0, knowledge=FINAL)))

    def corrected(self, package: Package, i: int, lots: int) -> Step:
        """Change the filled lots by `lots`: an execution was taken back or changed."""
        leg = package.legs[i]
        package = _with(package, i, leg._replace(filled=leg.filled + lots))
        if self.reopens():
            package = self.reopened(package)
        return self.decide(package)

    def late(self, package: Package, i: int) -> Step:
        """Take an order that was FINAL as live after all; whoever calls has asked to cancel it."""
        leg = package.legs[i]._replace(knowledge=CANCELLING, reported=-1)
        return self.decide(self.reopened(_with(package, i, leg)))

    def surfaced(self, package: Package, i: int, lots: int) -> Step:
        """Take `lots` more (less, if negative) from an order of the leg before its present one."""
        leg = package.legs[i]
        package = _with(package, i, leg._replace(held=leg.held + lots))
        return self.decide(self.reopened(package))

    # events about all of it

    def window_over(self, package: Package) -> Step:
        """End the time to be filled."""
        if package.phase in (WORKING, COMPLETING):
            package = package._replace(phase=CLOSING)
        elif package.phase == UNWINDING and package.is_linked:
            cancels: list[Action] = []
            return package._replace(legs=self._cancelled(package.legs, cancels)), tuple(cancels)
        return self.decide(package)

    def disconnected(self, package: Package) -> Step:
        """Take the link as down, or this process as crashed: what was open is UNKNOWN."""
        legs = tuple(
            leg if leg.knowledge == FINAL else leg._replace(knowledge=self.after_loss())
            for leg in package.legs
        )
        return package._replace(is_linked=False, legs=legs), ()

    def reconnected(self, package: Package) -> Step:
        """Go on: the link is up, and every UNKNOWN order has been asked about."""
        return self.decide(package._replace(is_linked=True))

    # the policies

    def is_final(self, filled: int, reported: int) -> bool:
        """Whether an order that has ended is known whole: all its executions have come."""
        return filled == reported

    def is_evidence(self, is_beyond_barrier: bool) -> bool:
        """Whether absence from an answer means that the order does not exist."""
        return is_beyond_barrier

    def after_timeout(self, i: int, leg: Leg) -> Action:
        """Return what to do when nothing was heard in time."""
        return (ASK, i, 0, 0)

    def after_loss(self) -> int:
        """Return what is known of an open order when the link is lost."""
        return UNKNOWN

    def may_correct(self, legs: Sequence[Leg]) -> bool:
        """Whether orders that complete or unwind may be sent: nothing else is in the market."""
        return all(leg.knowledge == FINAL for leg in legs)

    def to_complete(self, legs: Sequence[Leg], missing: Sequence[int]) -> list[int]:
        """Return which of the missing legs to open now: longs before shorts."""
        longs = [i for i in missing if legs[i].direction > 0]
        return longs or list(missing)

    def to_unwind(self, legs: Sequence[Leg], over: Sequence[int]) -> list[int]:
        """Return which of the surplus legs to close now: shorts before longs."""
        shorts = [i for i in over if legs[i].direction < 0]
        return shorts or list(over)

    def reopens(self) -> bool:
        """Whether a package that is over listens to corrections."""
        return True

    # what follows

    def decide(self, package: Package) -> Step:
        """Return the package in the phase that its knowledge asks for, and what to do. O(legs)."""
        phase, is_linked, legs = package
        if phase >= OVER or not is_linked:
            return package, ()
        actions: list[Action] = []
        if phase == WORKING:
            unfilled = any(leg.knowledge == FINAL and leg.filled < leg.lots for leg in legs)
            if not unfilled and not all(leg.knowledge == FINAL for leg in legs):
                return package, ()
            if not unfilled and len({leg.position for leg in legs}) == 1:
                return package._replace(phase=COMPLETE), ()
            # Filled, and not alike: more than was ordered. What is too much is unwound.
            phase = CLOSING if unfilled else UNWINDING
        if phase == CLOSING:
            legs = self._cancelled(legs, actions)
        if not self.may_correct(legs):
            return Package(phase, is_linked, legs), tuple(actions)
        waiting = Package(phase, is_linked, legs)
        if phase == CLOSING:
            phase = COMPLETING if self.completes else UNWINDING
        if phase == COMPLETING:
            phase, legs = self._complete(legs, actions)
        if phase == UNWINDING:
            phase, legs = self._unwind(legs, actions)
        if self.holds_back and any(action[0] == SEND for action in actions):
            return waiting, ()
        return Package(phase, is_linked, legs), tuple(actions)

    def _cancelled(self, legs: tuple[Leg, ...], actions: list[Action]) -> tuple[Leg, ...]:
        changed = list(legs)
        for i, leg in enumerate(legs):
            if leg.knowledge in (SENT, ACKED):
                changed[i] = leg._replace(knowledge=CANCELLING)
                actions.append((CANCEL, i, 0, 0))
        return tuple(changed)

    def _complete(
        self, legs: tuple[Leg, ...], actions: list[Action]
    ) -> tuple[int, tuple[Leg, ...]]:
        most = -(-max(leg.position for leg in legs) // self.grain) * self.grain
        missing = [i for i, leg in enumerate(legs) if leg.position < most]
        if not missing:
            return (COMPLETE if most else FLAT), legs
        chosen = self.to_complete(legs, missing)
        if any(leg.unwinds for leg in legs) or any(legs[i].completions for i in chosen):
            return UNWINDING, legs
        changed = list(legs)
        for i in chosen:
            lots = most - legs[i].position
            changed[i] = _next_order(legs[i], 1, lots)
            actions.append((SEND, i, 1, lots))
        return COMPLETING, tuple(changed)

    def _unwind(self, legs: tuple[Leg, ...], actions: list[Action]) -> tuple[int, tuple[Leg, ...]]:
        least = min(leg.position for leg in legs)
        keep = least // self.grain * self.grain
        if keep < 0:  # more was closed than was held: no closing mends that
            return HALTED, legs
        over = [i for i, leg in enumerate(legs) if leg.position > keep]
        if not over:
            return (COMPLETE if keep else FLAT), legs
        changed = list(legs)
        for i in self.to_unwind(legs, over):
            if legs[i].unwinds >= MOST_UNWINDS:
                actions.clear()
                return HALTED, legs
            lots = legs[i].position - keep
            changed[i] = _next_order(legs[i], -1, lots)
            actions.append((SEND, i, -1, lots))
        return UNWINDING, tuple(changed)

    @staticmethod
    def reopened(package: Package) -> Package:
        """Return a finished package in CLOSING if it is not what it was finished as."""
        if package.phase not in (COMPLETE, FLAT):
            return package
        held = [leg.position for leg in package.legs]
        is_quiet = all(leg.knowledge == FINAL for leg in package.legs)
        if is_quiet and len(set(held)) == 1:
            return package
        return package._replace(phase=CLOSING)


def _with(package: Package, i: int, leg: Leg) -> Package:
    legs = package.legs
    return package._replace(legs=(*legs[:i], leg, *legs[i + 1 :]))


def _next_order(leg: Leg, side: int, lots: int) -> Leg:
    """Return `leg` with a new order in place of one that is FINAL."""
    return Leg(
        leg.direction, leg.position, side, lots, SENT,
        completions=leg.completions + (side > 0), unwinds=leg.unwinds + (side < 0),
    )  # fmt: skip
