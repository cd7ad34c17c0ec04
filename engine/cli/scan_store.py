"""What `scan --store` does beside a scan: lists that are whole, and a store that keeps them."""

from __future__ import annotations

import argparse
from dataclasses import replace

from engine.backend import Backend
from engine.cli.stderr import note
from engine.cli.store_choice import open_chosen
from engine.clock import SYSTEM, Clock
from engine.report.remembered import run_of, scanned_chain
from engine.scanner.survey import Request, Survey
from engine.store.remember import begin_run, end_run, remember

# A list that is cut would make what is not on it seem to be gone.
EVERYTHING = 1_000_000


def prepare(request: Request, args: argparse.Namespace) -> Request:
    """Return the request that lists everything; what would fail at the end fails now.

    Raises
    ------
    EngineError
        If the store cannot be opened.
    """
    open_chosen(args, must_exist=False).close()  # closed: workers are forked from this process
    return replace(request, settings=replace(request.settings, top=EVERYTHING))


def keep(
    survey: Survey,
    request: Request,
    backend: Backend,
    args: argparse.Namespace,
    clock: Clock = SYSTEM,
) -> None:
    """Store what was found and say how much of it is new.

    Raises
    ------
    EngineError
        If it cannot be stored.
    """
    now = clock.now_ns()
    with open_chosen(args, must_exist=False) as opened:
        run = run_of("scan", request.settings, backend, now)
        begin_run(opened, run)
        done = [remember(opened, run.run_id, scanned_chain(scan, now)) for scan in survey.scans]
        end_run(opened, run.run_id, clock.now_ns())
        where = str(opened.address)
    new = [one for one in done if one.is_new]
    seen = f", {len(done) - len(new)} stored before" if len(new) < len(done) else ""
    note(
        f"{len(new)} scans kept in {where}{seen}: {sum(one.n_began for one in new):,} "
        f"opportunities began, {sum(one.n_seen for one in new):,} were seen again, "
        f"{sum(one.n_ended for one in new):,} ended"
    )
