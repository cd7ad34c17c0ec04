"""What the writers of sessions have in common: they are closed, and wrap a file of records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from engine.session.records import RecordWriter, Tear

_Self = TypeVar("_Self", bound="Closing")


class Closing(ABC):
    """Something that has to be closed; a ``with`` block does it."""

    @abstractmethod
    def close(self) -> object:
        """Close it; it may be closed again."""

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class WrittenFile(Closing):
    """A file that is written through a `RecordWriter`, and what that found when it opened it."""

    _records: RecordWriter

    @property
    def path(self) -> Path:
        """The file."""
        return self._records.path

    @property
    def quarantined(self) -> Path | None:
        """Where the torn end of the file was kept when it was opened; None if it was whole."""
        return self._records.quarantined

    @property
    def tear(self) -> Tear | None:
        """What was torn when the file was opened."""
        return self._records.tear
