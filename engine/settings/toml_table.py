"""A table of a TOML file that knows where it came from: typed reads, errors with file and line."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypeVar

from engine.errors import ConfigurationError, NoInputError
from engine.nearest import hint

_T = TypeVar("_T")

# The standard library has it from 3.11 on.
_MOST_BYTES = 1 << 20
_READERS = ("tomllib", "tomli")


def _parser() -> Callable[[str], dict[str, object]]:
    for name in _READERS:
        try:
            loads: Callable[[str], dict[str, object]] = import_module(name).loads
        except ImportError:
            continue
        return loads
    raise ConfigurationError(
        f"reading TOML needs tomli below Python 3.11: {sys.executable} -m pip install tomli"
    )


def _one_line(error: ValueError) -> str:
    """Return the sentence of the parser, which may quote what it has found."""
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:197] + "..."


def read_toml(path: str) -> Table:
    """Return the top table of the file at `path`.

    Raises
    ------
    NoInputError
        If there is no such file.
    ConfigurationError
        If it is not TOML; the message has the line.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigurationError(
                f"{path}: is no configuration: more than {_MOST_BYTES:,} bytes"
            )
        text = data.decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        raise NoInputError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise NoInputError(f"{path}: is a folder; name one file in it") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text: {error.reason}") from None
    except ValueError:  # a zero byte, or half a character, in the path
        raise NoInputError(f"{path!r}: no file can be called that") from None
    loads = _parser()
    try:
        return Table(path, text, "", loads(text))
    except ValueError as error:  # TOMLDecodeError; its message ends "(at line 3, column 5)"
        raise ConfigurationError(f"{path}: not TOML: {_one_line(error)}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: not a configuration: nested too deep") from None


_LONGEST_REASON = 500


class Table:
    """One table: its file, its header (`name`, "" at the top) and its values."""

    def __init__(self, path: str, text: str, name: str, values: Mapping[str, object]) -> None:
        self.path = path
        self.text = text
        self.name = name
        self.values = values

    @property
    def header(self) -> str:
        """Return the header as it stands in the file: ``[rates]`` or ``[[dividends]]``."""
        name, is_array, _ = self.name.partition("#")
        return f"[[{name}]]" if is_array else f"[{name}]"

    def check_keys(self, known: Iterable[str]) -> None:
        """Refuse a key that is not in `known`.

        Raises
        ------
        ConfigurationError
            Naming the nearest one.
        """
        names = list(known)
        for key in self.values:
            if key not in names:
                what = f"{self.header} has no key" if self.name else "there is no table or key"
                raise ConfigurationError(
                    f"{self.where(key)}: {what} {key[:60]!r}: {hint(key, names)}"
                )

    def fail(self, key: str, reason: str) -> NoReturn:
        """Raise a `ConfigurationError` about `key`.

        Raises
        ------
        ConfigurationError
            Always.
        """
        shown_key = key if len(key) <= 60 else f"{key[:60]}..."
        inside = f"{self.header} {shown_key}" if self.name else shown_key
        # A value of thousands of digits is shown as far as it helps.
        told = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."
        raise ConfigurationError(f"{self.where(key)}: {inside}: {told}")

    def read(self, key: str, convert: Callable[[object], _T]) -> _T | None:
        """Return ``convert(value)``, None if `key` is absent; its `ValueError` gets file and line.

        Raises
        ------
        ConfigurationError
            If `convert` refuses the value.
        """
        return self.require(key, convert) if key in self.values else None

    def require(self, key: str, convert: Callable[[object], _T]) -> _T:
        """Return ``convert(value)`` of a key that must be there.

        Raises
        ------
        ConfigurationError
            If it is absent, or `convert` refuses its value.
        """
        if key not in self.values:
            line = self.where("") if self.name else self.path
            raise ConfigurationError(f"{line}: {self.header} needs {key}")
        try:
            return convert(self.values[key])
        except ValueError as error:
            self.fail(key, str(error))

    def table(self, key: str) -> Table:
        """Return the sub-table `key`, empty if absent.

        Raises
        ------
        ConfigurationError
            If it is not a table.
        """
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"expected a table, got {shown(value)}")
        return Table(self.path, self.text, self._inner(key), value)

    def tables(self, key: str) -> list[Table]:
        """Return the array of tables `key`, empty if absent.

        Raises
        ------
        ConfigurationError
            If it is something else.
        """
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"expected [[{key}]] tables, got {shown(value)}")
        return [
            Table(self.path, self.text, f"{self._inner(key)}#{k}", item)
            for k, item in enumerate(value)
        ]

    def where(self, key: str) -> str:
        """Return ``file:line`` of `key` ("": the header), the file alone if not seen."""
        line = _line_of(self.text, self.name, key)
        return f"{self.path}:{line}" if line else self.path

    def _inner(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key


def _line_of(text: str, name: str, key: str) -> int:
    """Return the line of ``key =`` (or ``[key]``) under header `name`, its own for an empty key."""
    wanted, _, index = name.partition("#")
    current, seen, is_here = "", -1, not wanted
    assignment = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]")
    header = re.compile(r"\s*\[(\[?)\s*([^\[\]#]+?)\s*\]")
    for number, line in enumerate(text.splitlines(), start=1):
        found = header.match(line)
        if found:
            current = found[2].replace('"', "")
            seen += current == wanted
            is_here = current == wanted and (not index or seen == int(index))
            if current == (f"{wanted}.{key}" if wanted else key) or (is_here and not key):
                return number
        elif is_here and assignment.match(line):
            return number
    return 0


def shown(value: object) -> str:
    """Return `value` as a person would write it in TOML, shortened.

    >>> shown(True), shown("abc")
    ('true', "'abc'")
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {shown(item)}" for key, item in value.items())
        value = f"{{{pairs}}}"
        return value if len(value) <= 40 else value[:37] + "..."
    if isinstance(value, int) and not -(10**18) < value < 10**18:
        return f"an integer of {value.bit_length()} bits"  # whose digits take for ever
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def as_text(value: object) -> str:
    """Return `value` if it is text, else raise `ValueError`."""
    if not isinstance(value, str):
        raise ValueError(f'expected text in quotes such as "demo", got {shown(value)}')
    return value


def as_texts(value: object) -> tuple[str, ...]:
    """Return a list of texts (or one text) as a tuple, else raise `ValueError`."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f'expected a list such as ["box", "collar"], got {shown(value)}')
    return tuple(items)


def as_flag(value: object) -> bool:
    """Return `value` if it is true or false, else raise `ValueError`."""
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {shown(value)}")
    return value


def as_number(value: object) -> float:
    """Return `value` as a float if it is a finite number, else raise `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, got {shown(value)}")
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"expected a number, got {shown(value)}")
    return number


def as_count(value: object) -> int:
    """Return `value` if it is a whole number >= 0, else raise `ValueError`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"expected a whole number >= 0, got {shown(value)}")
    return value


def as_day(value: object) -> date:
    """Return a TOML date, or a text that spells one, else raise `ValueError`."""
    from engine.settings.spelling import day

    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return day(value)
    raise ValueError(f"expected a date such as 2015-12-24, got {shown(value)}")


def as_instant(value: object) -> int:
    """Return UTC nanoseconds of a TOML date or offset date-time, or of a text that spells one."""
    from engine.clock import to_ns
    from engine.settings.spelling import instant

    if isinstance(value, datetime) and value.tzinfo is not None:
        return to_ns(value)
    if isinstance(value, str | date):
        return instant(str(value))
    raise ValueError(f"expected a time such as 2015-12-24T15:30:00Z, got {shown(value)}")
