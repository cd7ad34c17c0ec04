"""What the broker says of orders and accounts, as the library decodes it and before it thinks.

ib_async keeps a `Trade` for each order and changes it by rules that are wrong for live orders: it
takes a message about an order for its end, merges two orders with one number into one, drops
executions of orders that it does not know, and forgets all of it when the connection drops. So its
decoder is given this object in place of its wrapper: what is about orders goes to us alone, all
else goes on as it was. Nothing in the library is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ib_async.contract import Contract as IbContract
from ib_async.objects import CommissionReport, Execution
from ib_async.order import Order as IbOrder
from ib_async.order import OrderState

from engine.ib.reception import Reception


class Heard:
    """Stands between ib_async's decoder and its wrapper.

    `failure` takes what our own code raises: the library would write it into a log and go on.
    """

    def __init__(
        self, ib: Any, reception: Reception, failure: Callable[[BaseException], None]
    ) -> None:
        self._wrapper = ib.wrapper
        self._reception = reception
        self._failure = failure
        ib.client.decoder.wrapper = self
        # After 1102 it would ask for all values of the account, in a task that nobody keeps.
        ib.errorEvent.disconnect(ib._onError)

    def __getattr__(self, name: str) -> Any:
        """Return what the library's own wrapper has."""
        return getattr(self._wrapper, name)

    def _tell(self, what: Callable[..., None], *said: object) -> None:
        try:
            what(*said)
        except Exception as error:  # whatever it is, trading on would be blind
            self._failure(error)

    # The names are the library's. Of orders, for us alone:

    def openOrder(  # noqa: D102
        self, order_id: int, contract: IbContract, order: IbOrder, state: OrderState
    ) -> None:
        self._tell(self._reception.on_open_order, order_id, contract, order, state)

    def orderStatus(  # noqa: D102
        self, order_id: int, status: str, filled: float, remaining: float, average: float,
        permanent: int, parent: int, last: float, client_id: int, why: str, cap: float = 0.0,
    ) -> None:  # fmt: skip
        self._tell(self._reception.on_status, order_id, status, filled, permanent, client_id)

    def completedOrder(  # noqa: D102
        self, contract: IbContract, order: IbOrder, state: OrderState
    ) -> None:
        self._tell(self._reception.on_completed, contract, order, state)

    def execDetails(  # noqa: D102
        self, req_id: int, contract: IbContract, execution: Execution
    ) -> None:
        self._tell(self._reception.on_execution, req_id, contract, execution)

    def commissionReport(self, report: CommissionReport) -> None:  # noqa: D102
        self._tell(self._reception.on_commission, report)

    # Of requests and accounts, for the library too:

    def openOrderEnd(self) -> None:  # noqa: D102
        self._wrapper.openOrderEnd()
        self._tell(self._reception.on_open_end)

    def completedOrdersEnd(self) -> None:  # noqa: D102
        self._wrapper.completedOrdersEnd()
        self._tell(self._reception.on_completed_end)

    def execDetailsEnd(self, req_id: int) -> None:  # noqa: D102
        self._wrapper.execDetailsEnd(req_id)
        self._tell(self._reception.on_executions_end, req_id)

    def position(  # noqa: D102
        self, account: str, contract: IbContract, quantity: float, cost: float
    ) -> None:
        self._wrapper.position(account, contract, quantity, cost)
        self._tell(self._reception.on_position, account, contract, quantity)

    def positionEnd(self) -> None:  # noqa: D102
        self._wrapper.positionEnd()
        self._tell(self._reception.on_positions_end)

    def accountSummary(  # noqa: D102
        self, req_id: int, account: str, tag: str, value: str, currency: str
    ) -> None:
        self._wrapper.accountSummary(req_id, account, tag, value, currency)
        self._tell(self._reception.on_summary, req_id, account, tag, value)

    def accountSummaryEnd(self, req_id: int) -> None:  # noqa: D102
        self._wrapper.accountSummaryEnd(req_id)
        self._tell(self._reception.on_summary_end, req_id)
