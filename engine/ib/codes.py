"""The codes of TWS messages: what each is about, and what is to be done.

A code is not a state. What it says of an order is at best a reason to ask, unless it is listed here
as one that refuses a new order. A code that is not in the table is `Kind.ASK`.

Sources: IB's list of message codes, the published clients, and what their users have reported.
Never seen from a real TWS here: 161, 2119, 2157.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a code means for whoever hears it."""

    INFORMATION = "information"  # nothing has changed
    ORDER_REFUSED = "order refused"  # a new order is dead; one that was live stays as it was
    ORDER_CANCELLED = "order cancelled"  # over, though executions may still be on their way
    ORDER_HELD = "order held"  # live, waiting for something
    ORDER_MESSAGE = "order message"  # about an order that lives and stays so
    ORDER_UNKNOWN = "order unknown"  # nothing certain: ask, never send again
    CANCEL_REFUSED = "cancel refused"  # the order is over or another's: ask, do not repeat
    LINK_LOST = "link lost"  # the gateway has lost IB: orders unknown, no quotes
    RESTORED_DATA_LOST = "restored, data lost"  # subscribe again, reconcile
    RESTORED = "restored"  # reconcile
    PORT_MOVED = "port moved"  # the socket is about to close
    CLIENT_IN_USE = "client id in use"  # the same id again, later
    VERSION = "version"  # this gateway speaks another protocol
    NOT_CONNECTED = "not connected"  # the request went nowhere
    FARM_BROKEN = "farm broken"  # quotes are stale; orders are not touched
    FARM_OK = "farm ok"  # what was broken subscribes again
    OTHER_FARM = "other farm"  # of history or contracts: nothing that quotes depend on
    COMPETING = "competing session"  # no quotes while another session of the user has them
    PACING = "pacing"  # too many messages: be silent, expect a drop
    TOO_MANY_LINES = "too many lines"  # this subscription is not there
    NOT_SUBSCRIBED = "not subscribed"  # this account does not get that data
    DELAYED = "delayed"  # delayed data are sent instead
    NO_CONTRACT = "no contract"  # a request, or an order, for what is not there or not one
    REQUEST_REFUSED = "request refused"  # the request is dead, and its future may never end
    REQUEST_GONE = "request gone"  # what was to be cancelled is not there
    HISTORY = "history"  # of historical data: pacing, or none
    ASK = "ask"  # not in the table


@dataclass(frozen=True, slots=True)
class Code:
    """One code.

    Attributes
    ----------
    number, kind
        As above.
    text
        What it says, in a few words, for screens.
    """

    number: int
    kind: Kind
    text: str


