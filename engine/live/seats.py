"""An engine in which strategies trade through a broker: their accounts, and what a day brings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from engine.backtesting.strategy import Strategy
from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.facts import MarketFacts, WhatIf
from engine.execution.modes import Mode
from engine.execution.orders import Plan
from engine.execution.risk import Refusal
from engine.execution.single import FAMILY
from engine.live.day_gain import DayGain, Gaining
from engine.live.engine import Engine, Tracked
from engine.market.book import Book
from engine.market.carry import Carry
from engine.market.fees import FeeSchedule
from engine.market.sink import Quiet
from engine.paper.standings import Standing
from engine.plural import plural
from engine.settings.live import LiveSettings

# After an order that did not get all that was wanted, and after one that was refused.
AGAIN_NS, REFUSED_NS = NS_PER_SECOND, 15 * NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Place:
    """One strategy to run: its name in the account, its class, its parameters."""

    name: str
    kind: type[Strategy]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strategies:
    """What is run: strategies over bars of `interval_ns`, each with `cash` dollars of its own.

    With `is_over_chains` they decide over chains instead, one every `interval_ns`.
    """

    places: tuple[Place, ...]
    interval_ns: int
    cash: float
    seed: int = 0
    is_over_chains: bool = False


class Seat(Gaining, Protocol):
    """A strategy with an account at the broker."""

    def standing(self) -> Standing:
        """Return how the account stands."""
        ...


class SeatEngine(Engine[Tracked]):
    """An engine whose quotes lead strategies, and no search for arbitrages."""

    seats: Sequence[Seat]
    _gain: DayGain
    _is_sure = False

    def __init__(
        self,
        *parts: Any,
        settings: LiveSettings,
        fees: FeeSchedule,
        facts: Mapping[str, MarketFacts],
        learn: Callable[[Book], Carry],
        what_if: Callable[[Plan], WhatIf | None],
        **more: Any,
    ) -> None:
        super().__init__(*parts, **more)
        self._settings, self._fees, self._facts, self._learn = settings, fees, facts, learn
        self._what_if = what_if
        # When what was refused may be asked for again.
        self._not_before: dict[tuple[object, str], int] = {}

    def _sit(self, names: Iterable[str]) -> None:
        """Make the seats, and judge the day by what they gain.

        What a strategy of `names` has from before is certain once the broker has been asked what
        became of its last orders: then they are made once more.
        """
        known = set(names)
        trades = self.trader.state.trades.values()
        self._is_sure = not any(set(one.plan.flags[:1]) & known for one in trades)
        self._take(self._make())

    def _take(self, seats: Sequence[Seat]) -> None:
        self.seats = tuple(seats)
        self._gain = DayGain(self.tee, self.seats)
        self.trader.judge_day_by(self.day_pnl_usd)

    def _may_decide(self) -> bool:
        """Return whether strategies have what is theirs, so that they may decide."""
        if not self._is_sure and self.trader.is_reconciled and self.trader.is_quiet:
            self._is_sure = True
            self._take(self._make())
        return self._is_sure

    @abstractmethod
    def _make(self) -> Sequence[Seat]:
        """Return new seats, with what the journal says that each has."""

    @abstractmethod
    def _settle(self) -> None:
        """Tell strategies what came of the orders that are over."""

    @abstractmethod
    def _pass_time(self, now_ns: int) -> None:
        """Let strategies decide what is due, and send what they want."""

    def closing_words(self) -> list[str]:
        """Return a sentence on each strategy: what it is worth, and what it holds."""
        self._settle()  # what the last orders came to
        self._gain.write(self._clock.now_ns())
        lines = []
        for one in self.standings():
            held = [f"{units:+,.10g} {what}" for what, units in one.positions.items() if units]
            lines.append(
                f"{one.name}: {plural(one.n_fills, 'fill')}, worth ${one.equity:,.2f} "
                f"({one.gain:+,.2f}), holds {', '.join(held) or 'nothing'}"
            )
            lines += [f"{one.name}: {note}" for note in one.notes]
        return lines

    def standings(self) -> tuple[Standing, ...]:
        """Return how the account of each strategy stands."""
        return tuple(seat.standing() for seat in self.seats)

    def day_pnl_usd(self) -> float:
        """Return what the accounts have gained today."""
        return self._gain.usd(self._clock.now_ns())

    def on_tick(self, *, is_idle: bool = True) -> None:
        """Let time pass: strategies decide, orders come to their end."""
        super().on_tick(is_idle=is_idle)
        if self.fatal is not None or not self._is_ready or self.is_over:
            return
        try:
            if self._may_decide():
                self._settle()
                self._pass_time(self._clock.now_ns())
        except Exception as error:
            self.failed(error)

    def _consider_again(self, tracked: Tracked) -> None:
        # The broker has said what margin something takes: what was refused for it may go now.
        self._not_before.clear()
        super()._consider_again(tracked)

    def _may_send(self) -> bool:
        return self.trader.mode is Mode.READY and self.broker.is_ready()

    def _track(self, symbol: str, book: Book) -> Tracked:
        self._learn(book)
        return Tracked(symbol, Quiet(book))

    def _facts_of(self, plan: Plan) -> MarketFacts:
        """Return what is known of a plan's symbol, and the broker's margin where it is needed."""
        known = self._facts.get(plan.symbol)
        facts = MarketFacts(plan.symbol) if known is None else known
        if not self._settings.limits.needs_what_if:
            return facts
        return replace(facts, what_if=self._what_if(plan))

    def _refuse(self, name: str, plan: Plan, words: str, why: Sequence[Refusal]) -> None:
        """Write down and show that an order of a strategy was not sent."""
        self.last = f"{name}: not sent: {why[0]}"
        self.tee.append(
            entries.REFUSED,
            {
                "sighting": plan.sighting, "key": plan.key, "symbol": plan.symbol,
                "family": FAMILY, "by": name, "legs": words, "edge": 0.0, "edge_usd": 0.0,
                "lots": plan.lots, "refusals": [[one.code, one.message] for one in why],
            },
            is_durable=False,
        )  # fmt: skip
