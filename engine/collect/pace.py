"""How often a source may be asked, and when it is left alone. Pure: time is handed in."""

from __future__ import annotations

from engine.clock import NS_PER_SECOND

CLOSED, OPEN, PROBING = "closed", "open", "probing"


class TokenBucket:
    """At most `rate` requests a second on average, `burst` at once.

    >>> bucket = TokenBucket(rate=2.0, burst=1)
    >>> bucket.reserve(0), bucket.reserve(0)
    (0, 500000000)

    Raises
    ------
    ValueError
        If `rate` is not positive or `burst` below 1.
    """

    def __init__(self, rate: float, burst: int) -> None:
        if not rate > 0.0 or burst < 1:
            raise ValueError(f"{rate} requests a second, {burst} at once: nothing could be asked")
        self._step_ns = int(NS_PER_SECOND / rate)
        self._slack_ns = self._step_ns * (burst - 1)
        # When the next request would be due if requests came one by one.
        self._due_ns: int | None = None

    def reserve(self, now_ns: int) -> int:
        """Take one request and return the nanoseconds to wait before it is sent."""
        due = now_ns - self._slack_ns if self._due_ns is None else self._due_ns
        due = max(due, now_ns - self._slack_ns)
        self._due_ns = due + self._step_ns
        return max(0, due - now_ns)

    def pause(self, until_ns: int) -> None:
        """Send nothing before `until_ns`: the source has said so."""
        due = until_ns if self._due_ns is None else self._due_ns
        self._due_ns = max(due, until_ns)


class Breaker:
    """Leave a source alone for `seconds` after `most` failures in a row; then one request probes.

    A probe that fails leaves it alone again, for twice as long, up to `longest` seconds.
    """

    def __init__(self, most: int = 5, seconds: float = 30.0, longest: float = 600.0) -> None:
        self._most, self._first, self._longest = most, seconds, longest
        self._pause = seconds
        self._failures = 0
        self._until_ns = 0
        self.state = CLOSED

    def allows(self, now_ns: int) -> bool:
        """Tell whether a request may go out; where one probes, no other does."""
        if self.state == CLOSED:
            return True
        if self.state == OPEN and now_ns >= self._until_ns:
            self.state = PROBING
            return True
        return False

    def succeeded(self) -> None:
        """Take note of a good answer."""
        self.state, self._failures, self._pause = CLOSED, 0, self._first

    def failed(self, now_ns: int) -> None:
        """Take note that a request was given up."""
        self._failures += 1
        if self.state == PROBING:
            self._pause = min(2.0 * self._pause, self._longest)
        elif self._failures < self._most:
            return
        self.state = OPEN
        self._until_ns = now_ns + int(self._pause * NS_PER_SECOND)
