"""Caches: a dictionary that forgets, one with a size and statistics, one on disk, a decorator.

`TtlCache` serves hot look-ups of feeds. `Cache` serves what is expensive to make: it has a size in
bytes, forgets what was used longest ago, and makes a value once however many ask for it at a time.
`cached` puts a `Cache` before a function or a coroutine; `DiskCache` keeps values over runs.
"""

from engine.cache.decorated import cached
from engine.cache.disk import DiskCache
from engine.cache.keys import key_of
from engine.cache.memory import Cache, CacheStats
from engine.cache.ttl import TtlCache

__all__ = ("Cache", "CacheStats", "DiskCache", "TtlCache", "cached", "key_of")
