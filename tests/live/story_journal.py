"""A journal of a day's trading for tests, written with the words that a trader writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.broker import Acked, BrokerEvent, Ended, Fee, Fill
from engine.execution.entries import Intent, package_id
from engine.execution.orders import Order, Plan, mirrored
from engine.market.combo import OPTION, STOCK, Combo, Leg
from engine.market.contract import Contract
from engine.session.journal import Journal
from engine.session.records import PROCESS

DAY = date(2026, 4, 17)
CALL = Contract(OPTION, "XYZ", "XYZ", DAY, "C", 100.0)
PUT = Contract(OPTION, "XYZ", "XYZ", DAY, "P", 100.0)
SHARE = Contract(STOCK, "XYZ")
CONVERSION = Combo("XYZ", ((1, SHARE), (-1, CALL), (1, PUT)))
START_NS = 1_790_000_000 * NS_PER_SECOND


@dataclass
class Stepping:
    """A clock that moves by a second at every look."""

    now: int = START_NS
    step: int = field(default=NS_PER_SECOND)

    def now_ns(self) -> int:
        self.now += self.step
        return self.now

    def monotonic_ns(self) -> int:
        return self.now


def a_plan(lots: int = 2, **changes: object) -> Plan:
    legs = (
        Leg(STOCK, 1, 1, 101.0, 0.005, bid=100.98, ask=101.0, size=900, age=0.1),
        Leg(
            OPTION,
            -1,
            1,
            4.0,
            0.0075,
            "C",
            100.0,
            DAY,
            bid=4.0,
            ask=4.1,
            size=20,
            age=0.2,
            quote=3,
            trading_class="XYZ",
        ),
        Leg(
            OPTION,
            1,
            1,
            2.5,
            0.0075,
            "P",
            100.0,
            DAY,
            bid=2.4,
            ask=2.5,
            size=30,
            age=0.3,
            quote=9,
            trading_class="XYZ",
        ),
    )
    values: dict[str, object] = {
        "sighting": "s1", "key": CONVERSION.key, "symbol": "XYZ", "family": "conversion",
        "legs": legs, "combo": CONVERSION, "multiplier": 100.0, "lots": lots, "touch": 99.5,
        "limit": 99.51, "floor": 99.6, "unit": 1, "edge": 0.2, "edge_usd": 40.0 * lots / 2,
        "fees_usd": 6.0, "capital_usd": 19_900.0, "ts_ns": START_NS, "first_expiry": DAY,
        "spot": 100.99,
    }  # fmt: skip
    return Plan(**{**values, **changes})  # type: ignore[arg-type]


class Writer:
    """Writes what a trader would."""

    def __init__(self, path: Path) -> None:
        self.clock = Stepping()
        self.journal = Journal(path, durability=PROCESS, clock=self.clock)
        self.n_fills = 0

    def start(self) -> None:
        self.journal.append(entries.START, {"account": "DU1", "is_armed": True, "torn": ""})

    def plan(self, plan: Plan) -> str:
        data = entries.plan_data(plan, entries.COMBO, (1.0, -0.5, -0.5), 50.0)
        return package_id(self.journal.append(entries.PLAN, data).seq)

    def intent(self, package: str, plan: Plan, attempt: int = 0, *, closes: bool = False) -> str:
        ref = entries.order_ref(package, 0, attempt)
        combo = mirrored(plan.combo) if closes else plan.combo
        order = Order(ref, "DU1", combo, plan.lots, plan.limit, multiplier=plan.multiplier)
        intent = Intent(order, package, 0, attempt, -1 if closes else 1, plan.lots, plan.touch)
        self.journal.append(entries.INTENT, entries.intent_data(intent))
        self.journal.append(entries.SENT, {"ref": ref, "is_sent": True})
        return ref

    def event(self, event: BrokerEvent) -> None:
        self.journal.append(entries.EVENT, entries.event_data(event))

    def ack(self, ref: str) -> None:
        self.event(Acked(ref, "1376327501"))

    def fill(self, ref: str, lots: int, prices: tuple[float, float, float], fee: float) -> None:
        """Fill a conversion (bought for `lots` > 0, sold for < 0); the fee is of all three legs."""
        for (ratio, contract), price in zip(CONVERSION.legs, prices, strict=True):
            self.n_fills += 1
            execution = f"x{self.n_fills}.01"
            size = 100.0 if contract.kind == STOCK else 1.0
            self.event(Fill(ref, execution, contract.name, ratio * lots * size, price))
            self.event(Fee(execution, fee / 3.0))

    def ended(self, ref: str, filled: int, status: str = "Filled") -> None:
        self.event(Ended(ref, filled, status))

    def phase(self, package: str, phase: str, text: str = "") -> None:
        self.journal.append(entries.PHASE, {"package": package, "phase": phase, "text": text})

    def proof(self, package: str, edge: float) -> None:
        data = {"package": package, "edge": edge, "is_good": True, "text": "reproduced"}
        self.journal.append(entries.PROOF, data)

    def refused(self, *codes: str) -> None:
        pairs = [[code, f"because of {code}"] for code in codes]
        data = {"sighting": "s9", "key": CONVERSION.key, "refusals": pairs}
        self.journal.append(entries.REFUSED, data)

    def halt(self, reason: str) -> None:
        self.journal.append(entries.HALT, {"reason": reason})

    def close(self) -> None:
        self.journal.close()


def a_day(path: Path) -> None:
    """Write a whole day: one complete package, one half filled and unwound, one still working."""
    writer = Writer(path)
    writer.start()
    writer.refused("stale-quote", "size")
    first = writer.plan(a_plan())
    ref = writer.intent(first, a_plan())
    writer.ack(ref)
    writer.fill(ref, 2, (101.0, 4.0, 2.51), 7.5)
    writer.ended(ref, 2)
    writer.phase(first, "COMPLETE")
    writer.proof(first, 0.2)
    second = writer.plan(a_plan(1, fees_usd=3.0))
    ref = writer.intent(second, a_plan(1))
    writer.fill(ref, 1, (101.0, 4.0, 2.5), 3.0)
    writer.ended(ref, 1)
    closing = writer.intent(second, a_plan(1), 1, closes=True)
    writer.fill(closing, -1, (100.9, 4.1, 2.4), 3.0)
    writer.ended(closing, 1)
    writer.phase(second, "FLAT", "unwound")
    third = writer.plan(a_plan())
    writer.ack(writer.intent(third, a_plan()))
    writer.close()
