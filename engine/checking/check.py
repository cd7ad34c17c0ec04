"""Ask a strategy everything that can be asked within one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.backtesting.data import Data
from engine.checking.adjusted import adjusted_splits
from engine.checking.cuts import AT_DECISIONS, EVENLY, FIRST, cut_times, instants
from engine.checking.decisions import RAISED, Difference, Log, Value
from engine.checking.futures import WORDS
from engine.checking.kernel_rule import kernel_difference, kernel_of
from engine.checking.lint import LOOKS_AHEAD, Remark, lint
from engine.checking.lint_table import FILES
from engine.checking.lookahead import LookAhead, look_ahead
from engine.checking.repeats import shared_state, symbol_order
from engine.checking.report import BIASED, CLEAN, NOTED, SKIPPED, Verdict
from engine.checking.subject import StrategySubject, Subject
from engine.checking.warm_up import WarmUp, wants, warm_up
from engine.clock import from_ns
from engine.errors import BadDataError
from engine.plural import plural

if TYPE_CHECKING:
    from engine.backend import Backend

LOOK_AHEAD, WARM_UP, STATE, ORDER_OF_SYMBOLS = "look-ahead", "warm-up", "state", "symbols"
KERNEL, SOURCE, PRICES = "kernel", "source", "prices"


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a strategy's file, and the class or function in it."""

    text: str
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Effort:
    """How many instants to change the future after: evenly, in the first rows, at decisions."""

    evenly: int = EVENLY
    first: int = FIRST
    at_decisions: int = AT_DECISIONS


def full_run(subject: Subject, data: Data) -> Log:
    """Return what `subject` decides on all of `data`.

    Raises
    ------
    BadDataError
        If it raises, or wants nothing at all: then there is nothing to check.
    """
    full = subject.play(data)
    if full.decisions and full.decisions[-1].kind == RAISED:
        event = full.events[-1]
        place = f" in row {event.row:,} of {event.symbol}" if event.row else " at its start"
        raise BadDataError(f"{subject.name}{place}: {full.decisions[-1].values[0]}")
    if not any(wants(one) for one in full.decisions) and not shared_state(subject, data, full):
        raise BadDataError(
            f"{subject.name} asked for no position in {plural(len(instants(data)), 'bar')}: "
            "nothing to check; give it more bars, or others"
        )
    return full


def check(
    subject: Subject,
    data: Data,
    full: Log,
    *,
    source: Source | None = None,
    backend: Backend | None = None,
    may_read: bool = False,
    effort: Effort = Effort(),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Verdict]:
    """Return the verdicts on `subject`, which decided `full` on `data`.

    `backend` runs the kernel that a strategy may name. With `may_read` its source may open files:
    somebody has vouched for them. `tell` is given the number of replays after each, and of all.

    Raises
    ------
    EngineError
        If it cannot be run.
    """
    state = shared_state(subject, data, full)
    cuts = cut_times(data, full, effort.evenly, effort.first, effort.at_decisions)
    found = None
    if state is None:
        found = look_ahead(subject, data, full, cuts, tell=tell)
        state = shared_state(subject, data, full)
    remarks = lint(source.text, source.name, source.file) if source else None
    return [
        _looked_ahead(found, cuts, remarks or []),
        _warmed_up(warm_up(subject, data, full)),
        _moved(STATE, state, "a second run decides as the first", "a second run decides otherwise"),
        _symbols(subject, data, full),
        _kernel(subject, data, backend),
        _source(remarks, may_read),
        _prices(data),
    ]


def place_words(difference: Difference) -> str:
    """Return where two runs part, for a person: ``row 5 of AAA, 2024-01-02 19:00``."""
    event = difference.event
    if not event.time_ns:
        return "the start"
    when = from_ns(event.time_ns).strftime("%Y-%m-%d %H:%M")
    if not event.row:
        return when
    return f"row {event.row:,} of {event.symbol} ({when})"


def value_words(value: Value) -> str:
    """Return a value of a decision for a person."""
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def moved_verdict(question: str, difference: Difference, said: str, status: str) -> Verdict:
    """Return a verdict on a decision that moved."""
    was, became = value_words(difference.was), value_words(difference.became)
    if was == became:
        was, became = f"{difference.was!r}", f"{difference.became!r}"
    where = place_words(difference)
    return Verdict(
        question, status, f"{said}: {where}, {difference.field} was {was}, became {became}",
        (), difference.event.row, difference.event.time_ns, difference.symbol,
        difference.field, was, became,
    )  # fmt: skip


def _moved(question: str, difference: Difference | None, good: str, bad: str) -> Verdict:
    if difference is None:
        return Verdict(question, CLEAN, good)
    return moved_verdict(question, difference, bad, BIASED)


