"""What there is to see of an engine now, from its journal's story, its trader and its market."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Any

from engine.clock import NS_PER_SECOND
from engine.execution.days import day_of
from engine.execution.limits import Limits
from engine.live.engine import Engine, Tracked
from engine.live.folder import state_root
from engine.live.package_story import PackageStory
from engine.live.story import Refused, Story
from engine.report.live_screen import (
    Gauge,
    PackageLine,
    Profit,
    Quotes,
    Screen,
    Sighting,
    Timing,
)
from engine.report.wording import legs_text
from engine.scanner.watch import Watch

_MOST_LINES = 40


class Screens:
    """Makes screens of one engine; rates are counted between two of them."""

    def __init__(self, engine: Engine[Any], broker: str, place: str, limits: Limits) -> None:
        self._engine, self._broker, self._place, self._limits = engine, broker, place, limits
        self._clock = engine.source.clock
        self._start = self._before = self._clock.monotonic_ns()
        self._reads: dict[str, int] = {}
        root = engine.folder.path.parent
        # `kill` finds the engines of one folder of journals: without its name, another's.
        is_found = root.absolute() == state_root(None).absolute()
        self._kill = "parity kill" if is_found else f"parity kill --journal {quote(str(root))}"

    def screen(self) -> Screen:
        """Return everything as it is now. O(packages)."""
        engine, trader = self._engine, self._engine.trader
        now, monotonic = self._clock.now_ns(), self._clock.monotonic_ns()
        seconds = max((monotonic - self._before) / NS_PER_SECOND, 1e-9)
        self._before = monotonic
        story = engine.tee.story
        packages = list(story.packages.values())
        return Screen(
            ts_ns=now, broker=self._broker, place=self._place, account=engine.broker.account,
            is_armed=trader.is_armed, mode=trader.mode.value, why=self.why(),
            up_seconds=(monotonic - self._start) / NS_PER_SECOND,
            links=engine.links(),
            quotes=tuple(
                self._quotes(one, now, seconds) for one in engine.tracked.values()
            ),
            sightings=tuple(sightings(story)),
            packages=tuple(package_lines(story, packages, now)), profit=profit(story, now),
            gauges=self._gauges(), timings=tuple(timings(story, engine.read_us)),
            refusals=tuple(story.refusals.most_common(5)), n_sightings=story.n_found,
            kill=self._kill, standings=engine.standings(),
            last=engine.last or (story.notes[-1][1] if story.notes else ""),
        )  # fmt: skip

    def why(self) -> str:
        """Return why not everything may be sent, "" if it may."""
        trader = self._engine.trader
        if trader.reasons:
            return "; ".join(trader.reasons) + ": parity resume --reason TEXT goes on"
        if trader.differences:
            one = trader.differences[0]
            return f"the broker's account differs from the journal: {one}"
        if not trader.is_armed:
            return "not armed: what it would send is shown and not sent; --arm sends"
        return "" if trader.is_linked else "no connection for orders"

    def _quotes(self, one: Tracked, now: int, seconds: float) -> Quotes:
        book = one.book
        bids, asks = book.bid, book.ask
        chain_ages = [
            age
            for q in range(len(bids))
            if bids[q] > 0.0 or asks[q] > 0.0
            for age in (_age(book.line_ns[q], book.alive_ns, now),)
        ]
        before = self._reads.get(one.symbol, 0)
        self._reads[one.symbol] = one.n_reads
        watch = one.sink if isinstance(one.sink, Watch) else None
        found = watch.found if watch is not None else None
        side = book.underlying
        return Quotes(
            one.symbol, side.bid, side.ask, len(chain_ages), len(bids),
            max(chain_ages, default=math.nan), (one.n_reads - before) / seconds,
            found.table.found.count if found is not None else 0,
        )  # fmt: skip

    def _gauges(self) -> tuple[Gauge, ...]:
        limits, exposure = self._limits, self._engine.trader.exposure()
        minute = exposure.sent_within(60.0, self._clock.now_ns())
        loss = max(-self._engine.day_pnl_usd(), 0.0)
        held = self._engine.held_usd()
        working = Gauge("working", exposure.working, limits.max_working_packages)
        rate = Gauge("orders/min", minute, limits.max_orders_minute)
        day_loss = Gauge("day loss", loss, limits.max_day_loss_usd, " $")
        if self._engine.standings():
            most = min(limits.max_open_usd, limits.max_capital_usd)
            return (working, rate, Gauge("held", held, most, " $"), day_loss)
        packages = Gauge("packages", len(exposure.packages), limits.max_open_packages)
        return (
            working,
            packages,
            rate,
            Gauge("notional", held, limits.max_open_usd, " $"),
            day_loss,
        )


def _age(line_ns: int, alive_ns: int, now: int) -> float:
    """Return for how long nothing has proven a quote, in seconds."""
    if line_ns < 0 or line_ns > now:
        return math.inf
    return max(now - max(alive_ns, line_ns), 0) / NS_PER_SECOND


def package_lines(
    story: Story, packages: Sequence[PackageStory], now: int
) -> Iterable[PackageLine]:
    """Yield packages: those in trouble first, then open ones, then the newest."""
    recent = [p for k, p in enumerate(reversed(packages)) if k < _MOST_LINES or p.is_open]
    ordered = sorted(recent, key=lambda p: (p.phase != "HALTED", not p.is_open, -p.seq))
    for one in ordered:
        plan, money = one.planned.plan, story.money(one)
        limit, paid = plan.limit, money.paid
        if one.strategy and one.is_of_shares:
            limit, paid = abs(limit), abs(paid)
        yield PackageLine(
            one.id, plan.symbol, one.strategy or plan.family, order_words(one), one.phase,
            money.held, plan.lots, limit, paid, plan.edge_usd,
            math.nan if one.is_open else money.locked, (now - one.ts_ns) / NS_PER_SECOND,
            one.is_open, one.phase == "HALTED",
        )  # fmt: skip


def sightings(story: Story) -> Iterable[Sighting]:
    """Yield what was found, newest first: what was sent and what was not."""
    sent = [
        Sighting(
            p.ts_ns, p.planned.plan.symbol, p.planned.plan.family,
            legs_text(p.planned.plan.legs, p.planned.plan.symbol), p.planned.plan.edge,
            p.planned.plan.edge_usd, p.planned.plan.lots, "sent", True,
        )
        for p in list(story.packages.values())[-_MOST_LINES:]
        if not p.strategy
    ]  # fmt: skip
    refused = [_refused(one) for one in list(story.recent)[-_MOST_LINES:]]
    return sorted([*sent, *refused], key=lambda one: -one.ts_ns)[:_MOST_LINES]


def order_words(one: PackageStory) -> str:
    """Return the legs of a package; what is bought or sold where a strategy has ordered it."""
    plan = one.planned.plan
    if not one.strategy:
        return legs_text(plan.legs, plan.symbol)
    what = plan.symbol if one.is_of_shares else legs_text(plan.legs, plan.symbol)
    return f"{one.verb} {plan.lots:,} {what}"


def _refused(one: Refused) -> Sighting:
    codes = ", ".join(dict.fromkeys(code for code, _ in one.refusals))
    return Sighting(
        one.ts_ns, one.symbol, one.family, one.legs, one.edge, one.edge_usd, one.lots, codes
    )


def profit(story: Story, now: int) -> Profit:
    """Return the sums over the packages of the day that are over."""
    day = day_of(now)
    todays = [p for p in story.packages.values() if p.day == day]
    money = [story.money(p) for p in todays if not p.is_open]
    return Profit(
        len(todays), sum(p.phase == "COMPLETE" for p in todays),
        math.fsum(m.detected - m.unfilled for m in money), math.fsum(m.locked for m in money),
        math.fsum(m.slippage for m in money), math.fsum(m.fees_more for m in money),
        math.fsum(m.fees for m in money),
    )  # fmt: skip


def timings(story: Story, read_us: Iterable[float]) -> Iterable[Timing]:
    """Yield how long stages take: ours, and what the journal says of the broker's."""
    orders = list(story.orders.values())[-500:]
    yield timing("read to order", list(read_us))
    yield timing(
        "order to ack", [(o.acked_ns - o.ts_ns) / 1e3 for o in orders if o.acked_ns > o.ts_ns]
    )
    yield timing(
        "order to fill",
        [(o.first_fill_ns - o.ts_ns) / 1e3 for o in orders if o.first_fill_ns > o.ts_ns],
    )


def timing(name: str, values: Sequence[float]) -> Timing:
    """Return the middle and the 99th of a hundred of some microseconds."""
    ordered = sorted(values)
    n = len(ordered)
    if not n:
        return Timing(name, math.nan, math.nan, 0)
    return Timing(name, ordered[n // 2], ordered[min(int(n * 0.99), n - 1)], n)
