"""Our frozen values as JSON and back, without loss: for workers' answers and reproducer files.

A dataclass becomes an object by field name, a tuple a list, a date its ISO form. nan and the
infinities, which JSON does not have, become ``null``, ``"inf"`` and ``"-inf"``. A column becomes a
list, or one base64 text where `packed`.
"""

from __future__ import annotations

import json
import math
import re
import types
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
# Texts that JSON writes as they are.
_PLAIN = re.compile(r"[ !#-\[\]-~]*").fullmatch


class _Column(Generic[_T]):
    """Stands for ``array[...]`` in annotations: below Python 3.12 `array` takes no parameter."""


def encode(value: object, *, packed: bool = False) -> object:
    """Return `value` as what `json.dumps` takes with ``allow_nan=False``.

    >>> encode((1, math.nan, date(2015, 12, 24)))
    [1, None, '2015-12-24']
    """
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, array):
        if packed:
            return b64encode(value.tobytes()).decode("ascii")
        return [_float(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): encode(item, packed=packed) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [encode(item, packed=packed) for item in value]
    if is_dataclass(value):
        return {f.name: encode(getattr(value, f.name), packed=packed) for f in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


class Said(Mapping[str, object]):
    """An object of JSON that was written already; it is read back only where somebody looks.

    `text` is the object as one line.
    """

    __slots__ = ("_values", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._values: dict[str, object] | None = None

    def _read(self) -> dict[str, object]:
        if self._values is None:
            self._values = json.loads(self.text)
        return self._values

    def __getitem__(self, key: str) -> object:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def json_text(value: object, known: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return what `json.dumps` makes of ``encode(value)``, without spaces.

    `known` has by `id` the text of values in it that is known already.

    >>> json_text((1, math.nan, "a", date(2015, 12, 24)))
    '[1,null,"a","2015-12-24"]'
    """
    kind = type(value)
    if kind is float:
        number: float = value  # type: ignore[assignment]
        return repr(number) if number - number == 0.0 else _dumped(_float(number))
    if kind is str:
        said: str = value  # type: ignore[assignment]
        return f'"{said}"' if _PLAIN(said) else _dumped(said)
    if kind is int:
        return str(value)
    if value is None:
        return "null"
    if kind is tuple or kind is list:
        items: Iterable[object] = value  # type: ignore[assignment]
        return f"[{','.join([json_text(item, known) for item in items])}]"
    if id(value) in known:
        return known[id(value)]
    keys = _keys(kind)  # type: ignore[arg-type]
    if keys is None:
        return _dumped(encode(value))
    return f"{{{','.join([key + json_text(getattr(value, name), known) for name, key in keys])}}}"


def _dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)


@cache
def _keys(kind: type) -> tuple[tuple[str, str], ...] | None:
    """Return the fields of a dataclass, each with its key in JSON; None of another class."""
    if not is_dataclass(kind):
        return None
    return tuple((field.name, f"{_dumped(field.name)}:") for field in fields(kind))


def decode(kind: type[_T], data: object) -> _T:
    """Return the value of type `kind` that `encode` wrote as `data`.

    Raises
    ------
    ValueError
        If `data` is not of that shape.
    """
    try:
        value: _T = _decode(kind, data)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from None
    return value


def _float(value: float) -> float | str | None:
    if value != value:
        return None
    if math.isinf(value):
        return "inf" if value > 0.0 else "-inf"
    return value


def _decode(kind: Any, data: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _decode(inner[0], data)
    if kind is float:
        return math.nan if data is None else float(data)
    if kind is date:
        return date.fromisoformat(data)
    if origin is tuple:
        kinds = inner[:1] * len(data) if inner[1:] == (...,) else inner
        return tuple(_decode(item_kind, item) for item_kind, item in zip(kinds, data, strict=True))
    if origin is _Column:
        return _column(inner[0], data)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _decode(inner[1], item) for key, item in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        kinds_by_name = _kinds(kind)
        return kind(**{name: _decode(kinds_by_name[name], item) for name, item in data.items()})
    return data


def _column(kind: type, data: Any) -> Any:
    column = array("d" if kind is float else "l")
    if isinstance(data, str):
        column.frombytes(b64decode(data))
    else:
        column.extend(_decode(kind, item) for item in data)
    return column


@cache
def _kinds(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, localns={"array": _Column})