def _looked_ahead(
    found: LookAhead | None, cuts: Sequence[int], remarks: Sequence[Remark]
) -> Verdict:
    if found is None:
        said = "runs share state: what moves comes from the run before"
        return Verdict(LOOK_AHEAD, SKIPPED, said)
    first = found.first
    n_modes = found.n_replays // len(cuts) if cuts else 0
    hints = tuple(
        f"line {one.line}: {one.name} {one.said}" for one in remarks if one.kind == LOOKS_AHEAD
    )
    if first is not None:
        details = tuple(
            f"{WORDS[one.mode]}: moved in {one.n_moved:,} of {len(cuts):,} replays"
            for one in found.moved
        )
        cut = from_ns(first.cut_ns).strftime("%Y-%m-%d %H:%M")
        said = f"decisions move with the future after {cut} {WORDS[first.mode]}"
        verdict = moved_verdict(LOOK_AHEAD, first.difference, said, BIASED)
        return _with_details(verdict, details + hints)
    if found.n_refused == found.n_replays:
        why = found.refusal or "there is but one instant"
        return Verdict(LOOK_AHEAD, SKIPPED, f"no other future could be run: {why}")
    refused: tuple[str, ...] = ()
    if found.n_refused:
        refused = (f"{plural(found.n_refused, 'replay')} could not be run: {found.refusal}",)
    if found.moved:
        least = found.moved[0].difference
        verdict = moved_verdict(LOOK_AHEAD, least, "decisions move by less than 1e-9", NOTED)
        return _with_details(verdict, refused + hints)
    said = (
        f"no decision moves in {plural(found.n_replays, 'replay')}: "
        f"{plural(n_modes, 'other future')} after {plural(len(cuts), 'instant')}"
    )
    return Verdict(LOOK_AHEAD, CLEAN, said, refused + hints)


def _with_details(verdict: Verdict, details: tuple[str, ...]) -> Verdict:
    return replace(verdict, details=details)


def _warmed_up(found: WarmUp) -> Verdict:
    acts = f"acts from bar {found.acts_from:,} on"
    if found.needs is None:
        why = found.trouble or "late starts do not come to decide as the full run does"
        return Verdict(WARM_UP, NOTED, f"never settles, {acts}", (why,))
    needs = plural(found.needs, "bar")
    if found.declares is None:
        status = CLEAN if found.needs <= found.acts_from else NOTED
        return Verdict(WARM_UP, status, f"needs {needs}, declares none, {acts}")
    said = f"needs {needs}, declares {found.declares:,}"
    return Verdict(WARM_UP, BIASED if found.is_short else CLEAN, said)


def _symbols(subject: Subject, data: Data, full: Log) -> Verdict:
    if len(data.bars) < 2:
        return Verdict(ORDER_OF_SYMBOLS, SKIPPED, "there is but one symbol")
    difference = symbol_order(subject, data, full)
    if difference is None:
        return Verdict(ORDER_OF_SYMBOLS, CLEAN, "the order of symbols changes nothing")
    said = "symbols in reverse order decide otherwise"
    return moved_verdict(ORDER_OF_SYMBOLS, difference, said, NOTED)


def _kernel(subject: Subject, data: Data, backend: Backend | None) -> Verdict:
    if not isinstance(subject, StrategySubject):
        return Verdict(KERNEL, SKIPPED, "a function has none")
    kernel = kernel_of(type(subject.make()))
    if kernel is None or backend is None:
        return Verdict(KERNEL, SKIPPED, "it names none")
    difference = kernel_difference(subject, kernel, subject.make, data, backend)
    return _moved(KERNEL, difference, "wants what on_bar wants", "wants something else than on_bar")


def _source(remarks: Sequence[Remark] | None, may_read: bool) -> Verdict:
    if remarks is None:
        return Verdict(SOURCE, SKIPPED, "its source is not there")
    kept = [one for one in remarks if one.kind != LOOKS_AHEAD]
    lines = tuple(f"line {one.line}: {one.name} {one.said}" for one in kept)
    if any(not one.is_hint and not (may_read and one.kind == FILES) for one in kept):
        return Verdict(SOURCE, BIASED, "uses what no run can repeat", lines)
    if kept:
        return Verdict(
            SOURCE, NOTED, "may keep things between runs, or read what was vouched for", lines
        )
    return Verdict(SOURCE, CLEAN, "uses no clock, chance, file or network of its own")


def _prices(data: Data) -> Verdict:
    found = adjusted_splits(data)
    if not found:
        return Verdict(PRICES, CLEAN, "raw at every split known")
    lines = tuple(
        f"{one.symbol} {from_ns(one.time_ns):%Y-%m-%d}: {one.ratio:g} for 1, and no jump"
        for one in found
    )
    return Verdict(PRICES, BIASED, "adjusted for splits that came later", lines)
