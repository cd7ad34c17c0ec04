"""A gateway that is none: it takes what a client writes, and answers orders as TWS would.

The messages are those of version 178 of the API about one lot of a conversion that is bought: first
the acknowledgement, then executions of the whole and of each leg, the end, and commissions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VERSION = 178
CON_IDS = (700000001, 700000034, 700000035)
"""Of the stock, the call and the put."""

_UNSET = "1.7976931348623157E308"
_OPEN = (
    "5|{id}|28812380|{symbol}|BAG||0|?||SMART|USD|28812380|COMB|BUY|1|LMT|104.84|0.0|DAY||"
    "{account}||0|{ref}|{client}|{permanent}|0|0|0|||||||||||0||-1|0||||||0|0|0|0|2147483647|"
    "0|0|0||0|0||0|None||0||||?|0|0||0|0|||||700000001:100,700000034:-1,700000035:1|3|"
    "700000001|100|BUY|SMART|0|0||-1|700000034|1|SELL|SMART|0|0||-1|"
    "700000035|1|BUY|SMART|0|0||-1|0|0|2147483647|2147483647|||0||IB|0|0||0|0|{status}|"
    + f"{_UNSET}|" * 9
    + "{fee}|||USD||0|0|0|None|"
    + f"{_UNSET}|" * 6
    + "0||||0|0|0|0|0|2147483647|2147483647|0|||||"
)
_STATUS = "3|{id}|{status}|{filled}|{left}|{price}|{permanent}|0|{price}|{client}||0"
_EXECUTION = (
    "11|-1|{id}|{contract}|{execution}|20260304 15:00:00 UTC|{account}|SMART|{side}|{shares}|"
    "{price}|{permanent}|{client}|0|{shares}|{price}|{ref}||||2|0"
)
_COMMISSION = "59|1|{execution}|1|USD|" + f"{_UNSET}|{_UNSET}|"
_HELD = "4|2|{id}|399|Order Message: held until the open|"
_OPTION = "{con_id}|{symbol}|OPT|20260417|105|{right}|100|SMART|USD||{symbol}"
_TRADES = (
    ("28812380|{symbol}|BAG||0|||SMART|USD|28812380|COMB", "BOT", 1, 104.84),
    ("700000001|{symbol}|STK||0|||SMART|USD|{symbol}|NMS", "BOT", 100, 106.43),
    (_OPTION.replace("{con_id}", "700000034").replace("{right}", "C"), "SLD", 1, 4.19),
    (_OPTION.replace("{con_id}", "700000035").replace("{right}", "P"), "BOT", 1, 2.6),
)


def framed(text: str) -> bytes:
    """Return a message whose fields are written with ``|`` between them."""
    payload = text.replace("|", "\0").encode("ascii") + b"\0"
    return len(payload).to_bytes(4, "big") + payload


def bought(**said: Any) -> Iterator[bytes]:
    """Yield what a gateway sends of an order that is filled at once, read by read.

    `said` are id, ref, client, permanent, account, symbol.
    """
    waiting = {"filled": 0, "left": 1, "price": 0, "status": "PreSubmitted", "fee": ""}
    over = {"filled": 1, "left": 0, "price": 104.84, "status": "Filled", "fee": 3}
    yield framed(_OPEN.format(**said, **waiting)) + framed(_STATUS.format(**said, **waiting))
    trades = b""
    fees = b""
    for number, (contract, side, shares, price) in enumerate(_TRADES):
        execution = f"{said['permanent']:08x}.{number:08x}.01"
        trade = {"execution": execution, "side": side, "shares": shares, "price": price}
        shown = contract.format(**said)
        trades += framed(_EXECUTION.format(**said, **trade, contract=shown))
        if number:
            fees += framed(_COMMISSION.format(execution=execution))
    yield trades
    yield framed(_OPEN.format(**said, **over)) + framed(_STATUS.format(**said, **over))
    yield fees


def cancelled(**said: Any) -> Iterator[bytes]:
    """Yield what a gateway sends of an order that rests, with a message, and is cancelled."""
    state = {"filled": 0, "left": 1, "price": 0, "status": "Submitted", "fee": ""}
    opened = framed(_OPEN.format(**said, **state)) + framed(_STATUS.format(**said, **state))
    yield opened + framed(_HELD.format(**said))
    state["status"] = "Cancelled"
    yield framed(_STATUS.format(**said, **state))


class Nowhere:
    """A transport that counts what is written to it and sends nothing."""

    def __init__(self) -> None:
        self.n_writes = 0
        self.n_bytes = 0

    def write(self, data: bytes) -> None:
        """Take what a client writes."""
        self.n_writes += 1
        self.n_bytes += len(data)

    def is_closing(self) -> bool:
        """Tell that it is open."""
        return False

    def write_eof(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""

    def abort(self) -> None:
        """Do nothing."""


def attach(client: Any, client_id: int) -> Nowhere:
    """Let a client of ib_async believe that it is connected; return where its messages go."""
    nowhere = Nowhere()
    client.conn.transport = nowhere
    client.connState = client.CONNECTED
    client.clientId = client_id
    client._serverVersion = client.decoder.serverVersion = VERSION
    client._apiReady = client._hasReqId = True
    client._reqIdSeq = 1
    # No limit of messages a second: none of them goes anywhere.
    client.MaxRequests, client.RequestsInterval = 1 << 30, 0.0
    return nowhere
