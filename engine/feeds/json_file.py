"""The value in a JSON file, with caps on what a hostile one costs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds.text_file import CAPS, Caps, read_text

# Deeper than any answer of an exchange, and far from what the interpreter's stack holds.
MAX_DEPTH = 64
# The longest integer that is read as one; longer ones are no price, and take for ever.
MAX_DIGITS = 40


def read_json(path: Path, caps: Caps = CAPS) -> object:
    """Return what the JSON file at `path` holds.

    Raises
    ------
    NoInputError, NotPermittedError, InputOutputError
        If the file is not there or cannot be read.
    BadDataError
        If it is not JSON, or nested deeper than `MAX_DEPTH`.
    """
    text = read_text(path, caps)
    _check_depth(path.name, text)
    try:
        return json.loads(text, parse_int=_integer)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
    except (ValueError, RecursionError, SystemError):
        # PyPy answers a character beyond ASCII where a value should stand with a SystemError.
        place = "somewhere"
    raise BadDataError(
        f"{path.name}: is not JSON: {place}: expected a value, or a mark between two"
    )


def _integer(digits: str) -> float | int:
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")


# A text, whole or cut off, or a bracket.
_MARK = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{}]', re.DOTALL)


def _check_depth(name: str, text: str) -> None:
    """Refuse deep nesting before it is read: a parser that recurses falls over its own stack."""
    depth = 0
    for found in _MARK.finditer(text):
        mark = found[0]
        if mark in ("[", "{"):
            depth += 1
            if depth > MAX_DEPTH:
                line = text.count("\n", 0, found.start()) + 1
                raise BadDataError(f"{name}:{line}: is nested deeper than {MAX_DEPTH} levels")
        elif mark in ("]", "}"):
            depth -= 1
