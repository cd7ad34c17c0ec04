"""Our orders in the words of IB, and IB's contracts in ours. No connection here.

A combo goes out as one order for the whole (a BAG) that buys, at one net price per share. IB's
unit of that price is the sum of sign x ratio x price x multiplier over the legs, divided by the
greatest multiplier of a leg. With options of one multiplier, and stock in that many shares per
ratio, it is the price per share that `Order.limit` says; what would make it another is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce

from ib_async.contract import ComboLeg
from ib_async.contract import Contract as IbContract
from ib_async.order import Order as IbOrder

from engine.execution.orders import DAY, IOC, Order
from engine.market.contract import OPTION, STOCK, Contract

SMART = "SMART"
BAG = "BAG"
COMBO_TICK = 0.01
_TIFS = (DAY, IOC)
_MOST_LEGS = 8
_MOST_LOTS = 10_000
_MOST_REF = 60
_SHARE_OF_A_TICK = 1e-6
_SEC_TYPES = {STOCK: "STK", OPTION: "OPT"}


class ImpossibleOrderError(ValueError):
    """An order that IB has no words for, or that would mean something else there."""


class Contracts:
    """Which conId is which contract, both ways; what is not told is read from the contract."""

    def __init__(self, known: Iterable[tuple[Contract, int]] = ()) -> None:
        self._ids: dict[str, int] = {}
        self._names: dict[int, str] = {}
        for contract, con_id in known:
            self.add(contract, con_id)

    def add(self, contract: Contract, con_id: int) -> None:
        """Take note of the conId of a contract."""
        self._ids[contract.name] = con_id
        self._names[con_id] = contract.name

    def con_id(self, contract: Contract) -> int:
        """Return the conId of a contract, its own before one told of its name; 0: not known."""
        own = int(contract.exchange_id) if contract.exchange_id.isdecimal() else 0
        if own and self._ids.get(contract.name) != own:
            self.add(contract, own)
        return own or self._ids.get(contract.name, 0)

    def name(self, contract: IbContract) -> str:
        """Return our name of a contract of IB; "" for a combo as a whole."""
        if contract.secType == BAG:
            return ""
        return self._names.get(contract.conId) or _own_name(contract)


def _own_name(contract: IbContract) -> str:
    """Return the name as `engine.market.contract.Contract.name` has it."""
    if contract.secType == "STK":
        return str(contract.symbol)
    root = contract.tradingClass or contract.symbol
    strike = repr(float(contract.strike)).removesuffix(".0") if contract.right else ""
    return f"{root}{contract.lastTradeDateOrContractMonth[2:8]}{contract.right[:1]}{strike}"


def to_ib(
    order: Order, contracts: Contracts, tick: float = COMBO_TICK
) -> tuple[IbContract, IbOrder]:
    """Return the contract and the order that IB is sent; its order id is left open.

    A combo of one leg is a plain order for that contract, to sell if its ratio is negative. The
    limit is rounded down to a multiple of `tick`, so never more is paid and never less received.

    Raises
    ------
    ImpossibleOrderError
        In one line: what cannot be sent as it is meant.
    """
    _check(order)
    limit = rounded_down(order.limit, tick)
    contract, action, quantity = (_single if order.is_single else _combo)(order, contracts)
    price = limit if action == "BUY" else 0.0 - limit
    if order.is_single and price <= 0.0:
        raise _impossible(order, f"a price of {price:g} for one contract")
    return contract, IbOrder(
        action=action,
        totalQuantity=quantity,
        orderType="LMT",
        lmtPrice=price,
        tif=order.tif,
        orderRef=order.ref,
        account=order.account,
    )


def rounded_down(limit: float, tick: float) -> float:
    """Return the greatest multiple of `tick` that is not above `limit`.

    >>> rounded_down(-5.281, 0.01), rounded_down(2.63, 0.01), rounded_down(0.3, 0.05)
    (-5.29, 2.63, 0.3)
    """
    ticks = math.floor(limit / tick + _SHARE_OF_A_TICK)
    # A price of so many hundredths is exact only as a quotient: 263 / 100, not 263 * 0.01.
    return ticks / round(1.0 / tick) if tick < 1.0 else ticks * tick


def _check(order: Order) -> None:
    ref, combo = order.ref, order.combo
    if not (ref and ref.isascii() and ref.isprintable() and len(ref) <= _MOST_REF):
        raise _impossible(order, f"its reference needs 1 to {_MOST_REF} printable letters")
    if order.tif not in _TIFS:
        raise _impossible(order, f"time in force {order.tif!r}; there are {' and '.join(_TIFS)}")
    if not 1 <= order.lots <= _MOST_LOTS:
        raise _impossible(order, f"{order.lots} lots; 1 to {_MOST_LOTS} can be sent")
    if not math.isfinite(order.limit):
        raise _impossible(order, f"a limit of {order.limit}")
    if not order.account:
        raise _impossible(order, "no account is named")
    if not 1 <= len(combo.legs) <= _MOST_LEGS:
        raise _impossible(order, f"{len(combo.legs)} legs; 1 to {_MOST_LEGS} can be sent")
    if len({contract.name for _, contract in combo.legs}) < len(combo.legs):
        raise _impossible(order, "a contract is in it twice")
    for ratio, contract in combo.legs:
        if ratio == 0:
            raise _impossible(order, f"the ratio of {contract.name} is 0")
        if contract.kind not in _SEC_TYPES:
            raise _impossible(order, f"{contract.name} is a {contract.kind}")
        if contract.kind == OPTION and contract.multiplier != order.multiplier:
            text = f"{contract.name} has multiplier {contract.multiplier:g}"
            raise _impossible(order, f"{text}, the order {order.multiplier:g}: one net price")
    if reduce(math.gcd, (abs(ratio) for ratio, _ in combo.legs)) != 1:
        raise _impossible(order, "its ratios have a common factor: reduce them, raise the lots")


def _single(order: Order, contracts: Contracts) -> tuple[IbContract, str, int]:
    ((ratio, contract),) = order.combo.legs
    plain = IbContract(
        conId=_con_id(order, contract, contracts),
        symbol=contract.symbol,
        secType=_SEC_TYPES[contract.kind],
        exchange=SMART,
        currency=contract.currency,
    )
    return plain, "BUY" if ratio > 0 else "SELL", _whole(order, abs(order.quantity(0)))


def _combo(order: Order, contracts: Contracts) -> tuple[IbContract, str, int]:
    legs = []
    if all(contract.kind == STOCK for _, contract in order.combo.legs):
        raise _impossible(order, "a combo of stocks alone has another unit of its price")
    currencies = sorted({contract.currency for _, contract in order.combo.legs})
    if len(currencies) > 1:
        raise _impossible(order, f"legs in {' and '.join(currencies)}")
    for ratio, contract in order.combo.legs:
        shares = order.multiplier if contract.kind == STOCK else 1.0
        legs.append(
            ComboLeg(
                conId=_con_id(order, contract, contracts),
                ratio=_whole(order, abs(ratio) * shares),
                action="BUY" if ratio > 0 else "SELL",
                exchange=SMART,
            )
        )
    if reduce(math.gcd, (leg.ratio for leg in legs)) != 1:
        raise _impossible(order, "its ratios in shares and contracts have a common factor")
    bag = IbContract(
        symbol=order.combo.symbol, secType=BAG, exchange=SMART, currency=currencies[0],
        comboLegs=legs,
    )  # fmt: skip
    return bag, "BUY", order.lots


def _con_id(order: Order, contract: Contract, contracts: Contracts) -> int:
    con_id = contracts.con_id(contract)
    if not con_id:
        raise _impossible(order, f"the conId of {contract.name} is not known")
    return con_id


def _whole(order: Order, quantity: float) -> int:
    if quantity != math.floor(quantity):
        raise _impossible(order, f"{quantity:g} is no whole number of shares or contracts")
    return int(quantity)


def _impossible(order: Order, what: str) -> ImpossibleOrderError:
    return ImpossibleOrderError(f"order {order.ref[:_MOST_REF]}: {what}")
