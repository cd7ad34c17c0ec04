"""What a user gives as a column, made into one that kernels take, and results made into the same.

Kernels take ``array.array`` and, compiled, NumPy's arrays: of one type in all columns of a call,
because Numba compiles a kernel anew for each mixture. NumPy is used where an argument is of it and
never imported.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import UsageError

NUMBER, LIST, ARRAY, NDARRAY, SERIES = range(5)
"""How results are returned: as the most elaborate of the columns given."""

DTYPES = {"d": "float64", "l": "int64", "b": "int8"}
WORDS = {"d": "doubles", "l": "whole numbers of 64 bits", "b": "whole numbers of 8 bits"}
# Of `ndarray.flags.num`: contiguous, aligned and writeable.
USABLE = 0x0501
MOST_ELEMENTS = 1 << 31


def refuse(name: str, why: str) -> UsageError:
    """Return the error about one argument."""
    return UsageError(f"{name}: {why}")


def numpy() -> Any:
    """Return NumPy if anything has imported it: without it no argument can be of it."""
    return sys.modules.get("numpy")


def form_of(value: Any) -> int:
    """Return what sort of column an argument is, or that it is a number."""
    if type(value) is array:
        return ARRAY
    if isinstance(value, (float, int)):
        return NUMBER
    np = numpy()
    if np is not None:
        if isinstance(value, np.ndarray):
            return NDARRAY if value.ndim else NUMBER
        if isinstance(value, np.generic):
            return NUMBER
    if hasattr(value, "to_numpy") and hasattr(value, "index"):
        return SERIES
    return LIST


def number(name: str, kind: str, value: Any) -> Any:
    """Return an argument that is a number, as the kernel takes it.

    Raises
    ------
    UsageError
        If it is none, or not a whole one where that is asked for.
    """
    is_text = isinstance(value, (str, bytes)) or value is None
    try:
        if is_text or (form_of(value) not in (NUMBER, LIST)):
            raise TypeError
        if kind == "float":
            return float(value)
        whole = int(value)
        if whole != value or not -(1 << 63) <= whole < 1 << 63:
            raise ValueError
        return whole
    except (TypeError, ValueError, OverflowError):
        wanted = "a number" if kind == "float" else "a whole number"
        raise refuse(name, f"expected {wanted}, found {shown(value)}") from None


def read_only(name: str, code: str, value: Any, *, is_ndarray: bool) -> Any:
    """Return an input column in the form of the call: the caller's own, a view of it or a copy.

    Raises
    ------
    UsageError
        If it is no column of numbers, or one that cannot be exact in the kernel's type.
    """
    form = form_of(value)
    if form == ARRAY and value.typecode == code:
        return numpy().frombuffer(value, DTYPES[code]) if is_ndarray else value
    if form in (NDARRAY, SERIES):
        return _of_numpy(name, code, value, is_ndarray=is_ndarray)
    column = _of_items(name, code, value)
    return as_ndarray(column, code) if is_ndarray else column


def as_ndarray(column: array[Any], code: str) -> Any:
    """Return NumPy's view of an array."""
    return numpy().frombuffer(column, DTYPES[code]) if column else numpy().empty(0, DTYPES[code])


def _of_items(name: str, code: str, values: Any) -> array[Any]:
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise refuse(name, f"expected a column of numbers, found {shown(values)}")
    column: array[Any] = array(code)
    for value in values:
        try:
            if code != "d" and int(value) != value:
                raise ValueError
            column.append(float(value) if code == "d" else int(value))
        except (TypeError, ValueError, OverflowError):
            found = f"row {len(column)} is {shown(value)}"
            raise refuse(name, f"{found}, and the kernel takes {WORDS[code]}") from None
    return column


def _of_numpy(name: str, code: str, value: Any, *, is_ndarray: bool) -> Any:
    np = numpy()
    found = np.asarray(value)
    if found.ndim != 1:
        raise refuse(name, f"has {found.ndim} dimensions, expected a column")
    if found.dtype.kind not in "fiub":
        raise refuse(name, f"expected numbers, found {found.dtype}")
    wanted = np.dtype(DTYPES[code])
    usable = found.flags.num & USABLE == USABLE
    if found.dtype != wanted:
        made = found.astype(wanted)
        # What is rounded is told; a double of 64 bits holds every whole number up to 2^53.
        if code != "d" and not np.array_equal(made, found):
            raise refuse(name, f"has values that are not {WORDS[code]}")
    else:
        made = found if usable else np.array(found)
    return made if is_ndarray else array(code, made.tobytes())


def writable(name: str, code: str, value: Any, *, is_ndarray: bool) -> tuple[Any, Any]:
    """Return a column to write in the form of the call, and the caller's own if that is another.

    Raises
    ------
    UsageError
        If it is not of the kernel's type, contiguous and writeable: results are not converted.
    """
    form = form_of(value)
    if form == ARRAY:
        if value.typecode != code:
            raise refuse(name, f"array({value.typecode!r}) given, array({code!r}) is written")
        return (as_ndarray(value, code), None) if is_ndarray else (value, None)
    if form != NDARRAY:
        raise refuse(name, f"array({code!r}) is written, or an ndarray; found {shown(value)}")
    if value.ndim != 1 or str(value.dtype) != DTYPES[code]:
        found = f"{value.ndim} dimensions of {value.dtype}"
        raise refuse(name, f"has {found}, and one of {DTYPES[code]} is written")
    if value.flags.num & USABLE != USABLE:
        why = "is not contiguous" if not value.flags.c_contiguous else "cannot be written"
        raise refuse(name, why)
    return (value, None) if is_ndarray else (array(code, value.tobytes()), value)


def made(name: str, code: str, length: int, *, is_ndarray: bool) -> Any:
    """Return a new column of zeros.

    Raises
    ------
    UsageError
        If it would be longer than any column should be.
    """
    length = max(0, length)
    if length > MOST_ELEMENTS:
        raise refuse(name, f"would have {length} elements")
    if is_ndarray:
        return numpy().zeros(length, DTYPES[code])
    return array(code, bytes(array(code).itemsize * length))


def are_apart(first: Any, second: Any) -> bool:
    """Tell whether what was given as two columns has no memory in common."""
    if first is second:
        return False
    np = numpy()
    if np is None or max(form_of(first), form_of(second)) < NDARRAY:
        return True
    one, other = (
        np.frombuffer(item, "b") if type(item) is array and item else np.asarray(item)
        for item in (first, second)
    )
    return not np.may_share_memory(one, other)


def given_back(column: Any, form: int, index: Any) -> Any:
    """Return a result column in the form of the inputs."""
    if form == NUMBER:
        return column[0]
    if form == LIST:
        return column.tolist()
    if form == ARRAY or not isinstance(column, array):
        return column if form != SERIES else _series(column, index)
    view = as_ndarray(column, column.typecode)
    return view if form == NDARRAY else _series(view, index)


def _series(column: Any, like: Any) -> Any:
    return type(like)(column, index=like.index)


def shown(value: Any) -> str:
    """Return a value as an error shows it."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 40 else text[:37] + '...'}"
