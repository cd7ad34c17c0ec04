"""What must be true of a whole scenario, by the books of the gateway."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from broker_scene import ACCOUNT, contract_at

from engine.execution.entries import INTENT, package_of, read_intent
from engine.execution.fills import split_id
from engine.execution.package import FINAL, OVER
from engine.execution.recovery import recover
from engine.gateway.account import Execution
from engine.gateway.order import Order, Placed
from engine.market.combo import STOCK

if TYPE_CHECKING:
    from whole import Whole

PLACE = "3"
_ORDER_REF = 26


class Truth:
    """Listens to the gateway's ledger, and judges a scenario by it."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.latest: dict[str, Execution] = {}
        self.revised: dict[str, None] = {}  # packages with an execution that was corrected
        gateway = whole.world.gateway
        desk = gateway.desk
        tell, correct = desk.executed, desk.correct

        def executed(order: Order, executions: Sequence[Execution]) -> None:
            self.filled(order, executions)
            tell(order, executions)

        def corrected(order: Order, execution: Execution, rule: object) -> None:
            self.revised[package_of(order.placed.ref)] = None
            correct(order, execution, rule)  # type: ignore[arg-type]
            self.note(gateway.accounts[ACCOUNT].latest(execution))

        def changed(order: Order, placed: Placed, *_: object) -> None:
            whole.broken.append(f"{placed.ref} has changed {order.placed.ref}")

        desk._change = changed  # type: ignore[method-assign]
        desk.executed = executed  # type: ignore[method-assign]
        desk.correct = corrected  # type: ignore[method-assign]
        self.account = gateway.accounts[ACCOUNT]
        self.desk = desk

    # as it happens

    def note(self, execution: Execution) -> None:
        self.latest[split_id(execution.exec_id)[0]] = execution

    def filled(self, order: Order, executions: Sequence[Execution]) -> None:
        ref = order.placed.ref
        package = package_of(ref)
        before = self.naked(package)
        for execution in executions:
            self.note(execution)
        self.whole.count("fill")
        is_first = ref.endswith(".1")
        if not is_first and not self.is_odd(package) and self.naked(package) > before + 1e-9:
            self.whole.broken.append(f"{ref} made a short naked")

    def is_odd(self, package: str) -> bool:
        """Tell whether executions of a package are not what its orders were for."""
        return package in self.revised or any(
            len(lives) > 1 for ref, lives in self.lives().items() if package_of(ref) == package
        )

    def naked(self, package: str) -> float:
        """Return the options of a package that are sold and not covered."""
        held: dict[str, float] = {"C": 0.0, "P": 0.0, "": 0.0}
        for one in self.latest.values():
            if one.instrument >= 0 and package_of(one.ref) == package:
                row = self.whole.world.gateway.listing.instruments[one.instrument]
                quantity = one.side * one.quantity
                if row.right and quantity < 0:
                    held[row.right] += quantity
                elif row.right:
                    held[row.right + "+"] = held.get(row.right + "+", 0.0) + quantity
                else:
                    held[""] += quantity / 100.0
        calls = -held["C"] - held.get("C+", 0.0) - max(0.0, held[""])
        puts = -held["P"] - held.get("P+", 0.0) - max(0.0, -held[""])
        return max(0.0, calls) + max(0.0, puts)

    def lives(self) -> dict[str, list[Order]]:
        """Return the orders at the gateway by reference."""
        found: dict[str, list[Order]] = {}
        for order in self.desk.every:
            found.setdefault(order.placed.ref, []).append(order)
        return found

    # at the end

    def check(self) -> None:
        whole = self.whole
        trader, broken = whole.life.trader, whole.broken
        state = trader.state
        if not trader.is_quiet:
            open_ones = [str(trade.value) for trade in state.open_trades()]
            broken.append(f"does not come to rest: {trader.mode} {open_ones}")
        self.check_orders()
        self.check_books()
        self.check_packages()
        self.check_losses()
        self.check_recovery()
        broken += [reason for reason in state.halts if "positions differ" in reason]
        broken += [
            f"reconciled with a difference: {note.data['text']}"
            for note in whole.log.entries()
            if note.kind == "reconciled" and note.data["differences"]
        ]

    def check_orders(self) -> None:
        """No order lives, none was sent twice, and each was intended."""
        broken = self.whole.broken
        sent: dict[str, None] = {}
        for values in self.whole.world.requests:
            if values[0] == PLACE:
                if values[_ORDER_REF] in sent:
                    broken.append(f"{values[_ORDER_REF]} was sent twice")
                sent[values[_ORDER_REF]] = None
        numbered: dict[tuple[int, int], str] = {}
        for order in self.desk.every:
            ref = numbered.setdefault((order.client_id, order.placed.order_id), order.placed.ref)
            if ref != order.placed.ref:
                broken.append(f"{ref} and {order.placed.ref} have one number")
        broken += [f"{o.placed.ref} still lives" for o in self.desk.every if not o.is_final]
        intended = self.intents()
        broken += [f"{ref} was never intended" for ref in self.lives() if ref not in intended]

    def check_books(self) -> None:
        """Positions and money are those of the gateway."""
        whole = self.whole
        executions = whole.life.trader.state.executions
        ours = {name: n for name, n in sorted(executions.positions().items()) if n}
        theirs = dict(
            sorted(
                (contract_at(whole.world, i).name, float(position.quantity))
                for i, position in self.account.held().items()
            )
        )
        if ours != theirs:
            whole.broken.append(f"positions differ: {ours} here, {theirs} there")
        refs = list(self.intents())
        traded = self.account.cash + self.account.commissions - 1_000_000.0
        if abs(executions.cash(refs) - traded) > 0.005:
            whole.broken.append(f"cash: {executions.cash(refs):.2f} here, {traded:.2f} there")
        # Of what is taken back some reports say the fee, and some that it was free.
        known = {stem: amount for stem, (_, amount) in executions._fees.items()}
        for stem, one in self.latest.items():
            if one.quantity and one.instrument >= 0 and known.get(stem) != one.commission:
                whole.broken.append(f"fee {stem}: {known.get(stem)} here, {one.commission} there")

    def check_packages(self) -> None:
        """Every package is over, and holds its legs in their ratios, or a person was told."""
        state = self.whole.life.trader.state
        broken = self.whole.broken
        for trade in state.trades.values():
            if trade.value.phase < OVER or any(leg.knowledge != FINAL for leg in trade.value.legs):
                broken.append(f"{trade.id} is not over: {trade.value}")
            left = trade.residual(state.executions)
            told = [n for n in self.whole.log.entries() if n.kind == "halt"]
            named = any(trade.id in str(note.data["reason"]) for note in told)
            if left and not named:
                broken.append(f"{trade.id} holds {left}, and nobody was told")
            broken += [f"{s.order.ref} was never resolved" for s in trade.sent.values()
                       if not s.is_over]  # fmt: skip

    def check_losses(self) -> None:
        """What a package's corrections have lost is within its budget."""
        lost: dict[str, float] = {}
        for note in self.whole.log.entries():
            if note.kind != INTENT or note.data["reference"] is None:
                continue
            intent = read_intent(note)
            order = intent.order
            contract = order.combo.legs[0][1]
            per_price = 1.0 if contract.kind == STOCK else order.multiplier
            loss = math.fsum(
                one.side * one.quantity * (one.price - intent.reference) * per_price
                for one in self.latest.values()
                if one.ref == order.ref and one.instrument >= 0
            )
            lost[intent.package] = lost.get(intent.package, 0.0) + max(0.0, loss)
        for package, usd in lost.items():
            most = self.whole.rules.loss_usd
            if not self.is_odd(package) and usd > most + 1e-6:
                self.whole.broken.append(f"{package} lost {usd:.2f} of {most}")

    def check_recovery(self) -> None:
        """A next life would know the same."""
        mine = self.whole.life.trader.state
        read = recover(self.whole.log.entries(), completes=self.whole.rules.completes)
        if read.executions.positions() != mine.executions.positions():
            self.whole.broken.append("the journal holds other positions")
        for name, trade in mine.trades.items():
            held = [leg.position for leg in trade.value.legs]
            if [leg.position for leg in read.trades[name].value.legs] != held:
                self.whole.broken.append(f"{name}: the journal holds another package")

    def intents(self) -> dict[str, None]:
        """Return the references of the orders that the journal intends."""
        notes = self.whole.log.entries()
        return {str(n.data["order"]["ref"]): None for n in notes if n.kind == INTENT}  # type: ignore[index]
