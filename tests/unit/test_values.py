"""Values are those of `dataclasses`: each is made twice, there and here, and compared."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from engine import values


def point(dataclass: Any, field: Any) -> type:
    @dataclass(frozen=True, slots=True, order=True)
    class Point:
        """Where."""

        x: float
        y: float = 2.0
        tags: dict[str, int] = field(default_factory=dict)

        def __post_init__(self) -> None:
            if self.x < 0.0:
                raise ValueError("x is negative")

        @property
        def total(self) -> float:
            return self.x + self.y

    return Point


def counter(dataclass: Any, field: Any) -> type:
    @dataclass(slots=True)
    class Counter:
        """How many."""

        n: int
        seen: list[int] = field(default_factory=list, init=False)

    return Counter


def named(dataclass: Any, field: Any) -> type:
    @dataclass(frozen=True, slots=True)
    class Named:
        """A name, shown in a way of its own."""

        name: str = "nobody"

        def __repr__(self) -> str:
            return f"<{self.name}>"

    return Named


def empty(dataclass: Any, field: Any) -> type:
    @dataclass(frozen=True, slots=True)
    class Nothing:
        """No field."""

    return Nothing


MAKERS = (point, counter, named, empty)
OURS = tuple(make(values._dataclass, values._field) for make in MAKERS)
THEIRS = tuple(make(dataclasses.dataclass, dataclasses.field) for make in MAKERS)
PAIRS = list(zip(OURS, THEIRS, strict=True))
ARGUMENTS: list[tuple[int, tuple[Any, ...], dict[str, Any]]] = [
    (0, (1.0,), {}),
    (0, (1.0, 3.0), {}),
    (0, (), {"x": 1.0, "tags": {"a": 1}}),
    (0, (), {}),
    (0, (1.0, 2.0, {}, 4.0), {}),
    (0, (1.0,), {"z": 1.0}),
    (0, (-1.0,), {}),
    (1, (3,), {}),
    (1, (3, []), {}),
    (2, (), {}),
    (2, ("me",), {}),
    (3, (), {}),
    (3, (1,), {}),
]


def outcome(call: Any) -> object:
    """Return the text of what `call` returns or raises."""
    try:
        return repr(call())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(("which", "args", "kwargs"), ARGUMENTS)
def test_values_are_made_shown_and_refused_alike(which: int, args: Any, kwargs: Any) -> None:
    ours, theirs = PAIRS[which]
    shown = outcome(lambda: theirs(*args, **kwargs))
    assert outcome(lambda: ours(*args, **kwargs)) == shown
    assert outcome(lambda: ours(*args, **kwargs)) == shown  # now by the compiled method


def test_a_default_is_made_anew() -> None:
    for which in (0, 1):
        first, second = OURS[which](1), OURS[which](1)
        name = ("tags", "seen")[which]
        assert getattr(first, name) is not getattr(second, name)


def test_equality_hash_and_order() -> None:
    for ours, theirs in PAIRS[:1]:
        for cls in (ours, theirs):
            assert cls(1.0) == cls(1.0)
            assert cls(1.0) != cls(2.0)
            assert cls(1.0) != 1.0
            assert cls(1.0) < cls(2.0) <= cls(2.0)
            assert cls(3.0) > cls(2.0) >= cls(2.0)
            with pytest.raises(TypeError):
                assert cls(1.0) < 1.0
    ours, theirs = PAIRS[2]
    assert hash(ours("a")) == hash(ours("a")) == hash(theirs("a"))
    assert len({ours("a"), ours("a"), ours("b")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(OURS[1](1))
    assert OURS[1](1) != THEIRS[1](1)


def test_frozen_values_refuse_and_others_do_not() -> None:
    value = OURS[0](1.0)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        value.x = 2.0
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del value.x
    count = OURS[1](1)
    count.n = 2
    assert count.n == 2
    for one in (value, count):
        assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        count.other = 1


def test_replace_and_copies() -> None:
    value = OURS[0](1.0, tags={"a": 1})
    for replaced in (values._replace(value, x=5.0), dataclasses.replace(value, x=5.0)):
        assert (replaced.x, replaced.y, replaced.tags, replaced.total) == (5.0, 2.0, {"a": 1}, 7.0)
    with pytest.raises(TypeError):
        values._replace(value, z=1.0)
    assert copy.copy(value) == copy.deepcopy(value) == value
    assert copy.deepcopy(value).tags is not value.tags
    count = OURS[1](1)
    count.seen.append(7)
    assert values._replace(count, n=2).seen == []


def test_dataclasses_knows_the_fields() -> None:
    for ours, theirs in PAIRS:
        assert dataclasses.is_dataclass(ours)
        told, wanted = dataclasses.fields(ours), dataclasses.fields(theirs)
        assert [(f.name, f.default, f.type, f.init) for f in told] == [
            (f.name, f.default, f.type, f.init) for f in wanted
        ]
        assert [f.name for f in values._fields(ours)] == [f.name for f in wanted]
        assert ours.__match_args__ == theirs.__match_args__
        assert (ours.__name__, ours.__doc__) == (theirs.__name__, theirs.__doc__)
    assert dataclasses.asdict(OURS[0](1.0)) == {"x": 1.0, "y": 2.0, "tags": {}}
    assert dataclasses.astuple(OURS[1](1)) == (1, [])


def test_without_slots_there_is_no_value() -> None:
    with pytest.raises(TypeError, match="slots"):
        values._dataclass(slots=False)
