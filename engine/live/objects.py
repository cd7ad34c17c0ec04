"""What the verbs about live trading print for programs; docs/JSON.md describes every key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from engine.clock import from_ns
from engine.execution.days import day_of
from engine.live.folder import Folder
from engine.live.latch import read_latch
from engine.live.package_story import OrderStory, PackageStory
from engine.live.presence import read_presence
from engine.live.story import Money, Story
from engine.report.wording import legs_text

SCHEMA_VERSION = 1


def known(value: float) -> float | None:
    """Return a figure, None where it is not known or infinite."""
    return value if math.isfinite(value) else None


def instant(ts_ns: int) -> str | None:
    """Return UTC nanoseconds in ISO 8601, None for never."""
    return f"{from_ns(ts_ns).isoformat(timespec='milliseconds')}" if ts_ns else None


def head(folder: Folder) -> dict[str, object]:
    """Return what every object begins with."""
    return {
        "schema_version": SCHEMA_VERSION,
        "account": folder.account,
        "broker": folder.mode,
        "journal": str(folder.journal),
    }


def status_object(
    folder: Folder, story: Story, live: Mapping[str, object] | None, day: date
) -> dict[str, object]:
    """Return how an account stands; `live` is what its engine answered, None if it did not."""
    presence, halted = read_presence(folder), read_latch(folder)
    engine = None
    if presence is not None:
        state = "running" if live is not None else "silent" if presence.is_alive else "gone"
        engine = {
            "state": state, "pid": presence.pid, "started": instant(presence.started_ns),
            "gateway": f"{presence.host}:{presence.port}" if presence.port else None,
        }  # fmt: skip
    reason = halted.reason if halted is not None else story.halted
    since = halted.ts_ns if halted is not None else story.halted_ns
    return {
        **head(folder),
        "engine": engine,
        "mode": (live or {}).get("mode"),
        "why": (live or {}).get("why") or None,
        "is_armed": story.is_armed,
        "halted": {"reason": reason, "since": instant(since)} if reason else None,
        "links": (live or {}).get("links", []),
        "open_packages": [
            package_object(story, p)
            for p in story.packages.values()
            if p.is_open and not p.strategy
        ],
        "open_orders": [order_object(story, o) for o in story.orders.values() if o.is_open],
        "differences": list(story.differences),
        "found": story.n_found,
        "refused": dict(story.refusals.most_common()),
        "today": total_object(story, packages_of_day(story, day)),
        "strategies": strategies_object(story, day),
        "last_entry": instant(story.last_ns),
        "notes": [{"time": instant(ts), "text": text} for ts, text in list(story.notes)[-5:]],
    }


def positions_object(folder: Folder, story: Story) -> dict[str, object]:
    """Return what packages and strategies hold, by contract, and what was there before."""
    owners: dict[str, list[str]] = {}
    strategies: dict[str, dict[str, None]] = {}
    for package in story.packages.values():
        for name in story.executions.held(package.refs):
            if package.strategy:
                strategies.setdefault(name, {})[package.strategy] = None
            else:
                owners.setdefault(name, []).append(package.id)
    rows = [
        {
            "contract": name,
            "quantity": quantity,
            "packages": owners.get(name, []),
            "strategies": list(strategies.get(name, {})),
        }
        for name, quantity in sorted(story.executions.positions().items())
        if quantity
    ]
    return {
        **head(folder),
        "positions": rows,
        "not_ours": [{"contract": n, "quantity": q} for n, q in sorted(story.baseline.items())],
    }


def orders_object(folder: Folder, orders: Sequence[OrderStory], story: Story) -> dict[str, object]:
    """Return orders, oldest first."""
    return {**head(folder), "orders": [order_object(story, order) for order in orders]}


def order_object(story: Story, one: OrderStory) -> dict[str, object]:
    """Return one order."""
    order, intent = one.intent.order, one.intent
    return {
        "ref": order.ref,
        "package": intent.package,
        "opens": intent.side > 0,
        "state": one.state,
        "legs": [
            {"contract": contract.name, "ratio": ratio} for ratio, contract in order.combo.legs
        ],
        "lots": order.lots,
        "filled": story.executions.lots(order),
        "limit": known(order.limit),
        "tif": order.tif,
        "broker_id": one.permanent or None,
        "time": instant(one.ts_ns),
        "acknowledged": instant(one.acked_ns),
        "first_fill": instant(one.first_fill_ns),
        "over": instant(one.ended_ns),
        "text": one.text or None,
    }


def package_object(story: Story, one: PackageStory) -> dict[str, object]:
    """Return one package with its money."""
    plan = one.planned.plan
    return {
        "id": one.id,
        "symbol": plan.symbol,
        "family": plan.family,
        "key": plan.key,
        "sighting": plan.sighting,
        "phase": one.phase,
        "time": instant(one.ts_ns),
        "over": instant(one.over_ns),
        "orders": one.refs,
        "touch": known(plan.touch),
        "limit": known(plan.limit),
        "floor": known(plan.floor),
        **money_object(story.money(one)),
        "proof": None if one.proof is None else bool(one.proof.get("is_good")),
    }


def money_object(money: Money) -> dict[str, object]:
    """Return what a package earned."""
    return {
        "lots": money.lots,
        "held": money.held,
        "paid": known(money.paid),
        "edge_detected": known(money.detected),
        "edge_unfilled": known(money.unfilled),
        "edge_captured": known(money.locked),
        "slippage": known(money.slippage),
        "fees": known(money.fees),
        "fees_above_expected": known(money.fees_more),
        "fees_pending": money.n_unpaid,
        "is_whole": money.is_whole,
    }


def packages_of_day(story: Story, day: date | None) -> list[PackageStory]:
    """Return the arbitrages that began on a day of the exchange, all of them for None."""
    return [p for p in story.packages.values() if not p.strategy and (day is None or p.day == day)]


def total_object(story: Story, packages: Sequence[PackageStory]) -> dict[str, object]:
    """Return the sums over packages; of those still open, what has traded counts."""
    done = [story.money(p) for p in packages if not p.is_open or p.has_filled]
    return {
        "packages": len(packages),
        "open": sum(package.is_open for package in packages),
        "complete": sum(package.phase == "COMPLETE" for package in packages),
        "edge_detected": math.fsum(m.detected for m in done),
        "edge_unfilled": math.fsum(m.unfilled for m in done),
        "edge_captured": math.fsum(m.locked for m in done),
        "slippage": math.fsum(m.slippage for m in done),
        "fees": math.fsum(m.fees for m in done),
        "fees_above_expected": math.fsum(m.fees_more for m in done),
    }


def strategies_object(
    story: Story, day: date | None, *, with_trades: bool = False
) -> list[dict[str, object]]:
    """Return an object for each strategy that ordered something on `day`, or holds something.

    ``None`` is every day. `with_trades` lists what each order came to. O(orders of strategies).
    """
    by_name: dict[str, list[PackageStory]] = {}
    for package in story.packages.values():
        if package.strategy:
            by_name.setdefault(package.strategy, []).append(package)
    found = []
    for name, packages in by_name.items():
        orders = [one for one in packages if day is None or one.day == day]
        held = _held(story, packages)
        if orders or held:
            one = {**_sums(story, name, orders, day), "positions": held}
            if with_trades:
                one["trades"] = [trade_object(story, order) for order in orders]
            found.append(one)
    return found


def _sums(
    story: Story, name: str, orders: Sequence[PackageStory], day: date | None
) -> dict[str, object]:
    money = [story.money(order) for order in orders]
    cash = [story.executions.cash(order.refs) for order in orders]
    return {
        "strategy": name,
        "orders": len(orders),
        "open": sum(order.is_open for order in orders),
        "filled": sum(one.held == one.lots for one in money),
        "bought": math.fsum(-amount for amount in cash if amount < 0.0),
        "sold": math.fsum(amount for amount in cash if amount > 0.0),
        "slippage": math.fsum(one.slippage for one in money),
        "fees": math.fsum(one.fees for one in money),
        "gain": _gain(story, name, day),
    }


def _gain(story: Story, name: str, day: date | None) -> float | None:
    """Return the gain of the day, or of all days; None where the journal does not tell it."""
    gains = story.gains
    if name not in gains.now or (day is not None and day != gains.day):
        return None
    start = gains.start.get(name, 0.0) if day is not None else 0.0
    return known(gains.now[name] - start)


def _held(story: Story, packages: Sequence[PackageStory]) -> dict[str, float]:
    held: dict[str, float] = {}
    for package in packages:
        for contract, quantity in story.executions.held(package.refs).items():
            held[contract] = held.get(contract, 0.0) + quantity
    return {contract: quantity for contract, quantity in held.items() if quantity}


def trade_object(story: Story, one: PackageStory) -> dict[str, object]:
    """Return one order of a strategy; prices are net per share, without a sign for shares alone."""
    plan, money = one.planned.plan, story.money(one)
    touch, limit, paid = plan.touch, plan.limit, money.paid
    if one.is_of_shares:
        touch, limit, paid = abs(touch), abs(limit), abs(paid)
    return {
        "id": one.id,
        "time": instant(one.ts_ns),
        "side": one.verb,
        "symbol": plan.symbol,
        "what": plan.symbol if one.is_of_shares else legs_text(plan.legs, plan.symbol),
        "legs": [
            {"contract": contract.name, "ratio": ratio} for ratio, contract in plan.combo.legs
        ],
        "lots": plan.lots,
        "filled": money.held,
        "phase": one.phase,
        "touch": known(touch),
        "limit": known(limit),
        "paid": known(paid),
        "slippage": known(money.slippage),
        "fees": known(money.fees),
        "over": instant(one.over_ns),
        "refs": one.refs,
    }


def report_object(folder: Folder, story: Story, day: date | None) -> dict[str, object]:
    """Return the report of a day."""
    packages = packages_of_day(story, day)
    return {
        **head(folder),
        "day": day.isoformat() if day else None,
        "total": total_object(story, packages),
        "packages": [package_object(story, package) for package in packages],
        "strategies": strategies_object(story, day, with_trades=True),
        "refused": dict(story.refusals.most_common()),
    }


def last_day(story: Story, offset: int = 0) -> date:
    """Return the day of the last entry, or `offset` days before it."""
    return day_of(story.last_ns) - timedelta(days=offset)
