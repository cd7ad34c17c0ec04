"""Which lines are open at the broker: those that should be, requested one by one within the pace.

The registry outlives connections and subscriptions: after a reconnect, 1101, a broken farm or a
silence, what should be open is requested again, under new request ids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.ib.connection import Link
from engine.ib.lines import UNDERLYING, Line
from engine.ib.listed import Listed
from engine.ib.ticks import SymbolQuotes, TickPath

_LIVE, _DELAYED = 1, 3
_RETRY_REFUSED_S = 300.0


@dataclass(slots=True)
class _Open:
    """A request that has been sent, and for which generation of its symbol."""

    request: int
    epoch: int


@dataclass(slots=True)
class _Symbol:
    listed: Listed
    quotes: SymbolQuotes
    epoch: int = 0


class Subscriptions:
    """The lines of one link. `want` says which should be open; a task brings that about.

    Attributes
    ----------
    n_requests, n_cancels, n_refused
        Sent; refused by the broker.
    is_settled
        Set while nothing is left to be sent.
    """

    def __init__(
        self,
        link: Link,
        path: TickPath,
        *,
        takes_delayed: bool = False,
        on_refused: Callable[[str, str], None] | None = None,
    ) -> None:
        self.n_requests = self.n_cancels = self.n_refused = 0
        self.is_settled = asyncio.Event()
        self._link = link
        self._path = path
        self._takes_delayed = takes_delayed
        self._on_refused = on_refused
        self._symbols: dict[str, _Symbol] = {}
        self._wanted: dict[Line, None] = {}
        self._open: dict[Line, _Open] = {}
        self._lines: dict[int, Line] = {}
        self._refused: dict[Line, float] = {}
        self._session = -1
        self._wake = asyncio.Event()

    @property
    def n_open(self) -> int:
        """How many lines are open."""
        return len(self._open)

    def add(self, listed: Listed, quotes: SymbolQuotes) -> None:
        """Let a symbol's contracts be wanted."""
        # Quote indices may mean other contracts than before: nothing that is open is kept.
        known = self._symbols.get(listed.symbol)
        epoch = 0 if known is None else known.epoch + 1
        self._symbols[listed.symbol] = _Symbol(listed, quotes, epoch)

    def remove(self, symbol: str) -> None:
        """Close all lines of a symbol."""
        self.want([line for line in self._wanted if line[0] != symbol])

    def want(self, lines: Iterable[Line]) -> None:
        """Say which lines should be open, the most important first."""
        self._wanted = dict.fromkeys(lines)
        self._stir()

    def again(self, symbol: str) -> None:
        """Request all lines of a symbol again: what they show is proven no more."""
        self._symbols[symbol].epoch += 1
        self._stir()

    def refused(self, request: int, reason: str, *, for_s: float = _RETRY_REFUSED_S) -> bool:
        """Take note that the broker refuses a request; return whether it was one of ours."""
        line = self._lines.get(request)
        if line is None:
            return False
        self.n_refused += 1
        self._refused[line] = asyncio.get_running_loop().time() + for_s
        self._drop(line)
        if self._on_refused is not None:
            self._on_refused(line[0], reason)
        self._stir()
        return True

    def heard_all(self, symbol: str) -> bool:
        """Tell whether every line of a symbol that is wanted is open or refused, and was heard."""
        wanted = [line for line in self._wanted if line[0] == symbol]
        return all(
            line in self._refused
            or ((known := self._open.get(line)) is not None and self._path.is_heard(known.request))
            for line in wanted
        )

    async def run(self) -> None:
        """Send what is to be sent, for ever."""
        while True:
            step = self._next()
            if step is None:
                self.is_settled.set()
                self._wake.clear()
                await self._sleep()
                continue
            self.is_settled.clear()
            await self._link.turn()
            try:
                self._begin_session()
                again = self._next()
                if again is not None:
                    self._send(*again)
            except ConnectionError:
                await asyncio.sleep(0.05)  # the state follows in a moment

    async def _sleep(self) -> None:
        """Wait until something is wanted, or a refused line may be tried again."""
        until = min(self._refused.values(), default=None)
        now = asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(
                self._wake.wait(), None if until is None else max(until - now, 0.0) + 0.01
            )
        except asyncio.TimeoutError:
            self._refused = {
                line: end
                for line, end in self._refused.items()
                if end > until  # type: ignore[operator]
            }

    def _stir(self) -> None:
        self.is_settled.clear()
        self._wake.set()

    def _begin_session(self) -> None:
        """Forget the requests of another session, once in each."""
        link = self._link
        if self._session == link.session:
            return
        self._session = link.session
        self._open.clear()
        self._lines.clear()
        self._path.forget_all()
        link.ib.client.reqMarketDataType(_DELAYED if self._takes_delayed else _LIVE)

    def _next(self) -> tuple[str, Line] | None:
        """Return what to send next: what is open too much goes before what is missing."""
        if not self._link.is_up:
            return None
        if self._session != self._link.session:
            return ("greet", ("", UNDERLYING))
        for line in self._open:
            if line not in self._wanted:
                return ("cancel", line)
        for line in self._wanted:
            if line in self._refused:
                continue
            known = self._open.get(line)
            if known is None:
                return ("request", line)
            if known.epoch != self._symbols[line[0]].epoch:
                return ("cancel", line)
        return None

    def _send(self, what: str, line: Line) -> None:
        client = self._link.ib.client
        if what == "cancel":
            request = self._open[line].request
            client.cancelMktData(request)
            self.n_cancels += 1
            self._drop(line)
        elif what == "request":
            known = self._symbols[line[0]]
            request = client.getReqId()
            self._path.open(request, known.quotes, line[1])
            self._open[line] = _Open(request, known.epoch)
            self._lines[request] = line
            self.n_requests += 1
            client.reqMktData(request, _contract(known.listed, line[1]), "", False, False, [])

    def _drop(self, line: Line) -> None:
        """Forget a request; its quote is proven by nothing from now on."""
        known = self._open.pop(line)
        del self._lines[known.request]
        self._path.close(known.request)


def _contract(listed: Listed, quote: int) -> Any:
    import ib_async

    if quote == UNDERLYING:
        return ib_async.Contract(
            conId=int(listed.underlying_id), symbol=listed.symbol, secType=listed.sec_type,
            exchange=listed.exchange, currency="USD",
        )  # fmt: skip
    return ib_async.Contract(
        conId=int(listed.listing.contract_ids[quote]), symbol=listed.symbol, secType="OPT",
        exchange="SMART", currency="USD",
    )  # fmt: skip
