"""Where chains come from: ``open_feed("csv:quotes.csv.gz")``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.errors import UsageError
from engine.nearest import hint

if TYPE_CHECKING:
    from engine.feeds.protocol import Feed

# name: what follows the colon; "" is nothing
SOURCES = {"demo": "", "csv": "PATH", "lean": "DIR", "deribit": "FILE"}


def open_feed(
    spec: str,
    *,
    strict: bool = False,
    as_of: int | None = None,
    mapping: Mapping[str, str] | None = None,
    seed: int | None = None,
) -> Feed:
    """Return the feed that `spec` names: ``demo``, ``csv:PATH``, ``lean:DIR`` or ``deribit:FILE``.

    Parameters
    ----------
    strict
        Whether one bad row refuses the whole input.
    as_of
        The instant of interest in UTC nanoseconds; None is the last one the source has.
    mapping
        Our column names to the file's, for ``csv``.
    seed
        Of the ``demo`` exchange.

    Raises
    ------
    UsageError
        If no source is called that, or its path is missing; the message names the nearest one.
    NoInputError
        If the path does not exist.
    """
    name, colon, path = spec.partition(":")
    if name not in SOURCES:
        raise UsageError(f"unknown source {name!r}: {_source_hint(spec)}")
    argument = SOURCES[name]
    if bool(argument) != bool(path) or (colon and not path):
        wanted = f"{name}:{argument}" if argument else name
        raise UsageError(f"source {spec!r} is incomplete or too long: write {wanted}")
    if mapping and name != "csv":
        raise UsageError(f"--map names the columns of a csv source, not of {name}")
    if seed is not None and name != "demo":
        raise UsageError(f"--seed belongs to the demo source, not to {name}")
    # Imported when chosen: each source brings modules that the others do not need.
    if name == "demo":
        from engine.feeds.demo import DemoFeed

        return DemoFeed() if seed is None else DemoFeed(seed)
    if name == "csv":
        from engine.feeds.csv_file import CsvFeed

        return CsvFeed(path, mapping, strict, as_of)
    if name == "lean":
        from engine.feeds.lean import LeanFeed

        return LeanFeed(path, as_of, strict)
    from engine.feeds.deribit import DeribitFeed

    return DeribitFeed(path, strict)


def _source_hint(spec: str) -> str:
    from pathlib import Path

    if ":" not in spec and Path(spec).exists():
        kind = "lean" if Path(spec).is_dir() else "csv"
        return f"it is a path; write {kind}:{spec}"
    return hint(spec.partition(":")[0], SOURCES)
