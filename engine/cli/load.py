"""From a session to the tables of a store: each message once, however often it is begun again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite

from engine.clock import Clock
from engine.codec import encode
from engine.feeds.market_values import market_values
from engine.feeds.recorded import KIND, loaded_of
from engine.market.carry import Carry
from engine.market.chain import OptionChain
from engine.market.combo import OPTION, STOCK
from engine.market.contract import Contract
from engine.session.recording import Message, SessionReader
from engine.store.instruments import instrument_id, instrument_row
from engine.store.protocol import Row, Store
from engine.store.remember import digest

# Rows that are written as one transaction, with the mark of how far it came.
BATCH = 20_000
_KEYED = ("instruments", "chains", "bars", "rates", "dividends", "borrow_fees", "numbers")


@dataclass(slots=True)
class Loaded:
    """How much was loaded; `rows` by table."""

    n_messages: int = 0
    n_left_out: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    torn: str = ""


def load_session(store: Store, path: str, clock: Clock, *, batch: int = BATCH) -> Loaded:
    """Load the session at `path`, from where an earlier load of it was interrupted.

    Raises
    ------
    EngineError
        If it cannot be read or stored; what was stored by then is kept, with its mark.
    """
    reader = SessionReader(path)
    mark = "session " + digest(json.dumps(reader.head, sort_keys=True))
    found = store.run("SELECT position FROM marks WHERE name = ?", (mark,))
    start = int(found[0][0]) if found else 0
    done, rows = Loaded(), Rows()
    position = start
    for number, message in enumerate(reader):
        if number < start:
            rows.follow(message)
            continue
        done.n_left_out += not rows.take(message)
        position = number + 1
        if rows.count >= batch:
            _write(store, rows, mark, position, clock, done)
    _write(store, rows, mark, position, clock, done)
    done.n_messages = position - start
    done.torn = str(reader.tear or "")
    return done


def _write(store: Store, rows: Rows, mark: str, position: int, clock: Clock, done: Loaded) -> None:
    with store.transaction():
        for table, n_rows in rows.write(store).items():
            done.rows[table] = done.rows.get(table, 0) + n_rows
        store.run(
            "INSERT INTO marks (name, position, ts_ns) VALUES (?, ?, ?) ON CONFLICT (name) "
            "DO UPDATE SET position = excluded.position, ts_ns = excluded.ts_ns",
            (mark, position, clock.now_ns()),
        )
    rows.clear()


class Rows:
    """Rows waiting to be written, and what they depend on: the quotes that were last seen.

    Attributes
    ----------
    by_table, count
        The rows of each table in the order of its columns, and how many there are.
    """

    def __init__(self) -> None:
        self.by_table: dict[str, list[Row]] = {}
        self.count = 0
        self._known: set[int] = set()
        self._last: dict[int, tuple[float | None, ...]] = {}

    def clear(self) -> None:
        """Forget the rows, not the quotes."""
        self.by_table.clear()
        self.count = 0

    def write(self, store: Store) -> dict[str, int]:
        """Write all of them inside the transaction that is open; return how many, by table."""
        return {
            table: (store.merge if table in _KEYED else store.copy)(table, waiting)
            for table, waiting in self.by_table.items()
            if waiting
        }

    def follow(self, message: Message) -> None:
        """Remember the quotes of a message that was stored before."""
        if message.kind == KIND:
            chain = loaded_of(message).chain
            self._last.update((instrument_id(c), cells) for c, cells in _quotes(chain))

    def take(self, message: Message) -> bool:
        """Add the rows of a message; return False where there are none."""
        if message.kind == KIND:
            self._take_chain(message)
            return True
        before = self.count
        if message.kind == "number" and isinstance(message.data, list) and len(message.data) == 2:
            name, value = message.data
            if isinstance(name, str) and isinstance(value, float) and isfinite(value):
                self._add("numbers", (name, message.ts_event or message.ts_recv, value))
        for said in market_values(message):
            contract = Contract(STOCK, said.symbol, multiplier=1.0)
            number = self._instrument(contract, "")
            if said.kind == "bar":
                seconds, *cells = said.cells
                self._add("bars", (number, seconds, message.ts_event, *cells))
            else:
                table = "quotes" if said.kind == "quote" else "trades"
                event = message.ts_event or None
                self._add(table, (number, event, message.ts_recv, *said.cells))
        return self.count > before

    def _take_chain(self, message: Message) -> None:
        loaded = loaded_of(message)
        chain = loaded.chain
        payload = zlib.compress(json.dumps(encode(chain, packed=True)).encode(), 6)
        row = (
            chain.symbol, chain.ts_ns, chain.source, message.ts_recv, 2 * chain.n_rows, payload,
        )  # fmt: skip
        self._add("chains", row)
        for contract, cells in _quotes(chain):
            number = self._instrument(contract, chain.style if contract.kind == OPTION else "")
            if self._last.get(number) != cells:
                self._last[number] = cells
                self._add("quotes", (number, chain.ts_ns, message.ts_recv, *cells))
        if loaded.carry is not None:
            self._take_carry(chain, loaded.carry)

    def _take_carry(self, chain: OptionChain, carry: Carry) -> None:
        symbol, as_of = chain.symbol, carry.as_of_ns or chain.ts_ns
        for side, curve in (("lend", carry.lend), ("borrow", carry.borrow)):
            for days, rate in zip(curve.days, curve.rates, strict=True):
                self._add("rates", (symbol, as_of, side, days, rate))
        for one in carry.dividends:
            ex, pay = one.ex_date.isoformat(), one.pay_date.isoformat()
            self._add("dividends", (symbol, as_of, ex, pay, one.amount, one.status))
        self._add("borrow_fees", (symbol, as_of, carry.borrow_fee, _known(carry.shortable)))

    def _instrument(self, contract: Contract, style: str) -> int:
        number = instrument_id(contract)
        if number not in self._known:
            self._known.add(number)
            self._add("instruments", instrument_row(contract, style))
        return number

    def _add(self, table: str, row: Row) -> None:
        self.by_table.setdefault(table, []).append(row)
        self.count += 1


def _quotes(chain: OptionChain) -> Iterator[tuple[Contract, tuple[float | None, ...]]]:
    """Yield bid, ask and sizes of the underlying and of every contract; None is not known."""
    spot = chain.underlying
    cells = (spot.bid, spot.ask, spot.bid_size, spot.ask_size)
    yield Contract(STOCK, spot.symbol, multiplier=1.0), tuple(map(_known, cells))
    ids = chain.contract_ids
    for quote in range(2 * chain.n_rows):
        row = chain.row_of(quote)
        series = chain.expiries[chain.expiry_of(row)]
        contract = Contract(
            OPTION, chain.symbol, series.trading_class, series.date, chain.right_of(quote),
            chain.strike[row], chain.multiplier, chain.currency, ids[quote] if ids else "",
        )  # fmt: skip
        cells = (chain.bid[quote], chain.ask[quote], chain.bid_size[quote], chain.ask_size[quote])
        yield contract, tuple(map(_known, cells))


def _known(value: float) -> float | None:
    return value if value == value else None
