"""The columns of every table in the order in which rows are written, as the migrations have them.

tests/unit/test_store_schema.py compares this with what the databases say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INTEGER = "int8"
REAL = "float8"
TEXT = "text"
BYTES = "bytea"

_KINDS = {"i": INTEGER, "r": REAL, "t": TEXT, "b": BYTES}


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, their types, its key, and the time its rows are kept by.

    `time` is "" where rows are kept for ever. `is_by_day` tables are partitioned by that time on
    PostgreSQL.
    """

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    key: tuple[str, ...] = ()
    time: str = ""
    is_by_day: bool = False


def _table(
    name: str, columns: str, *, key: str = "", time: str = "", is_by_day: bool = False
) -> Table:
    pairs = [column.split(":") for column in columns.split()]
    return Table(
        name,
        tuple(column for column, _ in pairs),
        tuple(_KINDS[kind] for _, kind in pairs),
        tuple(key.split()),
        time,
        is_by_day,
    )


_ALL = (
    _table(
        "runs",
        "run_id:t verb:t started_ns:i ended_ns:i version:t runtime:t backend:t config_digest:t",
        key="run_id",
    ),
    _table(
        "instruments",
        "instrument_id:i symbol:t kind:t occ_symbol:t broker_id:i right_:t strike:r expiry:t "
        "multiplier:r trading_class:t style:t currency:t",
        key="instrument_id",
    ),
    _table(
        "quotes",
        "instrument_id:i ts_event:i ts_recv:i bid:r ask:r bid_size:r ask_size:r",
        time="ts_recv",
        is_by_day=True,
    ),
    _table(
        "trades",
        "instrument_id:i ts_event:i ts_recv:i price:r size:r side:t",
        time="ts_recv",
        is_by_day=True,
    ),
    _table(
        "chains",
        "symbol:t ts_ns:i source:t ts_recv:i n_contracts:i payload:b",
        key="symbol ts_ns source",
        time="ts_ns",
        is_by_day=True,
    ),
    _table(
        "bars",
        "instrument_id:i seconds:i time_ns:i open:r high:r low:r close:r volume:r",
        key="instrument_id seconds time_ns",
        time="time_ns",
    ),
    _table("rates", "symbol:t as_of_ns:i side:t days:r rate:r", key="symbol as_of_ns side days"),
    _table(
        "dividends",
        "symbol:t as_of_ns:i ex_date:t pay_date:t amount:r status:t",
        key="symbol as_of_ns ex_date",
    ),
    _table("borrow_fees", "symbol:t as_of_ns:i fee:r shortable:r", key="symbol as_of_ns"),
    _table(
        "scans",
        "scan_id:t run_id:t symbol:t source:t settings:t ts_ns:i scanned_ns:i candidates:i "
        "passed:i listed:i is_whole:i unusable:t",
        key="scan_id",
        time="ts_ns",
    ),
    _table("rejections", "scan_id:t gate:t n:i", key="scan_id gate"),
    _table(
        "implied",
        "scan_id:t expiry:t series:t days:r forward:r box_lend:r box_borrow:r box_mid:r "
        "borrow_bid:r borrow_ask:r",
        key="scan_id expiry series",
    ),
    _table(
        "opportunities",
        "life_id:t combo:t symbol:t source:t settings:t family:t grade:t legs:t detected_ns:i "
        "last_seen_ns:i expired_ns:i n_sightings:i best_edge:r best_usd:r",
        key="life_id",
    ),
    _table(
        "sightings",
        "scan_id:t life_id:t opportunity_id:t ts_ns:i edge:r edge_usd:r lots:i capital:r "
        "annualised:r score:r days:r implied_rate:r implied_borrow:r payload:t",
        key="scan_id life_id",
        time="ts_ns",
    ),
    _table(
        "orders",
        "order_id:t run_id:t account:t symbol:t combo:t side:t quantity:r limit_price:r status:t "
        "perm_id:i created_ns:i updated_ns:i payload:t",
        key="order_id",
    ),
    _table(
        "fills",
        "exec_id:t order_id:t account:t instrument_id:i side:t quantity:r price:r commission:r "
        "currency:t corrects:t ts_event:i ts_recv:i",
        key="exec_id",
    ),
    _table(
        "positions",
        "account:t instrument_id:i ts_ns:i quantity:r average_cost:r",
        key="account instrument_id ts_ns",
    ),
    _table(
        "account_snapshots",
        "account:t ts_ns:i name:t currency:t value:r",
        key="account ts_ns name currency",
    ),
    _table("marks", "name:t position:i ts_ns:i", key="name"),
    _table(
        "coverage",
        "symbol:t kind:t seconds:i start_ns:i end_ns:i expected:i received:i state:t source:t "
        "note:t fetched_ns:i",
        key="symbol kind seconds start_ns",
    ),
    _table("numbers", "name:t ts_ns:i value:r", key="name ts_ns", time="ts_ns"),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _ALL}
