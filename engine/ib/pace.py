"""How fast requests go out: below what IB allows a second, and at random intervals when retried."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(slots=True)
class Bucket:
    """Tokens for messages: `rate` a second, `burst` at once; so at most their sum in any second.

    IB allows 50 messages a second, and ib_async queues what is above 45, in one line that orders
    would wait in. Times are seconds of a clock that never goes back.
    """

    rate: float = 36.0
    burst: float = 6.0
    n_waits: int = 0
    _tokens: float = 0.0
    _last: float | None = None

    def wait(self, now: float, n: int = 1) -> float:
        """Take `n` tokens, in debt if need be; return the seconds until they are there."""
        if self._last is None:
            self._tokens, self._last = self.burst, now
        gained = max(now - self._last, 0.0) * self.rate
        self._tokens = min(self.burst, self._tokens + gained) - n
        self._last = max(now, self._last)
        if self._tokens >= 0.0:
            return 0.0
        self.n_waits += 1
        return -self._tokens / self.rate

    def pause(self, now: float, seconds: float) -> None:
        """Give no token before so many seconds have passed."""
        self.wait(now, 0)
        self._tokens = min(self._tokens, -seconds * self.rate)


@dataclass(slots=True)
class Backoff:
    """Seconds until the next attempt: twice as many each time, drawn from half of it to all."""

    random: Random
    first_s: float = 0.5
    most_s: float = 30.0
    n_failed: int = 0

    def after_failure(self) -> float:
        """Return how long to wait after one more failure."""
        longest = min(self.first_s * 2.0 ** min(self.n_failed, 30), self.most_s)
        self.n_failed += 1
        return longest * (0.5 + 0.5 * self.random.random())

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self.n_failed = 0
