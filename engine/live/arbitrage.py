"""Arbitrage live: quotes to a watch, what it finds to the trader, what was sent to the verifier."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engine.clock import NS_PER_SECOND
from engine.execution import entries
from engine.execution.modes import Mode
from engine.execution.plan import Unplanned, plans
from engine.execution.trader import Outcome
from engine.live.engine import Engine, Tracked
from engine.market.book import Book
from engine.proof.verifier import reproduces
from engine.report.wording import legs_text
from engine.scanner.scanner import Scanner
from engine.scanner.watch import Watch

_REFUSED_EVERY_NS = NS_PER_SECOND // 4
_SAME_EVERY_NS = 15 * NS_PER_SECOND
_MOST_KEYS = 1_000
# Candidates that wait are searched again so often: before an order their quotes are judged anyway.
_AGED_EVERY_NS = NS_PER_SECOND
_NOT_ARMED = Outcome("", (("not-armed", "it would be sent with --arm"),))


@dataclass(slots=True)
class Searched(Tracked):
    """One underlying: its watch, its scanner, and how many searches have been looked at."""

    watch: Watch
    scanner: Scanner
    n_seen: int = 0
    refused_ns: int = 0
    aged_ns: int = 0
    refused: dict[str, int] = field(default_factory=dict)


class ArbitrageEngine(Engine[Searched]):
    """An engine that searches its quotes; `scanner_of` makes a scanner from a book."""

    def __init__(self, *parts: Any, scanner_of: Callable[[Book], Scanner], **more: Any) -> None:
        super().__init__(*parts, **more)
        self._scanner_of = scanner_of

    def _track(self, symbol: str, book: Book) -> Searched:
        scanner = self._scanner_of(book)
        watch = Watch(book, scanner, self._clock.now_ns())
        return Searched(symbol, watch, watch, scanner)

    def _consider(self, tracked: Searched, now_ns: int, start_ns: int) -> None:
        watch = tracked.watch
        tracked.n_reads += 1
        found = watch.found
        if found is None or watch.n_searches == tracked.n_seen:
            return
        tracked.n_seen = watch.n_searches
        if 0 not in found.gated.gate[: found.table.found.count]:
            return
        if self.trader.mode is Mode.READ_ONLY:
            self._note_refusal(tracked, _NOT_ARMED, now_ns)
            return
        outcome = self.trader.consider(found, tracked.scanner, now_ns)
        if outcome.package:
            self.read_us.append((self._clock.monotonic_ns() - start_ns) / 1e3)
            self._prove(tracked, outcome.package)
        elif outcome.refusals:
            self._note_refusal(tracked, outcome, now_ns)

    def _consider_again(self, tracked: Searched) -> None:
        tracked.n_seen = -1
        super()._consider_again(tracked)

    def _let_age(self, tracked: Searched, now_ns: int) -> None:
        """Let a watch know what time it is; candidates that nobody takes, now and then."""
        monotonic, watch = self._clock.monotonic_ns(), tracked.watch
        if watch.found is None or monotonic - tracked.aged_ns >= _AGED_EVERY_NS:
            tracked.aged_ns = monotonic
            watch.on_time(now_ns)
            watch.rest()

    def _prove(self, tracked: Searched, package: str) -> None:
        """Let the verifier judge what was just sent; a doubt halts."""
        found, scanner = tracked.watch.found, tracked.scanner
        assert found is not None
        plan = self.trader.state.trades[package].plan
        one = scanner.prove_one(found, plan.sighting)
        if one is None or one.proof is None:
            self.trader.record_proof(package, plan.edge, is_good=False, text="the row is not there")
            return
        least = one.proof.minimum
        text = f"edge {one.edge:.6f}, least outcome {least:.6f} a share"
        is_good = reproduces(one.edge, one.proof)
        self.trader.record_proof(package, one.edge, is_good=is_good, text=text)

    def _note_refusal(self, tracked: Searched, outcome: Outcome, now_ns: int) -> None:
        """Journal what was not sent: each combo now and then, and not every few milliseconds."""
        if now_ns - tracked.refused_ns < _REFUSED_EVERY_NS:
            return
        tracked.refused_ns = now_ns
        found = tracked.watch.found
        assert found is not None
        data: dict[str, object] = {"sighting": "", "key": "", "symbol": tracked.symbol}
        for plan in plans(found, tracked.scanner, self.trader.terms):
            data.update(sighting=plan.sighting, key=plan.key)
            if not isinstance(plan, Unplanned):
                data.update(
                    family=plan.family, legs=legs_text(plan.legs, plan.symbol), edge=plan.edge,
                    edge_usd=plan.edge_usd, lots=plan.lots,
                )  # fmt: skip
            break
        key = str(data["key"])
        if now_ns - tracked.refused.get(key, 0) < _SAME_EVERY_NS:
            return
        if len(tracked.refused) >= _MOST_KEYS:
            tracked.refused.clear()
        tracked.refused[key] = now_ns
        data["refusals"] = [list(pair) for pair in outcome.refusals]
        self.tee.append(entries.REFUSED, data, is_durable=False)
