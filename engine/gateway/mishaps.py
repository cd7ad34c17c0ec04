"""What a fault does to connections, quotes and the market (to orders: `engine.gateway.desk`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.clock import NS_PER_SECOND
from engine.gateway.errors import COMPETING_SESSION, LOST, RESTORED, RESTORED_LOST
from engine.gateway.faults import Rule

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session


class Mishaps:
    """Carries out rules; knows which symbols are silent or halted, and until when."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._stopped: dict[str, int] = {}
        self.halted_until: dict[str, int] = {}

    def timed(self, number: int, rule: Rule) -> Callable[[], None]:
        """Return what to do when the time of a rule has come."""

        def act() -> None:
            if self.gateway.faults.take(number):
                self.act(rule, self.gateway.clients.get(rule.client))

        return act

    def act(self, rule: Rule, session: Session | None) -> None:
        """Do what a rule says: to one session, or to all of them."""
        sessions = [session] if session else list(self.gateway.clients.values())
        kind = rule.kind
        if kind == "drop":
            for one in sessions:
                one.close()
        elif kind == "halfopen":
            for one in sessions:
                one.flush()
                one.is_black = True
        elif kind in ("lost", "data_lost"):
            self._lose(sessions, rule)
        elif kind in ("farm", "competing_session"):
            self._stop_farm(sessions, rule)
        elif kind == "stale_quotes":
            self._stop_symbol(rule.symbol, rule.seconds)
        elif kind == "restart":
            self._restart(rule)
        elif kind == "pacing":
            self.gateway.pacing = rule.count or 50
        elif kind == "slow":
            for one in sessions:
                one.delay_ns = int(rule.seconds * NS_PER_SECOND)
        elif kind == "halt":
            self._halt(rule.symbol, rule.seconds)
        elif kind == "jump":
            self.jump(rule.symbol, rule.fraction)
        elif kind == "bait":
            bait = getattr(self.gateway.market, "plant", None)
            if bait is not None:
                symbol = rule.symbol or self.gateway.listing.symbols()[0]
                bait(symbol, rule.text, lives=rule.seconds)

    def _lose(self, sessions: Sequence[Session], rule: Rule) -> None:
        text = "Connectivity between IB and the Trader Workstation has been lost."
        for one in sessions:
            one.error(-1, LOST, text)
            one.quotes_stopped = True

        def restore() -> None:
            for one in sessions:
                one.quotes_stopped = False
                if rule.kind == "data_lost":
                    for req_id in list(one.lines):
                        self.gateway.tape.unwatch(one, req_id)
                    one.error(-1, RESTORED_LOST, "Connectivity has been restored - data lost.")
                else:
                    one.error(-1, RESTORED, "Connectivity has been restored - data maintained.")
                    self._refresh(one)

        self.gateway.later(rule.seconds, restore)

    def _stop_farm(self, sessions: Sequence[Session], rule: Rule) -> None:
        for one in sessions:
            one.quotes_stopped = True
            if rule.kind == "competing_session":
                text = "No market data during competing live session"
                for req_id in one.lines:
                    one.error(req_id, COMPETING_SESSION, text)
            one.error(-1, 2103, "Market data farm connection is broken:usfarm")

        def restore() -> None:
            for one in sessions:
                one.error(-1, 2104, "Market data farm connection is OK:usfarm")
                if rule.kind == "farm":
                    one.quotes_stopped = False
                    self._refresh(one)
                else:
                    # The lines are dead although the farm is well: only a new request helps.
                    for line in one.lines.values():
                        line.is_dead = True
                    one.quotes_stopped = False

        self.gateway.later(rule.seconds, restore)

    @staticmethod
    def _refresh(session: Session) -> None:
        for line in session.lines.values():
            line.update()

    def _stop_symbol(self, symbol: str, seconds: float) -> None:
        until = self.gateway.clock_ns + int(seconds * NS_PER_SECOND)
        for name in [symbol] if symbol else self.gateway.listing.symbols():
            self._stopped[name] = until

    def is_stopped(self, index: int) -> bool:
        """Return whether quotes of `index` are held back."""
        if not self._stopped:
            return False
        symbol = self.gateway.listing.instruments[index].symbol
        return self._stopped.get(symbol, 0) > self.gateway.clock_ns

    def _halt(self, symbol: str, seconds: float) -> None:
        name = symbol or self.gateway.listing.symbols()[0]
        self.halted_until[name] = self.gateway.clock_ns + int(seconds * NS_PER_SECOND)
        self._stop_symbol(name, seconds)
        self.gateway.exchange.halted.append(name)
        self._tell_halt(name, True)

        def resume() -> None:
            self.gateway.exchange.halted.remove(name)
            del self.halted_until[name]
            self._tell_halt(name, False)
            for index in self.gateway.listing.of_symbol(name):
                self.gateway.tape.quoted(index)

        self.gateway.later(seconds, resume)

    def _tell_halt(self, symbol: str, is_halted: bool) -> None:
        for session in self.gateway.clients.values():
            for line in session.lines.values():
                if self.gateway.listing.instruments[line.legs[0][0]].symbol == symbol:
                    line.halt(is_halted)

    def jump(self, symbol: str, fraction: float) -> None:
        """Let the stock of `symbol` jump by a share of its price, where the market can."""
        move = getattr(self.gateway.market, "move_spot", None)
        name = symbol or self.gateway.listing.symbols()[0]
        if move is not None:
            index = next(iter(self.gateway.listing.of_symbol(name)))
            move(name, round(self.gateway.tape.value(index) * (1.0 + fraction), 2))

    def _restart(self, rule: Rule) -> None:
        self.gateway.refuses_until_ns = self.gateway.clock_ns + int(rule.seconds * NS_PER_SECOND)
        for session in list(self.gateway.clients.values()):
            session.close()
        for client_id, next_id in self.gateway.desk.next_id.items():
            self.gateway.desk.next_id[client_id] = max(1, next_id - rule.count)
