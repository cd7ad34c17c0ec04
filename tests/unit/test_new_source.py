"""A source is one feed and one line in `SOURCES`: what a new one needs to be scanned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import feeds, scan
from engine.errors import EngineError, NoInputError
from engine.feeds import Source, open_feed
from engine.feeds.protocol import FeedOptions, Loaded
from tests.unit.chains import carry, chain

# A box of 10 for 9.4.
QUOTES = {
    (30, 95.0, "C"): (7.0, 7.1), (30, 105.0, "C"): (1.5, 1.6),
    (30, 95.0, "P"): (1.4, 1.5), (30, 105.0, "P"): (5.2, 5.3),
}  # fmt: skip


class BoardFeed:
    """One chain, whose symbol stands in the address."""

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def symbols(self) -> tuple[str, ...]:
        return ("XYZ",)

    def chains(
        self, symbol: str, since: int | None = None, until: int | None = None
    ) -> Iterator[Loaded]:
        if symbol != "XYZ" or self.spec != "today":
            raise NoInputError(f"board has no {symbol}")
        yield Loaded(chain(QUOTES, style="european"), carry())


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(spec: str, _options: FeedOptions) -> BoardFeed:
        return BoardFeed(spec)

    monkeypatch.setitem(feeds.SOURCES, "board", Source("board", "DAY", opened))


@pytest.mark.usefixtures("board")
def test_a_new_source_is_scanned_by_its_name() -> None:
    found = scan("board:today", families=["box"])
    assert [(one.symbol, one.family) for one in found.opportunities] == [("XYZ", "box")]
    assert found.opportunities[0].edge > 0.3


@pytest.mark.usefixtures("board")
def test_its_address_and_its_name_are_checked_as_those_of_the_others() -> None:
    with pytest.raises(EngineError, match="board:DAY"):
        open_feed("board")
    with pytest.raises(EngineError, match="board"):
        open_feed("boart:today")
    with pytest.raises(EngineError, match="--seed belongs to the demo source"):
        open_feed("board:today", seed=1)
