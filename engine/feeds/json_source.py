"""Chains from one JSON file: an answer of a vendor, or rows that `--rows` and `--map` name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds.deribit import DeribitFeed
from engine.feeds.derived import Derived, scaled
from engine.feeds.json_file import read_json
from engine.feeds.json_layouts import JsonLayout, layout_in, layout_named
from engine.feeds.json_rows import Found, NestedRecord, Plan, longest_list, rows_at
from engine.feeds.protocol import Feed, FeedOptions
from engine.feeds.record import CellError, Record
from engine.feeds.record_feed import REQUIRED, RecordFeed, checked_mapping
from engine.feeds.sides import SIDES
from engine.feeds.text_file import CAPS, Caps

# Of so many rows the columns are looked for; and so many names a message shows.
_ROWS_SEEN, _NAMES_SHOWN = 200, 25


@dataclass(frozen=True, slots=True)
class Shape:
    """What a JSON value looks like: its layout if it is known, the paths to its rows, some rows."""

    layout: JsonLayout | None
    paths: tuple[tuple[str, str], ...]
    is_deribit: bool = False


def shape_of(value: object, options: FeedOptions) -> Shape:
    """Return the layout and the rows of a JSON value, as `options` say or as they are found.

    Raises
    ------
    UsageError
        If a layout is named that nobody knows.
    """
    if options.rows:
        return Shape(None, paths_of(options.rows))
    if options.layout:
        return Shape(layout_named(options.layout), ())
    layout = layout_in(value)
    if layout is not None:
        return Shape(layout, ())
    path = longest_list(value)
    if path is None:
        return Shape(None, ())
    first = next((found for found in rows_at(value, path) if found is not None), None)
    is_deribit = first is not None and {"instrument_name", "bid_price"} <= set(first.item)
    return Shape(None, (("", path),), is_deribit and path in ("", "result"))


def paths_of(written: str) -> tuple[tuple[str, str], ...]:
    """Return the right that a path gives ("" is none) and the path: ``call=a.*,put=b.*``."""
    found = []
    for part in written.split(","):
        side, equals, path = part.strip().partition("=")
        found.append((SIDES[side], path) if equals and side in SIDES else ("", part.strip()))
    return tuple(found)


class JsonFeed(RecordFeed):
    """Read chains in an answer that is known, or in rows that are named.

    Parameters
    ----------
    path
        The file, packed by gzip or not.
    value
        What it holds.
    options
        `rows` are paths to the rows, `mapping` gives our columns to paths of a row.

    Raises
    ------
    BadDataError
        If it has no rows, or no row has a column that is needed.
    """

    def __init__(self, path: Path, value: object, options: FeedOptions) -> None:
        name = path.name
        shape = shape_of(value, options)
        layout = shape.layout
        mapping = dict(checked_mapping(options.mapping))
        plan = _plan(layout, mapping)
        rows = _found(layout, shape, value, _caps(options))
        if not rows:
            raise BadDataError(
                f"{name}: no list of objects is there; say where the rows are: --rows PATH"
            )
        _require(name, rows, value, plan, options, layout)
        if layout is not None and layout.gathers and not options.window:
            options = replace(options, window=math.inf)
        super().__init__(name, f"json:{name}", _records(name, rows, value, plan), options,
                         place=str(path))  # fmt: skip


def open_json(path: str, options: FeedOptions) -> Feed:
    """Return the feed of a JSON file, whosever answer it is.

    Raises
    ------
    NoInputError, NotPermittedError, InputOutputError
        If the file is not there or cannot be read.
    BadDataError
        If it is not JSON, or holds no chain.
    """
    value = read_json(Path(path), _caps(options))
    if not options.mapping and shape_of(value, options).is_deribit:
        return DeribitFeed(path, options.strict, options.max_bytes)
    return JsonFeed(Path(path), value, options)


def _caps(options: FeedOptions) -> Caps:
    return Caps.of(options.max_bytes) if options.max_bytes else CAPS


def _plan(layout: JsonLayout | None, mapping: Mapping[str, str]) -> Plan:
    """Return where columns are: as the layout says, and over it as somebody said."""
    paths: dict[str, str | tuple[str, ...]] = {}
    constants: dict[str, str] = {}
    derived: dict[str, Derived] = {}
    if layout is not None:
        paths.update({ours: path for ours, path in layout.mapping.items() if ours not in mapping})
        derived.update({ours: one for ours, one in layout.derived.items() if ours not in mapping})
    for ours, theirs in mapping.items():
        divided = scaled(theirs)
        if theirs.startswith("="):
            constants[ours] = theirs[1:]
        elif divided is not None:
            derived[ours] = divided[1]
        else:
            paths[ours] = theirs
    return Plan(paths, constants, derived)


_Row = tuple[Found | None, Mapping[str, str]]


def _found(layout: JsonLayout | None, shape: Shape, value: object, caps: Caps) -> list[_Row]:
    if layout is not None:
        every = layout.found(value)
    else:
        every = (
            (found, {"right": right} if right else {})
            for right, path in shape.paths
            for found in rows_at(value, path)
        )
    rows = []
    for row in every:
        rows.append(row)
        if len(rows) > caps.rows:
            raise BadDataError(f"more than {caps.rows:,} rows ({caps.advice})")
    return rows


def _records(name: str, rows: list[_Row], top: object, plan: Plan) -> Iterator[Record | CellError]:
    plans: dict[str, Plan] = {}
    for number, (found, said) in enumerate(rows, 1):
        if found is None:
            yield CellError(f"{name}:item:{number}: expected an object")
            continue
        yield NestedRecord(name, number, found, top, _with(plan, said, plans))


def _with(plan: Plan, said: Mapping[str, str], plans: dict[str, Plan]) -> Plan:
    """Return a plan with what a path to rows says of them; one for each right."""
    if not said:
        return plan
    right = said.get("right", "")
    if right not in plans:
        plans[right] = plan.saying(said)
    return plans[right]


def _require(
    name: str,
    rows: list[_Row],
    top: object,
    plan: Plan,
    options: FeedOptions,
    layout: JsonLayout | None,
) -> None:
    """Refuse what lacks a column in all the first rows, and say how to name it."""
    needed = REQUIRED if options.as_of_ns is None else REQUIRED[1:]
    records = [
        record for record in _records(name, rows[:_ROWS_SEEN], top, plan)
        if isinstance(record, NestedRecord)
    ]  # fmt: skip
    missing = [column for column in needed if not any(column in record for record in records)]
    if not missing:
        return
    shown = ", ".join(keys_of(records[0].item)) if records else "none"
    asked = ""
    if layout is not None and layout.asks:
        asked = f". It looks like {layout.title}; say the rest: {layout.asks}"
    raise BadDataError(f"{name}: no {', '.join(missing)}; a row has {shown}{asked}")


def keys_of(item: Mapping[str, object]) -> list[str]:
    """Return the paths of the values in a row, the first of them."""
    names = []
    for key, value in item.items():
        inner = value if isinstance(value, dict) else None
        names += [f"{key}.{one}" for one in inner] if inner else [key]
    kept = [name if name.isprintable() else repr(name)[1:-1] for name in names]
    more = [f"and {len(kept) - _NAMES_SHOWN} more"] if len(kept) > _NAMES_SHOWN else []
    return [name[:60] for name in kept[:_NAMES_SHOWN]] + more
