"""What a file of quotes looks like, what would be read of it, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from engine.errors import BadDataError
from engine.feeds import SOURCES
from engine.feeds.csv_file import header_test
from engine.feeds.layouts import Layout, layout_named, layout_of
from engine.feeds.occ import OURS, occ_column
from engine.feeds.protocol import FeedOptions, Loaded
from engine.feeds.record_feed import REQUIRED
from engine.feeds.rows import read_table
from engine.feeds.text_file import CAPS, Caps

_SYMBOLS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen.

    Attributes
    ----------
    line, names
        Of the header.
    layout
        None where it is none that is known.
    loaded
        The last chain of each of the first symbols.
    n_symbols
        How many symbols there are.
    missing
        Why nothing can be read; "" where something can.
    asks
        The options to add, each a flag and its value, in capitals what a person fills in.
    """

    line: int
    names: tuple[str, ...]
    layout: Layout | None
    loaded: tuple[Loaded, ...] = ()
    n_symbols: int = 0
    missing: str = ""
    asks: tuple[tuple[str, str], ...] = ()

    @property
    def is_json(self) -> bool:
        """Whether it begins as JSON does, so that no header was found."""
        return self.layout is None and self.names[0].startswith(("{", "["))


def inspect_rows(path: Path, options: FeedOptions) -> Inspection:
    """Return what a delimited file looks like when it is read as `options` say.

    Raises
    ------
    EngineError
        If it is not there, not text, or larger than is allowed.
    """
    caps = Caps.of(options.max_bytes) if options.max_bytes else CAPS
    said = dict(options.mapping or {})
    forced = layout_named(options.layout) if options.layout else None
    columns, rows = read_table(path, None, caps, header_test(said, forced))
    layout = forced or layout_of(columns.names)
    seen = Inspection(columns.line, tuple(columns.names), layout)
    try:
        feed = SOURCES["csv"].open(str(path), options)
        symbols = feed.symbols()
        loaded = []
        for symbol in symbols[:_SYMBOLS_SHOWN]:
            *_, last = feed.chains(symbol)
            loaded.append(last)
        if not loaded:
            raise BadDataError(f"{path.name}: no valid row; `parity scan` says why")
        return replace(seen, loaded=tuple(loaded), n_symbols=len(symbols))
    except BadDataError as error:
        missing = str(error)
    if seen.is_json:
        return replace(seen, missing=missing)
    if layout is not None:
        words = layout.asks.split()
        asks = list(zip(words[::2], words[1::2], strict=True))
    else:
        occ, _ = occ_column(columns, islice(rows, 1))
        known = {*columns.names, *((*OURS, "underlying") if occ else ())}
        asks = [
            ("--as-of", "TIME") if name == REQUIRED[0] else ("--map", f"{name}=COLUMN")
            for name in REQUIRED
            if name not in known
        ]
    left = [
        (flag, value)
        for flag, value in asks
        if (options.as_of_ns is None if flag == "--as-of" else value.partition("=")[0] not in said)
    ]
    return replace(seen, missing=missing, asks=tuple(left))
