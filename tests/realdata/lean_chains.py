"""Chains of the LEAN sample, each loaded once for all tests."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from engine.clock import to_ns
from engine.feeds.lean import LeanFeed
from engine.feeds.protocol import Loaded


def at(text: str) -> int:
    """UTC nanoseconds of ``2015-12-24T17:00:00`` in UTC."""
    return to_ns(datetime.fromisoformat(text).replace(tzinfo=timezone.utc))


@lru_cache(maxsize=64)
def chain_at(root: Path, symbol: str, as_of: str) -> Loaded:
    (loaded,) = LeanFeed(root, at(as_of), strict=True).chains(symbol)
    return loaded


@lru_cache(maxsize=8)
def hourly(root: Path, symbol: str) -> tuple[Loaded, ...]:
    return tuple(LeanFeed(root, strict=True).chains(symbol))
