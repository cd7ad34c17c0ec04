"""Keys of calls: bytes that are equal only for equal arguments of equal types.

A dictionary takes 1, 1.0 and True for one key, and nan for a new one each time. Here every value is
written with its type and length, so that no two argument lists are written alike.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum

# Deeper than any value that is meant as an argument.
_DEEPEST = 50


def key_of(*arguments: object, **named: object) -> bytes:
    """Return the key of a call's arguments; keywords in any order. O(bytes).

    Takes None, booleans, numbers, text, bytes, dates and times, enumerations, arrays, lists,
    tuples, sets, mappings, and frozen data classes of such.

    >>> key_of(1) == key_of(1.0), key_of(a=1, b=2) == key_of(b=2, a=1)
    (False, True)

    Raises
    ------
    TypeError
        If an argument is of another type, or nested more than 50 deep.
    """
    return _pack(b"call", [_bytes_of(list(arguments), 0), _bytes_of(named, 0)])


def _pack(kind: bytes, parts: Sequence[bytes]) -> bytes:
    sizes = b"".join(b"%d," % len(part) for part in parts)
    return b"%b(%b)%b" % (kind, sizes, b"".join(parts))


def _bytes_of(value: object, depth: int) -> bytes:
    if depth > _DEEPEST:
        raise TypeError(f"no key for a value nested more than {_DEEPEST} deep")
    kind = type(value)
    if value is None:
        return b"none"
    if kind is bool:
        return b"true" if value else b"false"
    if kind is int:
        return _pack(b"int", [str(value).encode()])
    if kind is float:
        return _pack(b"float", [struct.pack(">d", value)])
    if kind is str:
        return _pack(b"str", [str(value).encode("utf-8", "surrogatepass")])
    if isinstance(value, (bytes, bytearray)):
        return _pack(b"bytes", [bytes(value)])
    if isinstance(value, array):
        return _pack(b"array", [value.typecode.encode(), value.tobytes()])
    if kind is list or kind is tuple:
        assert isinstance(value, (list, tuple))
        name = b"list" if kind is list else b"tuple"
        return _pack(name, [_bytes_of(item, depth + 1) for item in value])
    if isinstance(value, (set, frozenset)):
        return _pack(b"set", sorted(_bytes_of(item, depth + 1) for item in value))
    return _bytes_of_object(value, depth)


def _bytes_of_object(value: object, depth: int) -> bytes:
    name = f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if isinstance(value, Enum):
        return _pack(b"enum", [name, value.name.encode()])
    if isinstance(value, Mapping):
        pairs = [
            _pack(b"pair", [_bytes_of(k, depth + 1), _bytes_of(v, depth + 1)])
            for k, v in value.items()
        ]
        return _pack(b"mapping", sorted(pairs))
    if isinstance(value, (datetime, date, time, timedelta)):
        return _pack(b"time", [name, repr(value).encode()])
    if is_dataclass(value) and not isinstance(value, type):
        frozen = getattr(type(value), "__dataclass_params__").frozen  # noqa: B009  not in its type
        if frozen:
            parts = [_bytes_of(getattr(value, f.name), depth + 1) for f in fields(value)]
            return _pack(b"data", [name, *parts])
    raise TypeError(
        f"no key for a {name.decode()}: a cached function takes plain values and frozen data "
        "classes of them"
    )
