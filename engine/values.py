"""``dataclass(slots=True)`` for a process that is over in a tenth of a second.

`dataclasses` compiles up to eight functions for a class when it is made, and imports `inspect`; a
scan brings sixty classes. Here a class is made with its slots, and each method is compiled when it
is first called. What a class is for others stays the same: `replace`, `fields`, `asdict` and
`is_dataclass` of `dataclasses` take its values.

There is only what our values use: no fields of a base, and of a field's options its default and
`init`. Type checkers take all this for `dataclasses` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

__all__ = ("dataclass", "field", "fields", "replace")

# Where there is no default: None may be one.
_ABSENT: Any = object()
_ORDER = {"__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">="}


class Field:
    """One field of a class; without `init` no caller gives it."""

    __slots__ = ("default", "default_factory", "init", "name")

    def __init__(self, name: str, default: Any, default_factory: Any, init: bool = True) -> None:
        self.name = name
        self.default = default
        self.default_factory = default_factory
        self.init = init


class _ForDataclasses:
    """The attribute by which `dataclasses` knows its classes, made when it is first asked for."""

    def __get__(self, _value: object, owner: Any) -> Mapping[str, object]:
        import dataclasses

        annotations = owner.__annotations__
        specs: list[Any] = []
        for part in owner.__parts__:
            given = {"default": part.default, "default_factory": part.default_factory}
            options: Any = {name: one for name, one in given.items() if one is not _ABSENT}
            spec = dataclasses.field(init=part.init, **options)
            specs.append((part.name, annotations[part.name], spec))
        made: Any = dataclasses.make_dataclass(owner.__name__, specs)
        owner.__dataclass_fields__ = made.__dataclass_fields__
        found: Mapping[str, object] = made.__dataclass_fields__
        return found


_FOR_DATACLASSES = _ForDataclasses()


def _dataclass(*, slots: bool, frozen: bool = False, order: bool = False) -> Callable[[type], type]:
    if not slots:
        raise TypeError("values have slots; without them use dataclasses")
    return lambda plain: _with_slots(plain, frozen, order)


def _with_slots(plain: Any, frozen: bool, order: bool) -> type:
    space = {k: v for k, v in vars(plain).items() if k not in ("__dict__", "__weakref__")}
    parts = [_part(name, space.pop(name, _ABSENT)) for name in space.get("__annotations__", ())]
    space["__slots__"] = tuple(part.name for part in parts)
    space["__match_args__"] = tuple(part.name for part in parts if part.init)
    space["__parts__"] = tuple(parts)
    space["__dataclass_fields__"] = _FOR_DATACLASSES
    methods = ["__init__", "__repr__", "__eq__", *(_ORDER if order else ())]
    if frozen:
        methods.append("__hash__")
        space["__setattr__"] = space["__delattr__"] = _refuse
        # `copy` would set the attributes of a new value.
        space["__getstate__"], space["__setstate__"] = _state, _set_state
    else:
        space["__hash__"] = None
    made: type = type(plain)(plain.__name__, plain.__bases__, space)
    made.__qualname__ = plain.__qualname__
    for name in methods:
        if name not in space:
            setattr(made, name, _compiled_later(made, name, frozen))
    return made


def _part(name: str, given: Any) -> Field:
    if isinstance(given, Field):
        return Field(name, given.default, given.default_factory, given.init)
    return Field(name, given, _ABSENT)


def _compiled_later(owner: Any, name: str, frozen: bool) -> Callable[..., Any]:
    """Return a method that puts the real one in its own place when it is called."""

    def method(*args: Any, **kwargs: Any) -> Any:
        made = _compiled(owner, name, frozen)
        setattr(owner, name, made)
        return made(*args, **kwargs)

    method.__name__, method.__qualname__ = name, f"{owner.__qualname__}.{name}"
    return method


def _compiled(owner: Any, name: str, frozen: bool) -> Callable[..., Any]:
    space: dict[str, Any] = {"_set": object.__setattr__, "_ABSENT": _ABSENT}
    names = [part.name for part in owner.__parts__]
    mine, other = (f"({''.join(f'{who}.{k}, ' for k in names)})" for who in ("self", "other"))
    if name == "__init__":
        text = _init_text(owner, frozen, space)
    elif name == "__repr__":
        shown = ", ".join(f"{k}={{self.{k}!r}}" for k in names)
        text = f"(self):\n return f'{{self.__class__.__qualname__}}({shown})'"
    elif name == "__hash__":
        text = f"(self):\n return hash({mine})"
    else:
        sign = _ORDER.get(name, "==")
        text = "(self, other):\n if other.__class__ is self.__class__:\n"
        text += f"  return {mine} {sign} {other}\n return NotImplemented"
    exec(f"def {name}{text}\n", space)
    made: Callable[..., Any] = space[name]
    made.__qualname__, made.__module__ = f"{owner.__qualname__}.{name}", owner.__module__
    return made


def _init_text(owner: Any, frozen: bool, space: dict[str, Any]) -> str:
    parameters, lines = ["self"], []
    for part in owner.__parts__:
        k = value = part.name
        if not part.init:
            space[f"_make_{k}"] = part.default_factory
            value = f"_make_{k}()"
        elif part.default_factory is not _ABSENT:
            space[f"_make_{k}"] = part.default_factory
            parameters.append(f"{k}=_ABSENT")
            value = f"_make_{k}() if {k} is _ABSENT else {k}"
        elif part.default is not _ABSENT:
            space[f"_default_{k}"] = part.default
            parameters.append(f"{k}=_default_{k}")
        else:
            parameters.append(k)
        lines.append(f" _set(self, {k!r}, {value})" if frozen else f" self.{k} = {value}")
    if hasattr(owner, "__post_init__"):
        lines.append(" self.__post_init__()")
    return f"({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"])


def _refuse(_value: object, name: str, *values: object) -> None:
    from dataclasses import FrozenInstanceError

    what = "assign to" if values else "delete"
    raise FrozenInstanceError(f"cannot {what} field {name!r}")


def _state(value: Any) -> list[object]:
    return [getattr(value, part.name) for part in value.__parts__]


def _set_state(value: Any, state: list[object]) -> None:
    for part, item in zip(value.__parts__, state, strict=True):
        object.__setattr__(value, part.name, item)


def _field(*, default: Any = _ABSENT, default_factory: Any = _ABSENT, init: bool = True) -> Field:
    return Field("", default, default_factory, init)


def _fields(values: Any) -> tuple[Field, ...]:
    parts: tuple[Field, ...] = values.__parts__
    return parts


def _replace(value: Any, /, **changes: Any) -> Any:
    for part in value.__parts__:
        if part.init and part.name not in changes:
            changes[part.name] = getattr(value, part.name)
    return value.__class__(**changes)


if TYPE_CHECKING:
    from dataclasses import dataclass, field, fields, replace
else:
    dataclass, field, fields, replace = _dataclass, _field, _fields, _replace
