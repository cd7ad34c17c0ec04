"""Asking a web service for JSON: pooled connections, paced, tried again, and never more than a cap.

What is tried again is what may pass: no connection, a time-out, an answer that was cut off or is no
JSON, 429 and 5xx. A refusal is final.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from engine.clock import NS_PER_SECOND, SYSTEM, Clock
from engine.collect.pace import TokenBucket
from engine.errors import load_extra

MOST_BYTES = 64 * 1024 * 1024
MOST_TRIES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 20.0
# Who asks to wait longer than this is left alone: another source may have the same.
_LONGEST_WAIT = 60.0
_TIMEOUT = 20.0


class FetchError(Exception):
    """An answer was not to be had; one line says why. `is_final` is when asking again is idle."""

    def __init__(self, reason: str, *, is_final: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.is_final = is_final
        self.wait = wait


class DriftError(FetchError):
    """The answer is JSON and not what the source is documented to send."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, is_final=True)


Sleep = Callable[[float], Awaitable[None]]


class Client:
    """One service: its address, its pace, its connections.

    Parameters
    ----------
    base_url
        With the scheme and without a path behind the host's.
    rate, burst
        Requests a second, and at once.
    most_connections
        Open at a time; they are kept and used again.

    Attributes
    ----------
    n_requests, n_retries
        Sent so far; of these, how many after a failure.

    Raises
    ------
    UnavailableError
        If the extra is not installed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        rate: float = 10.0,
        burst: int = 10,
        most_connections: int = 10,
        timeout: float = _TIMEOUT,
        clock: Clock = SYSTEM,
        random: Random | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        need = "collecting needs httpx and tenacity"
        httpx, tenacity = (load_extra(name, "collect", need) for name in ("httpx", "tenacity"))
        self.base_url = base_url.rstrip("/")
        self.n_requests = self.n_retries = 0
        self._httpx, self._tenacity = httpx, tenacity
        self._bucket = TokenBucket(rate, burst)
        self._clock, self._sleep = clock, sleep
        self._random = random or Random()
        limits = httpx.Limits(
            max_connections=most_connections, max_keepalive_connections=most_connections
        )
        self._http = httpx.AsyncClient(
            limits=limits, timeout=timeout, follow_redirects=False,
            headers={"User-Agent": "parity-engine", "Accept": "application/json"},
        )  # fmt: skip

    async def json(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        """Return the JSON answer to one question, asked up to five times.

        Raises
        ------
        FetchError
            If there was none; the last reason.
        """
        tenacity = self._tenacity

        def pause(state: Any) -> float:
            error: BaseException | None = state.outcome.exception()
            doublings = int(state.attempt_number) - 1
            longest = min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)
            # Full jitter: those who failed together do not come back together.
            backed_off = longest * self._random.random()
            return max(backed_off, error.wait) if isinstance(error, FetchError) else backed_off

        def is_passing(error: BaseException) -> bool:
            return isinstance(error, FetchError) and not error.is_final

        async for attempt in tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(MOST_TRIES), wait=pause, reraise=True,
            retry=tenacity.retry_if_exception(is_passing), sleep=self._sleep,
        ):  # fmt: skip
            with attempt:
                self.n_retries += attempt.retry_state.attempt_number > 1
                return await self._once(path, dict(query or {}))
        raise AssertionError("tenacity returns or raises")

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def _once(self, path: str, query: dict[str, str | int]) -> Any:
        wait = self._bucket.reserve(self._clock.monotonic_ns())
        if wait:
            await self._sleep(wait / NS_PER_SECOND)
        self.n_requests += 1
        httpx = self._httpx
        try:
            async with self._http.stream("GET", self.base_url + path, params=query) as answer:
                self._check(answer)
                data = await self._read(answer)
        except httpx.TimeoutException:
            raise FetchError(f"{path}: no answer in time") from None
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError) as error:
            words = " ".join(str(error).split())[:200] or type(error).__name__
            raise FetchError(f"{path}: {words}") from None
        except httpx.InvalidURL as error:
            raise FetchError(f"{self.base_url}: {error}", is_final=True) from None
        return _parsed(path, data)

    def _check(self, answer: Any) -> None:
        code = int(answer.status_code)
        path = str(answer.url.path)
        if code == 200:
            return
        if code == 429:
            wait = _seconds(answer.headers.get("Retry-After"))
            if wait > _LONGEST_WAIT:
                raise FetchError(f"{path}: asks to wait {wait:.0f} s", is_final=True)
            self._bucket.pause(self._clock.monotonic_ns() + int(wait * NS_PER_SECOND))
            raise FetchError(f"{path}: too many requests", wait=wait)
        if code >= 500:
            raise FetchError(f"{path}: the service failed ({code})")
        raise FetchError(f"{path}: refused ({code})", is_final=True)

    async def _read(self, answer: Any) -> bytes:
        parts, size = [], 0
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > MOST_BYTES:
                raise FetchError(
                    f"{answer.url.path}: more than {MOST_BYTES >> 20} MiB", is_final=True
                )
            parts.append(part)
        return b"".join(parts)


def _seconds(text: str | None) -> float:
    """Return what Retry-After says; one second where it says nothing that can be read."""
    try:
        wait = float(text) if text is not None and len(text) < 20 else 1.0
    except ValueError:
        return 1.0  # a date: rare, and clocks differ
    return wait if 0.0 <= wait < 1e9 else 1.0


def _parsed(path: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError, SystemError):  # SystemError: PyPy, a letter out of place
        raise FetchError(f"{path}: the answer is not JSON, or was cut off") from None
