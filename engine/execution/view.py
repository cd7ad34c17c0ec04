"""What a trader shows: one frozen value for screens, verbs and logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.execution.evidence import Reconciliation
from engine.execution.modes import Mode
from engine.execution.package import KNOWLEDGE, PHASES
from engine.execution.pnl import Earned, day_pnl, earned
from engine.execution.reconcile import Difference
from engine.execution.state import State
from engine.execution.trade import Sent, Trade


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order that lives or may live: `filled` of `lots`, what is known of it, its limit."""

    ref: str
    package: str
    what: str
    lots: int
    filled: int
    limit: float
    knowledge: str
    permanents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageView:
    """One package: its phase, its lots, and what it earned.

    `legs` are (contract or combo key, lots held, what is known of its order); `residual` what is
    held beside whole packages; `unhedged_s` for how long, 0 while it is hedged.
    """

    package: str
    sighting: str
    key: str
    symbol: str
    family: str
    phase: str
    is_open: bool
    lots: int
    planned: int
    limit: float
    edge_usd: float
    earned: Earned
    began_ns: int
    legs: tuple[tuple[str, float, str], ...]
    residual: tuple[tuple[str, float], ...]
    unhedged_s: float = 0.0


@dataclass(frozen=True, slots=True)
class View:
    """Everything at one moment.

    Attributes
    ----------
    mode
        What may be sent, and in `reasons` why not more.
    packages
        All of this journal, oldest first; `orders` those that may live.
    refusals
        By code: how often, and the last sentence.
    counts
        Of what the broker said, by kind.
    differences
        Of the last reconciliation.
    positions
        Of ours, by contract; `foreign` those that the account held before.
    alerts
        The last, as (wall time, sentence).
    """

    ts_ns: int
    mode: Mode
    reasons: tuple[str, ...]
    is_linked: bool
    is_armed: bool
    packages: tuple[PackageView, ...]
    orders: tuple[OrderView, ...]
    refusals: tuple[tuple[str, int, str], ...]
    counts: tuple[tuple[str, int], ...]
    differences: tuple[Difference, ...]
    positions: tuple[tuple[str, float], ...]
    foreign: tuple[tuple[str, float], ...]
    alerts: tuple[tuple[int, str], ...]
    day_pnl_usd: float
    n_orders: int
    n_executions: int
    n_repeated: int
    n_corrected: int


def view_of(
    reconciliation: Reconciliation, refusals: Mapping[str, tuple[int, str]], now_ns: int
) -> View:
    """Return the view of an account. O(packages)."""
    packages = reconciliation.packages
    state = packages.state
    held = state.executions.positions()
    return View(
        ts_ns=now_ns, mode=packages.mode, reasons=reasons_of(state), is_linked=packages.is_linked,
        is_armed=packages.is_armed,
        packages=tuple(_package(trade, state, now_ns) for trade in state.trades.values()),
        orders=tuple(
            _order(trade, sent) for trade in state.open_trades() for sent in trade.live()
        ),
        refusals=tuple((code, n, text) for code, (n, text) in refusals.items()),
        counts=tuple(sorted(packages.counts.items())), differences=reconciliation.found,
        positions=tuple(sorted((name, n) for name, n in held.items() if n)),
        foreign=tuple(sorted((state.baseline or {}).items())), alerts=tuple(packages.alerts),
        day_pnl_usd=day_pnl(state, now_ns, packages.quotes), n_orders=state.n_orders,
        n_executions=state.executions.count(), n_repeated=state.executions.repeated,
        n_corrected=state.executions.replaced,
    )  # fmt: skip


def reasons_of(state: State) -> tuple[str, ...]:
    """Return why not everything may be sent: halts, and a torn journal."""
    torn = (f"the journal is torn: {state.torn}",) if state.torn else ()
    return (*state.halts, *torn)


def _package(trade: Trade, state: State, now_ns: int) -> PackageView:
    plan = trade.plan
    names = [plan.key] if trade.is_combo else [leg.name for _, leg in plan.combo.legs]
    since = trade.unhedged_ns
    return PackageView(
        package=trade.id, sighting=plan.sighting, key=plan.key, symbol=plan.symbol,
        family=plan.family, phase=PHASES[trade.value.phase], is_open=trade.is_open,
        lots=trade.lots, planned=plan.lots, limit=plan.limit, edge_usd=plan.edge_usd,
        earned=earned(trade, state.executions), began_ns=trade.began_ns,
        legs=tuple(
            (name, leg.position / trade.machine.grain, KNOWLEDGE[leg.knowledge])
            for name, leg in zip(names, trade.value.legs, strict=True)
        ),
        residual=tuple(trade.residual(state.executions).items()),
        unhedged_s=max(0.0, (now_ns - since) / 1e9) if since else 0.0,
    )  # fmt: skip


def _order(trade: Trade, sent: Sent) -> OrderView:
    order, i = sent.order, sent.intent.leg
    is_current = trade.current[i] is sent
    return OrderView(
        order.ref, trade.id, order.combo.key, order.lots, sent.counted // trade.factors[i],
        order.limit,
        KNOWLEDGE[trade.value.legs[i].knowledge] if is_current else "LATE",
        tuple(name for name in sent.permanents if name),
    )  # fmt: skip
