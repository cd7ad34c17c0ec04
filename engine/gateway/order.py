"""An order: what the client asked for, what has become of it, and how the wire shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from engine.gateway import order_fields
from engine.gateway.errors import UNSUPPORTED_TYPE, VALIDATION, RequestError
from engine.gateway.fields import Fields
from engine.gateway.frames import UNSET_TEXT
from engine.gateway.listing import BAG, BAG_CON_ID, Contract, read_legs

PENDING_SUBMIT = "PendingSubmit"
PRE_SUBMITTED = "PreSubmitted"
SUBMITTED = "Submitted"
PENDING_CANCEL = "PendingCancel"
CANCELLED = "Cancelled"
FILLED = "Filled"
INACTIVE = "Inactive"
FINAL: Final = (CANCELLED, FILLED, INACTIVE)

TYPES = ("LMT", "MKT")
TIFS = ("DAY", "GTC", "IOC", "FOK")
_MOST_QUANTITY = 10_000_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A placeOrder message, read whole; `raw` are its fields by name."""

    order_id: int
    contract: Contract
    side: int
    quantity: int
    kind: str
    limit: float
    tif: str
    account: str
    ref: str
    is_what_if: bool
    is_all_or_none: bool
    raw: MappingProxyType[str, str]
    leg_prices: tuple[str, ...] = ()
    routing: tuple[tuple[str, str], ...] = ()

    @property
    def is_combo(self) -> bool:
        """Whether several legs trade as one."""
        return self.contract.sec_type == BAG

    @classmethod
    def read(cls, fields: Fields, version: int) -> Placed:
        """Read the message of a client at `version`, after its number.

        Raises
        ------
        RequestError
            If it is not complete, has a field too many, or asks for what cannot be.
        """
        order_id = fields.identity()
        contract = Contract.read(fields)
        raw = order_fields.read_placed_head(fields)
        leg_prices: tuple[str, ...] = ()
        routing: tuple[tuple[str, str], ...] = ()
        if contract.sec_type == BAG:
            legs = read_legs(fields, is_order=True)
            leg_prices, routing = order_fields.read_placed_prices(fields)
            contract = replace(contract, con_id=BAG_CON_ID, legs=legs)
        order_fields.read_placed_rest(fields, raw, version, contract.exchange)
        kind = raw["orderType"].upper()
        limit = _number(order_id, "limit price", raw["lmtPrice"])
        if raw["action"] not in ("BUY", "SELL"):
            raise RequestError(VALIDATION, f"Invalid action {raw['action'][:20]!r}", order_id)
        if kind not in TYPES:
            raise RequestError(UNSUPPORTED_TYPE, f"Unsupported order type: {kind[:20]}", order_id)
        tif = raw["tif"].upper() or "DAY"
        if tif not in TIFS:
            raise RequestError(VALIDATION, f"Time in force {tif[:20]!r} is not taken", order_id)
        if kind == "LMT" and limit != limit:
            raise RequestError(VALIDATION, "A limit order without a limit price", order_id)
        if "conditions" in raw or raw["algoStrategy"]:
            raise RequestError(VALIDATION, "Conditions and algorithms are not taken", order_id)
        return cls(
            order_id=order_id,
            contract=contract,
            side=1 if raw["action"] == "BUY" else -1,
            quantity=_quantity(order_id, raw["totalQuantity"]),
            kind=kind,
            limit=limit,
            tif=tif,
            account=raw["account"],
            ref=raw["orderRef"],
            is_what_if=raw["whatIf"] == "1",
            is_all_or_none=raw["allOrNone"] == "1",
            raw=MappingProxyType(raw),
            leg_prices=leg_prices,
            routing=routing,
        )


def _number(order_id: int, what: str, value: str) -> float:
    try:
        return Fields([value]).number()
    except RequestError:
        raise RequestError(VALIDATION, f"The {what} is not a number", order_id) from None


def _quantity(order_id: int, value: str) -> int:
    quantity = _number(order_id, "quantity", value)
    if not 0.0 < quantity <= _MOST_QUANTITY or quantity != math.floor(quantity):
        raise RequestError(VALIDATION, "The size value should be a whole number > 0", order_id)
    return int(quantity)


