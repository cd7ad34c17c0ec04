"""Every request of a client but orders: read whole and checked first, then answered.

A request that is not understood is refused with a code and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.gateway import faults as faults_of
from engine.gateway.account import Execution
from engine.gateway.desk import send_commission
from engine.gateway.errors import (
    DELAYED_SHOWN,
    HISTORICAL,
    NO_CONTRACT,
    NOT_FOUND,
    NOT_SUBSCRIBED,
    TOO_MANY_LINES,
    UNKNOWN_MESSAGE,
    VALIDATION,
    RequestError,
)
from engine.gateway.fields import Fields
from engine.gateway.history import bar_fields, moment_of, seconds_of, span_of
from engine.gateway.lines import DELAYED, TickLine
from engine.gateway.listing import BAG, Contract, Leg, read_legs
from engine.gateway.reference import Reference

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session

_TICK_KINDS = ("Last", "AllLast", "BidAsk", "MidPoint")
_SHOWN = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST")
_MOST_TAGS = 200

Handler = Callable[["Session", Fields], None]


class Requests:
    """The table of requests and how each is answered."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.reference = Reference(gateway)
        desk, books = gateway.desk, gateway.books
        self._table: dict[int, Handler] = {
            1: self._market_data,
            2: self._cancel_market_data,
            3: desk.place,
            4: self._cancel_order,
            5: self._versioned(lambda s: desk.send_open(s, everybody=s.client_id == 0)),
            6: self._account_updates,
            7: self._executions,
            8: self._versioned(self._next_id),
            9: self.reference.details,
            14: self._ignored,
            15: self._auto_open,
            16: self._versioned(lambda s: desk.send_open(s, everybody=True)),
            17: self._versioned(self._accounts),
            20: self._historical,
            25: self._cancel_historical,
            49: self._versioned(lambda s: s.send(49, 1, gateway.seconds())),
            50: self._bars,
            51: self._cancel_bars,
            58: self._versioned(lambda _: desk.cancel_all()),
            59: self._data_type,
            61: self._positions,
            62: self._summary,
            63: self._drop(lambda s, r: s.summaries.pop(r, None)),
            64: self._versioned(lambda s: setattr(s, "wants_positions", False)),
            76: self._multi,
            77: self._drop(lambda s, r: s.multi.pop(r, None)),
            78: self.reference.option_parameters,
            81: self.reference.matching_symbols,
            91: self.reference.market_rule,
            92: self._pnl,
            93: self._unversioned_drop(lambda s, r: s.pnl.pop(r, None)),
            94: self._pnl_single,
            95: self._unversioned_drop(lambda s, r: s.pnl.pop(r, None)),
            97: self._tick_by_tick,
            98: self._unversioned_drop(self._stop_ticks),
            99: self._completed,
        }
        self._books = books

    def handle(self, session: Session, values: list[str]) -> None:
        """Answer one message.

        Raises
        ------
        RequestError
            If it is refused; nothing has changed then.
        """
        fields = Fields(values[1:])
        number = Fields(values[:1]).integer(-1)
        handler = self._table.get(number)
        if handler is None:
            raise RequestError(UNKNOWN_MESSAGE, f"Unknown message id {number}", -1)
        gateway = self.gateway
        for rule in gateway.faults.hit(faults_of.REQUEST, session.client_id):
            if rule.kind == "late_answer":
                session.fault_delay_ns = int(rule.seconds * 1e9)
            else:
                gateway.mishaps.act(rule, session)
        try:
            if session.is_open and not session.is_black:
                handler(session, fields)
        finally:
            session.fault_delay_ns = 0

    # small shapes

    @staticmethod
    def _versioned(answer: Callable[[Session], object]) -> Handler:
        def handle(session: Session, fields: Fields) -> None:
            fields.text()
            answer(session)

        return handle

    @staticmethod
    def _drop(forget: Callable[[Session, int], object]) -> Handler:
        def handle(session: Session, fields: Fields) -> None:
            fields.text()
            forget(session, fields.identity())

        return handle

    @staticmethod
    def _unversioned_drop(forget: Callable[[Session, int], object]) -> Handler:
        def handle(session: Session, fields: Fields) -> None:
            forget(session, fields.identity())

        return handle

    @staticmethod
    def _ignored(session: Session, fields: Fields) -> None:
        fields.text()

    # session

    def _next_id(self, session: Session) -> None:
        session.send(9, 1, self.gateway.desk.next_id.get(session.client_id, 1))

    def _accounts(self, session: Session) -> None:
        session.send(15, 1, ",".join(self.gateway.accounts))

    def _data_type(self, session: Session, fields: Fields) -> None:
        fields.text()
        kind = fields.integer()
        if not 1 <= kind <= 4:
            raise RequestError(VALIDATION, f"Invalid market data type {kind}", -1)
        session.data_type = kind

    def _auto_open(self, session: Session, fields: Fields) -> None:
        fields.text()
        bind = fields.flag()
        if session.client_id != 0:
            raise RequestError(VALIDATION, "Only client 0 can bind orders", -1)
        session.auto_bind = bind

    def _cancel_order(self, session: Session, fields: Fields) -> None:
        fields.text()
        self.gateway.desk.cancel(session, fields.identity())

    def _completed(self, session: Session, fields: Fields) -> None:
        fields.flag()
        self.gateway.desk.send_completed(session)

    def _executions(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id, client = fields.identity(), fields.integer()
        account, since, symbol, sec_type, _, side = (fields.text() for _ in range(6))
        begin = moment_of(since, 0, req_id) if since else 0
        for books in self.gateway.accounts.values():
            for execution in books.executions:
                shown = self._contract_of(execution)
                sides = {"BUY": 1, "SELL": -1}.get(side.upper(), 0)
                if (
                    client in (0, execution.client_id)
                    and account in ("", execution.account)
                    and execution.ts_ns >= begin
                    and symbol in ("", shown.symbol)
                    and sec_type in ("", shown.sec_type)
                    and sides in (0, execution.side)
                ):
                    self.gateway.desk.send_execution(session, req_id, execution)
                    if execution.instrument >= 0:
                        send_commission(session, execution)
        session.send(55, 1, req_id)

    def _contract_of(self, execution: Execution) -> Contract:
        listing = self.gateway.listing
        if execution.instrument >= 0:
            return listing.contracts[execution.instrument]
        order = next(o for o in self.gateway.desk.every if o.perm_id == execution.perm_id)
        return self.gateway.desk.contract(order)

    # accounts

    def _account_updates(self, session: Session, fields: Fields) -> None:
        fields.text()
        subscribe, name = fields.flag(), fields.text()
        account = self._books.account(name, -1)
        session.wants_account = account.name if subscribe else ""
        if subscribe:
            self._books.send_account(session, account.name)

    def _positions(self, session: Session, fields: Fields) -> None:
        fields.text()
        session.wants_positions = True
        self._books.send_positions(session)

    def _summary(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id = fields.identity()
        fields.text()
        tags = tuple(tag for tag in fields.text().split(",") if tag)[:_MOST_TAGS]
        self._books.send_summary(session, req_id, tags)
        session.summaries[req_id] = tags

    def _multi(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id, name = fields.identity(), fields.text()
        fields.text()
        fields.flag()
        self._books.send_multi(session, req_id, name)
        session.multi[req_id] = name

    def _pnl(self, session: Session, fields: Fields) -> None:
        req_id, name = fields.identity(), fields.text()
        fields.text()
        self._books.send_pnl(session, req_id, name, -1)
        session.pnl[req_id] = (name, -1)

    def _pnl_single(self, session: Session, fields: Fields) -> None:
        req_id, name = fields.identity(), fields.text()
        fields.text()
        index = self.gateway.listing.by_con_id(fields.integer())
        if index < 0:
            raise RequestError(NO_CONTRACT, "No security definition has been found", req_id)
        self._books.send_pnl(session, req_id, name, index)
        session.pnl[req_id] = (name, index)

    # market data

    def _market_data(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id = fields.identity()
        contract = Contract.read(fields)
        legs: tuple[tuple[int, int], ...] = ()
        if contract.sec_type == BAG:
            legs = self._data_legs(req_id, read_legs(fields, is_order=False))
        if fields.flag():
            for _ in range(3):
                fields.text()
        fields.text()
        is_snapshot = fields.flag()
        fields.flag()
        if not legs:
            legs = ((self.one(contract, req_id), 1),)
        if req_id in session.lines:
            raise RequestError(322, "Duplicate ticker id", req_id)
        gateway = self.gateway
        is_delayed = False
        for rule in gateway.faults.hit(faults_of.DATA, session.client_id):
            if rule.kind == "no_permission":
                if session.data_type not in (DELAYED, 4):
                    text = "Requested market data is not subscribed."
                    raise RequestError(NOT_SUBSCRIBED, text, req_id)
                is_delayed = True
        if gateway.tape.line_count() >= gateway.most_lines and not is_snapshot:
            raise RequestError(TOO_MANY_LINES, "Max number of tickers has been reached", req_id)
        if is_delayed:
            text = "Requested market data is not subscribed. Displaying delayed market data."
            session.error(req_id, DELAYED_SHOWN, text)
        gateway.tape.watch(session, req_id, legs, is_delayed=is_delayed, is_snapshot=is_snapshot)

    def _data_legs(self, req_id: int, legs: tuple[Leg, ...]) -> tuple[tuple[int, int], ...]:
        found = []
        for leg in legs:
            index = self.gateway.listing.by_con_id(leg.con_id)
            if index < 0 or leg.ratio <= 0:
                raise RequestError(NO_CONTRACT, "No security definition for a leg", req_id)
            found.append((index, leg.ratio if leg.action == "BUY" else -leg.ratio))
        if not found:
            raise RequestError(VALIDATION, "A combo without legs", req_id)
        return tuple(found)

    def one(self, contract: Contract, req_id: int) -> int:
        """Return the one instrument that `contract` means."""
        found = self.gateway.listing.matching(contract)
        if len(found) != 1:
            text = "No security definition has been found for the request"
            if found:
                text = "The contract description specified for the request is ambiguous"
            raise RequestError(NO_CONTRACT, text, req_id)
        return found[0]

    def _cancel_market_data(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id = fields.identity()
        if req_id not in session.lines:
            raise RequestError(NOT_FOUND, f"Can't find EId with tickerId:{req_id}", req_id)
        self.gateway.tape.unwatch(session, req_id)

    def _tick_by_tick(self, session: Session, fields: Fields) -> None:
        req_id = fields.identity()
        contract = Contract.read(fields)
        kind = fields.text()
        fields.integer()
        ignore = fields.flag()
        if kind not in _TICK_KINDS:
            raise RequestError(VALIDATION, f"Invalid tick type {kind[:20]!r}", req_id)
        index = self.one(contract, req_id)
        line = TickLine(session, req_id, kind, index, ignore)
        session.tick_lines[req_id] = line
        self.gateway.tape.tick_lines.setdefault(index, []).append(line)
        line.update(self.gateway.exchange.touch(index), self.gateway.seconds())

    def _stop_ticks(self, session: Session, req_id: int) -> None:
        line = session.tick_lines.pop(req_id, None)
        if line is not None:
            self.gateway.tape.tick_lines[line.index].remove(line)

    def _bars(self, session: Session, fields: Fields) -> None:
        fields.text()
        req_id = fields.identity()
        contract = Contract.read(fields)
        fields.integer()
        shown = fields.text()
        fields.flag()
        if shown not in _SHOWN:
            raise RequestError(VALIDATION, f"Invalid whatToShow {shown[:20]!r}", req_id)
        session.bar_lines[req_id] = self.one(contract, req_id)

    def _cancel_bars(self, session: Session, fields: Fields) -> None:
        fields.text()
        session.bar_lines.pop(fields.identity(), None)

    def _historical(self, session: Session, fields: Fields) -> None:
        req_id = fields.identity()
        contract = Contract.read(fields)
        fields.flag()
        end, bar_size, duration = fields.text(), fields.text(), fields.text()
        fields.flag()
        shown = fields.text()
        format_date = fields.integer(1)
        if contract.sec_type == BAG:
            read_legs(fields, is_order=False)
            raise RequestError(VALIDATION, "No historical data for a combo", req_id)
        keep = fields.flag()
        for rule in self.gateway.faults.hit(faults_of.HISTORY, session.client_id):
            if rule.kind == "history_pacing":
                text = "Historical Market Data Service error message:Pacing violation"
                raise RequestError(HISTORICAL, text, req_id)
        if shown not in _SHOWN:
            raise RequestError(VALIDATION, f"Invalid whatToShow {shown[:20]!r}", req_id)
        index = self.one(contract, req_id)
        size, span = seconds_of(bar_size, req_id), span_of(duration, req_id)
        end_ns = moment_of(end, self.gateway.market.now_ns, req_id)
        bars = self.gateway.tape.history(index).bars(end_ns, span, size, req_id)
        if not bars:
            text = "Historical Market Data Service error message:HMDS query returned no data"
            raise RequestError(HISTORICAL, text, req_id)
        begin_ns = end_ns - span * 1_000_000_000
        rows = list(bar_fields(bars, is_epoch=format_date == 2, is_daily=size >= 86_400))
        zone = " UTC"
        start_text = self.gateway.stamp_text(begin_ns) + zone
        end_text = self.gateway.stamp_text(end_ns) + zone
        session.send(17, req_id, start_text, end_text, len(bars), *rows)
        if keep:
            session.kept_bars[req_id] = (index, size)

    def _cancel_historical(self, session: Session, fields: Fields) -> None:
        fields.text()
        session.kept_bars.pop(fields.identity(), None)
