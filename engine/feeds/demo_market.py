"""The demo exchange as a market that moves: spots walk, quotes follow, arbitrages come and go.

Pure and without a clock: `run_until` a time, and every quote sent meanwhile is handed to the
listener. The same seed and the same calls give the same updates to the last bit on every runtime.
Without plants, no instant between any two messages has an arbitrage (`demo_symbol` says why).

Sessions are those of the calendar: quotes are withdrawn at the close and posted afresh at the next
open, when time has passed and stock has gone ex-dividend; within a session everything is valued
anew each hour, as of then.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.clock import NS_PER_SECOND
from engine.errors import NoInputError
from engine.feeds.demo_listing import AS_OF_NS, KINDS, between, pick
from engine.feeds.demo_season import Plant, Season
from engine.feeds.demo_symbol import DemoSymbol, LiveQuote
from engine.feeds.instrument import CASH_INDEX, CRYPTO, FUTURE, OPTION, STOCK, Instrument
from engine.market.calendar import Calendar, calendar_named
from engine.market.carry import Carry
from engine.market.chain import COIN, INDEX, OptionChain
from engine.nearest import hint

# What happens at a time: in the heap, never compared beyond the sequence number.
_TICK, _FOLLOW, _FLICK, _PLANT, _VANISH, _CLOSE, _OPEN, _REVALUE = range(8)
_REVALUE_SECONDS = 3600.0
_YEAR_SECONDS = 252.0 * 23_400.0


@dataclass(frozen=True, slots=True)
class Rates:
    """How lively the market is, in seconds of market time: at `pace` 1, that of the clock.

    `spot_every` is the mean time between moves of a stock, `flicks` how many quotes a second and
    underlying change by themselves, `plant_every` the mean time between plants, `plant_life` how
    long one lives, `latency` how late quotes follow the stock. Under a `pace` of n a second of
    the clock is n of the market, and as lively as one.
    """

    spot_every: float = 0.25
    flicks: float = 100.0
    plant_every: float = 6.0
    plant_life: tuple[float, float] = (0.5, 20.0)
    latency: tuple[float, float] = (0.002, 0.060)
    pace: float = 1.0


class DemoMarket:
    """All instruments of the demo exchange, live.

    `listener` is called with the index of each quote sent; `season_listener` with each plant as it
    appears, and again when it is gone and its `state` says why. Prices are then in `quotes`.
    Without options (`has_options`) the underlyings and futures move alone, on other paths.

    Raises
    ------
    NoInputError
        If one of `symbols` is not listed.
    """

    def __init__(
        self,
        seed: int = 0,
        symbols: Sequence[str] | None = None,
        *,
        compact: bool = False,
        planted: bool = True,
        has_options: bool = True,
        rates: Rates = Rates(),
        listener: Callable[[int], None] | None = None,
        season_listener: Callable[[Plant], None] | None = None,
    ) -> None:
        self.now_ns = AS_OF_NS
        self.rates = rates
        self.listener = listener or _nobody
        self.season_listener = season_listener or _nobody
        self.sent = 0
        self._heap: list[tuple[int, int, int, DemoSymbol, object]] = []
        self._sequence = 0
        names = sorted(KINDS if symbols is None else symbols)
        for name in names:
            if name not in KINDS:
                raise NoInputError(f"the demo source has no {name!r}: {hint(name, KINDS)}")
        self.symbols = {
            name: DemoSymbol(
                name, seed, self.now_ns, compact=compact, emit=self._emit, has_options=has_options
            )
            for name in names
        }
        self.instruments: list[Instrument] = []
        self.quotes: list[LiveQuote] = []
        self.seasons: dict[str, Season] = {}
        self.is_open: dict[str, bool] = {}
        self._planted = planted and has_options
        self._has_options = has_options
        for symbol in self.symbols.values():
            self._list(symbol)
            self.seasons[symbol.symbol] = Season(symbol, pick(symbol.rng, 12))
            self.is_open[symbol.symbol] = True
            symbol.post_all()
            self._start(symbol)
            if not symbol.is_coin:
                calendar = self.calendar(symbol.symbol)
                close = calendar.close_ns(calendar.session_date(self.now_ns))
                self._at_ns(close, _CLOSE, symbol)

    # what there is

    def calendar(self, symbol: str) -> Calendar:
        """Return the calendar that `symbol` trades by."""
        return calendar_named(self.symbols[symbol].whole.calendar)

    def carry(self, symbol: str) -> Carry:
        """Return the rates, dividends and borrow of `symbol`, as read three hours before now."""
        return self.symbols[symbol].value.listing.carry

    def chain(self, symbol: str) -> OptionChain:
        """Return the quotes of `symbol` as they stand as a chain. O(contracts log contracts)."""
        return self.symbols[symbol].chain(self.now_ns)

    def plants(self, symbol: str) -> list[Plant]:
        """Return what is planted in `symbol` now, arbitrages and decoys, in order of birth."""
        return list(self.seasons[symbol].live)

    def _list(self, symbol: DemoSymbol) -> None:
        kind = symbol.whole.kind
        name = symbol.symbol
        sort = {COIN: CRYPTO, INDEX: CASH_INDEX}.get(kind.kind, STOCK)
        first = len(self.instruments)
        self._add(symbol.spot_quote, Instrument(first, name, sort, first))
        for (e, strike, right), quote in symbol.options.items():
            series = symbol.whole.expiries[e]
            multiplier = 1.0 if symbol.is_coin else 100.0
            self._add(quote, Instrument(
                len(self.instruments), name, OPTION, first, series.settles_ns,
                series.date.strftime("%Y%m%d"), series.settlement, series.trading_class or name,
                strike, right, multiplier, kind.style, kind.ticks, kind.tick_change,
            ))  # fmt: skip
        for e, quote in enumerate(symbol.futures):
            series = symbol.whole.expiries[e]
            self._add(quote, Instrument(
                len(self.instruments), name, FUTURE, first, series.settles_ns,
                series.date.strftime("%Y%m%d"), series.settlement, name, ticks=(2, 2),
            ))  # fmt: skip

    def _add(self, quote: LiveQuote, instrument: Instrument) -> None:
        quote.index = instrument.index
        self.instruments.append(instrument)
        self.quotes.append(quote)

    # time

    def run_until(self, ts_ns: int) -> None:
        """Let everything happen that is due by `ts_ns`. O(updates log contracts)."""
        heap = self._heap
        while heap and heap[0][0] <= ts_ns:
            self.now_ns, _, kind, symbol, what = heapq.heappop(heap)
            if kind == _FOLLOW:
                self._follow(symbol, what)
            elif kind == _FLICK:
                self._flick(symbol)
            elif kind == _TICK:
                self._tick(symbol)
            elif kind == _PLANT:
                self._plant(symbol)
            elif kind == _VANISH:
                assert isinstance(what, Plant)
                self._vanish(symbol, what, "expired")
            elif kind == _CLOSE:
                self._close(symbol)
            elif kind == _OPEN:
                self._open(symbol)
            else:
                self._revalue(symbol)
        self.now_ns = max(self.now_ns, ts_ns)

    def next_open_ns(self) -> int:
        """Return when the next session begins if everything is closed now, else 0."""
        if any(self.is_open.values()):
            return 0
        return min((at for at, _, kind, _, _ in self._heap if kind == _OPEN), default=0)

    def prepare(self, count: int) -> int:
        """Use idle time: price up to `count` contracts ahead; return how many there were to do."""
        done = 0
        for symbol in self.symbols.values():
            if self.is_open[symbol.symbol] and done < count:
                done += symbol.prepare(count - done)
        return done

    def _at(self, seconds: float, kind: int, symbol: DemoSymbol, what: object = None) -> None:
        delay = int(seconds * self.rates.pace * NS_PER_SECOND)
        self._at_ns(self.now_ns + delay, kind, symbol, what)

    def _at_ns(self, ts_ns: int, kind: int, symbol: DemoSymbol, what: object = None) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (ts_ns, self._sequence, kind, symbol, what))

    def _start(self, symbol: DemoSymbol) -> None:
        rates = self.rates
        self._at(symbol.delay(0.0, rates.spot_every), _TICK, symbol)
        if self._has_options:
            self._at(symbol.delay(0.0, 2.0 / rates.flicks), _FLICK, symbol)
        if self._planted:
            self._at(symbol.delay(0.0, rates.plant_every), _PLANT, symbol)
        self._schedule_revaluation(symbol)

    def _schedule_revaluation(self, symbol: DemoSymbol) -> None:
        later = self.now_ns + int(max(_REVALUE_SECONDS, 2.0 * self.rates.pace) * NS_PER_SECOND)
        symbol.next_value = symbol.valuation(later)
        self._at_ns(later, _REVALUE, symbol)

    def _emit(self, quote: LiveQuote) -> None:
        quote.stamp_ns = self.now_ns
        self.sent += 1
        self.listener(quote.index)

    # what happens

    def _tick(self, symbol: DemoSymbol) -> None:
        if not self.is_open[symbol.symbol]:
            return
        every = self.rates.spot_every
        vol = symbol.whole.vols[-1]
        true = vol * math.sqrt(every * self.rates.pace / _YEAR_SECONDS)
        self._at(symbol.delay(0.2 * every, 1.8 * every), _TICK, symbol)
        self.move_spot(symbol.symbol, symbol.wander(min(max(3e-4, true), 0.02)))

    def move_spot(self, name: str, to: float) -> None:
        """Move the spot of `name`, by the two rules; on a cent, unless it is there already."""
        symbol = self.symbols[name]
        self._later(symbol, symbol.move(to))
        self._judge(symbol)

    def _later(self, symbol: DemoSymbol, follow: Iterable[int]) -> None:
        low, high = self.rates.latency
        for i in follow:
            self._at(symbol.delay(low, high), _FOLLOW, symbol, symbol.quotes[i])

    def _follow(self, symbol: DemoSymbol, what: object) -> None:
        assert isinstance(what, LiveQuote)
        what.is_following = False
        if what.hold is not None or what.ask <= 0.0 or what.key is None:
            return
        e, strike, right = what.key
        i = symbol.position.get((e - symbol.gone, strike, right))
        if i is not None and symbol.place(i):
            self._emit(what)

    def _flick(self, symbol: DemoSymbol) -> None:
        if not self.is_open[symbol.symbol]:
            return
        self._at(2.0 / self.rates.flicks * symbol.rng.random(), _FLICK, symbol)
        if symbol.quotes:
            i = pick(symbol.rng, len(symbol.quotes))
            if symbol.quotes[i].hold is None:
                symbol.draw(i)
                self._emit(symbol.quotes[i])

    def _plant(self, symbol: DemoSymbol) -> None:
        if not self.is_open[symbol.symbol]:
            return
        every = self.rates.plant_every
        self._at(symbol.delay(0.5 * every, 1.5 * every), _PLANT, symbol)
        self.plant(symbol.symbol)

    def plant(self, name: str, family: str = "", *, lives: float = 0.0) -> Plant | None:
        """Plant an arbitrage (of `family`) or a decoy in `name` now; None if there is no room.

        `lives` is in seconds of the clock; 0 draws it.
        """
        symbol, season = self.symbols[name], self.seasons[name]
        plant = season.plant(self.now_ns, family)
        if plant is None:
            return None
        self.season_listener(plant)
        for quote in plant.moved:
            self._emit(quote)
        drawn = between(symbol.rng, *self.rates.plant_life)
        self._at(lives or drawn, _VANISH, symbol, plant)
        return plant

    def _vanish(self, symbol: DemoSymbol, plant: Plant, why: str) -> None:
        if plant.state != "live":
            return
        for quote in self.seasons[symbol.symbol].end(plant, why):
            self._emit(quote)
        self.season_listener(plant)

    def _judge(self, symbol: DemoSymbol) -> None:
        """Withdraw plants whose package the market has moved out of the default gates."""
        for plant in self.seasons[symbol.symbol].faded(self.now_ns):
            self._vanish(symbol, plant, "withdrawn")

    def _close(self, symbol: DemoSymbol) -> None:
        self.is_open[symbol.symbol] = False
        for plant in self.plants(symbol.symbol):
            self._vanish(symbol, plant, "closed")
        symbol.withdraw_all()
        calendar = self.calendar(symbol.symbol)
        day = calendar.next_session(calendar.session_date(self.now_ns))
        self._at_ns(calendar.open_ns(day), _OPEN, symbol)

    def _open(self, symbol: DemoSymbol) -> None:
        calendar = self.calendar(symbol.symbol)
        today = calendar.session_date(self.now_ns)
        for dividend in symbol.whole.carry.dividends:
            if dividend.ex_date == today:
                symbol.spot = round(symbol.spot - dividend.amount, 2)
        self.is_open[symbol.symbol] = True
        symbol.value_at(self.now_ns)
        symbol.post_all()
        self._start(symbol)
        self._at_ns(calendar.close_ns(today), _CLOSE, symbol)

    def _revalue(self, symbol: DemoSymbol) -> None:
        # A market that has closed and opened since has a later one on its way.
        planned = symbol.next_value
        if not self.is_open[symbol.symbol] or planned is None:
            return
        if planned.listing.as_of_ns != self.now_ns:
            return
        for plant in self.plants(symbol.symbol):
            self._vanish(symbol, plant, "revalued")
        self._later(symbol, symbol.revalue(self.now_ns))
        self._schedule_revaluation(symbol)

    # trading

    def take(self, index: int, side: int, quantity: float) -> None:
        """Let somebody buy (`side` > 0) or sell `quantity` of what is displayed.

        A used-up level moves away and comes back within two seconds; a planted quote that is
        touched is gone. The underlying and futures are as deep as they show, at every moment.
        """
        quote, instrument = self.quotes[index], self.instruments[index]
        if instrument.kind != OPTION or quote.key is None:
            return
        symbol = self.symbols[instrument.symbol]
        if side > 0:
            quote.ask_size = max(quote.ask_size - quantity, 0.0)
            is_gone = quote.ask_size <= 0.0
        else:
            quote.bid_size = max(quote.bid_size - quantity, 0.0)
            is_gone = quote.bid_size <= 0.0
        plant = self.seasons[instrument.symbol].planted_at(quote)
        if plant is not None:
            self._vanish(symbol, plant, "taken")
            return
        if is_gone and quote.hold is None:
            self._step_back(symbol, quote, side)
        self._emit(quote)

    def _step_back(self, symbol: DemoSymbol, quote: LiveQuote, side: int) -> None:
        assert quote.key is not None
        e, strike, right = quote.key
        i = symbol.position[e - symbol.gone, strike, right]
        book, value, half = symbol.book, symbol.worth(i), 1.5 * quote.half
        if side > 0:
            quote.ask = max(book.ask_at(value, half), book.tick_ceil(quote.ask + 1e-9))
            quote.ask_size = 1.0 + pick(symbol.rng, 200)
        else:
            quote.bid = min(book.bid_at(value, half), quote.bid)
            quote.bid_size = 1.0 + pick(symbol.rng, 200) if quote.bid > 0.0 else 0.0
        if not quote.is_following:
            quote.is_following = True
            self._at(1.0 + symbol.rng.random(), _FOLLOW, symbol, quote)


def _nobody(_: object) -> None:
    """Listen to nothing."""
