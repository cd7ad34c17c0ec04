"""A bounded store of values that age: reference data of feeds, such as contract details and rates.

Time passes for the cache when it reads its clock: in `set` and in `refresh`, which a feed calls
once per batch of messages, since a clock costs more than a look into a dictionary. What has expired
by then leaves at once. So `get` is that of a dictionary, and a value is served no longer than its
time to live and the time between two readings.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from engine.clock import SYSTEM, Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Keep at most `maxsize` values, each for `ttl_ns` nanoseconds after it was set.

    The key set longest ago leaves first, whether it was read or not; as all live equally long it
    is also the first to expire. Every method is O(1) (`refresh` for each value that leaves). Not
    safe between threads.

    Attributes
    ----------
    get
        ``get(key)`` returns the value of a key, None where there is none.

    Raises
    ------
    ValueError
        If `maxsize` or `ttl_ns` is not positive.

    >>> rates = TtlCache[str, float](maxsize=2, ttl_ns=60_000_000_000)
    >>> rates.set("USD", 0.04)
    >>> rates.get("USD"), rates.get("EUR")
    (0.04, None)
    """

    __slots__ = ("_clock", "_ends", "_maxsize", "_now_ns", "_ttl_ns", "_values", "get")

    def __init__(self, maxsize: int, ttl_ns: int, clock: Clock = SYSTEM) -> None:
        if maxsize < 1 or ttl_ns < 1:
            raise ValueError(f"a cache of {maxsize} values for {ttl_ns} ns keeps nothing")
        self._maxsize, self._ttl_ns, self._clock = maxsize, ttl_ns, clock
        self._now_ns = clock.monotonic_ns()
        self._values: dict[K, V] = {}
        # When each key expires, the oldest first; a plain dict is slow to find its first key.
        self._ends: OrderedDict[K, int] = OrderedDict()
        self.get = self._values.get

    def __len__(self) -> int:
        """Return how many values are held."""
        return len(self._values)

    def refresh(self) -> None:
        """Read the clock and drop what has expired. A clock that goes back stands still here."""
        self._now_ns = max(self._now_ns, self._clock.monotonic_ns())
        ends = self._ends
        while ends:
            oldest = next(iter(ends))
            if self._now_ns < ends[oldest]:
                return
            self.invalidate(oldest)

    def set(self, key: K, value: V) -> None:
        """Keep `value` under `key` from now on, as the youngest."""
        self.refresh()
        self._ends.pop(key, None)
        if len(self._ends) >= self._maxsize:
            self.invalidate(next(iter(self._ends)))
        self._values[key] = value
        self._ends[key] = self._now_ns + self._ttl_ns

    def invalidate(self, key: K) -> None:
        """Forget `key`, if it is there."""
        self._ends.pop(key, None)
        self._values.pop(key, None)
