"""Dispatch of the command line, and the rim where every error becomes one line and one code.

A verb is a module with ``add_arguments(parser)`` and ``run(args) -> int``, imported when chosen.
One of several jobs names their modules in ``JOBS``, and ``job_of(words)`` says which is meant.

Exit codes: 0 done (also when the reader of a pipe has gone away), 1 nothing found with
--fail-empty, 2 usage, 65 bad data, 66 no input, 69 missing extra or runtime, 70 the verifier did
not reproduce an opportunity or any other bug, 74 input/output, 77 not permitted, 78
configuration, 130 interrupted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from engine import __version__
from engine.cli.stderr import PROGRAM, note
from engine.cli.stdout import silence_stdout
from engine.errors import (
    INTERRUPTED,
    IO_ERROR,
    NO_INPUT,
    NOT_PERMITTED,
    OK,
    VERIFIER_MISMATCH,
    BadDataError,
    EngineError,
    InputOutputError,
    UsageError,
)
from engine.nearest import hint, nearest
from engine.runtime.comparisons import correct

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

# verb: (module, one line of help)
VERBS = {
    "scan": ("engine.cli.scan", "find, prove and rank arbitrages in option chains"),
    "backend": ("engine.cli.backend", "say which kernels run and why; compile them ahead"),
    "doctor": ("engine.cli.doctor", "check this machine and say what could be better"),
    "bench": ("engine.cli.bench", "measure the runtimes of this machine; say which one to use"),
    "backtest": ("engine.cli.backtest", "run strategies over bars: what they would have earned"),
    "gateway": ("engine.cli.gateway", "a simulated TWS gateway on loopback, for any client"),
    "live": ("engine.cli.live", "find arbitrages as quotes move, and trade them"),
    "paper": ("engine.cli.paper", "the same on paper, in this process, without a broker"),
    "simulate": ("engine.cli.simulate", "many accounts of strategies over a recorded session"),
    "workflow": ("engine.cli.workflow", "try a strategy step by step: quick, days, check, paper"),
    "kill": ("engine.cli.kill", "stop trading now, whatever the engine does"),
    "resume": ("engine.cli.resume", "go on after a halt, with a reason"),
    "status": ("engine.cli.status", "how a live account stands"),
    "positions": ("engine.cli.positions", "what packages of ours hold"),
    "orders": ("engine.cli.orders", "orders and what became of them"),
    "explain": ("engine.cli.explain", "why an order was sent, or a package traded"),
    "report": ("engine.cli.day_report", "profit and loss of a day by package"),
    "record": ("engine.cli.record", "record what a source delivers to a session file"),
    "replay": ("engine.cli.replay", "scan a recorded session again, at any speed"),
    "history": ("engine.cli.history", "what was found, how long it lived, what stopped the rest"),
    "collect": ("engine.cli.collect", "fetch bars, quotes and chains from the web, without gaps"),
    "store": ("engine.cli.store", "make, check, thin out, export and import the store"),
    "sources": ("engine.cli.sources", "say what a file looks like and what would be read of it"),
    "rates": ("engine.cli.rates", "what lending and borrowing through options yields, by expiry"),
    "lend": ("engine.cli.lend", "lend an amount through a box until a day: order and worst case"),
    "borrow": ("engine.cli.borrow", "borrow an amount through a box until a day, likewise"),
}

EXIT_CODES = """exit codes:
  0 done   1 nothing found (--fail-empty)   2 usage   65 bad data   66 no input
  69 missing extra or runtime   70 verifier mismatch or another bug   74 input/output
  77 not permitted   78 configuration   130 interrupted"""

_NEGATIVE = re.compile(r"-\.?\d")


def _narrow(prog: str) -> argparse.HelpFormatter:
    # argparse makes one for every argument added, and imports `shutil` to ask how wide it may be.
    return argparse.RawDescriptionHelpFormatter(prog, width=80)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are `UsageError` and name the nearest option."""

    def __init__(self, prog: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog or None,
            formatter_class=_narrow,
            allow_abbrev=False,
        )

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        self.formatter_class = argparse.RawDescriptionHelpFormatter
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with `message`.

        Raises
        ------
        UsageError
            Always.
        """
        raise UsageError(f"{message}; see `{self.prog} --help`")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or the version; argparse itself would not say that it could not.

        Raises
        ------
        InputOutputError
            If stdout is closed.
        """
        if file is None:
            raise InputOutputError("standard output is closed: there is nowhere to print to")
        file.write(message)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the namespace of `words`.

        Raises
        ------
        UsageError
            If an option is unknown; the message names the nearest one.
        """
        if not {"-h", "--help"}.isdisjoint(words):  # the usage is laid out before it is asked for
            self.formatter_class = argparse.RawDescriptionHelpFormatter
        known, left = self.parse_known_intermixed_args(_join_negative(words))
        for word in left:
            if not word.startswith("-"):
                raise UsageError(f"unexpected word {word!r}; see `{self.prog} --help`")
            name = word.split("=")[0]
            options = [o for o in self._option_string_actions if o.startswith("--")]
            near = nearest(name, options)
            meant = f"did you mean {near}?" if near else f"see `{self.prog} --help`"
            raise UsageError(f"unknown option {name}: {meant}")
        return known


def _join_negative(words: Sequence[str]) -> list[str]:
    """Write ``--rates -0.01,0.02`` as ``--rates=-0.01,0.02``, which argparse understands."""
    joined: list[str] = []
    for word in words:
        if _NEGATIVE.match(word) and joined and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += "=" + word
        else:
            joined.append(word)
    return joined


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never raise for what a person can cause."""
    correct()  # first: what PyPy has compiled before may stay wrong
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _guarded(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:
        code = _report(error, is_debug="--debug" in words)
    return code


def _guarded(words: list[str]) -> int:
    try:
        return _dispatch(words)
    except SystemExit as stop:  # argparse leaves this way after --help and --version
        return stop.code if isinstance(stop.code, int) else OK


def _dispatch(words: list[str]) -> int:
    position = next((k for k, word in enumerate(words) if not word.startswith("-")), len(words))
    before, verb, after = words[:position], words[position : position + 1], words[position + 1 :]
    top = _top_parser()
    flags = top.parse(before)
    if not verb:
        top.print_help()
        return OK if not words else _no_verb(words)
    if verb[0] not in VERBS:
        _refuse_file(verb[0])
        raise UsageError(f"unknown verb {verb[0]!r}: {hint(verb[0], VERBS)}")
    name, (module_name, line) = verb[0], VERBS[verb[0]]
    module = import_module(module_name)
    if hasattr(module, "JOBS") and (job := module.job_of(after)):
        module_name, line = module.JOBS[job]
        module = import_module(module_name)
        if not job.startswith("--"):
            name, after = f"{name} {job}", after[1:]
        elif not {"-h", "--help"}.isdisjoint(after):
            after = ["--help"]  # a flag stays, and would want its value first
    parser = Parser(f"{PROGRAM} {name}", line, EXIT_CODES)
    module.add_arguments(parser)
    _add_common(parser)
    if hasattr(module, "parameter_words"):  # a strategy's parameters are flags too
        after = module.parameter_words(after, parser)
    args = parser.parse(after)
    args.no_color = args.no_color or flags.no_color
    args.words = [*before, *after]
    try:
        code: int = module.run(args)
    except SystemExit as stop:  # no word of ours: a program of the user's, such as a strategy
        raise BadDataError(f"{_last_place(stop)}: SystemExit: {stop.code}") from stop
    return code


def _last_place(error: BaseException) -> str:
    trace = error.__traceback__
    place = PROGRAM
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _refuse_file(word: str) -> None:
    """Say how a file is scanned to whom names one where a verb should stand.

    Raises
    ------
    UsageError
        If `word` is a file or folder.
    """
    from pathlib import Path

    with suppress(OSError, ValueError):
        if Path(word).exists():
            kind = "lean" if Path(word).is_dir() else "csv"
            raise UsageError(
                f"{word!r} is no verb but a {'folder' if kind == 'lean' else 'file'}: "
                f"parity scan --source {kind}:{word}, or parity sources {word}"
            )


def _no_verb(words: list[str]) -> int:
    raise UsageError(f"no verb after {' '.join(words)}: {hint('', VERBS)}")


def _top_parser() -> Parser:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {line}" for name, (_, line) in VERBS.items())
    parser = Parser(
        PROGRAM,
        "Find option positions whose worst outcome is a profit, and prove it.\n\n"
        f"verbs:\n{verbs}\n\n`{PROGRAM} VERB --help` explains one.",
        EXIT_CODES,
    )
    parser.usage = f"{PROGRAM} [-h] [--version] VERB ..."
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-color", action="store_true", help="plain text, no bold either")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _report(error: BaseException, *, is_debug: bool) -> int:
    """Say what happened in one line on stderr and return the exit code."""
    if is_debug:
        import traceback

        traceback.print_exception(type(error), error, error.__traceback__)
    if isinstance(error, BrokenPipeError):
        silence_stdout()
        return OK
    if isinstance(error, KeyboardInterrupt):
        line, code = "interrupted", INTERRUPTED
    elif isinstance(error, EngineError):
        line, code = str(error), error.code
    elif isinstance(error, OSError):
        line, code = _os_line(error)
    else:
        line = f"bug: {type(error).__name__}: {error}; please report it with the output of --debug"
        code = VERIFIER_MISMATCH
    if code == IO_ERROR:
        silence_stdout()
    note(line)
    return code


def _os_line(error: OSError) -> tuple[str, int]:
    where = f"{error.filename}: " if error.filename else ""
    line = where + (error.strerror or str(error))
    if isinstance(error, FileNotFoundError):
        return line, NO_INPUT
    if isinstance(error, PermissionError):
        return line, NOT_PERMITTED
    return line, IO_ERROR