_ROWS = (
    (100, Kind.PACING, "more messages a second than allowed"),
    (101, Kind.TOO_MANY_LINES, "no market data line left"),
    (103, Kind.ORDER_UNKNOWN, "order id used before"),
    (104, Kind.ORDER_UNKNOWN, "a filled order cannot be changed"),
    (105, Kind.ORDER_UNKNOWN, "a change that does not fit the order"),
    (110, Kind.ORDER_REFUSED, "price off the tick"),
    (135, Kind.ORDER_UNKNOWN, "no order with this id"),
    (136, Kind.CANCEL_REFUSED, "this order cannot be cancelled"),
    (161, Kind.CANCEL_REFUSED, "cancel of an order in no state to be cancelled"),
    (162, Kind.HISTORY, "historical data refused"),
    (165, Kind.HISTORY, "message about historical data"),
    (200, Kind.NO_CONTRACT, "no such contract, or more than one"),
    (201, Kind.ORDER_REFUSED, "order rejected"),
    (202, Kind.ORDER_CANCELLED, "order cancelled"),
    (300, Kind.REQUEST_GONE, "no such request"),
    (309, Kind.REQUEST_REFUSED, "too many requests of market depth"),
    (320, Kind.REQUEST_REFUSED, "the message could not be read"),
    (321, Kind.REQUEST_REFUSED, "the request is not valid"),
    (322, Kind.REQUEST_REFUSED, "the request could not be processed"),
    (326, Kind.CLIENT_IN_USE, "client id in use"),
    (329, Kind.ORDER_UNKNOWN, "the order could not be changed"),
    (354, Kind.NOT_SUBSCRIBED, "market data not subscribed"),
    (366, Kind.HISTORY, "no such historical request"),
    (382, Kind.ORDER_REFUSED, "order size against the rules"),
    (383, Kind.ORDER_REFUSED, "order size above the limit set in TWS"),
    (387, Kind.ORDER_REFUSED, "order type not offered here"),
    (388, Kind.ORDER_REFUSED, "order below the minimum size"),
    (399, Kind.ORDER_MESSAGE, "message about an order"),
    (404, Kind.ORDER_HELD, "held until stock can be borrowed"),
    (434, Kind.ORDER_REFUSED, "order size of 0"),
    (492, Kind.INFORMATION, "message about a subscription"),
    (502, Kind.NOT_CONNECTED, "no connection to TWS"),
    (504, Kind.NOT_CONNECTED, "not connected"),
    (505, Kind.REQUEST_REFUSED, "unknown message"),
    (506, Kind.VERSION, "unsupported version"),
    (1100, Kind.LINK_LOST, "TWS has lost IB"),
    (1101, Kind.RESTORED_DATA_LOST, "TWS has IB again; subscriptions are lost"),
    (1102, Kind.RESTORED, "TWS has IB again"),
    (1300, Kind.PORT_MOVED, "TWS moves its API to another port"),
    (2100, Kind.INFORMATION, "account updates go to another client"),
    (2103, Kind.FARM_BROKEN, "market data farm broken"),
    (2104, Kind.FARM_OK, "market data farm well"),
    (2105, Kind.OTHER_FARM, "historical data farm broken"),
    (2106, Kind.OTHER_FARM, "historical data farm well"),
    (2107, Kind.OTHER_FARM, "historical data farm at rest"),
    (2108, Kind.INFORMATION, "market data farm at rest until asked"),
    (2109, Kind.ORDER_MESSAGE, "outside hours: the attribute is ignored"),
    (2110, Kind.LINK_LOST, "TWS has lost its server"),
    (2119, Kind.INFORMATION, "market data farm connecting"),
    (2137, Kind.ORDER_MESSAGE, "order closes a position"),
    (2148, Kind.ORDER_MESSAGE, "order price is marketable"),
    (2157, Kind.OTHER_FARM, "contract data farm broken"),
    (2158, Kind.OTHER_FARM, "contract data farm well"),
    (10089, Kind.NOT_SUBSCRIBED, "market data need a further subscription"),
    (10090, Kind.DELAYED, "part of the market data not subscribed"),
    (10091, Kind.NOT_SUBSCRIBED, "part of the market data need a subscription"),
    (10147, Kind.CANCEL_REFUSED, "no order with this id to cancel"),
    (10148, Kind.CANCEL_REFUSED, "the order is over"),
    (10167, Kind.DELAYED, "delayed market data instead"),
    (10168, Kind.NOT_SUBSCRIBED, "market data not subscribed, delayed not allowed"),
    (10197, Kind.COMPETING, "another session has the market data"),
    (10349, Kind.ORDER_MESSAGE, "time in force set to DAY"),
)

CODES: dict[int, Code] = {number: Code(number, kind, text) for number, kind, text in _ROWS}
"""Every code that is known, by number."""


def code_of(number: int) -> Code:
    """Return what is known of a code; one that is not known is to be asked about.

    >>> code_of(1100).kind
    <Kind.LINK_LOST: 'link lost'>
    >>> code_of(31337).kind
    <Kind.ASK: 'ask'>
    """
    return CODES.get(number) or Code(number, Kind.ASK, "not known here")
