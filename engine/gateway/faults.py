"""What goes wrong, by script and by chance: rules read from a TOML file, the same for a seed.

A rule says what (`kind`), and when: `at` so many seconds after the start, or at an event of its
kind: the `nth`, `every` so many, or with a `probability`. docs/GATEWAY.md lists the kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

# What sets a kind off when no time is given.
CONNECT, REQUEST, PLACE, CANCEL, FILL, DATA, HISTORY, TICK = (
    "connect", "request", "place", "cancel", "fill", "data", "history", "tick",
)  # fmt: skip

KINDS: dict[str, tuple[str, str]] = {
    "drop": (REQUEST, "close the connection at once"),
    "halfopen": (REQUEST, "the connection stays, and nothing passes in either direction"),
    "lost": (REQUEST, "1100: the gateway has lost IB; quotes stop; 1102 after `seconds`"),
    "data_lost": (REQUEST, "1100, and 1101 after `seconds`: subscriptions are gone"),
    "farm": (REQUEST, "2103, no quotes, and 2104 after `seconds`"),
    "stale_quotes": (REQUEST, "no quotes of `symbol` for `seconds`, and no message about it"),
    "competing_session": (REQUEST, "10197 and 2103; 2104 after `seconds`, yet no quotes return"),
    "restart": (REQUEST, "close all, refuse for `seconds`; ids fall back by `count`"),
    "pacing": (REQUEST, "over `count` messages a second: 100, and closed at the third time"),
    "slow": (CONNECT, "messages to the client are late, by `seconds` on average"),
    "late_answer": (REQUEST, "the answer comes `seconds` late"),
    "reject": (PLACE, "the order is rejected with `code`"),
    "swallow": (PLACE, "the order is lost: no answer, no trace"),
    "no_ack": (PLACE, "the order works, but nothing is said until it is filled"),
    "exec_first": (PLACE, "executions arrive before the acknowledgement"),
    "partial": (PLACE, "only `fraction` of the order is filled, whatever is displayed"),
    "small_size": (PLACE, "what is displayed is smaller than the order: `fraction` of it"),
    "gap": (PLACE, "the stock jumps by `fraction` just before the order is matched"),
    "warn": (PLACE, "an error with `code` about an order that is live and stays so"),
    "second_order": (PLACE, "the order comes to life twice under one orderRef"),
    "fill_after_cancel": (CANCEL, "a cancel request is answered late, after a fill"),
    "dup_status": (FILL, "every status is sent twice"),
    "correction": (FILL, "the execution is corrected after `seconds` by `fraction` in price"),
    "bust": (FILL, "the execution is taken back after `seconds`"),
    "late_commission": (FILL, "the commission report comes `seconds` late"),
    "no_permission": (DATA, "no market data: 354, or delayed where the client takes that"),
    "history_pacing": (HISTORY, "162: too many requests for history"),
    "halt": (TICK, "`symbol` is halted for `seconds`: tick 49, no quotes, no fills"),
    "bait": (TICK, "an arbitrage is planted in `symbol`"),
    "jump": (TICK, "the stock of `symbol` jumps by `fraction`"),
}
"""Each kind: the event that sets it off, and what it does."""

WITHOUT_EVENT = (TICK,)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `times` is how often it acts at most, 0 without end."""

    kind: str
    at: float = -1.0
    nth: int = 0
    every: int = 0
    probability: float = 0.0
    times: int = 0
    seconds: float = 1.0
    fraction: float = 0.5
    code: int = 0
    count: int = 0
    symbol: str = ""
    text: str = ""
    client: int = -1

    @property
    def event(self) -> str:
        """The event that sets it off."""
        return KINDS[self.kind][0]


class Faults:
    """The rules, how often each event has been, and the generator that chance comes from."""

    def __init__(self, rules: Sequence[Rule] = (), seed: int = 0) -> None:
        self.rules = tuple(rules)
        self.random = Random(seed)
        self.acted = [0] * len(self.rules)
        self._seen = [0] * len(self.rules)

    def timed(self) -> list[tuple[int, Rule]]:
        """Return the rules that act at a time, with their numbers."""
        return [(k, rule) for k, rule in enumerate(self.rules) if rule.at >= 0.0]

    def hit(self, event: str, client: int) -> list[Rule]:
        """Return the rules that an event of `client` sets off, in the order of the file."""
        found = []
        for k, rule in enumerate(self.rules):
            if rule.at >= 0.0 or rule.event != event or rule.client not in (-1, client):
                continue
            self._seen[k] += 1
            if self._acts(rule, self._seen[k]) and self.take(k):
                found.append(rule)
        return found

    def take(self, k: int) -> bool:
        """Count that rule `k` acts; return False if it has done so often enough."""
        rule = self.rules[k]
        if rule.times and self.acted[k] >= rule.times:
            return False
        self.acted[k] += 1
        return True

    def _acts(self, rule: Rule, seen: int) -> bool:
        if rule.nth:
            return seen == rule.nth
        if rule.every:
            return seen % rule.every == 0
        return rule.probability > 0.0 and self.random.random() < rule.probability
