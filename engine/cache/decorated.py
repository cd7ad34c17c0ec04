"""A cache before a function: the same call is made once."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar, cast

from engine.cache.keys import key_of
from engine.cache.memory import Cache

F = TypeVar("F", bound=Callable[..., Any])


def cached(cache: Cache[Any] | None = None, *, ttl: float | None = None) -> Callable[[F], F]:
    """Return a decorator that keeps what a function or a coroutine returns, by its arguments.

    Arguments are told apart by value and type after defaults are filled in (`key_of`), so ``f(1)``
    and ``f(a=1)`` are one call and ``f(1)`` and ``f(1.0)`` two. None is kept like any other value;
    an exception is not. Functions may share a `cache`; without one each has its own of 64 MiB, in
    which values live for `ttl` seconds. The function has it as ``.cache``.

    >>> @cached(ttl=60.0)
    ... def squared(x: float) -> float:
    ...     return x * x
    >>> squared(2.0), squared(x=2.0), squared.cache.stats.hits
    (4.0, 4.0, 1)

    Raises
    ------
    ValueError
        If both are given: a cache has a time to live of its own.
    TypeError
        If what is decorated returns a generator, which can be read only once, or is made inside
        another function and its cache has a disk: in another run it may be another function. When
        called, if there is no key for an argument.
    """
    if cache is not None and ttl is not None:
        raise ValueError("cached() takes a cache or a ttl: a cache has its own")
    kept: Cache[Any] = Cache(ttl=ttl) if cache is None else cache

    def decorate(function: F) -> F:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(f"{function.__qualname__} is a generator: it can be read only once")
        signature = inspect.signature(function)
        name = kept.name_for(f"{function.__module__}.{function.__qualname__}")

        def key(args: tuple[object, ...], kwargs: dict[str, object]) -> bytes:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return key_of(name, dict(bound.arguments))

        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: object, **kwargs: object) -> object:
                def make() -> Awaitable[object]:
                    return cast("Awaitable[object]", function(*args, **kwargs))

                return await kept.make_async(key(args, kwargs), make)

            awaited.cache = kept  # type: ignore[attr-defined]
            return cast("F", awaited)

        @wraps(function)
        def called(*args: object, **kwargs: object) -> object:
            return kept.make(key(args, kwargs), lambda: function(*args, **kwargs))

        called.cache = kept  # type: ignore[attr-defined]
        return cast("F", called)

    return decorate