@dataclass(eq=False, slots=True)
class Order:
    """An order at the exchange.

    `legs` are (instrument index, signed ratio) for one combo bought; a single contract is one leg
    of ratio 1. `sequence` is its place in time among those at the same price; `spent` the sum of
    quantity times price.
    """

    client_id: int
    perm_id: int
    account: str
    placed: Placed
    legs: tuple[tuple[int, int], ...]
    sequence: int
    status: str = PENDING_SUBMIT
    filled: int = 0
    spent: float = 0.0
    last_price: float = 0.0
    finished: str = ""
    why: str = ""
    commission: float = math.nan
    is_acknowledged: bool = True
    cancel_wanted: bool = False
    fees: dict[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def remaining(self) -> int:
        """What is still to be filled."""
        return self.placed.quantity - self.filled

    @property
    def average(self) -> float:
        """The average price so far, 0 without a fill."""
        return self.spent / self.filled if self.filled else 0.0

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more, but for corrections."""
        return self.status in FINAL

    def status_fields(self) -> tuple[object, ...]:
        """Return orderStatus."""
        return (
            3, self.placed.order_id, self.status, self.filled, self.remaining,
            round(self.average, 8), self.perm_id, self.placed.raw.get("parentId") or 0,
            self.last_price, self.client_id, self.why, 0.0,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Margins:
    """What an order would do to the margins: before, change, after, each of three amounts."""

    before: tuple[float, float, float]
    after: tuple[float, float, float]
    commission: float

    def fields(self) -> list[object]:
        """Return the nine amounts as openOrder has them."""
        change = tuple(b - a for a, b in zip(self.before, self.after, strict=True))
        return [round(x, 2) for x in (*self.before, *change, *self.after)]


def open_order(
    order: Order, contract: Contract, version: int, margins: Margins | None
) -> list[object]:
    """Return openOrder for a client at `version`; with `margins` it is the answer to a what-if."""
    placed, raw = order.placed, order.placed.raw
    fields: list[object] = [5, placed.order_id, *contract.short(no_right="?")]
    fields += _order_head(order)
    fields += [order.client_id, order.perm_id, raw["outsideRth"] or "0", raw["hidden"] or "0"]
    fields += order_fields.shown_head(raw, is_completed=False, version=version)
    fields += _legs(order)
    fields += order_fields.shown_routing(raw, is_completed=False)
    fields += [placed.is_what_if, PRE_SUBMITTED if margins else order.status]
    if margins:
        fields += [*margins.fields(), round(margins.commission, 4), "", "", "USD", ""]
    else:
        paid = order.commission if order.status == FILLED else math.nan
        currency = "USD" if paid == paid else ""
        fields += [UNSET_TEXT] * 9 + [paid, "", "", currency, ""]
    fields += ["0", "0", "0"]  # randomizeSize, randomizePrice, no conditions
    return fields + list(order_fields.shown_tail(raw, version))


def completed_order(order: Order, contract: Contract, version: int) -> list[object]:
    """Return completedOrder for a client at `version`: neither order id nor client id."""
    raw = order.placed.raw
    fields: list[object] = [101, *contract.short(no_right="?")]
    fields += _order_head(order)
    fields += [order.perm_id, raw["outsideRth"] or "0", raw["hidden"] or "0"]
    fields += order_fields.shown_head(raw, is_completed=True, version=version)
    fields += _legs(order)
    fields += order_fields.shown_routing(raw, is_completed=True)
    fields += [order.status, "0", "0", "0"]  # randomizeSize, randomizePrice, no conditions
    fields += [UNSET_TEXT, UNSET_TEXT, "0", "0", "0", ""]  # to autoCancelDate
    fields += [order.filled, "0", "0", "", "0", "0", "9223372036854775807"]
    fields += [order.finished, _why_completed(order)]
    return fields + list(order_fields.shown_pegged(raw, version))


def _why_completed(order: Order) -> str:
    if order.status == FILLED:
        return f"Filled Size: {order.filled}"
    return order.why or "Cancelled by Trader"


def _order_head(order: Order) -> list[object]:
    placed, raw = order.placed, order.placed.raw
    limit = placed.limit if placed.limit == placed.limit else 0.0
    return [
        raw["action"], placed.quantity, placed.kind, limit, raw["auxPrice"] or "0.0", placed.tif,
        raw["ocaGroup"], order.account, raw["openClose"], raw["origin"] or "0", raw["orderRef"],
    ]  # fmt: skip


def _legs(order: Order) -> list[object]:
    placed = order.placed
    if not placed.is_combo:
        return ["", 0, 0, 0]
    legs = placed.contract.legs
    signed = ((leg.con_id, leg.ratio if leg.action == "BUY" else -leg.ratio) for leg in legs)
    fields: list[object] = [",".join(f"{con_id}|{ratio}" for con_id, ratio in signed), len(legs)]
    for leg in legs:
        fields += [
            leg.con_id, leg.ratio, leg.action, leg.exchange, leg.open_close or "0",
            leg.short_sale_slot or "0", leg.location, leg.exempt_code or "-1",
        ]  # fmt: skip
    fields += [len(placed.leg_prices), *placed.leg_prices, len(placed.routing)]
    for tag, value in placed.routing:
        fields += [tag, value]
    return fields
