"""The gateway itself: time, market, exchange, accounts and sessions together, without a socket.

Everything happens in `advance` and in `Session.data`, on one thread. Time is handed in: seconds of
the clock pass through `speed` into the market's time, so that days go by in minutes; when every
market is closed its clock jumps to the next open. The generator of faults, the market's seed and
the order of calls decide everything else: the same inputs give the same transcript.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from random import Random

from engine.clock import NS_PER_SECOND, from_ns
from engine.gateway import settlement as settlement_of
from engine.gateway.acceptance import Acceptance
from engine.gateway.account import Account
from engine.gateway.books import Books
from engine.gateway.desk import Desk
from engine.gateway.exchange import Exchange
from engine.gateway.faults import CONNECT, Faults
from engine.gateway.listing import Listing
from engine.gateway.mishaps import Mishaps
from engine.gateway.requests import Requests
from engine.gateway.session import Pipe, Session
from engine.gateway.settlement import Settlement
from engine.gateway.tape import Tape
from engine.gateway.venue import Market
from engine.market.fees import FeeSchedule

_FARMS = ((2104, "Market data farm connection is OK:usfarm"),
          (2106, "HMDS data farm connection is OK:ushmds"),
          (2158, "Sec-def data farm connection is OK:secdefnj"))  # fmt: skip

_DEFAULT_FEES = FeeSchedule()

Trace = Callable[[int, str, int, bytes], None]


class Gateway:
    """One gateway with its market and accounts.

    Parameters
    ----------
    market
        What is quoted; this gateway becomes its listener.
    accounts
        Names of the accounts; IB's paper accounts begin with DU.
    speed
        Seconds of the market per second of the clock.
    most_lines
        Market data lines of all clients together (IB: 100).
    pacing
        Messages per second of one client before error 100 (IB: 50); 0 is no limit.
    assignment
        Of sold American options: "never", "ex_date" or "random" (`engine.gateway.settlement`).
    trace
        Called with clock nanoseconds, "C" or "G", client id and bytes of all that passes.
    """

    def __init__(
        self,
        market: Market,
        *,
        accounts: Sequence[str] = ("DU1234567",),
        faults: Faults | None = None,
        seed: int = 0,
        speed: float = 1.0,
        most_lines: int = 100,
        pacing: int = 50,
        cash: float = 1_000_000.0,
        fees: FeeSchedule = _DEFAULT_FEES,
        assignment: str = settlement_of.EX_DATE,
        trace: Trace | None = None,
    ) -> None:
        self.market = market
        self.faults = faults or Faults(seed=seed)
        self.speed = speed
        self.most_lines = most_lines
        self.pacing = pacing
        self.listing = Listing(market.instruments)
        rows = list(market.instruments)
        self.accounts = {name: Account(name, rows, cash) for name in accounts}
        self.clock_ns = 0
        self.clients: dict[int, Session] = {}
        self.unflushed: list[Session] = []
        self.refuses_until_ns = 0
        self._trace = trace
        self._market_base_ns = market.now_ns
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self.acceptance = Acceptance(self.listing)
        self.desk = Desk(self)
        self.exchange = Exchange(self.listing, market, self.accounts, self.desk, fees)
        self.tape = Tape(self)
        self.mishaps = Mishaps(self)
        self.books = Books(self)
        self.requests = Requests(self)
        self.settlement = Settlement(
            self.listing, market, self.accounts, self.tape.value,
            random=Random(seed ^ 0x5E77), policy=assignment,
        )  # fmt: skip
        market.listener = self.tape.quoted
        self.books.begin_day()
        for number, rule in self.faults.timed():
            self.later(rule.at, self.mishaps.timed(number, rule))
        self.tape.begin()

    # time

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        """Do `what` in so many seconds of the clock."""
        self.later_ns(self.clock_ns + int(seconds * NS_PER_SECOND), what)

    def later_ns(self, clock_ns: int, what: Callable[[], None]) -> None:
        """Do `what` at a time of the clock."""
        self._sequence += 1
        heapq.heappush(self._heap, (clock_ns, self._sequence, what))

    def next_ns(self) -> int:
        """Return when this gateway has something of its own to do next, in clock time."""
        return self._heap[0][0] if self._heap else 1 << 62

    def advance(self, clock_ns: int) -> None:
        """Let everything happen until `clock_ns`, nanoseconds since the start, and flush."""
        while self._heap and self._heap[0][0] <= clock_ns:
            due, _, what = heapq.heappop(self._heap)
            self._run_market(due)
            what()
        self._run_market(clock_ns)
        self.flush()

    def _run_market(self, clock_ns: int) -> None:
        self.clock_ns = max(self.clock_ns, clock_ns)
        market, settlement = self.market, self.settlement
        target = self._market_base_ns + int(self.clock_ns * self.speed)
        while True:
            due = min(target, settlement.next_ns())
            market.run_until(due)
            opens = market.next_open_ns()
            if opens > target:
                # Nobody trades: the night passes at once.
                self._market_base_ns += opens - target
                target = opens
            if settlement.next_ns() <= target and settlement.next_ns() <= market.now_ns:
                self._settle()
            elif market.now_ns >= target:
                return

    def _settle(self) -> None:
        ended = self.settlement.run()
        if ended:
            self.desk.close_day(ended)
            return
        # Notice is late: what the night has done is told as a session begins.
        moved, self.settlement.moved = self.settlement.moved, []
        for name in self.accounts:
            rows = [i for account, i in moved if account == name]
            self.books.moved(name, rows)
        self.books.begin_day()

    def flush(self) -> None:
        """Hand everything that has gathered to the pipes."""
        while self.unflushed:
            gathered, self.unflushed = self.unflushed, []
            for session in gathered:
                session.flush()

    def seconds(self) -> int:
        """Return the market's time in seconds since 1970."""
        return self.market.now_ns // NS_PER_SECOND

    def stamp_text(self, ts_ns: int | None = None, between: str = " ") -> str:
        """Return a time as ``20260304 15:00:00``, by default that of now."""
        moment = from_ns(self.market.now_ns if ts_ns is None else ts_ns)
        return f"{moment:%Y%m%d}{between}{moment:%H:%M:%S}"

    # clients

    def connect(self, pipe: Pipe) -> Session | None:
        """Return the session of a new connection; None if it is refused."""
        if self.clock_ns < self.refuses_until_ns:
            return None
        return Session(self, pipe)

    def started(self, session: Session) -> None:
        """Take note that a client has said who it is."""
        self.clients[session.client_id] = session
        for rule in self.faults.hit(CONNECT, session.client_id):
            if rule.kind == "slow":
                session.delay_ns = int(rule.seconds * NS_PER_SECOND)
        session.send(15, 1, ",".join(self.accounts))
        session.send(9, 1, self.desk.next_id.get(session.client_id, 1))
        for code, text in _FARMS:
            session.error(-1, code, text)

    def gone(self, session: Session) -> None:
        """Forget a connection; its orders stay."""
        if self.clients.get(session.client_id) is session:
            del self.clients[session.client_id]
        for req_id in list(session.lines):
            self.tape.unwatch(session, req_id)
        for line in session.tick_lines.values():
            self.tape.tick_lines[line.index].remove(line)
        session.tick_lines.clear()

    def trace(self, side: str, session: Session, data: bytes) -> None:
        """Hand what passes to whoever listens."""
        if self._trace is not None:
            self._trace(self.clock_ns, side, session.client_id, data)
