"""Go on after a halt, with a reason that stays in the journal."""

from __future__ import annotations

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.errors import NotPermittedError
from engine.execution.pnl import day_pnl, loss_of
from engine.execution.recovery import recover
from engine.live.control import ask
from engine.live.day_gain import lost
from engine.live.folder import Folder
from engine.live.latch import Halted, clear_latch, read_latch
from engine.live.presence import read_presence
from engine.session.journal import Journal

# The engine must have begun before nobody waits for its answer any more.
_SECONDS, _MARGIN = 5.0, 1.0
RESUME = "resume"


def resume(folder: Folder, reason: str, clock: Clock = SYSTEM) -> Halted | None:
    """Take the latch away and let the engine, or the next one, trade; return why it was halted.

    Raises
    ------
    NotPermittedError
        If an engine runs and does not answer, or will not go on.
    InputOutputError
        If the journal cannot be written.
    """
    presence = read_presence(folder)
    known = read_latch(folder)
    if presence is not None and presence.is_alive:
        until = clock.monotonic_ns() + round((_SECONDS - _MARGIN) * NS_PER_SECOND)
        asked = {"do": "resume", "reason": reason, "until_ns": until}
        answer = ask(folder.socket, asked, _SECONDS)
        if answer is None:
            raise NotPermittedError(
                f"{folder.name}: the engine (process {presence.pid}) does not answer: end it first"
            )
        if not answer.get("ok"):
            raise NotPermittedError(f"{folder.name}: {answer.get('error')}")
        # The engine has taken the latch away; one that is there now is a new one.
        return known
    if folder.journal.exists():
        with Journal(folder.journal, clock=clock) as journal:
            accepted = _loss(journal, clock.now_ns())
            journal.append(RESUME, {"reason": reason, "accepted_usd": accepted})
    clear_latch(folder)
    return known


def _loss(journal: Journal, now_ns: int) -> float:
    """Return the loss of the day by a journal alone; 0 where it cannot be told."""
    try:
        packages = loss_of(day_pnl(recover(journal.entries()), now_ns))
    except ValueError:
        return 0.0
    return max(packages, lost(journal.entries(), now_ns))
