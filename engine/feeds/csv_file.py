"""Chains from one delimited file, with the columns of `engine.feeds.record_feed`.

``X_age.csv`` beside ``X.csv`` holds the same rows in the same order with ``bid_age_s, ask_age_s``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds.ages import AgeColumn
from engine.feeds.occ import occ_column
from engine.feeds.protocol import FeedOptions
from engine.feeds.record_feed import OPTIONAL, REQUIRED, RecordFeed, checked_mapping
from engine.feeds.rows import read_table
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
        columns, rows = read_table(path, checked_mapping(options.mapping), caps)
        if _DERIBIT.issubset(columns.names) and not options.mapping:
            raise BadDataError(f"{path.name}:1: is a summary of Deribit's: --source deribit:{path}")
        if columns.names[0].startswith(("{", "[")):
            raise BadDataError(
                f"{path.name}: looks like JSON, not like rows with a header: flatten it to CSV, or "
                "hand its objects to Python's scan(); Deribit's goes to --source deribit:FILE"
            )
        occ, rows = occ_column(columns, rows)
        try:
            columns.require(REQUIRED if options.as_of_ns is None else REQUIRED[1:], OPTIONAL)
        except BadDataError as error:
            if occ is None:
                raise
            raise BadDataError(
                f"{error}. The column {occ.name} holds OCC symbols, which give root, expiry, "
                "strike and right; say the rest: --as-of TIME --map underlying_bid==PRICE "
                "--map underlying_ask==PRICE (calls and puts in two files: join them)"
            ) from None
        super().__init__(
            path.name, f"csv:{path.name}", rows, options, AgeColumn.beside(path), str(path)
        )

    @classmethod
    def of(cls, path: str, options: FeedOptions) -> CsvFeed:
        """Return the feed of `path` read as `options` say."""
        return cls(path, options=options)
