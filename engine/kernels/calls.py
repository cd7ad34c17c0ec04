"""A kernel as a user calls it: everything is checked once, then the kernel runs on the columns.

What needs no conversion takes a short way: one expression, made from the kernel's rule, says that
all columns are ``array`` (or all NumPy's) of the right type, length and no shared memory.
"""

from __future__ import annotations

from array import array
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from operator import itemgetter
from typing import Any

from engine.errors import UsageError
from engine.kernels import forms
from engine.kernels.forms import ARRAY, DTYPES, NDARRAY, NUMBER, SERIES, refuse
from engine.kernels.offered import Rule, rule_of
from engine.nearest import hint

NUMBERS = ("float", "int")
# What is added to it, or multiplied by what sizes may be, does not overflow.
LARGEST_INT = 1 << 53


def checked(module: str, kernel: str, raw: Callable[..., Any], *, is_compiled: bool) -> Any:
    """Return a kernel of the engine as anybody may call it.

    Raises
    ------
    UsageError
        By what is returned, when it is called with what does not fit together.
    """
    rule = rule_of(module, kernel)
    call = Call(rule, raw, is_compiled=is_compiled)
    n_all, may_be_ndarray = len(rule.kinds), is_compiled and bool(rule.columns())
    is_array, is_ndarray = plain_test(rule, "array"), None
    results = call.returned

    def run(*given: Any, **named: Any) -> Any:
        nonlocal is_ndarray
        if len(given) == n_all and not named:
            if is_array(*given):
                return results(given, raw(*given))
            if may_be_ndarray and forms.numpy() is not None:
                if is_ndarray is None:
                    is_ndarray = plain_test(rule, "ndarray")
                if is_ndarray(*given):
                    return results(given, raw(*given))
        return call(given, named)

    run.__name__ = run.__qualname__ = kernel
    run.__module__ = "engine.kernels"
    run.__doc__ = raw.__doc__
    return run


def plain_test(rule: Rule, container: str) -> Callable[..., bool]:
    """Return a function of a call's arguments: whether the kernel may have them as they are."""
    parts = []
    columns, written = rule.columns(), rule.written()
    for name, kind in rule.kinds.items():
        if kind in NUMBERS:
            parts.append(f"type({name}) is {kind}")
            if kind == "int":
                parts.append(f"{-LARGEST_INT} < {name} < {LARGEST_INT}")
        elif kind == "B":
            parts.append(f"type({name}) is bytes")
        elif container == "array":
            parts.append(f"type({name}) is array and {name}.typecode == {kind!r}")
        else:
            parts.append(f"type({name}) is ndarray and {name}.dtype is {kind}_")
            if name in written:
                # Contiguous, aligned and writeable: `forms.USABLE` in one word.
                parts.append(f"{name}.ndim == 1 and {name}.flags.carray")
            else:
                parts.append(f"{name}.strides == {kind}_strides")
    for _, names in lengths(rule).items():
        parts.append(" == ".join(f"len({name})" for name in names))
    parts += [f"len({name}) >= {size}" for name, size in rule.sizes.items()]
    parts += [f"({condition})" for _, condition, _ in rule.conditions]
    # Views may share memory: the long way finds out. Sets of ids take longer than this.
    if written and container == "ndarray":
        parts += [f"{name}.base is None" for name in columns]
    for one, other in combinations(columns, 2):
        if one in written or other in written:
            parts.append(f"{one} is not {other}")
    space: dict[str, Any] = {**rule.constants, "array": array}
    np = forms.numpy()
    if container == "ndarray":
        for code, dtype in DTYPES.items():
            space[f"{code}_"] = np.dtype(dtype)
            space[f"{code}_strides"] = (np.dtype(dtype).itemsize,)
        space["ndarray"] = np.ndarray
    text = f"lambda {', '.join(rule.kinds)}: {' and '.join(parts) or 'True'}"
    test: Callable[..., bool] = eval(text, space)
    return test


