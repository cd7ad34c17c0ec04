"""Why an order was sent: what was seen, what it was worth, what was checked, what became of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.clock import from_ns
from engine.report.wording import legs_text

if TYPE_CHECKING:
    from engine.execution.orders import Plan
    from engine.live.package_story import OrderStory, PackageStory
    from engine.live.story import Story


def explain_package(story: Story, package: PackageStory, order: OrderStory | None) -> Iterator[str]:
    """Yield the lines for a package; `order` limits them to one of its orders."""
    if package.strategy:
        yield from _explain_strategy(story, package, order)
        return
    plan, planned = package.planned.plan, package.planned
    family = plan.family.replace("_", " ")
    yield f"package {package.id}: {family} of {plan.symbol}, {package.phase.lower()}"
    yield f"  {legs_text(plan.legs, plan.symbol)}"
    yield f"  sighting {plan.sighting}, key {plan.key}"
    yield ""
    yield from _seen(plan)
    yield ""
    yield "what it was worth, USD for the lots sent"
    size = plan.multiplier * plan.lots
    worst = plan.edge_usd + plan.touch * size + plan.fees_usd
    touch, edge = f"{_f(plan.touch, 4)} a share", f"{_f(plan.edge, 4)} a share"
    yield _sum("worst outcome, at present value", worst)
    yield _sum("- cost at the touch", plan.touch * size, touch)
    yield _sum("- fees with order minimums", plan.fees_usd)
    yield _sum("= edge", plan.edge_usd, edge)
    yield _sum("capital", plan.capital_usd)
    if plan.conditions:
        yield f"  only if: {', '.join(plan.conditions)}"
    if plan.flags:
        yield f"  note: {', '.join(plan.flags)}"
    yield ""
    room = "as far as the least edge allows" if plan.limit == plan.floor else "touch and allowance"
    yield f"price: limit {_f(plan.limit)} ({room}); never above {_f(plan.floor)}, the floor"
    yield (
        f"checks: all passed when it was sent; loss allowed to complete or unwind it "
        f"{planned.loss_usd:,.2f} USD; sent as {planned.style}"
    )
    if package.proof is not None:
        verdict = "reproduced the edge" if package.proof.get("is_good") else "DID NOT reproduce it"
        text = str(package.proof.get("text", ""))
        yield f"proof: the verifier {verdict}{f': {text}' if text else ''}"
    else:
        yield "proof: none in the journal yet"
    for one in [order] if order is not None else package.orders:
        yield ""
        yield from explain_order(story, one)
    if order is None:
        yield ""
        yield from _money(story, package)


def _explain_strategy(
    story: Story, package: PackageStory, order: OrderStory | None
) -> Iterator[str]:
    """Yield the lines for an order of a strategy: it has neither an edge nor a proof."""
    plan = package.planned.plan
    is_of_shares, verb = package.is_of_shares, package.verb
    what = plan.symbol if is_of_shares else f"{plan.symbol} {legs_text(plan.legs, plan.symbol)}"
    label = f" ({', '.join(part for part in plan.flags[1:] if part)})" if plan.flags[1:] else ""
    yield (
        f"order {package.id}: {package.strategy} {verb}s {plan.lots:,} {what}{label}, "
        f"{package.phase.lower()}"
    )
    yield f"  sighting {plan.sighting}, key {plan.key}"
    yield ""
    yield from _seen(plan)
    yield ""
    if is_of_shares:
        bound = "at most" if verb == "buy" else "at least"
        yield f"price: {bound} {_f(abs(plan.limit))}: the touch and the allowance, or its own limit"
    else:
        yield f"price: limit {_f(plan.limit)} net: the touch and the allowance"
    yield "checks: all that apply to it passed when it was sent"
    for one in [order] if order is not None else package.orders:
        yield ""
        yield from explain_order(story, one)
    if order is not None:
        return
    money = story.money(package)
    yield ""
    yield "what became of it"
    if is_of_shares:
        yield f"  {'shares':<34}{money.held:>14,}"
        yield f"  {'average price':<34}{_f(abs(money.paid), 4):>14}"
    else:
        yield f"  {'packages':<34}{money.held:>14,}"
        yield f"  {'net price a share, paid':<34}{_f(money.paid, 4):>14}"
    yield _sum("slippage from the touch, USD", money.slippage)
    yield _sum("fees, USD", money.fees)
    for ts_ns, text in package.log:
        yield f"  {_time(ts_ns)}  {text}"


def _seen(plan: Plan) -> Iterator[str]:
    yield f"seen at {_time(plan.ts_ns)} by the market's clock, {plan.symbol} at {_f(plan.spot)}"
    yield f"  {'leg':<28}{'bid':>10}{'ask':>10}{'size':>9}{'age':>9}   traded at"
    for leg in plan.legs:
        what = legs_text((leg,), plan.symbol)
        side = "ask" if leg.side > 0 else "bid"
        age = f"{leg.age:.2f} s" if math.isfinite(leg.age) else "-"
        yield (
            f"  {what:<28}{_f(leg.bid):>10}{_f(leg.ask):>10}{_f(leg.size, 0):>9}{age:>9}   "
            f"{_f(leg.price)} ({side})"
        )


def explain_order(story: Story, one: OrderStory) -> Iterator[str]:
    """Yield the lines about one order and its events."""
    order, intent = one.intent.order, one.intent
    what = "opens" if intent.side > 0 else "closes"
    limit = order.limit
    package = story.packages.get(intent.package)
    if package is not None and package.strategy and package.is_of_shares:
        what, limit = "buys" if order.combo.legs[0][0] > 0 else "sells", abs(limit)
    filled = story.executions.lots(order)
    yield (
        f"order {order.ref}: {what} {order.lots:,} at {_f(limit)} {order.tif}, "
        f"{one.state.lower()}, {filled} filled"
    )
    yield f"  {_time(one.ts_ns)}  intended: in the journal before it was sent"
    for ts_ns, text in one.log:
        yield f"  {_time(ts_ns)}  {text}"


def _money(story: Story, package: PackageStory) -> Iterator[str]:
    money = story.money(package)
    yield "what became of it, USD"
    for words, value in (
        ("edge detected", money.detected), ("- not filled", money.unfilled),
        ("- slippage", money.slippage), ("- fees above expected", money.fees_more),
        ("= locked in", money.locked),
    ):  # fmt: skip
        yield _sum(words, value)
    if money.n_unpaid:
        yield f"  {money.n_unpaid} executions have no fee yet"
    if not money.is_whole:
        yield "  legs are there in unequal number: what is left over counts at its planned price"
    for ts_ns, text in package.log:
        yield f"  {_time(ts_ns)}  {text}"


def _sum(words: str, value: float, note: str = "") -> str:
    return f"  {words:<34}{round(value, 2) + 0.0:>14,.2f}   {note}".rstrip()


def _time(ts_ns: int) -> str:
    return f"{from_ns(ts_ns):%Y-%m-%d %H:%M:%S}.{ts_ns // 1000 % 1_000_000:06d}"


def _f(value: float, decimals: int = 2) -> str:
    return f"{value:,.{decimals}f}" if math.isfinite(value) else "-"
