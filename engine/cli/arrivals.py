"""Scan chains as they arrive, live or from a recording: the same lines for the same chains."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from engine.backend import select
from engine.cli import scan_request
from engine.cli.scan_store import EVERYTHING
from engine.cli.stderr import note
from engine.cli.store_choice import open_chosen
from engine.clock import SYSTEM, Clock
from engine.errors import InputOutputError, UsageError, VerifierMismatchError
from engine.feeds.protocol import Loaded
from engine.report import document
from engine.report.remembered import run_of, scanned_chain
from engine.scanner.many import scan_loaded
from engine.scanner.survey import Scan
from engine.store.remember import begin_run, end_run, remember

if TYPE_CHECKING:
    from engine.store.protocol import Store

# Flags of `scan` that ask for something that is not there while chains arrive one by one.
_NOT_HERE = (
    "explain", "curves", "plot", "audit", "seeds", "as_of", "json", "csv", "runtime", "jobs",
    "fail_empty",
)  # fmt: skip


def refuse_other_flags(args: argparse.Namespace, verb: str) -> None:
    """Refuse what only `scan` can answer.

    Raises
    ------
    UsageError
        If one of those flags is given.
    """
    for name in _NOT_HERE:
        if getattr(args, name, None):
            raise UsageError(f"--{name.replace('_', '-')} belongs to scan, not to {verb}")


class ArrivalScanner:
    """Scan one chain after another, print what each gave, and keep a digest of it all.

    On a terminal a chain is a line for people; elsewhere, or with ``--ndjson``, a JSON object in a
    line. The digest is that of the JSON lines, whichever is printed. With ``--store`` everything
    is stored too.
    """

    def __init__(self, args: argparse.Namespace, verb: str, clock: Clock = SYSTEM) -> None:
        config = None
        if args.config:
            from engine.settings.config_file import read_config

            config = read_config(args.config)
        self.request = scan_request.build(args, config)
        self._top = self.request.settings.top
        self._backend = select(scan_request.backend_name(args, config))
        self._clock = clock
        self._is_for_people = not args.ndjson and sys.stdout is not None and sys.stdout.isatty()
        self._digest = sha256()
        self.n_chains = self.n_found = 0
        self._store: Store | None = None
        self._run_id = ""
        if args.store or (config is not None and config.store):
            self._store = open_chosen(args, must_exist=False)
            run = run_of(verb, self.request.settings, self._backend, clock.now_ns())
            begin_run(self._store, run)
            self._run_id = run.run_id
            self.request = replace(
                self.request, settings=replace(self.request.settings, top=EVERYTHING)
            )

    def scan(self, loaded: Loaded) -> None:
        """Scan a chain, print and store what it gave.

        Raises
        ------
        EngineError
            If the chain cannot be scanned, the result not be printed or stored.
        VerifierMismatchError
            If the verifier did not reproduce something.
        """
        found = scan_loaded(loaded, self.request, self._backend)
        if self._store is not None:
            remember(self._store, self._run_id, scanned_chain(found, self._clock.now_ns()))
            found = _cut(found, self._top)
        line = json.dumps(line_object(found), allow_nan=False) + "\n"
        self._digest.update(line.encode())
        self.n_chains += 1
        self.n_found += len(found.result.opportunities)
        _print(_words(found) if self._is_for_people else line)
        if found.result.mismatches:
            bad = found.result.mismatches[0]
            raise VerifierMismatchError(
                f"the verifier did not reproduce {bad.family} {bad.id} of {bad.symbol}"
            )

    def close(self) -> None:
        """Say what it came to."""
        if self._store is not None:
            end_run(self._store, self._run_id, self._clock.now_ns())
            self._store.close()
            self._store = None
        note(
            f"{self.n_chains:,} chains scanned, {self.n_found:,} opportunities listed, "
            f"sha256 of the list {self._digest.hexdigest()}"
        )


def line_object(scan: Scan) -> dict[str, object]:
    """Return what one chain gave, nothing of when and where it was scanned."""
    result = scan.result
    return {
        "symbol": result.chain.symbol,
        "time": document.instant(result.chain.ts_ns),
        "opportunities": [document.opportunity_object(one) for one in result.opportunities],
        "carry": [document.opportunity_object(one) for one in result.carry],
        "synthetics": [document.opportunity_object(one) for one in result.synthetics],
        "near_misses": [
            document.near_miss_object(result.chain, miss) for miss in result.near_misses
        ],
        "funnel": document.funnel_object(result.funnel),
        "unusable": result.unusable or None,
    }


def _cut(scan: Scan, top: int) -> Scan:
    """Return the scan with its lists as long as asked: only the store wants everything."""
    result = scan.result
    cut = replace(
        result,
        opportunities=result.opportunities[:top],
        carry=result.carry[:top],
        synthetics=result.synthetics[:top],
    )
    return replace(scan, result=cut)


def _words(scan: Scan) -> str:
    result = scan.result
    when = document.instant(result.chain.ts_ns)
    best = result.opportunities[0] if result.opportunities else None
    words = f"best {best.edge:.4f} {best.family} {best.id}" if best else "nothing"
    if result.unusable:
        words = f"unusable: {result.unusable}"
    return f"{when}  {result.chain.symbol:<6} {result.funnel.passed:>5} passed, {words}\n"


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InputOutputError("standard output is closed: there is nowhere to print to")
    sys.stdout.write(text)
    sys.stdout.flush()
