"""What is displayed and what has traded: market data lines, prints, model values, bars."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.clock import from_ns, years_between
from engine.gateway.account import Execution
from engine.gateway.history import History
from engine.gateway.lines import Line, Prints, TickLine, Touch
from kernels_pure.implied import implied_vol
from kernels_pure.pricing import bs_greeks

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session

_GREEKS_EVERY = 1.0
_BARS_EVERY = 5.0


class Tape:
    """Lines of all clients by instrument, and the last value of each instrument."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.watchers: dict[int, list[Line]] = {}
        self.tick_lines: dict[int, list[TickLine]] = {}
        self._prints: dict[int, Prints] = {}
        self._histories: dict[int, History] = {}
        self._marks = [gateway.exchange.middle(row.index) for row in gateway.listing.instruments]

    def begin(self) -> None:
        """Begin what is sent by the clock: model values and bars."""
        self.gateway.later(_GREEKS_EVERY, self._send_greeks)
        self.gateway.later(_BARS_EVERY, self._send_bars)

    def quoted(self, index: int) -> None:
        """Take note of a new quote of `index`, and tell whoever watches it."""
        quote = self.gateway.market.quotes[index]
        if quote.bid > 0.0 and quote.ask > 0.0:
            self._marks[index] = 0.5 * (quote.bid + quote.ask)
        self.gateway.exchange.quoted(index)
        lines = self.watchers.get(index)
        if lines is not None and not self.gateway.mishaps.is_stopped(index):
            for line in lines:
                if not line.session.quotes_stopped:
                    line.update()
        ticks = self.tick_lines.get(index)
        if ticks:
            touch, now = self.gateway.exchange.touch(index), self.gateway.seconds()
            for tick in ticks:
                tick.update(touch, now)
        history = self._histories.get(index)
        if history is not None:
            history.note(self.gateway.market.now_ns, self._marks[index])

    def value(self, index: int) -> float:
        """Return what `index` is worth: the middle of its last quote of two sides."""
        return self._marks[index]

    def line_count(self) -> int:
        """Return how many market data lines are in use."""
        return sum(len(session.lines) for session in self.gateway.clients.values())

    def watch(
        self, session: Session, req_id: int, legs: tuple[tuple[int, int], ...],
        *, is_delayed: bool, is_snapshot: bool,
    ) -> None:  # fmt: skip
        """Begin a market data line, or answer a snapshot."""
        line = Line(session, req_id, legs, self._touch(legs), is_delayed, is_snapshot)
        index = legs[0][0]
        row = self.gateway.listing.instruments[index]
        tick = self.gateway.requests.reference.min_tick(row) if len(legs) == 1 else 0.01
        line.greet(tick, self.prints(index), "9c0001")
        if is_snapshot:
            return
        session.lines[req_id] = line
        for leg, _ in legs:
            self.watchers.setdefault(leg, []).append(line)
        if row.symbol in self.gateway.mishaps.halted_until:
            line.halt(True)

    def unwatch(self, session: Session, req_id: int) -> None:
        """End a market data line."""
        line = session.lines.pop(req_id)
        session.late_lines.pop(req_id, None)
        for leg, _ in line.legs:
            self.watchers[leg].remove(line)
            if not self.watchers[leg]:
                del self.watchers[leg]

    def _touch(self, legs: tuple[tuple[int, int], ...]) -> Callable[[], Touch]:
        touch = self.gateway.exchange.touch
        if len(legs) == 1 and legs[0][1] == 1:
            index = legs[0][0]
            return lambda: touch(index)
        unit = max(self.gateway.listing.instruments[index].multiplier for index, _ in legs)

        def combo() -> Touch:
            bid = ask = 0.0
            bid_size = ask_size = math.inf
            for index, ratio in legs:
                low, low_size, high, high_size = touch(index)
                weight = ratio * self.gateway.listing.instruments[index].multiplier / unit
                if low <= 0.0 or high <= 0.0:
                    return math.nan, 0.0, math.nan, 0.0
                if ratio < 0:
                    low, low_size, high, high_size = high, high_size, low, low_size
                bid += weight * low
                ask += weight * high
                bid_size = min(bid_size, low_size // abs(ratio))
                ask_size = min(ask_size, high_size // abs(ratio))
            return round(bid, 8), bid_size, round(ask, 8), ask_size

        return combo

    def prints(self, index: int) -> Prints:
        """Return what has traded in `index` today."""
        prints = self._prints.get(index)
        if prints is None:
            prints = self._prints[index] = Prints()
            price = round(self._marks[index], 2)
            if price > 0.0:
                prints.trade(price, 1, self.gateway.market.now_ns)
                prints.volume = 0
                prints.close = price
        return prints

    def traded(self, execution: Execution) -> None:
        """Note a trade and tell whoever watches its contract."""
        index = execution.instrument
        prints = self.prints(index)
        prints.trade(execution.price, execution.quantity, execution.ts_ns)
        for line in self.watchers.get(index, ()):
            if len(line.legs) == 1:
                line.traded(prints)
        for tick in self.tick_lines.get(index, ()):
            tick.traded(execution.price, execution.quantity, self.gateway.seconds())

    def history(self, index: int) -> History:
        """Return the bars of an instrument."""
        history = self._histories.get(index)
        if history is None:
            contract = self.gateway.listing.contracts[index]
            calendar = self.gateway.market.calendar(contract.symbol)
            price = round(self._marks[index], 2)
            now = self.gateway.market.now_ns
            history = History(contract.local_symbol, calendar, now, price)
            self._histories[index] = history
            history.note(now, price)
        return history

    def _send_greeks(self) -> None:
        self.gateway.later(_GREEKS_EVERY, self._send_greeks)
        for session in list(self.gateway.clients.values()):
            if session.is_slow or session.quotes_stopped:
                continue
            for line in list(session.lines.values()):
                if len(line.legs) == 1 and not self.gateway.mishaps.is_stopped(line.legs[0][0]):
                    self._send_model(line)

    def _send_model(self, line: Line) -> None:
        row = self.gateway.listing.instruments[line.legs[0][0]]
        if not row.right:
            return
        spot, price = self._marks[row.underlying], self._marks[row.index]
        tau = years_between(self.gateway.market.now_ns, row.settles_ns)
        carry = self.gateway.market.carry(row.symbol)
        paid = math.fsum(
            d.amount * carry.lend.discount(tau)
            for d in carry.dividends
            if d.ex_date > from_ns(self.gateway.market.now_ns).date()
            and f"{d.ex_date:%Y%m%d}" <= row.expiry
        )
        if tau <= 0.0:
            return
        right, rate = (1 if row.right == "C" else -1), carry.lend.rate(tau)
        stock = spot - paid
        vol, _ = implied_vol(price, stock, row.strike, tau, rate, 0.0, right)
        if not vol > 0.0:
            return
        delta, gamma, vega, theta, _ = bs_greeks(stock, row.strike, tau, rate, 0.0, vol, right)
        values = (vol, delta, price, paid, gamma, vega / 100.0, theta / 365.0, spot)
        line.greeks(tuple(round(value, 8) for value in values))

    def _send_bars(self) -> None:
        self.gateway.later(_BARS_EVERY, self._send_bars)
        now = self.gateway.seconds()
        for session in list(self.gateway.clients.values()):
            for req_id, index in session.bar_lines.items():
                price = round(self._marks[index], 4)
                session.send(50, 3, req_id, now, price, price, price, price, 0, price, 1)
            for req_id, (index, size) in session.kept_bars.items():
                bar = self.history(index).bars(
                    self.gateway.market.now_ns + 1, size, min(size, 3600), req_id
                )
                if bar:
                    last = bar[-1]
                    start = self.gateway.stamp_text(last.ts_ns) + " UTC"
                    session.send(
                        90, req_id, 1, start, last.open, last.close, last.high, last.low,
                        last.close, last.volume,
                    )  # fmt: skip
