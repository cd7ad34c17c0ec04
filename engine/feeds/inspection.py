"""What a file of quotes looks like, what would be read of it, and what it lacks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds import SOURCES
from engine.feeds.csv_file import files_of, table_of
from engine.feeds.json_file import read_json
from engine.feeds.json_layouts import JsonLayout
from engine.feeds.json_rows import rows_at
from engine.feeds.json_source import keys_of, shape_of
from engine.feeds.layouts import Layout
from engine.feeds.occ import OURS, occ_column
from engine.feeds.parquet_file import MAGIC
from engine.feeds.protocol import FeedOptions, Loaded
from engine.feeds.record_feed import REQUIRED
from engine.feeds.text_file import CAPS, Caps, read_text, start_of

_SYMBOLS_SHOWN, _LOOKED_AT = 20, 4096
# An object, or a list of values: "[QUOTE_DATE]" is the header of a table.
_JSON = re.compile(r'\s*(?:\{|\[\s*[\[{"\]])')


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen.

    Attributes
    ----------
    source
        The kind of source that reads it: csv, parquet, json or deribit.
    line, names
        Of the header; the keys of a row of JSON.
    layout
        None where it is none that is known.
    place
        The paths to the rows of JSON.
    loaded
        The last chain of each of the first symbols.
    n_symbols
        How many symbols there are.
    missing
        Why nothing can be read; "" where something can.
    asks
        The options to add, each a flag and its value, in capitals what a person fills in.
    """

    source: str
    line: int
    names: tuple[str, ...]
    layout: Layout | JsonLayout | None
    place: str = ""
    loaded: tuple[Loaded, ...] = ()
    n_symbols: int = 0
    missing: str = ""
    asks: tuple[tuple[str, str], ...] = ()

    @property
    def is_json(self) -> bool:
        """Whether it is JSON, so that there is no header."""
        return self.source in ("json", "deribit")


def inspect_file(path: Path, options: FeedOptions) -> Inspection:
    """Return what a file looks like when it is read as `options` say.

    Raises
    ------
    EngineError
        If it is not there, not text, or larger than is allowed.
    """
    caps = Caps.of(options.max_bytes) if options.max_bytes else CAPS
    first = files_of(str(path))[0]
    start = start_of(first, _LOOKED_AT)
    is_parquet = start.startswith(MAGIC)
    if start and not start.startswith(b"\x1f\x8b"):
        text = start.decode("utf-8-sig", "replace")
    else:  # packed, piped or not there
        text = read_text(first, caps)[:_LOOKED_AT]
    if _JSON.match(text) and not is_parquet:
        seen = _of_json(first, options, caps)
    else:
        seen = _of_rows(first, options, caps, "parquet" if is_parquet else "csv")
    try:
        feed = SOURCES[seen.source].open(str(path), options)
        symbols = feed.symbols()
        loaded = []
        for symbol in symbols[:_SYMBOLS_SHOWN]:
            *_, last = feed.chains(symbol)
            loaded.append(last)
        if not loaded:
            raise BadDataError(f"{path.name}: no valid row; `parity scan` says why")
        return replace(seen, asks=(), loaded=tuple(loaded), n_symbols=len(symbols))
    except BadDataError as error:
        return replace(seen, missing=str(error))


def _of_json(path: Path, options: FeedOptions, caps: Caps) -> Inspection:
    value = read_json(path, caps)
    shape = shape_of(value, options)
    paths = [one for one, _ in shape.layout.rows] if shape.layout else [p for _, p in shape.paths]
    every = shape.layout.found(value) if shape.layout else ((f, {}) for p in paths
                                                            for f in rows_at(value, p))  # fmt: skip
    first = next((found.item for found, _ in every if found is not None), {})
    source = "deribit" if shape.is_deribit and not options.mapping else "json"
    known = set(first)
    asks = _asked(shape.layout, options, known, is_json=True) if first else [("--rows", "PATH")]
    names = tuple(keys_of(first))
    return Inspection(source, 0, names, shape.layout, " and ".join(p or "the whole" for p in paths),
                      asks=tuple(asks))  # fmt: skip


def _of_rows(path: Path, options: FeedOptions, caps: Caps, source: str) -> Inspection:
    said = dict(options.mapping or {})
    columns, rows, layout = table_of(path, options, caps, said)
    occ, _ = occ_column(columns, islice(rows, 1)) if layout is None else (None, rows)
    known = {*columns.names, *((*OURS, "underlying") if occ else ())}
    asks = _asked(layout, options, known, is_json=False)
    return Inspection(source, columns.line, tuple(columns.names), layout, asks=tuple(asks))


def _asked(
    layout: Layout | JsonLayout | None, options: FeedOptions, known: set[str], *, is_json: bool
) -> Iterator[tuple[str, str]]:
    """Yield what is still to be said: what the layout asks for, or our columns by name."""
    said = options.mapping or {}
    if layout is not None:
        words = layout.asks.split()
        asks = list(zip(words[::2], words[1::2], strict=True))
    else:
        stands = "KEY" if is_json else "COLUMN"
        asks = [
            ("--as-of", "TIME") if name == REQUIRED[0] else ("--map", f"{name}={stands}")
            for name in REQUIRED
            if name not in known
        ]
    for flag, value in asks:
        if options.as_of_ns is None if flag == "--as-of" else value.partition("=")[0] not in said:
            yield flag, value
