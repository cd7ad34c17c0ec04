"""A journal whose entries are also told to a story: what screens show is what the journal says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from engine.live.story import Story
from engine.session.journal import Entry, Journal


class Tee:
    """Writes to `journal` and keeps `story` up to date; its entries wait until it is asked.

    Nothing is folded while an entry is written: that is on the path to an order.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._story = Story()
        self._waiting: deque[Entry] = deque(journal.entries())

    def append(self, kind: str, data: Mapping[str, object], *, is_durable: bool = True) -> Entry:
        """Write an entry.

        Raises
        ------
        InputOutputError
            If it could not be written.
        """
        entry = self.journal.append(kind, data, is_durable=is_durable)
        self._waiting.append(entry)
        return entry

    def entries(self) -> Iterable[Entry]:
        """Return every acknowledged entry, oldest first."""
        return self.journal.entries()

    @property
    def story(self) -> Story:
        """All that the journal says now."""
        waiting, story = self._waiting, self._story
        while waiting:
            story.take(waiting.popleft())
        return story
