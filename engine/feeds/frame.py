"""Chains from a table in memory, with every check of a CSV file and messages that name its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.errors import BadDataError, EngineError
from engine.feeds.csv_file import CsvFeed
from engine.feeds.protocol import Loaded
from engine.values import replace

NAME = "DataFrame"
_FILE = "frame.csv"
_PLACE = re.compile(re.escape(_FILE) + r"(?::(\d+))?")


class FrameFeed:
    """Read chains from a pandas DataFrame, or what else has `to_csv`, with the columns of CSV.

    The parameters are those of `engine.feeds.csv_file.CsvFeed`. Rows are counted from 0, as
    ``iloc`` does.
    """

    def __init__(
        self, frame: Any, mapping: Mapping[str, str] | None, strict: bool, as_of: int | None
    ) -> None:
        if not len(frame):
            raise BadDataError(f"{NAME}: it has no rows")
        with TemporaryDirectory(prefix="parity-") as folder:
            path = Path(folder) / _FILE
            self._folder = f"{folder}/"
            frame.to_csv(path, index=False)
            with self._named():
                self._feed = CsvFeed(path, mapping, strict, as_of)

    def symbols(self) -> tuple[str, ...]:
        """Return the underlyings in the table, sorted."""
        return self._feed.symbols()

    def chains(self, symbol: str) -> Iterator[Loaded]:
        """Yield the snapshots of `symbol`, oldest first.

        Raises
        ------
        NoInputError, BadDataError
            As `CsvFeed.chains`.
        """
        with self._named():
            for loaded in self._feed.chains(symbol):
                yield replace(
                    loaded,
                    chain=replace(loaded.chain, source=NAME),
                    problems=tuple(map(self._words, loaded.problems)),
                )

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except EngineError as error:
            raise type(error)(self._words(str(error))) from None

    def _words(self, message: str) -> str:
        return _PLACE.sub(_row, message.replace(self._folder, ""))


def _row(place: re.Match[str]) -> str:
    line = int(place[1] or 0)
    # The first line of the file has the names.
    return f"{NAME} row {line - 2}" if line >= 2 else NAME
