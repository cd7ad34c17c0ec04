"""A recorded session as a market that moves: its chains are posted as they arrived then.

Every chain is a whole snapshot; what differs from the one before is sent as quotes, the underlying
first. What a customer takes is gone until the recording quotes it anew. Stretches without an
arrival that are longer than a quarter of an hour are passed over, as nights are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.clock import NS_PER_SECOND
from engine.errors import BadDataError
from engine.feeds.instrument import CASH_INDEX, OPTION, STOCK, Instrument
from engine.feeds.protocol import Loaded
from engine.feeds.session import Arrival
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry
from engine.market.chain import INDEX, OptionChain

_GAP_NS = 900 * NS_PER_SECOND
_MOST_ARRIVALS = 200_000

Key = tuple[str, int, float, str]


@dataclass(slots=True)
class RecordedQuote:
    """The quote of one instrument as last recorded, less what was taken."""

    bid: float = 0.0
    ask: float = 0.0
    bid_size: float = 0.0
    ask_size: float = 0.0


class RecordedMarket:
    """The market of a recording; it begins with the first arrival and ends with the last.

    Raises
    ------
    BadDataError
        If there is nothing to play: no chain, or only chains quoted in coins.
    """

    def __init__(self, arrivals: Iterable[Arrival]) -> None:
        self.listener: Callable[[int], None] = lambda index: None
        self.instruments: list[Instrument] = []
        self.quotes: list[RecordedQuote] = []
        self._index: dict[Key, int] = {}
        self._base: dict[str, int] = {}
        self._latest: dict[str, Loaded] = {}
        played = [a for a in arrivals if a.loaded.chain.quoting.is_linear]
        if not played:
            raise BadDataError("the session has no chain that a gateway could quote")
        if len(played) > _MOST_ARRIVALS:
            raise BadDataError(f"the session has more than {_MOST_ARRIVALS:,} chains")
        for arrival in played:
            self._list(arrival.loaded.chain)
            self._latest.setdefault(arrival.loaded.chain.symbol, arrival.loaded)
        self._due = deque(played)
        self.now_ns = played[0].ts_recv
        self.run_until(self.now_ns)

    def _list(self, chain: OptionChain) -> None:
        symbol = chain.symbol
        if symbol not in self._base:
            self._base[symbol] = len(self.instruments)
            kind = CASH_INDEX if chain.underlying.kind == INDEX else STOCK
            self._add((symbol, 0, 0.0, ""), Instrument(
                len(self.instruments), symbol, kind, len(self.instruments)
            ))  # fmt: skip
        per_unit = max(1, round(1.0 / chain.tick)) if chain.tick > 0.0 else 100
        for e, series in enumerate(chain.expiries):
            for row in chain.rows(e):
                for right in "CP":
                    key = (symbol, series.settles_ns, chain.strike[row], right)
                    if key not in self._index:
                        self._add(key, Instrument(
                            len(self.instruments), symbol, OPTION, self._base[symbol],
                            series.settles_ns, series.date.strftime("%Y%m%d"), series.settlement,
                            series.trading_class or symbol, chain.strike[row], right,
                            chain.multiplier, chain.style, (per_unit, per_unit),
                        ))  # fmt: skip

    def _add(self, key: Key, instrument: Instrument) -> None:
        self._index[key] = instrument.index
        self.instruments.append(instrument)
        self.quotes.append(RecordedQuote())

    def run_until(self, ts_ns: int) -> None:
        """Post every chain that had arrived by `ts_ns`."""
        while self._due and self._due[0].ts_recv <= ts_ns:
            arrival = self._due.popleft()
            self.now_ns = max(self.now_ns, arrival.ts_recv)
            self._post(arrival.loaded)
        self.now_ns = max(self.now_ns, ts_ns)

    def _post(self, loaded: Loaded) -> None:
        chain = loaded.chain
        self._latest[chain.symbol] = loaded
        stock = chain.underlying
        base = self._base[chain.symbol]
        self._show(base, stock.bid, stock.ask, stock.bid_size, stock.ask_size)
        for e, series in enumerate(chain.expiries):
            for row in chain.rows(e):
                for right in "CP":
                    q = chain.quote_index(row, right)
                    key = (chain.symbol, series.settles_ns, chain.strike[row], right)
                    self._show(
                        self._index[key], chain.bid[q], chain.ask[q], chain.bid_size[q],
                        chain.ask_size[q],
                    )  # fmt: skip

    def _show(self, index: int, bid: float, ask: float, bid_size: float, ask_size: float) -> None:
        # A size that is not known is taken as one lot; no price is no quote.
        has_bid, has_ask = bid > 0.0, ask > 0.0
        now = RecordedQuote(
            bid if has_bid else 0.0,
            ask if has_ask else 0.0,
            (bid_size if bid_size == bid_size else 1.0) if has_bid else 0.0,
            (ask_size if ask_size == ask_size else 1.0) if has_ask else 0.0,
        )
        if now != self.quotes[index]:
            self.quotes[index] = now
            self.listener(index)

    def next_open_ns(self) -> int:
        """Return when the recording goes on after a long gap, else 0."""
        if self._due and self._due[0].ts_recv > self.now_ns + _GAP_NS:
            return self._due[0].ts_recv
        return 0

    def calendar(self, symbol: str) -> Calendar:
        """Return the calendar that `symbol` trades by."""
        return calendar_named(self._latest[symbol].chain.calendar)

    def carry(self, symbol: str) -> Carry:
        """Return what the recording knows of rates and dividends; nothing is no carry."""
        return self._latest[symbol].carry or Carry()

    def prepare(self, count: int) -> int:
        """Do nothing: there is nothing to price ahead."""
        return 0

    def take(self, index: int, side: int, quantity: float) -> None:
        """Let somebody buy (`side` > 0) or sell `quantity` of what is displayed."""
        quote = self.quotes[index]
        if self.instruments[index].kind != OPTION:
            return
        if side > 0:
            quote.ask_size = max(quote.ask_size - quantity, 0.0)
        else:
            quote.bid_size = max(quote.bid_size - quantity, 0.0)
        self.listener(index)
