"""What does not move: contract details, chains of options, symbols, price increments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from engine.clock import from_ns
from engine.gateway.errors import NO_CONTRACT, VALIDATION, RequestError
from engine.gateway.fields import Fields
from engine.gateway.listing import BAG, Contract, Instrument
from engine.market.calendar import zone_named

if TYPE_CHECKING:
    from engine.gateway.gateway import Gateway
    from engine.gateway.session import Session

_ORDER_TYPES = "ACTIVETIM,AON,DAY,FOK,GTC,IOC,LMT,MKT,WHATIF"
_EXCHANGES = "SMART,CBOE"
_DAYS = 6


class Reference:
    """Answers about contracts."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._rules: dict[tuple[tuple[int, int], float], int] = {}
        for instrument in gateway.listing.instruments:
            key = (instrument.ticks, instrument.tick_change)
            self._rules.setdefault(key, 26 + len(self._rules))

    def details(self, session: Session, fields: Fields) -> None:
        """Send the details of every contract that fits, and the end."""
        fields.text()
        req_id = fields.identity()
        asked = Contract.read(fields)
        include_expired = fields.flag()
        fields.text()
        fields.text()
        if session.version >= 176:
            fields.text()
        if asked.sec_type == BAG:
            raise RequestError(VALIDATION, "Error validating request: BAG", req_id)
        now = self.gateway.market.now_ns
        found = [
            i
            for i in self.gateway.listing.matching(asked)
            if include_expired or not 0 < self.gateway.listing.instruments[i].settles_ns <= now
        ]
        if not found:
            text = "No security definition has been found for the request"
            raise RequestError(NO_CONTRACT, text, req_id)
        for i in found:
            self._send_details(session, req_id, i)
        session.send(52, 1, req_id)

    def _send_details(self, session: Session, req_id: int, i: int) -> None:
        contract, row = self.gateway.listing.contracts[i], self.gateway.listing.instruments[i]
        zone = self.gateway.market.calendar(row.symbol).zone
        expiry, last = contract.expiry, ""
        if row.settles_ns:
            settles = from_ns(row.settles_ns).astimezone(zone_named(zone))
            last = f"{expiry} {settles:%H:%M:%S} {zone}"
        underlying = self.gateway.listing.contracts[row.underlying]
        is_derived = row.underlying != i
        head: list[object] = [10]
        if session.version < 164:
            head.append(8)
        head += [
            req_id, contract.symbol, contract.sec_type, last, contract.strike, contract.right,
            contract.exchange, contract.currency, contract.local_symbol, contract.trading_class,
            contract.trading_class, contract.con_id, self.min_tick(row),
        ]  # fmt: skip
        if session.version < 164:
            head.append(100)  # market data size multiplier
        hours = self._hours(row.symbol)
        head += [
            contract.multiplier, _ORDER_TYPES, _EXCHANGES, 1,
            underlying.con_id if is_derived else 0, f"{contract.symbol} OF THE DEMO EXCHANGE",
            contract.primary_exchange, expiry[:6], "", "", "", zone, hours, hours, "", 0, 0, 1,
            underlying.symbol if is_derived else "", underlying.sec_type if is_derived else "",
            f"{self.rule(row)},{self.rule(row)}", expiry,
            "COMMON" if contract.sec_type == "STK" else "",
        ]  # fmt: skip
        if session.version >= 164:
            head += [1, 1, 100 if contract.sec_type == "STK" else 1]
        elif session.version == 163:
            head += [1]
        session.send(*head)

    def _hours(self, symbol: str) -> str:
        """Return the sessions of the days ahead, in the exchange's own time."""
        calendar = self.gateway.market.calendar(symbol)
        zone = zone_named(calendar.zone)
        day = calendar.session_date(self.gateway.market.now_ns)
        parts = []
        for _ in range(_DAYS):
            if calendar.is_session(day):
                opens = from_ns(calendar.open_ns(day)).astimezone(zone)
                closes = from_ns(calendar.close_ns(day)).astimezone(zone)
                parts.append(f"{opens:%Y%m%d:%H%M}-{closes:%Y%m%d:%H%M}")
            else:
                parts.append(f"{day:%Y%m%d}:CLOSED")
            day += timedelta(days=1)
        return ";".join(parts)

    def min_tick(self, row: Instrument) -> float:
        """Return the smallest price step of a contract."""
        return 1.0 / row.ticks[0]

    def rule(self, row: Instrument) -> int:
        """Return the number of the market rule that a contract's prices follow."""
        return self._rules[row.ticks, row.tick_change]

    def option_parameters(self, session: Session, fields: Fields) -> None:
        """Send expiries and strikes of an underlying's options by trading class, and the end."""
        req_id = fields.identity()
        symbol, _, _ = fields.text(), fields.text(), fields.text()
        con_id = fields.integer()
        underlying = self.gateway.listing.by_con_id(con_id)
        rows = self.gateway.listing.options(symbol)
        if underlying < 0 or self.gateway.listing.instruments[underlying].symbol != symbol:
            raise RequestError(VALIDATION, "Invalid underlying of an option chain", req_id)
        now = self.gateway.market.now_ns
        classes = dict.fromkeys(row.trading_class for row in rows)
        for name in classes:
            mine = [row for row in rows if row.trading_class == name and row.settles_ns > now]
            if not mine:
                continue
            expiries = sorted({row.expiry for row in mine})
            strikes = sorted({row.strike for row in mine})
            for exchange in ("SMART", "CBOE"):
                session.send(
                    75, req_id, exchange, con_id, name, f"{mine[0].multiplier:g}",
                    len(expiries), *expiries, len(strikes), *strikes,
                )  # fmt: skip
        session.send(76, req_id)

    def matching_symbols(self, session: Session, fields: Fields) -> None:
        """Send the underlyings whose symbol has `pattern` in it."""
        req_id = fields.identity()
        pattern = fields.text().upper()
        listing = self.gateway.listing
        rows: list[object] = []
        found = [symbol for symbol in listing.symbols() if pattern in symbol][:16]
        for symbol in found:
            contract = listing.contracts[next(iter(listing.of_symbol(symbol)))]
            rows += [
                contract.con_id, symbol, contract.sec_type,
                contract.primary_exchange or contract.exchange, "USD", 1, "OPT",
            ]  # fmt: skip
            if session.version >= 176:
                rows += [f"{symbol} of the demo exchange", ""]
        session.send(79, req_id, len(found), *rows)

    def market_rule(self, session: Session, fields: Fields) -> None:
        """Send the price increments of a rule."""
        number = fields.identity()
        for (ticks, change), rule in self._rules.items():
            if rule == number:
                steps: list[object] = [0.0, 1.0 / ticks[0]]
                if ticks[1] != ticks[0]:
                    steps += [change, 1.0 / ticks[1]]
                session.send(93, number, len(steps) // 2, *steps)
                return
        raise RequestError(VALIDATION, f"Invalid market rule {number}", -1)
