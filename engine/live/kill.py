"""Stop trading from outside: latch, cancel at the gateway, tell the engine; each by itself.

The order is that of certainty: the latch is a file, and whoever starts or wakes up finds it; the
global cancel goes over a connection of its own; the engine is told last, since it may hang.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.clock import SYSTEM, Clock
from engine.errors import EngineError
from engine.live.control import ask
from engine.live.folder import Folder
from engine.live.global_cancel import Cancelled, cancel_everything
from engine.live.latch import Halted, set_latch
from engine.live.presence import VERB_KILL, Presence, read_presence

_ENGINE_SECONDS = 1.0
Cancel = Callable[[str, int, int], Cancelled]


@dataclass(frozen=True, slots=True)
class Killed:
    """What became of each of the three.

    `cancelled` is None where there was no gateway to ask or it failed, `problem` says why then.
    `engine` is "stopped", "silent" (there, and does not answer) or "none".
    """

    folder: Folder
    halted: Halted
    presence: Presence | None
    cancelled: Cancelled | None
    problem: str
    engine: str

    @property
    def is_certain(self) -> bool:
        """Whether nothing of the account can be open or be sent any more."""
        n_left = self.cancelled.n_left if self.cancelled is not None else 0
        return not self.problem and not n_left

    def lines(self) -> list[str]:
        """Return what a person is told."""
        said = [f"{self.folder.name}: halted: {self.halted.reason}"]
        if self.presence is not None and self.presence.port:
            place = f"{self.presence.host}:{self.presence.port}"
            if self.cancelled is None:
                said.append(
                    f"  orders: NOT cancelled at {place}: {self.problem}; cancel them in TWS"
                )
            else:
                took = f"{self.cancelled.seconds * 1e3:,.0f} ms"
                said.append(
                    f"  orders: all cancelled at {place}, {self.cancelled.n_left} left ({took})"
                )
        if self.engine == "silent" and self.presence is not None:
            said.append(
                f"  engine: process {self.presence.pid} does not answer; it stops as soon as it "
                "runs on, and so does the next one"
            )
        elif self.engine == "stopped":
            said.append("  engine: has stopped trading; open packages stay as they are")
        said.append("  to go on: parity resume --reason TEXT")
        return said


def kill(
    folder: Folder, reason: str, *, clock: Clock = SYSTEM, cancel: Cancel = cancel_everything
) -> Killed:
    """Stop all trading of an account; what fails does not keep the rest from being done.

    Raises
    ------
    InputOutputError
        If the latch cannot be written; orders have been cancelled by then.
    """
    presence = read_presence(folder)
    failure: EngineError | None = None
    halted = Halted(reason, clock.now_ns(), "parity kill")
    try:
        halted = set_latch(folder, reason, "parity kill", clock)
    except EngineError as error:
        failure = error
    cancelled, problem = None, ""
    if presence is not None and presence.port:
        try:
            cancelled = cancel(presence.host, presence.port, presence.client_id + VERB_KILL)
        except (EngineError, EOFError) as error:
            problem = str(error)
    engine = "none"
    if presence is not None and presence.is_alive:
        answer = ask(folder.socket, {"do": "kill", "reason": reason}, _ENGINE_SECONDS)
        engine = "stopped" if answer is not None and answer.get("ok") else "silent"
    if failure is not None:
        raise failure
    return Killed(folder, halted, presence, cancelled, problem, engine)
