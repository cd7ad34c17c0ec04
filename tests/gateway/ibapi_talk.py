"""Talk to a gateway with the official ibapi client of this folder; print what came as JSON.

    python ibapi_talk.py FOLDER PORT

It runs in a process of its own: every version of the client is called `ibapi`.
"""

import json
import sys
import threading
import time

sys.path.insert(0, sys.argv[1])

from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.wrapper import EWrapper


class Recorder(EWrapper):
    """Keep every callback by name."""

    def __init__(self):
        super().__init__()
        self.came = {}

    def __getattribute__(self, name):
        if name in EWrapper.__dict__ and not name.startswith("_"):
            came = object.__getattribute__(self, "came")
            return lambda *args, **named: came.setdefault(name, []).append((*args, *named.values()))
        return object.__getattribute__(self, name)


def stock(symbol):
    contract = Contract()
    contract.symbol, contract.secType = symbol, "STK"
    contract.exchange, contract.currency = "SMART", "USD"
    return contract


def order(action, quantity, limit, **more):
    made = Order()
    made.action, made.totalQuantity, made.orderType, made.lmtPrice = action, quantity, "LMT", limit
    for name in ("eTradeOnly", "firmQuoteOnly"):  # the old client's defaults are refused by TWS
        if hasattr(made, name):
            setattr(made, name, False)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def main():
    wrapper = Recorder()
    app = EClient(wrapper)
    app.connect("127.0.0.1", int(sys.argv[2]), 7)
    threading.Thread(target=app.run, daemon=True).start()
    came, missing = wrapper.came, []

    def wait(name, holds=lambda rows: rows, seconds=20.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rows = came.get(name, [])
            if rows and holds(rows):
                return rows[-1]
            time.sleep(0.005)
        missing.append(name)
        return None

    wait("nextValidId")
    wait("managedAccounts")
    app.reqCurrentTime()
    wait("currentTime")
    app.reqContractDetails(1, stock("ZETF"))
    wait("contractDetailsEnd")
    details = came["contractDetails"][0][1]
    base = details.contract
    app.reqSecDefOptParams(2, "ZETF", "", "STK", base.conId)
    wait("securityDefinitionOptionParameterEnd")
    expiry = sorted(came["securityDefinitionOptionParameter"][0][5])[1]
    option = Contract()
    option.symbol, option.secType, option.exchange = "ZETF", "OPT", "SMART"
    option.currency, option.lastTradeDateOrContractMonth = "USD", expiry
    app.reqContractDetails(3, option)
    wait("contractDetailsEnd", lambda rows: len(rows) == 2)
    listed = [row[1].contract for row in came["contractDetails"][1:]]
    app.reqMktData(4, base, "", False, False, [])
    wait("tickPrice", lambda rows: {1, 2} <= {row[1] for row in rows if row[0] == 4})
    wait("tickReqParams")
    spot = next(row[2] for row in came["tickPrice"] if row[:2] == (4, 2))
    calls = [c for c in listed if c.right == "C"]
    call = min(calls, key=lambda c: abs(c.strike - spot))
    put = next(c for c in listed if c.right == "P" and c.strike == call.strike)
    for req_id, contract in ((5, call), (6, put)):
        app.reqMktData(req_id, contract, "", False, False, [])
        wait("tickPrice", lambda rows, r=req_id: {1, 2} <= {x[1] for x in rows if x[0] == r})
    wait("tickSize")
    wait("tickOptionComputation")
    touch = {row[:2]: row[2] for row in came["tickPrice"]}
    next_id = came["nextValidId"][0][0]

    app.placeOrder(next_id, base, order("BUY", 100, 0.0, orderType="MKT", whatIf=True))
    wait("openOrder")
    app.placeOrder(next_id + 1, call, order("BUY", 2, touch[5, 2], orderRef="ref"))
    wait("orderStatus", lambda rows: any(r[0] == next_id + 1 and r[1] == "Filled" for r in rows))
    wait("execDetails")
    wait("commissionReport" if "commissionReport" in EWrapper.__dict__
         else "commissionAndFeesReport")  # fmt: skip
    app.placeOrder(next_id + 2, base, order("BUY", 100, 1.0))
    wait("orderStatus", lambda rows: any(r[0] == next_id + 2 and r[1] == "Submitted" for r in rows))
    app.reqAllOpenOrders()
    wait("openOrderEnd")
    cancel_arguments = EClient.cancelOrder.__code__.co_argcount
    if cancel_arguments == 2:
        app.cancelOrder(next_id + 2)
    else:
        from ibapi.order_cancel import OrderCancel

        app.cancelOrder(next_id + 2, OrderCancel())
    wait("orderStatus", lambda rows: any(r[0] == next_id + 2 and r[1] == "Cancelled" for r in rows))
    wait("error", lambda rows: any(202 in row for row in rows))

    bag = Contract()
    bag.symbol, bag.secType, bag.exchange, bag.currency = "ZETF", "BAG", "SMART", "USD"
    bag.comboLegs = []
    for contract, ratio, action in ((base, 100, "BUY"), (call, 1, "SELL"), (put, 1, "BUY")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = contract.conId, ratio, action, "SMART"
        bag.comboLegs.append(leg)
    net = touch[4, 2] - touch[5, 1] + touch[6, 2]
    app.placeOrder(next_id + 3, bag, order("BUY", 1, round(net + 0.05, 2)))
    wait("orderStatus", lambda rows: any(r[0] == next_id + 3 and r[1] == "Filled" for r in rows))
    wait("execDetails", lambda rows: len(rows) == 5)

    app.reqExecutions(20, ExecutionFilter())
    wait("execDetailsEnd")
    app.reqCompletedOrders(False)
    wait("completedOrdersEnd")
    app.reqPositions()
    wait("positionEnd")
    app.reqAccountUpdates(True, "DU1234567")
    wait("accountDownloadEnd")
    wait("updatePortfolio")
    app.reqAccountSummary(21, "All", "NetLiquidation")
    wait("accountSummaryEnd")
    app.reqAccountUpdatesMulti(22, "DU1234567", "", False)
    wait("accountUpdateMultiEnd")
    app.reqPnL(23, "DU1234567", "")
    wait("pnl")
    app.reqPnLSingle(24, "DU1234567", "", call.conId)
    wait("pnlSingle")
    app.reqHistoricalData(25, base, "", "2 D", "1 hour", "TRADES", 1, 1, False, [])
    wait("historicalDataEnd")
    app.reqMatchingSymbols(26, "ZET")
    wait("symbolSamples")
    app.reqMarketRule(26)
    wait("marketRule")
    app.reqTickByTickData(27, call, "BidAsk", 0, False)
    wait("tickByTickBidAsk")
    app.reqMktData(28, put, "", True, False, [])
    wait("tickSnapshotEnd")
    app.reqRealTimeBars(29, base, 5, "TRADES", True, [])
    wait("realtimeBar")
    executions = came["execDetails"][:5]
    filled = [row[1:4] for row in came["orderStatus"] if row[1] == "Filled"][-1]
    errors = [[x for x in row if isinstance(x, int)] for row in came.get("error", [])]
    print(json.dumps({
        "version": app.serverVersion(), "missing": missing,
        "callbacks": sorted(came), "errors": errors,
        "legs": [row[1].secType for row in executions],
        "quantities": [float(row[2].shares) for row in executions],
        "filled": [filled[0], float(filled[1]), float(filled[2])],
        "completed": [row[2].status for row in came["completedOrder"]],
        "what_if": float(came["openOrder"][0][3].initMarginChange),
        "bars": len(came["historicalData"]),
        "positions": [float(row[2]) for row in came["position"]],
    }))  # fmt: skip
    app.disconnect()


main()
