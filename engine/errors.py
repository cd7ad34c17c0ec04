"""Errors a person meets, each with the exit code the command ends with.

The codes follow ``sysexits.h`` where it has one. A message is one line: what was wrong,
where, and what to do. Nothing below the rim (`kernels_pure`, strategies, scoring) raises these.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

OK = 0
NOTHING_FOUND = 1
USAGE = 2
BAD_DATA = 65
NO_INPUT = 66
UNAVAILABLE = 69
VERIFIER_MISMATCH = 70
IO_ERROR = 74
HALTED = 75
NOT_PERMITTED = 77
CONFIGURATION = 78
INTERRUPTED = 130


class EngineError(Exception):
    """Base of every error shown to a person as one line; `code` is the exit code."""

    code = 1


class UsageError(EngineError):
    """The command line asks for something that does not exist or does not fit together."""

    code = USAGE


class BadDataError(EngineError):
    """Input was found but is not what its format promises; the message names file, line, column."""

    code = BAD_DATA


class NoInputError(EngineError):
    """The input named by the user is not there."""

    code = NO_INPUT


class UnavailableError(EngineError):
    """An optional extra or a runtime is missing; the message names the command that installs it."""

    code = UNAVAILABLE


class VerifierMismatchError(EngineError):
    """The independent verifier did not reproduce an opportunity: a bug, never shown or traded."""

    code = VERIFIER_MISMATCH


class InputOutputError(EngineError):
    """A read or write failed half-way (disk full, closed pipe, broken archive)."""

    code = IO_ERROR


class NotPermittedError(EngineError):
    """The operating system or a guard refused."""

    code = NOT_PERMITTED


class ConfigurationError(EngineError):
    """A configuration file is broken or has an unknown key; the message names the nearest one."""

    code = CONFIGURATION


def error_of(message: str, code: int) -> EngineError:
    """Return the error with an exit code: what another process met, to be raised in this one.

    >>> type(error_of("no such file", 66)).__name__
    'NoInputError'
    """
    kinds = {kind.code: kind for kind in EngineError.__subclasses__()}
    return kinds.get(code, EngineError)(message)


def install_command(extra: str) -> str:
    """Return the command that adds an optional extra to the interpreter that runs now.

    The project is on no index: the command names this checkout where it runs from one, else the
    installed project.
    """
    from pathlib import Path  # a process that is over soon gets by without it

    checkout = Path(__file__).resolve().parents[1]
    where = str(checkout) if (checkout / "pyproject.toml").exists() else "parity-engine"
    return f"{sys.executable} -m pip install '{where}[{extra}]'"


def load_extra(module: str, extra: str, need: str) -> Any:
    """Return a module that an optional extra brings.

    Raises
    ------
    UnavailableError
        If it is not installed: `need`, such as "a DataFrame needs pandas", and the command.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UnavailableError(f"{need}: {install_command(extra)}") from None
