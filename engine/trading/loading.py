"""Strategies by what a person writes: the name of one that comes with the program, or a file.

A file is a program: it is run, with all that it may do, and only where it is named. It is run once
for the same text of the same path, so that a class keeps its identity and PyPy what it compiled.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any
from zlib import crc32

from engine.backtesting.faults import complaint
from engine.backtesting.strategy import Strategy
from engine.errors import BadDataError, EngineError, NoInputError, UsageError
from engine.nearest import nearest
from engine.trading import SHIPPED
from engine.trading.compiling import compiled

MOST_BYTES = 1_000_000


def load_strategy(text: str) -> type[Strategy]:
    """Return the class that `text` names: ``momentum``, ``file.py:Class``, or ``file.py``.

    A file alone must have one strategy.

    Raises
    ------
    UsageError
        If no strategy has the name, the file has no such class, or the class is none.
    NoInputError
        If the file is not there.
    BadDataError
        If the file does not run: its line, and what is wrong there.
    """
    path, name = _parts(text)
    return _of_file(path, name) if path else _shipped(name)


def load_rule(text: str) -> type[Strategy] | Callable[..., Any]:
    """Return the class that `text` names, or the function: ``file.py:signals``.

    Raises
    ------
    EngineError
        As `load_strategy`.
    """
    path, name = _parts(text)
    if path and name:
        value = vars(_module(path)).get(name)
        if isinstance(value, FunctionType):
            return value
    return load_strategy(text)


def _parts(text: str) -> tuple[str, str]:
    """Return the file and the name in it that `text` means; one of them may be empty."""
    path, colon, name = text.rpartition(":")
    if not colon:
        path, name = (text, "") if text.endswith(".py") else ("", text)
    elif not path.endswith(".py") and name.endswith(".py"):  # C:file.py
        path, name = text, ""
    return path, name


def _shipped(text: str) -> type[Strategy]:
    name = text.strip().lower().replace("-", "_")
    if name not in SHIPPED:
        near = nearest(name, list(SHIPPED))
        meant = f"did you mean {near}?" if near else f"there are {', '.join(SHIPPED)}"
        raise UsageError(f"no strategy {text!r}: {meant}, or name a file: mine.py:Class")
    module, class_name = SHIPPED[name]
    found: type[Strategy] = getattr(import_module(module), class_name)
    return found


def _of_file(path: str, name: str) -> type[Strategy]:
    module = _module(path)
    own = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Strategy)
        and value.__module__ == module.__name__
    }
    if not name:
        if len(own) == 1:
            return next(iter(own.values()))
        if not own:
            raise UsageError(f"{path} has no strategy: write `class Name(Strategy):` in it")
        raise UsageError(f"{path} has {len(own)} strategies: name one, {path}:{next(iter(own))}")
    value = vars(module).get(name)
    if isinstance(value, type) and issubclass(value, Strategy):
        return value
    if value is not None:
        raise UsageError(f"{path}: {name} is no strategy: write `class {name}(Strategy):`")
    near = nearest(name, list(own))
    meant = f"did you mean {near}?" if near else f"it has {', '.join(own) or 'no strategy'}"
    raise UsageError(f"{path} has no class {name}: {meant}")


def _module(path: str) -> ModuleType:
    from pathlib import Path  # what ships needs none

    try:
        whole = Path(path).resolve()
        with whole.open("rb") as file:
            source = file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NoInputError(f"{path}: no such file") from None
    except ValueError:  # a zero in the name
        raise UsageError(f"{path!r} is no file name") from None
    if len(source) > MOST_BYTES:
        raise BadDataError(f"{path}: more than {MOST_BYTES:,} bytes is no strategy")
    # The text is in the name: a file that was changed is run anew, in a notebook that goes on.
    key = f"strategy_{whole.stem}_{crc32(str(whole).encode()):08x}_{crc32(source):08x}"
    if key in sys.modules:
        return sys.modules[key]
    module = ModuleType(key)
    module.__file__ = str(whole)
    sys.modules[key] = module
    # What stands beside it can be imported, but never in place of a module of Python or ours.
    sys.path.append(str(whole.parent))
    try:
        exec(compiled(source, str(whole)), vars(module))
    except KeyboardInterrupt:
        del sys.modules[key]
        raise
    except BaseException as error:  # also SystemExit: a file may say anything
        del sys.modules[key]
        if isinstance(error, EngineError):
            raise
        raise BadDataError(complaint(error, str(whole), path)) from error
    finally:
        sys.path.remove(str(whole.parent))
    return module
