"""Chains from one delimited file, with the columns of `engine.feeds.record_feed`.

``X_age.csv`` beside ``X.csv`` holds the same rows in the same order with ``bid_age_s, ask_age_s``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds.ages import AgeColumn
from engine.feeds.derived import derived_rows, scaled
from engine.feeds.layouts import Layout, layout_named, layout_of
from engine.feeds.occ import OccColumn, occ_column
from engine.feeds.protocol import FeedOptions
from engine.feeds.record import CellError
from engine.feeds.record_feed import OPTIONAL, REQUIRED, RecordFeed, checked_mapping
from engine.feeds.rows import Columns, Row, read_table
from engine.feeds.sides import SIDES, sides_of, split_rows
from engine.feeds.text_file import CAPS, Caps

# Columns that nobody else has together.
_DERIBIT = frozenset(("instrument_name", "underlying_index", "mark_price"))


class CsvFeed(RecordFeed):
    """Read chains in our layout, or one that `mapping` translates into it.

    Parameters
    ----------
    path
        The file, packed by gzip or not.
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
        path = Path(path)
        options = options or FeedOptions(strict, as_of, mapping)
        caps = Caps.of(options.max_bytes) if options.max_bytes else CAPS
        mapping = dict(checked_mapping(options.mapping, SIDES))
        forced = layout_named(options.layout) if options.layout else None
        columns, rows = read_table(path, None, caps, header_test(mapping, forced))
        if _DERIBIT.issubset(columns.names) and not options.mapping:
            raise BadDataError(f"{path.name}:1: is a summary of Deribit's: --source deribit:{path}")
        layout = forced or layout_of(columns.names)
        if layout is None and columns.names[0].startswith(("{", "[")):
            raise BadDataError(
                f"{path.name}: looks like JSON, not like rows with a header: flatten it to CSV, or "
                "hand its objects to Python's scan(); Deribit's goes to --source deribit:FILE"
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
                    f"{error}. It looks like {layout.title}; say the rest: "
                    f"{layout.asks}{_joined(occ)}"
                ) from None
            if occ is None:
                raise
            raise BadDataError(
                f"{error}. The column {occ.name} holds OCC symbols, which give root, expiry, "
                "strike and right; say the rest: --as-of TIME --map underlying_bid==PRICE "
                f"--map underlying_ask==PRICE{_joined(occ)}"
            ) from None
        # The companion has a row for each contract, in the order of the file.
        ages = None if sides else AgeColumn.beside(path)
        super().__init__(path.name, f"csv:{path.name}", rows, options, ages, str(path))

    @classmethod
    def of(cls, path: str, options: FeedOptions) -> CsvFeed:
        """Return the feed of `path` read as `options` say."""
        return cls(path, options=options)


def _joined(occ: OccColumn | None) -> str:
    return " (calls and puts in two files: join them)" if occ is not None else ""


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
