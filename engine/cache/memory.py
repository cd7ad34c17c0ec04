"""A cache with a size: what was used longest ago leaves, and a value is made once at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from engine.cache.sizes import size_of
from engine.clock import NS_PER_SECOND, SYSTEM, Clock

if TYPE_CHECKING:
    from engine.cache.disk import DiskCache

V = TypeVar("V")
D = TypeVar("D")

MIB = 1 << 20
_NEVER = 1 << 62
_NOTHING = object()


class _LeftError(Exception):
    """Who was making a value was cancelled."""


class CacheStats(NamedTuple):
    """What a cache has done so far, and what it holds.

    `waits` are those that came while the value was being made, and got it; `refused` values were
    larger than the whole cache. `from_disk` are hits of the disk behind it, counted in `hits` too.
    """

    hits: int
    misses: int
    waits: int
    evictions: int
    expired: int
    refused: int
    from_disk: int
    entries: int
    n_bytes: int

    @property
    def hit_rate(self) -> float:
        """Of all that was asked for, the part that was not made for it; 0 where nothing was."""
        served = self.hits + self.waits
        return served / (served + self.misses) if served + self.misses else 0.0


class _Entry(NamedTuple):
    value: object
    n_bytes: int
    ends_ns: int


class _Flight:
    """A value that is being made, by whom, and where those wait who want it too."""

    __slots__ = ("future", "maker")

    def __init__(self, maker: object) -> None:
        self.maker = maker
        self.future: Future[object] = Future()


class Cache(Generic[V]):
    """Keep values by key (`engine.cache.key_of`) while they are young and there is room.

    Parameters
    ----------
    max_bytes
        Of all values, as `weigh` estimates them.
    ttl
        Seconds until a value is too old; None is never. By the monotonic clock.
    disk
        Where values are looked for that are not here, and written to as well.

    Safe between threads and tasks. O(1) but for making, weighing and the disk.

    Raises
    ------
    ValueError
        If `max_bytes` or `ttl` is not positive.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 64 * MIB,
        ttl: float | None = None,
        clock: Clock = SYSTEM,
        weigh: Callable[[V], int] = size_of,
        disk: DiskCache | None = None,
    ) -> None:
        if max_bytes < 1 or (ttl is not None and not ttl > 0.0):
            raise ValueError(f"a cache of {max_bytes} bytes for {ttl} s keeps nothing")
        self._max_bytes, self._clock, self._weigh, self._disk = max_bytes, clock, weigh, disk
        self._ttl_ns = None if ttl is None else int(ttl * NS_PER_SECOND)
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._flights: dict[bytes, _Flight] = {}
        self._names: dict[str, int] = {}
        self._lock = threading.Lock()
        self._n_bytes = 0
        self._hits = self._misses = self._waits = 0
        self._evictions = self._expired = self._refused = self._from_disk = 0

    def get(self, key: bytes, default: D) -> V | D:
        """Return the value of a key, `default` where there is none; None is a value."""
        with self._lock:
            entry = self._find(key)
            self._hits += entry is not None
            self._misses += entry is None
        if entry is not None:
            return cast("V", entry.value)
        value = self._stored(key)
        return default if value is _NOTHING else cast("V", value)

    def set(self, key: bytes, value: V) -> None:
        """Keep `value`; one larger than the cache is not kept."""
        if self._disk is not None:
            self._disk.set(key, value)
        self._keep(key, value)

    def make(self, key: bytes, maker: Callable[[], V]) -> V:
        """Return the value of a key, from `maker` where there is none.

        Threads that ask at the same time wait for the one that makes it. If it fails they all get
        its exception, and nothing is kept.

        Raises
        ------
        RuntimeError
            If `maker` asks for the value that it makes.
        """
        mine = _Flight(threading.get_ident())
        found = self._claim(key, mine)
        if isinstance(found, _Entry):
            return cast("V", found.value)
        if found is not mine:
            return cast("V", found.future.result())
        try:
            value = self._stored(key)
            if value is _NOTHING:
                value = maker()
                self.set(key, value)
        except BaseException as error:
            self._land(key, mine, error)
            raise
        self._land(key, mine, None, value)
        return cast("V", value)

    async def make_async(self, key: bytes, maker: Callable[[], Awaitable[V]]) -> V:
        """Return the value of a key, awaited from `maker` where there is none.

        As `make`, among tasks, those of other loops too. Where the task that makes it is cancelled,
        one of those who wait makes it.
        """
        import asyncio

        mine = _Flight(asyncio.current_task())
        while (found := self._claim(key, mine)) is not mine:
            if isinstance(found, _Entry):
                return cast("V", found.value)
            try:
                return cast("V", await asyncio.shield(asyncio.wrap_future(found.future)))
            except _LeftError:
                continue
        try:
            value = self._stored(key)
            if value is _NOTHING:
                value = await maker()
                self.set(key, value)
        except asyncio.CancelledError:
            self._land(key, mine, _LeftError())
            raise
        except BaseException as error:
            self._land(key, mine, error)
            raise
        self._land(key, mine, None, value)
        return cast("V", value)

    def name_for(self, name: str) -> str:
        """Return a name that no other function has in this cache, for the keys of its calls.

        Raises
        ------
        TypeError
            If the function is local to another one and values are kept on disk.
        """
        if self._disk is not None and "<locals>" in name:
            raise TypeError(f"{name} is made anew in every run: its values cannot be kept on disk")
        with self._lock:
            number = self._names[name] = self._names.get(name, 0) + 1
        return name if number == 1 else f"{name}#{number}"

    def invalidate(self, key: bytes) -> None:
        """Forget a key, here and on disk."""
        if self._disk is not None:
            self._disk.invalidate(key)
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Forget all that is in memory."""
        with self._lock:
            self._entries.clear()
            self._n_bytes = 0

    @property
    def stats(self) -> CacheStats:
        """What it has done so far."""
        with self._lock:
            return CacheStats(
                self._hits, self._misses, self._waits, self._evictions, self._expired,
                self._refused, self._from_disk, len(self._entries), self._n_bytes,
            )  # fmt: skip

    def _claim(self, key: bytes, mine: _Flight) -> _Entry | _Flight:
        """Return the entry, else the flight of who makes it: `mine` where nobody did."""
        with self._lock:
            entry = self._find(key)
            if entry is not None:
                self._hits += 1
                return entry
            flight = self._flights.get(key)
            if flight is None:
                self._misses += 1
                self._flights[key] = mine
                return mine
            if flight.maker == mine.maker:
                raise RuntimeError("a cached value asks for itself while it is made")
            self._waits += 1
            return flight

    def _land(
        self, key: bytes, flight: _Flight, error: BaseException | None, value: object = None
    ) -> None:
        with self._lock:
            del self._flights[key]
        if error is None:
            flight.future.set_result(value)
        else:
            flight.future.set_exception(error)

    def _stored(self, key: bytes) -> object:
        """Return what the disk has for a key that is being made, kept here from now on."""
        value = _NOTHING if self._disk is None else self._disk.get(key, _NOTHING)
        if value is not _NOTHING:
            self._keep(key, cast("V", value))
            with self._lock:
                self._misses -= 1
                self._hits += 1
                self._from_disk += 1
        return value

    def _keep(self, key: bytes, value: V) -> None:
        n_bytes = self._weigh(value) + len(key)
        ttl = self._ttl_ns
        ends = _NEVER if ttl is None else self._clock.monotonic_ns() + ttl
        with self._lock:
            self._drop(key)
            if n_bytes > self._max_bytes:
                self._refused += 1
                return
            self._entries[key] = _Entry(value, n_bytes, ends)
            self._n_bytes += n_bytes
            while self._n_bytes > self._max_bytes:
                self._drop(next(iter(self._entries)))
                self._evictions += 1

    def _find(self, key: bytes) -> _Entry | None:
        """Return a living entry and make it the youngest. With the lock held."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.ends_ns != _NEVER and self._clock.monotonic_ns() >= entry.ends_ns:
            self._drop(key)
            self._expired += 1
            return None
        self._entries.move_to_end(key)
        return entry

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._n_bytes -= entry.n_bytes