def lengths(rule: Rule) -> Mapping[str, list[str]]:
    """Return the columns of equal length, by what their elements are."""
    found: dict[str, list[str]] = {}
    for name in rule.columns():
        if name not in rule.sizes:
            found.setdefault(rule.counted.get(name, "rows"), []).append(name)
    return {what: names for what, names in found.items() if len(names) > 1}


def results_of(kernel: str, fields: Sequence[str]) -> Any:
    """Return the named tuple of a kernel's result columns."""
    return namedtuple(kernel, fields, rename=True)


class Call:
    """The long way: arguments by position or name, converted where that loses nothing."""

    def __init__(self, rule: Rule, raw: Callable[..., Any], *, is_compiled: bool) -> None:
        self._rule = rule
        self._raw = raw
        self._is_compiled = is_compiled
        self._names = list(rule.kinds)
        self._columns = rule.columns()
        self._written = rule.written()
        self._left_out = rule.left_out()
        self._out = [name for name in self._written if name.startswith("out_")]
        self._read = [name for name in self._columns if name not in self._written]
        self._places = [self._names.index(name) for name in self._out]
        self._picked = itemgetter(*self._places) if self._places else list
        kernel = rule.name.rpartition(".")[2]
        fields = [name.removeprefix("out_") for name in self._out]
        self._tuple_of = results_of(kernel, fields)
        space = dict(rule.constants)
        head = f"lambda {', '.join(self._names)}: "
        self._sizes = {name: eval(head + size, space) for name, size in rule.sizes.items()}
        self._conditions = [
            (name, eval(head + condition, space), words)
            for name, condition, words in rule.conditions
        ]
        self._no_rows = eval(head + (rule.rows or "1"), space)

    def returned(self, values: Sequence[Any], answer: Any) -> Any:
        """Return the results of a call: its columns, then what the kernel itself returns."""
        if not self._places:
            return answer
        found = self._picked(values)
        if answer is None:
            return found if len(self._places) == 1 else self._tuple_of._make(found)
        if len(self._places) == 1:
            found = (found,)
        return (*found, *(answer if isinstance(answer, tuple) else (answer,)))

    def __call__(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """Check, convert, make what is missing, run, and return results as the inputs were.

        Raises
        ------
        UsageError
            If something does not fit; the message names the argument.
        """
        values = self._bound(given, named)
        form, like = self._form(values)
        is_ndarray = form in (NDARRAY, SERIES) and self._is_compiled
        ready, copies = self._converted(values, is_ndarray=is_ndarray)
        rows = self._rows(ready)
        for name in self._names:
            if name not in ready:
                ready[name] = self._made(name, values.get(name), rows, ready, is_ndarray=is_ndarray)
        self._check(values, ready)
        ordered = [ready[name] for name in self._names]
        answer = self._raw(*ordered)
        for own, copy in copies:
            own[:] = forms.as_ndarray(copy, copy.typecode)
        for place, name in zip(self._places, self._out, strict=True):
            own = values.get(name)
            ordered[place] = forms.given_back(ordered[place], form, like) if own is None else own
        return self.returned(ordered, answer)

    def _bound(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name."""
        kernel = self._rule.name
        if len(given) > len(self._names):
            raise UsageError(f"{kernel}: takes {len(self._names)} arguments, {len(given)} given")
        values = dict(zip(self._names, given, strict=False))
        for name, value in named.items():
            if name not in self._names:
                raise UsageError(f"{kernel}: {name}: {hint(name, self._names)}")
            if name in values:
                raise UsageError(f"{kernel}: {name}: given by position and by name")
            values[name] = value
        for name in self._names:
            if name not in values and name not in self._left_out:
                raise refuse(name, f"missing in the call of {kernel}")
        return values

    def _form(self, values: Mapping[str, Any]) -> tuple[int, Any]:
        """Return how results are returned, and the Series whose index they get."""
        found = {name: forms.form_of(values[name]) for name in self._read}
        form = max(found.values(), default=ARRAY)
        if form == NUMBER and any(values.get(name) is not None for name in self._written):
            form = ARRAY
        series = [name for name, one in found.items() if one == SERIES]
        for name in series:
            if not values[name].index.equals(values[series[0]].index):
                raise refuse(name, f"has another index than {series[0]}")
        if form < NDARRAY and any(
            forms.form_of(values[name]) == NDARRAY
            for name in self._written
            if values.get(name) is not None
        ):
            form = NDARRAY
        return form, values[series[0]] if series else None

    def _converted(
        self, values: Mapping[str, Any], *, is_ndarray: bool
    ) -> tuple[dict[str, Any], list[tuple[Any, Any]]]:
        """Return what was given as the kernel takes it, and the copies that are written back.

        A number in the place of a column of rows is left for when it is known how many there are.
        """
        ready: dict[str, Any] = {}
        copies: list[tuple[Any, Any]] = []
        for name, kind in self._rule.kinds.items():
            value = values.get(name)
            if kind in NUMBERS:
                ready[name] = forms.number(name, kind, value)
                if kind == "int" and not -LARGEST_INT < ready[name] < LARGEST_INT:
                    raise refuse(name, f"{ready[name]} is beyond 2^53")
            elif kind == "B":
                if not isinstance(value, (bytes, bytearray, memoryview)):
                    raise refuse(name, f"expected bytes, found {forms.shown(value)}")
                ready[name] = bytes(value)
            elif name in self._written:
                if value is not None:
                    ready[name], own = forms.writable(name, kind, value, is_ndarray=is_ndarray)
                    if own is not None:
                        copies.append((own, ready[name]))
            elif forms.form_of(value) != NUMBER or name in self._sizes:
                ready[name] = forms.read_only(name, kind, value, is_ndarray=is_ndarray)
        return ready, copies

    def _rows(self, ready: Mapping[str, Any]) -> dict[str, int]:
        """Return how many rows (or what else is counted) there are; all columns must agree."""
        found: dict[str, int] = {}
        for what, names in lengths(self._rule).items():
            here = {name: len(ready[name]) for name in names if name in ready}
            if not here:
                continue
            counts = list(here.values())
            # The one that is alone in being different is the one to name.
            most = max(counts, key=counts.count)
            for name, count in here.items():
                if count != most:
                    raise refuse(name, f"has {count} elements where there are {most} {what}")
            found[what] = most
        return found

    def _made(
        self,
        name: str,
        value: Any,
        rows: Mapping[str, int],
        ready: Mapping[str, Any],
        *,
        is_ndarray: bool,
    ) -> Any:
        """Return a column that was left out, zeros, or given as the number of all its rows."""
        code, known = self._rule.kinds[name], [ready.get(one) for one in self._names]
        if name in self._sizes:
            length = self._sizes[name](*known)
        else:
            what = self._rule.counted.get(name, "rows")
            length = rows[what] if what in rows else self._no_rows(*known)
        if value is None:
            return forms.made(name, code, length, is_ndarray=is_ndarray)
        column = forms.read_only(name, code, [value], is_ndarray=False) * length
        return forms.as_ndarray(column, code) if is_ndarray else column

    def _check(self, values: Mapping[str, Any], ready: Mapping[str, Any]) -> None:
        """Refuse columns that are too short, share memory or hold what they must not."""
        known = [ready[name] for name in self._names]
        for name, size in self._sizes.items():
            needed = size(*known)
            if len(ready[name]) < needed:
                why = f"has {len(ready[name])} elements, {needed} are needed"
                raise refuse(name, f"{why} ({self._rule.sizes[name]})")
        for name, condition, words in self._conditions:
            if not condition(*known):
                value = f"{ready[name]} " if self._rule.kinds[name] in NUMBERS else ""
                raise refuse(name, value + words)
        for name in self._written:
            own = values.get(name)
            for other in self._columns if own is not None else ():
                if other != name and not forms.are_apart(own, values.get(other)):
                    raise refuse(name, f"shares memory with {other}")
