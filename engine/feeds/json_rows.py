"""Rows in a JSON value: paths to them, and their nested keys as columns.

A path is keys parted by points; a number is a place in a list, ``*`` is every item of a list or
every value of an object, and a list at its end is walked by itself: ``results``,
``callExpDateMap.*.*``. As a column of a row, a path starts at the row, ``/symbol`` at the top of
the file, and ``*1`` is the first key that a star stood for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.feeds.derived import Derived
from engine.feeds.record import CellError, Record

# Deeper and longer than what anybody serves.
_MOST_PARTS, _LONGEST_PATH = 16, 200
# Digits of an integer that are handed on as text; longer ones are no time and no price.
_MOST_BITS = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column is found: from the row, from the top, or as the key of a star."""

    parts: tuple[str, ...]
    is_top: bool = False
    key: int = 0

    @classmethod
    def of(cls, text: str) -> Place:
        """Return the place that `text` names."""
        if text[:1] == "*" and text[1:].isdecimal() and len(text) < 4:
            return cls((), key=int(text[1:]))
        if text.startswith("/"):
            return cls(tuple(text[1:].split(".")), is_top=True)
        return cls(tuple(text.split(".")))

    def value(self, record: NestedRecord) -> object:
        """Return what stands there for a record; None where nothing does."""
        if self.key:
            return record.keys[self.key - 1] if self.key <= len(record.keys) else None
        found: object = record.top if self.is_top else record.item
        whole = ".".join(self.parts)
        if isinstance(found, dict) and whole in found:
            return found[whole]
        for part in self.parts:
            found = _step(found, part)
        return found


def _step(value: object, part: str) -> object:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and len(part) < 8:
        return value[int(part)] if int(part) < len(value) else None
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """One row: the object, and the keys that stars stood for on the way to it."""

    item: dict[str, object]
    keys: tuple[str, ...]


def rows_at(value: object, path: str) -> Iterator[Found | None]:
    """Yield the objects at `path`; None for what stands there and is none.

    An object at the end is one row: some exchanges serve a list of one so.
    """
    parts = tuple(path.split(".")) if path else ()
    for found, keys in _walk(value, parts[:_MOST_PARTS], ()):
        for item in found if isinstance(found, list) else (found,):
            yield Found(item, keys) if isinstance(item, dict) else None


def _walk(
    value: object, parts: Sequence[str], keys: tuple[str, ...]
) -> Iterator[tuple[object, tuple[str, ...]]]:
    for k, part in enumerate(parts):
        if part == "*":
            if isinstance(value, dict):
                for key, inner in value.items():
                    yield from _walk(inner, parts[k + 1 :], (*keys, key))
            elif isinstance(value, list):
                for inner in value:
                    yield from _walk(inner, parts[k + 1 :], (*keys, ""))
            return
        value = _step(value, part)
    if value is not None:
        yield value, keys


def longest_list(value: object, depth: int = 8) -> str | None:
    """Return the path of the longest list of objects, "" where it is the whole; None if none is."""
    best = (0, "")
    queue: list[tuple[object, tuple[str, ...]]] = [(value, ())]
    for found, path in queue:
        if isinstance(found, list):
            number = sum(1 for item in found if isinstance(item, dict))
            if number > best[0]:
                best = (number, ".".join(path))
        elif isinstance(found, dict) and len(path) < depth:
            queue.extend(
                (inner, (*path, key)) for key, inner in found.items() if "." not in key and key
            )
    return best[1] if best[0] else None


def listed_rows(value: dict[str, object], names: Sequence[str]) -> list[dict[str, object]] | None:
    """Return the rows of an object of columns, each a list; None where the columns differ.

    What is no list stands for every row.
    """
    columns = {name: value[name] for name in names if isinstance(value.get(name), list)}
    lengths = {len(column) for column in columns.values() if isinstance(column, list)}
    if len(lengths) != 1:
        return None
    pairs = [(name, column) for name, column in columns.items() if isinstance(column, list)]
    return [{name: column[k] for name, column in pairs} for k in range(lengths.pop())]


class NestedRecord(Record):
    """An object of JSON with its keys, nested ones, those above it, and what is worked out."""

    __slots__ = ("file", "item", "keys", "plan", "top")

    def __init__(self, file: str, line: int, found: Found, top: object, plan: Plan) -> None:
        self.file = file
        self.line = line
        self.item = found.item
        self.keys = found.keys
        self.top = top
        self.plan = plan

    def __contains__(self, name: str) -> bool:
        plan = self.plan
        if name in plan.constants or name in plan.derived:
            return True
        return any(place.value(self) is not None for place in plan.places(name))

    def cell(self, name: str) -> object:
        """Return the value of a column: worked out, said for all, or the first that stands."""
        derived = self.plan.derived.get(name)
        if derived is not None:
            texts = [_text(Place.of(source).value(self)) for source in derived.columns]
            made = derived.make(*texts)
            if made is None:
                got = " ".join(texts)[:60]
                raise CellError(f"{self.place(name)}: expected {derived.expected}, got {got!r}")
            return made
        if name in self.plan.constants:
            return self.plan.constants[name]
        for place in self.plan.places(name):
            value = place.value(self)
            if value is not None:
                return _whole(value)
        return None

    def own_name(self, name: str) -> str:
        """Return the path that stands for `name`."""
        return self.plan.shown(name)

    def place(self, name: str) -> str:
        """Return ``file:item:3: column details.strike_price``."""
        return f"{self.where}: column {self.own_name(name)}"

    @property
    def where(self) -> str:
        """Where the object is, counted from 1: ``file:item:3``."""
        return f"{self.file}:item:{self.line}"


class Plan:
    """Which path, constant or calculation gives each of our columns.

    `paths` has one path for a column or several, of which the first that stands counts.
    """

    def __init__(
        self,
        paths: Mapping[str, str | tuple[str, ...]],
        constants: Mapping[str, str],
        derived: Mapping[str, Derived],
    ) -> None:
        self.constants = dict(constants)
        self.derived = dict(derived)
        self._paths = {
            ours: (theirs,) if isinstance(theirs, str) else theirs for ours, theirs in paths.items()
        }
        self._places = {
            ours: tuple(Place.of(path) for path in theirs) for ours, theirs in self._paths.items()
        }

    def saying(self, said: Mapping[str, str]) -> Plan:
        """Return this plan with constants of its own, where nothing else gives the column."""
        free = {ours: value for ours, value in said.items() if ours not in self._paths}
        return Plan(self._paths, {**free, **self.constants}, self.derived)

    def places(self, name: str) -> tuple[Place, ...]:
        """Return where a column may be; a key that is called as ours is."""
        known = self._places.get(name)
        return (Place((name,)),) if known is None else known

    def shown(self, name: str) -> str:
        """Return what a column is called in the file."""
        derived = self.derived.get(name)
        if derived is not None:
            return derived.columns[0]
        return self._paths.get(name, (name,))[0]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return "a longer integer"
    return str(value).strip()[:_LONGEST_PATH]


def _whole(value: object) -> object:
    """Return a cell; nanoseconds since 1970 as text, which keeps each of their digits."""
    is_long = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**18
    return _text(value) if is_long else value
