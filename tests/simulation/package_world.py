"""Every history of a package: the broker's truth beside what the machine knows of it.

A state is a package and, for each leg's order, what is true at the broker. All events that could
come next are tried; states that were seen before are not followed again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from engine.execution.package import (
    ACKED,
    CANCEL,
    CANCELLING,
    COMPLETE,
    COMPLETING,
    ENDED,
    FINAL,
    FLAT,
    HALTED,
    OVER,
    SEND,
    SENT,
    UNKNOWN,
    UNWINDING,
    WORKING,
    Action,
    Machine,
    Package,
)

INFLIGHT, LIVE, FILLED, CANCELLED, REJECTED, LOST = range(6)
OPEN = (INFLIGHT, LIVE)
DIRECTIONS = {2: (1, -1), 3: (1, 1, -1), 4: (1, 1, -1, -1)}


class Truth(NamedTuple):
    """One order at the broker: `held` lots of its leg from before, `filled` of its own."""

    state: int
    held: int
    side: int
    lots: int
    filled: int = 0
    cancel_wanted: bool = False

    @property
    def position(self) -> int:
        return self.held + self.side * self.filled


class World(NamedTuple):
    """A package, the broker's truth, and how often the link has dropped or a fill was busted."""

    package: Package
    truths: tuple[Truth, ...]
    drops: int
    busts: int


Next = tuple[str, int, World]


