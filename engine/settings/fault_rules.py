"""The TOML file of faults: ``seed = 7`` and ``[[fault]]`` tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.gateway.faults import KINDS, WITHOUT_EVENT, Faults, Rule
from engine.nearest import hint
from engine.settings.toml_table import Table, as_count, as_number, as_text, read_toml

_MOST_RULES = 1_000


def _share(value: object) -> float:
    number = as_number(value)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"expected a probability from 0 to 1, got {number:g}")
    return number


def _seconds(value: object) -> float:
    number = as_number(value)
    if not 0.0 <= number <= 1e7:
        raise ValueError(f"expected seconds >= 0, got {number:g}")
    return number


def _kind(value: object) -> str:
    kind = as_text(value)
    if kind not in KINDS:
        raise ValueError(f"there is no fault {kind!r}: {hint(kind, KINDS)}")
    return kind


_KEYS: Mapping[str, Callable[[object], object]] = {
    "kind": _kind, "at": _seconds, "nth": as_count, "every": as_count, "probability": _share,
    "times": as_count, "seconds": _seconds, "fraction": as_number, "code": as_count,
    "count": as_count, "symbol": as_text, "text": as_text, "client": as_count,
}  # fmt: skip


def read_faults(path: str, seed: int) -> Faults:
    """Return the faults of a file; its own seed goes before `seed`.

    Raises
    ------
    NoInputError
        If there is no such file.
    ConfigurationError
        If it is not TOML, or a rule is not one; the message has file and line.
    """
    top = read_toml(path)
    top.check_keys(("seed", "fault"))
    rules = [_rule(table) for table in top.tables("fault")]
    if len(rules) > _MOST_RULES:
        top.fail("fault", f"more than {_MOST_RULES} rules")
    own = top.read("seed", as_count)
    return Faults(rules, seed if own is None else own)


def _rule(table: Table) -> Rule:
    table.check_keys(_KEYS)
    table.require("kind", _kind)
    values = {key: table.require(key, _KEYS[key]) for key in table.values}
    rule = Rule(**values)  # type: ignore[arg-type]
    when = [key for key in ("at", "nth", "every", "probability") if key in values]
    if len(when) != 1:
        table.fail("kind", "say when: one of at, nth, every, probability")
    if rule.event in WITHOUT_EVENT and "at" not in values:
        table.fail(when[0], f"{rule.kind} has no event of its own: it needs at")
    return rule
