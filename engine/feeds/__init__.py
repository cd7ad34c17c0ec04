"""Where chains come from: ``open_feed("csv:quotes.csv.gz")``, or ``SOURCES["csv"].open(...)``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.errors import UsageError
from engine.nearest import hint

if TYPE_CHECKING:
    from engine.feeds.protocol import Feed, FeedOptions


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of source.

    `argument` names what follows the colon ("" is nothing); `takes` are the options that mean
    something to it alone.
    """

    name: str
    argument: str
    opener: Callable[[str, FeedOptions], Feed]
    takes: frozenset[str] = frozenset()

    def open(self, spec: str, options: FeedOptions) -> Feed:
        """Return the feed of `spec`, what follows the colon.

        Raises
        ------
        UsageError
            If `spec` is missing or too much, or an option belongs to another source.
        NoInputError
            If the path does not exist.
        """
        if bool(self.argument) != bool(spec):
            wanted = f"{self.name}:{self.argument}" if self.argument else self.name
            given = f"{self.name}:{spec}" if spec else self.name
            raise UsageError(f"source {given!r} is incomplete or too long: write {wanted}")
        if options.mapping and "mapping" not in self.takes:
            raise UsageError(f"--map names the columns of a csv source, not of {self.name}")
        if options.layout and "mapping" not in self.takes:
            raise UsageError(f"--layout is that of a csv source, not of {self.name}")
        if options.decimal and "--decimal" not in self.takes:
            raise UsageError(f"--decimal is that of a csv source, not of {self.name}")
        for flag, given, name in (
            ("--delimiter", options.delimiter, "csv"),
            ("--rows", options.rows, "json"),
            ("--window", str(options.window or ""), "csv or json"),
        ):
            if given and flag not in self.takes:
                raise UsageError(f"{flag} is that of a {name} source, not of {self.name}")
        if options.seed is not None and "seed" not in self.takes:
            raise UsageError(f"--seed belongs to the demo source, not to {self.name}")
        return self.opener(spec, options)


# Imported when chosen: each source brings modules that the others do not need.
def _demo(_spec: str, options: FeedOptions) -> Feed:
    from engine.feeds.demo import DemoFeed

    return DemoFeed() if options.seed is None else DemoFeed(options.seed)


def _csv(path: str, options: FeedOptions) -> Feed:
    from engine.feeds.csv_file import CsvFeed

    return CsvFeed.of(path, options)


def _json(path: str, options: FeedOptions) -> Feed:
    from engine.feeds.json_source import open_json

    return open_json(path, options)


def _lean(path: str, options: FeedOptions) -> Feed:
    from engine.feeds.lean import LeanFeed

    return LeanFeed(path, options.as_of_ns, options.strict, options.max_bytes)


def _deribit(path: str, options: FeedOptions) -> Feed:
    from engine.feeds.deribit import DeribitFeed

    return DeribitFeed(path, options.strict, options.max_bytes)


def _session(path: str, options: FeedOptions) -> Feed:
    from engine.feeds.session import SessionFeed

    return SessionFeed(path, options.strict)


_OF_ROWS = frozenset({"mapping", "--decimal", "--delimiter", "--window"})
SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source("demo", "", _demo, frozenset({"seed"})),
        Source("csv", "PATH", _csv, _OF_ROWS),
        Source("json", "FILE", _json, frozenset({"mapping", "--rows", "--window"})),
        Source("parquet", "FILE", _csv, _OF_ROWS),
        Source("lean", "DIR", _lean),
        Source("deribit", "FILE", _deribit),
        Source("session", "FILE", _session),
    )
}


def open_feed(
    spec: str,
    options: FeedOptions | None = None,
    *,
    strict: bool = False,
    as_of: int | None = None,
    mapping: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Feed:
    """Return the feed that `spec` names: ``demo``, ``csv:PATH``, ``json:FILE``, ``parquet:FILE``,
    ``lean:DIR``, ``deribit:FILE`` or ``session:FILE``.

    `options` say how it is read, or the single ones of them that are given by name.

    Raises
    ------
    UsageError
        If no source is called that, or its path is missing; the message names the nearest one.
    NoInputError
        If the path does not exist.
    """
    from engine.feeds.protocol import FeedOptions

    name, colon, path = spec.partition(":")
    if name not in SOURCES:
        raise UsageError(f"unknown source {name!r}: {_source_hint(spec)}")
    source = SOURCES[name]
    if colon and not path:
        wanted = f"{name}:{source.argument}" if source.argument else name
        raise UsageError(f"source {spec!r} is incomplete or too long: write {wanted}")
    return source.open(path, options or FeedOptions(strict, as_of, mapping, seed))


def _source_hint(spec: str) -> str:
    from pathlib import Path

    try:
        is_path = ":" not in spec and Path(spec).exists()
    except (OSError, ValueError):
        is_path = False
    if is_path:
        suffix = Path(spec).suffix.lower()
        other = suffix[1:] if suffix in (".json", ".parquet") else "csv"
        kind = "lean" if Path(spec).is_dir() else other
        return f"it is a path; write {kind}:{spec}"
    return hint(spec.partition(":")[0], SOURCES)
