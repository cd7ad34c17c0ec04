"""Errors of strategies, which are somebody's programs: one line that says where, and what."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from engine.backtesting.strategy import Strategy
from engine.errors import BadDataError, EngineError, UsageError


def file_of(rule: type | Callable[..., Any]) -> str:
    """Return the file that a class or function was written in, or nothing where it has none."""
    module = sys.modules.get(rule.__module__)
    return str(getattr(module, "__file__", None) or "")


def line_in(file: str, error: BaseException) -> int:
    """Return the last line of `file` that `error` went through, 0 for none."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def complaint(error: BaseException, file: str, shown: str) -> str:
    """Return one line for an error of a user's file: where in it, and what.

    `file` is the file as Python knows it, `shown` as the person wrote it. Without a line of the
    file there is none in the answer.
    """
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{shown}:{error.lineno}: {error.msg}"
    line = line_in(file, error)
    where = f"{shown}:{line}" if line else shown
    return f"{where}: {type(error).__name__}: {error}"


def fault(
    kind: type[Strategy], error: BaseException, *, name: str = "", is_hook: bool = True
) -> EngineError | None:
    """Return an error that a strategy raised as one for a person, None if it is not its own.

    An order that is none is named with the line that sent it. What a hook returns is looked at by
    the engine, so a wrong type shows only there (`is_hook`: in a call of a hook). `name` is
    what the strategy is called, if not like its class.
    """
    file = "" if kind.__module__.startswith("engine.") else file_of(kind)
    line = line_in(file, error) if file else 0
    told = f"(strategy {name or kind.__name__})"
    if isinstance(error, EngineError):
        if isinstance(error, UsageError) and line:
            return UsageError(f"{file}:{line}: {error} {told}")
        return error
    if line:
        return BadDataError(f"{complaint(error, file, file)} {told}")
    if file and isinstance(error, TypeError | ValueError):
        asked = "; is on_bar given a number to return?" if is_hook else ""
        return BadDataError(f"{file}: {kind.__name__}: {error}{asked}")
    return None
