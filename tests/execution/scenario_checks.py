"""What must be true of a scenario that has come to rest, by the venue's truth."""

from __future__ import annotations

from sample_plans import LEGS, contract_of_leg
from venue import MemoryLog, Ticks, Venue

from engine.execution.entries import package_of, read_intent
from engine.execution.package import FINAL, OVER
from engine.execution.pnl import day_pnl
from engine.execution.recovery import recover
from engine.execution.rules import Rules
from engine.execution.trader import Trader

# The long leg that covers each short one, by place in the family's legs.
COVERS = {"vertical": ((1, 0),), "conversion": ((2, 0),), "box": ((1, 0), (3, 2))}


class Checked:
    """A scenario with its checks; `broken` says what should not have been."""

    trader: Trader
    venue: Venue
    log: MemoryLog
    clock: Ticks
    rules: Rules
    family: str
    broken: list[str]
    unusual: dict[str, None]

    def check(self) -> None:
        trader, venue, broken = self.trader, self.venue, self.broken
        broken += venue.broken
        if not trader.is_quiet and not trader.state.halts:
            broken.append("does not come to rest")
        state = trader.state
        ours = {name: n for name, n in state.executions.positions().items() if n}
        theirs = {name: n for name, n in venue.positions().items() if name != "KEPT"}
        if ours != theirs:
            broken.append(f"positions differ: {ours} here, {theirs} there")
        refs = tuple(venue.orders)
        if abs(state.executions.cash(refs) - venue.cash()) > 1e-6:
            broken.append("cash does not add up")
        fees = sum(fee.amount for fee in venue.fees.values())
        if abs(state.executions.fees(refs) - fees) > 1e-6:
            broken.append("fees do not add up")
        broken += [f"{one.order.ref} still lives" for one in venue.truths() if one.is_open]
        broken += [reason for reason in state.halts if reason.startswith("positions differ")]
        self.check_packages()
        self.check_losses()
        self.check_recovery()

    def check_kept(self) -> None:
        """What is kept of packages that did not change is what would be worked out anew."""
        state, now = self.trader.state, self.clock.now_ns()
        kept = state.exposure(now, day_pnl(state, now))
        for trade in state.trades.values():
            state._touch(trade)
        anew = state.exposure(now, day_pnl(state, now))
        if kept != anew:
            self.broken.append(f"kept of packages: {kept}, anew: {anew}")

    def check_packages(self) -> None:
        state = self.trader.state
        for trade in state.trades.values():
            left = trade.residual(state.executions)
            if trade.value.phase < OVER or any(leg.knowledge != FINAL for leg in trade.value.legs):
                if not state.halts:
                    self.broken.append(f"{trade.id} is not over: {trade.value}")
            elif left and not state.halts and not trade.is_stuck:
                self.broken.append(f"{trade.id} is over and holds {left}")
            for sent in trade.sent.values():
                if not sent.is_over:
                    self.broken.append(f"{sent.order.ref} was never resolved")

    def check_losses(self) -> None:
        venue = self.venue
        lost: dict[str, float] = {}
        for entry in self.log.entries():
            if entry.kind != "intent" or entry.data["reference"] is None:
                continue
            intent = read_intent(entry)
            name = intent.order.combo.legs[0][1].name
            per_price = intent.order.multiplier
            loss = sum(
                fill.quantity * (fill.price - intent.reference) * per_price
                for fill in venue.executions.values()
                if fill.ref == intent.order.ref and fill.contract == name
            )
            lost[intent.package] = lost.get(intent.package, 0.0) + max(0.0, loss)
        for package, loss in lost.items():
            if package not in self.unusual and loss > self.rules.loss_usd + 1e-6:
                self.broken.append(f"{package} lost {loss:.2f} of {self.rules.loss_usd}")

    def check_recovery(self) -> None:
        mine, read = self.trader.state, recover(self.log.entries())
        if read.executions.positions() != mine.executions.positions():
            self.broken.append("the journal holds other positions")
        for name, trade in mine.trades.items():
            held = [leg.position for leg in trade.value.legs]
            if [leg.position for leg in read.trades[name].value.legs] != held:
                self.broken.append(f"{name}: the journal holds another package")

    def naked(self, package: str) -> float:
        """Return the short contracts of a package that its long legs do not cover."""
        held: dict[str, float] = {}
        for fill in self.venue.executions.values():
            if package_of(fill.ref) == package and fill.contract:
                held[fill.contract] = held.get(fill.contract, 0.0) + fill.quantity
        legs = LEGS[self.family]
        total = 0.0
        for short, cover in COVERS[self.family]:
            sold = -held.get(contract_of_leg(legs[short]).name, 0.0)
            bought = held.get(contract_of_leg(legs[cover]).name, 0.0)
            total += max(0.0, sold - bought / (100.0 if not legs[cover].right else 1.0))
        return total
