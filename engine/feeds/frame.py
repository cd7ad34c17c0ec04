"""Chains from a table in memory: a DataFrame, or a list of objects; with every check of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import BadDataError, UsageError
from engine.feeds.protocol import FeedOptions
from engine.feeds.record import CellError, ColumnRecord, ObjectRecord, Record
from engine.feeds.record_feed import OPTIONAL, REQUIRED, RecordFeed, checked_mapping
from engine.feeds.rows import Columns

NAME = "DataFrame"
OBJECTS = "objects"


class FrameFeed(RecordFeed):
    """Read chains from a table with the columns of CSV: pandas', or what else has ``columns``.

    Rows are counted from 0, as ``iloc`` does; cells are taken as they are, never as text.

    Raises
    ------
    BadDataError
        If it has no rows, or lacks a column.
    """

    def __init__(
        self,
        frame: Any,
        mapping: Mapping[str, str] | None = None,
        strict: bool = False,
        as_of: int | None = None,
        options: FeedOptions | None = None,
    ) -> None:
        options = options or FeedOptions(strict, as_of, mapping)
        if not len(frame):
            raise BadDataError(f"{NAME}: it has no rows")
        _refuse_text_options(options)
        chosen = checked_mapping(options.mapping)
        names = [str(name) for name in frame.columns]
        try:
            columns = Columns(NAME, names, chosen)
            columns.require(_needed(options), OPTIONAL)
        except BadDataError as error:
            raise BadDataError(str(error).replace(f"{NAME}:1:", f"{NAME}:")) from None
        theirs = {ours: names[k] for ours, k in columns.position.items() if ours in _KNOWN}
        theirs.update({ours: f"={value}" for ours, value in columns.constant.items()})
        cells = {
            names[k]: _cells(frame, k) for ours, k in columns.position.items() if ours in _KNOWN
        }
        super().__init__(NAME, NAME, _rows(len(frame), cells, theirs), options)


class ObjectFeed(RecordFeed):
    """Read chains from objects with the columns of CSV as keys; they are counted from 1.

    A key of `mapping` may be a path: ``{"strike": "details.strike_price"}``.

    Raises
    ------
    BadDataError
        If there are none.
    """

    def __init__(self, objects: Iterable[object], options: FeedOptions) -> None:
        items = list(objects)
        if not items:
            raise BadDataError(f"{OBJECTS}: there are none")
        _refuse_text_options(options)
        mapping = dict(checked_mapping(options.mapping))
        super().__init__(OBJECTS, OBJECTS, _objects(items, mapping, _needed(options)), options)


_KNOWN = frozenset(REQUIRED + OPTIONAL)


def _refuse_text_options(options: FeedOptions) -> None:
    if options.layout:
        raise UsageError("layout is that of a csv source: name the columns with mapping")
    if options.decimal:
        raise UsageError("decimal is that of a csv source: give numbers as numbers")


def _needed(options: FeedOptions) -> Sequence[str]:
    return REQUIRED if options.as_of_ns is None else REQUIRED[1:]


def _cells(frame: Any, position: int) -> Sequence[object]:
    column = frame.iloc[:, position] if hasattr(frame, "iloc") else frame[frame.columns[position]]
    to_list = getattr(column, "to_list", None) or getattr(column, "tolist", None)
    cells: Sequence[object] = to_list() if to_list else list(column)
    return cells


def _rows(
    n_rows: int, cells: dict[str, Sequence[object]], theirs: dict[str, str]
) -> Iterator[Record | CellError]:
    for line in range(n_rows):
        yield ColumnRecord(NAME, line, cells, theirs)


def _objects(
    items: list[object], mapping: dict[str, str], needed: Sequence[str]
) -> Iterator[Record | CellError]:
    for number, item in enumerate(items, 1):
        if not isinstance(item, dict):
            yield CellError(
                f"{OBJECTS}:item:{number}: expected an object, got {type(item).__name__}"
            )
            continue
        record = ObjectRecord(OBJECTS, number, item, mapping)
        missing = [name for name in needed if name not in record]
        yield CellError(f"{record.where}: no {missing[0]}") if missing else record