class Explorer:
    """All histories of `legs` legs of `lots` lots with at most so many disconnects and busts."""

    def __init__(
        self, machine: Machine, legs: int, lots: int, drops: int, busts: int = 0,
        *, warnings: bool = False,
    ) -> None:  # fmt: skip
        self.machine = machine
        self.lots = lots
        self.drops = drops
        self.busts = busts
        self.warnings = warnings
        self.directions = DIRECTIONS[legs]
        self.transitions = 0
        self.found: dict[str, str] = {}

    def start(self) -> World:
        package, actions = self.machine.begin(self.directions, self.lots)
        truths = tuple(Truth(INFLIGHT, 0, 1, self.lots) for _ in self.directions)
        assert all(action[0] == SEND for action in actions)
        return World(package, truths, 0, 0)

    def explore(self, most: int = 3_000_000, stop_at_first: bool = False) -> int:
        """Return how many states there are; `found` has each broken promise with its history."""
        start = self.start()
        seen: dict[World, tuple[World, str] | None] = {start: None}
        queue = deque([start])
        while queue and len(seen) < most:
            world = queue.popleft()
            moved = False
            for name, i, after in self.events(world):
                self.transitions += 1
                event = f"{name}{i if i >= 0 else ''}"
                for broken in self.broken(name, i, world, after):
                    if broken not in self.found:
                        self.found[broken] = " ".join([*history(seen, world), event])
                if after != world:
                    moved = True
                if after not in seen:
                    seen[after] = (world, event)
                    queue.append(after)
            if not moved and world.package.phase < OVER:
                self.found.setdefault("stuck", " ".join(history(seen, world)))
            if stop_at_first and self.found:
                break
        return len(seen)

    # what may come next

    def events(self, world: World) -> Iterator[Next]:
        package, truths, drops, busts = world
        is_linked = package.is_linked
        for i, truth in enumerate(truths):
            yield from self._at_the_broker(world, i, truth)
            if is_linked:
                yield from self._heard(world, i, truth)
        if is_linked:
            if package.phase in (WORKING, COMPLETING, UNWINDING):
                yield "window", -1, self._after(world, self.machine.window_over(package))
            if drops < self.drops:
                down = self._after(world, self.machine.disconnected(package))
                yield "disconnect", -1, down._replace(drops=drops + 1)
            if busts < self.busts and all(leg.knowledge == FINAL for leg in package.legs):
                yield from self._busted(world)
        else:
            yield from self._reconciled(world)

    def _at_the_broker(self, world: World, i: int, truth: Truth) -> Iterator[Next]:
        if truth.state == INFLIGHT:
            yield "arrive", i, _truth(world, i, truth._replace(state=LIVE))
            yield "reject", i, _truth(world, i, truth._replace(state=REJECTED))
            if not world.package.is_linked:
                yield "lose", i, _truth(world, i, truth._replace(state=LOST))
        elif truth.state == LIVE:
            filled = truth.filled + 1
            state = FILLED if filled == truth.lots else LIVE
            yield "fill", i, _truth(world, i, truth._replace(state=state, filled=filled))
            # Asked for, or by itself: a day ends, a broker cancels.
            yield "end", i, _truth(world, i, truth._replace(state=CANCELLED))

    def _heard(self, world: World, i: int, truth: Truth) -> Iterator[Next]:
        package, machine = world.package, self.machine
        leg = package.legs[i]
        if leg.knowledge in (FINAL, UNKNOWN):
            return
        if truth.state in (LIVE, FILLED) and leg.knowledge == SENT:
            yield "ack", i, self._after(world, machine.acknowledged(package, i))
        if leg.filled < truth.filled:
            yield "exec", i, self._after(world, machine.executed(package, i, 1))
        if truth.state in (FILLED, CANCELLED, REJECTED) and leg.knowledge != ENDED:
            yield "status", i, self._after(world, machine.ended(package, i, truth.filled))
        if self.warnings and truth.state == LIVE and leg.knowledge in (SENT, ACKED):
            yield "warn", i, self._after(world, machine.warned(package, i))
        if leg.knowledge in (SENT, CANCELLING):
            step = machine.timed_out(package, i)
            yield "timer", i, self._after(world, step)
            yield from self._asked(world, i, truth)

    def _asked(self, world: World, i: int, truth: Truth) -> Iterator[Next]:
        """The answer to a question, on whichever connection it was asked."""
        package, machine = world.package, self.machine
        if truth.state == INFLIGHT:
            # Asked on another connection: the answer comes before the order has arrived.
            yield (
                "unseen",
                i,
                self._after(world, machine.absent(package, i, is_beyond_barrier=False)),
            )
        elif truth.state == LOST:
            yield (
                "unseen",
                i,
                self._after(world, machine.absent(package, i, is_beyond_barrier=True)),
            )
        else:
            step = machine.seen(package, i, truth.filled, is_live=truth.state == LIVE)
            yield "answer", i, self._after(world, step)

    def _reconciled(self, world: World) -> Iterator[Next]:
        """The link is up again, under the same client id: what was in flight has arrived or not."""
        if any(truth.state == INFLIGHT for truth in world.truths):
            if self.machine.is_evidence(False):
                yield "reconcile", -1, self._up(world)
            return
        yield "reconcile", -1, self._up(world)

    def _up(self, world: World) -> World:
        package = world.package
        for i, truth in enumerate(world.truths):
            if package.legs[i].knowledge != UNKNOWN:
                continue
            if truth.state in (LOST, INFLIGHT):
                package, _ = self.machine.absent(package, i, is_beyond_barrier=truth.state == LOST)
            else:
                package, _ = self.machine.seen(
                    package, i, truth.filled, is_live=truth.state == LIVE
                )
        return self._after(world, self.machine.reconnected(package))

    def _busted(self, world: World) -> Iterator[Next]:
        for i, truth in enumerate(world.truths):
            leg = world.package.legs[i]
            if truth.side > 0 and truth.filled > 0 and leg.filled == truth.filled:
                less = _truth(world, i, truth._replace(filled=truth.filled - 1))
                after = self._after(less, self.machine.corrected(world.package, i, -1))
                yield "bust", i, after._replace(busts=world.busts + 1)

    def _after(self, world: World, step: tuple[Package, tuple[Action, ...]]) -> World:
        """Return the world when the machine's actions have left it."""
        package, actions = step
        truths = list(world.truths)
        for kind, i, side, lots in actions:
            truth = truths[i]
            if kind == CANCEL:
                truths[i] = truth._replace(cancel_wanted=True)
            elif kind == SEND and package.legs[i].side == side:
                truths[i] = Truth(INFLIGHT, truth.position, side, lots)
        return World(package, tuple(truths), world.drops, world.busts)

    # what must never be

    def broken(self, name: str, i: int, before: World, after: World) -> Iterator[str]:
        held = [truth.position for truth in after.truths]
        if any(lots > self.lots or lots < 0 for lots in held):
            yield "more than intended at the broker"
        if name == "fill" and self._naked(held) > self._naked(_held(before)):
            truth, leg = before.truths[i], before.package.legs[i]
            if truth.side < 0:
                yield "unwinding made a short naked"
            elif leg.completions and leg.direction < 0:
                yield "completing made a short naked"
        phase = after.package.phase
        is_over = phase in (COMPLETE, FLAT)
        if is_over and (before.package.phase != phase or name == "bust"):
            if held != [leg.position for leg in after.package.legs]:
                yield "ended with a position that is not known"
            if any(truth.state in OPEN for truth in after.truths):
                yield "ended with a live order"
            if len(set(held)) > 1:
                yield "ended unhedged" if name != "bust" else "unhedged after a bust"
        if phase == HALTED and any(truth.state in OPEN for truth in after.truths):
            yield "halted with a live order"

    def _naked(self, held: list[int]) -> int:
        """Return the short lots without cover: each short leg has the long leg before it."""
        longs = [lots for lots, d in zip(held, self.directions, strict=True) if d > 0]
        shorts = [lots for lots, d in zip(held, self.directions, strict=True) if d < 0]
        return sum(max(0, short - long) for short, long in zip(shorts, longs, strict=False))


def _held(world: World) -> list[int]:
    return [truth.position for truth in world.truths]


def _truth(world: World, i: int, truth: Truth) -> World:
    truths = world.truths
    return world._replace(truths=(*truths[:i], truth, *truths[i + 1 :]))


def history(seen: dict[World, tuple[World, str] | None], world: World) -> list[str]:
    """Return the events that led to `world`, the first first."""
    events = []
    step = seen[world]
    while step is not None:
        world, event = step
        events.append(event)
        step = seen[world]
    return events[::-1]
