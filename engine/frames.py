"""Smaller DataFrames that give back what was in them: `compact`, and `Compacted.restore`.

A column becomes a category, a smaller whole number, or float32, whichever takes fewest bytes and
gives every value back: of floats, each one bit for bit, by rounding to the tick that all of them
are on. What fits nothing stays as it is. The report says what was done to each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import UsageError, load_extra

# Ticks by how many there are in 1: exact, where 0.05 and 0.01 are not.
_PER_UNIT = (1, 2, 4, 8, 10, 16, 20, 32, 40, 64, 100, 200, 400, 1000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """What became of a column: types, bytes, and in a few words how it comes back."""

    name: str
    before: str
    after: str
    bytes_before: int
    bytes_after: int
    how: str
    # Ticks in 1 of prices kept as float32, else 0.
    per_unit: int = 0


@dataclass(frozen=True, slots=True)
class Compacted:
    """A smaller DataFrame with the report of its columns."""

    frame: Any
    columns: tuple[ColumnReport, ...]

    @property
    def bytes_before(self) -> int:
        """Bytes of all columns before; the index is left alone and not counted."""
        return sum(int(column.bytes_before) for column in self.columns)

    @property
    def bytes_after(self) -> int:
        """Bytes of all columns now."""
        return sum(int(column.bytes_after) for column in self.columns)

    @property
    def saved(self) -> float:
        """The part of the bytes that is gone, 0 to 1."""
        return 1.0 - self.bytes_after / self.bytes_before if self.bytes_before else 0.0

    def restore(self) -> Any:
        """Return a DataFrame with the types and the values of before. O(cells)."""
        out = self.frame.copy()
        for place, column in enumerate(self.columns):
            values = self.frame.iloc[:, place]
            if column.per_unit:
                values = (values.astype("float64") * column.per_unit).round() / column.per_unit
            if str(values.dtype) != column.before:
                values = _as(values, column.before)
            out.isetitem(place, values)
        return out

    def __str__(self) -> str:
        """Return the report as a table for a person."""
        lines = [
            f"{c.name:<16} {c.before:>16} -> {c.after:<10} {c.bytes_before:>13,} -> "
            f"{c.bytes_after:>12,}  {c.how}"
            for c in self.columns
        ]
        total = f"{self.bytes_before:,} -> {self.bytes_after:,} bytes, {self.saved:.1%} saved"
        return "\n".join([*lines, total])


def compact(frame: Any, ticks: Mapping[str, float] | None = None) -> Compacted:
    """Return `frame` in fewer bytes, and what was done. O(cells log cells).

    `ticks` says on which tick the prices of a column are, by its name; else the largest one is
    taken that every value of the column is on.

    Raises
    ------
    UnavailableError
        If pandas is not installed.
    UsageError
        If `frame` is no DataFrame, or a tick is not positive, not one over a whole number, or names
        no column.
    """
    pandas = _pandas()
    if not isinstance(frame, pandas.DataFrame):
        raise UsageError(f"compact() takes a DataFrame, not {type(frame).__name__}")
    per_units = _asked(ticks or {}, list(frame.columns))
    out = frame.copy(deep=False)
    reports = []
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        report, smaller = _smallest(column, per_units.get(str(name)))
        out.isetitem(place, smaller)
        reports.append(report)
    return Compacted(out, tuple(reports))


def _asked(ticks: Mapping[str, float], names: list[Any]) -> dict[str, int]:
    asked = {}
    for name, tick in ticks.items():
        if name not in names:
            raise UsageError(f"ticks: there is no column {name!r}")
        per_unit = round(1.0 / tick) if isinstance(tick, (int, float)) and 0.0 < tick <= 1.0 else 0
        if not per_unit or abs(per_unit * tick - 1.0) > 1e-9:
            raise UsageError(f"ticks: {name} on {tick!r}: a tick is one over a whole number")
        asked[str(name)] = per_unit
    return asked


def _smallest(column: Any, per_unit: int | None) -> tuple[ColumnReport, Any]:
    before = _bytes(column)
    best, how, used = column, "as it is", 0
    least = before
    for candidate, words, per in _candidates(column, per_unit):
        size = _bytes(candidate)
        if size < least:
            best, how, used, least = candidate, words, per, size
    report = ColumnReport(
        str(column.name), str(column.dtype), str(best.dtype), before, least, how, used
    )
    return report, best


def _candidates(column: Any, per_unit: int | None) -> Iterable[tuple[Any, str, int]]:
    """Yield what gives every value back: the column, how, and ticks in 1 of float32."""
    types = _pandas().api.types
    dtype = column.dtype
    if types.is_bool_dtype(dtype) or isinstance(dtype, _pandas().CategoricalDtype):
        return
    if types.is_integer_dtype(dtype):
        yield from _whole(column)
    elif types.is_float_dtype(dtype) and str(dtype) == "float64":
        yield from _floats(column, per_unit)
    yield from _category(column)


def _whole(column: Any) -> Iterable[tuple[Any, str, int]]:
    smaller = _pandas().to_numeric(column, downcast="integer")
    yield smaller, "a smaller whole number", 0
    smaller = _pandas().to_numeric(column, downcast="unsigned")
    yield smaller, "a smaller whole number", 0


def _floats(column: Any, per_unit: int | None) -> Iterable[tuple[Any, str, int]]:
    import numpy

    values = column.to_numpy()
    known = values[~numpy.isnan(values)]
    if not len(known) or not numpy.isfinite(known).all():
        return
    # A zero with a sign is another bit pattern; whole numbers would lose it.
    if (numpy.signbit(known) & (known == 0.0)).any():
        return
    for per in _PER_UNIT if per_unit is None else (per_unit,):
        counts = numpy.round(known * per)
        if numpy.abs(counts).max(initial=0.0) >= 2**53 or not (counts / per == known).all():
            continue
        if per == 1:
            yield from _whole_floats(column, len(known) == len(values))
        small = values.astype("float32")
        back = numpy.round(small.astype("float64") * per) / per
        if numpy.array_equal(back, values, equal_nan=True):
            yield column.astype("float32"), f"float32, rounded to the tick {1 / per:g}", per
        return


def _whole_floats(column: Any, is_complete: bool) -> Iterable[tuple[Any, str, int]]:
    for bits in (8, 16, 32):
        name = f"int{bits}" if is_complete else f"Int{bits}"
        try:
            smaller = column.astype(name)
        except (TypeError, ValueError, OverflowError):
            continue
        if _same(_as(smaller, "float64"), column):
            yield smaller, "whole numbers" + ("" if is_complete else " with gaps"), 0
            return


def _category(column: Any) -> Iterable[tuple[Any, str, int]]:
    # Where nearly every value is another one, a category costs more than it saves.
    try:
        if column.nunique(dropna=False) * 2 > len(column):
            return
        smaller = column.astype("category")
    except TypeError:  # what cannot be hashed or compared
        return
    if _same(_as(smaller, str(column.dtype)), column):
        yield smaller, f"{len(smaller.cat.categories):,} categories", 0


def _as(column: Any, dtype: str) -> Any:
    if dtype == "float64" and str(column.dtype)[0] == "I":
        return _pandas().Series(
            column.to_numpy("float64", na_value=float("nan")), index=column.index, name=column.name
        )
    return column.astype(dtype)


def _same(one: Any, other: Any) -> bool:
    """Tell whether two columns have the same values of the same types; nothing equals nothing."""
    if str(one.dtype) == "float64":
        mine, theirs = one.to_numpy(), other.to_numpy()
        gaps = mine != mine
        is_same = (mine.view("int64") == theirs.view("int64")) | (gaps & (theirs != theirs))
        return bool(is_same.all())
    if str(one.dtype) == "object":
        return all(
            a is b or (type(a) is type(b) and (a == b or (a != a and b != b)))
            for a, b in zip(one, other, strict=True)
        )
    return bool(one.equals(other))


def _bytes(column: Any) -> int:
    return int(column.memory_usage(index=False, deep=True))


def _pandas() -> Any:
    return load_extra("pandas", "data", "a DataFrame needs pandas")
