"""Chains from one delimited file, with the columns of `engine.feeds.record_feed`.

``X_age.csv`` beside ``X.csv`` holds the same rows in the same order with ``bid_age_s, ask_age_s``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds.ages import AgeColumn
from engine.feeds.derived import derived_rows, scaled
from engine.feeds.layouts import Layout, layout_named, layout_of
from engine.feeds.occ import OccColumn, occ_column
from engine.feeds.parquet_file import MAGIC, read_parquet
from engine.feeds.protocol import FeedOptions
from engine.feeds.record import CellError
from engine.feeds.record_feed import OPTIONAL, REQUIRED, RecordFeed, checked_mapping
from engine.feeds.rows import Columns, Row, read_table
from engine.feeds.sides import SIDES, sides_of, split_rows
from engine.feeds.text_file import CAPS, STDIN, Caps, start_of

# Columns that nobody else has together.
_DERIBIT = frozenset(("instrument_name", "underlying_index", "mark_price"))


class CsvFeed(RecordFeed):
    """Read chains in our layout, or one that `mapping` translates into it.

    Parameters
    ----------
    path
        The file, packed by gzip or not, or Parquet; ``-`` is stdin; ``A,B`` are two files whose
        rows belong together.
    mapping
        Our column name to the file's (``{"bid": "Bid"}``); ``"=VALUE"`` is the same for every row.
    strict
        Whether the first refused row is fatal.
    as_of
        UTC nanoseconds: give only the last snapshot at or before it. It also dates the rows of a
        file that has no ``timestamp_utc``.
    options
        All of these at once, and what else a source may be told.
    """

    def __init__(
        self,
        path: str | Path,
        mapping: Mapping[str, str] | None = None,
        strict: bool = False,
        as_of: int | None = None,
        options: FeedOptions | None = None,
    ) -> None:
        options = options or FeedOptions(strict, as_of, mapping)
        paths = files_of(str(path))
        every = [_records(one, options) for one in paths]
        # The companion has a row for each contract, in the order of the file.
        has_ages = len(paths) == 1 and not every[0][1] and str(paths[0]) != STDIN
        ages = AgeColumn.beside(paths[0]) if has_ages else None
        name = "+".join("stdin" if str(one) == STDIN else one.name for one in paths)
        rows = chain.from_iterable(records for records, _ in every)
        super().__init__(name, f"csv:{name}", rows, options, ages, str(path))

    @classmethod
    def of(cls, path: str, options: FeedOptions) -> CsvFeed:
        """Return the feed of `path` read as `options` say."""
        return cls(path, options=options)


def files_of(spec: str) -> list[Path]:
    """Return the files that ``csv:A,B`` names; one whose own name has a comma is itself."""
    try:
        is_one = "," not in spec or Path(spec).exists()
    except (OSError, ValueError):
        is_one = True
    return [Path(spec)] if is_one else [Path(part) for part in spec.split(",") if part]


def table_of(
    path: Path, options: FeedOptions, caps: Caps, mapping: Mapping[str, str]
) -> tuple[Columns, Iterator[Row | CellError], Layout | None]:
    """Return the columns and rows of a file of any kind, and its layout if it is known.

    Raises
    ------
    EngineError
        If it is not there, not a table, or larger than is allowed.
    """
    forced = layout_named(options.layout) if options.layout else None
    if start_of(path) == MAGIC:
        columns, rows = read_parquet(path, caps)
    else:
        is_header = header_test(mapping, forced)
        columns, rows = read_table(path, None, caps, is_header, options.delimiter)
    return columns, rows, forced or layout_of(columns.names)


def _records(path: Path, options: FeedOptions) -> tuple[Iterator[Row | CellError], bool]:
    """Return the rows of one file under our names, and whether each holds a call and a put."""
    caps = Caps.of(options.max_bytes) if options.max_bytes else CAPS
    mapping = dict(checked_mapping(options.mapping, SIDES))
    columns, rows, layout = table_of(path, options, caps, mapping)
    if _DERIBIT.issubset(columns.names) and not options.mapping:
        raise BadDataError(f"{columns.file}:1: is a summary of Deribit's: --source deribit:{path}")
    if layout is None and columns.names[0].startswith(("{", "[")):
        raise BadDataError(
            f"{columns.file}: looks like JSON, not like rows with a header: --source json:{path} "
            "reads it, or Python's scan() its objects; `parity sources` says what it holds"
        )
    columns.decimal = options.decimal
    rows = _named(columns, rows, mapping, layout)
    sides = sides_of(columns, REQUIRED + OPTIONAL)
    occ = None
    if sides:
        rows = split_rows(sides, rows)
    else:
        occ, rows = occ_column(columns, rows)
    try:
        needed = REQUIRED if options.as_of_ns is None else REQUIRED[1:]
        for one in sides or (columns,):
            one.require(needed, OPTIONAL)
    except BadDataError as error:
        if layout is not None and layout.asks:
            raise BadDataError(
                f"{error}. It looks like {layout.title}; say the rest: {layout.asks}{_joined(occ)}"
            ) from None
        if occ is None:
            raise
        raise BadDataError(
            f"{error}. The column {occ.name} holds contracts, which give root, expiry, "
            "strike and right; say the rest: --as-of TIME --map underlying_bid==PRICE "
            f"--map underlying_ask==PRICE{_joined(occ)}"
        ) from None
    return rows, bool(sides)


def _joined(occ: OccColumn | None) -> str:
    return " (calls and puts in two files: csv:CALLS,PUTS)" if occ is not None else ""


def header_test(
    mapping: Mapping[str, str], forced: Layout | None
) -> Callable[[Sequence[str]], bool]:
    """Return what tells a header from the lines before it."""
    wanted = set()
    for name in mapping.values():
        divided = scaled(name)
        if not name.startswith("="):
            wanted.add(divided[0] if divided else name.rpartition("#")[0] or name)

    def is_header(names: Sequence[str]) -> bool:
        present = set(names)
        if forced is not None:
            return forced.marks <= present
        is_ours = present.issuperset(REQUIRED[1:])
        return is_ours or layout_of(names) is not None or (len(wanted) > 1 and wanted <= present)

    return is_header


def _named(
    columns: Columns,
    rows: Iterator[Row | CellError],
    mapping: dict[str, str],
    layout: Layout | None,
) -> Iterator[Row | CellError]:
    """Name the columns as `layout` does, and over it as somebody said; return the rows.

    ``strike=strike/1000`` divides, unless a column is called that.
    """
    derived = {}
    for ours, theirs in list(mapping.items()):
        found = scaled(theirs) if theirs not in columns.names else None
        if found:
            derived[ours] = found[1]
            del mapping[ours]
    said = set(mapping) | set(derived)
    if layout is not None:
        # A column that is no mark of the layout may be missing: it is one that we can do without.
        present = layout.marks.union(columns.names)
        known = {
            ours: name
            for ours, name in layout.mapping.items()
            if ours not in said and (name.rpartition("#")[0] or name) in present
        }
        known.update(
            {f: f"={v}" for f, v in layout.before(columns.before).items() if f not in said}
        )
        columns.rename(known)
        derived.update({f: one for f, one in layout.derived.items() if f not in said})
    columns.rename(mapping)
    return derived_rows(columns, derived, rows)
