"""Which families there are, and which of them a chain is searched for."""

from __future__ import annotations

from engine.strategies import (
    box,
    butterfly,
    calendar,
    calendar_butterfly,
    collar,
    conversion,
    covered_mix,
    intrinsic,
    jelly_roll,
    package,
    partial_box,
    reversal,
    reverse_collar,
    three_legs,
    upper_bound,
    vertical,
    vertical_width,
)
from engine.strategies.family import Family, find_nothing
from engine.strategies.view import View

MODULES = (
    conversion,
    reversal,
    collar,
    reverse_collar,
    jelly_roll,
    box,
    intrinsic,
    upper_bound,
    vertical,
    vertical_width,
    butterfly,
    calendar,
    calendar_butterfly,
    three_legs,
    partial_box,
    covered_mix,
    package,
)
FAMILIES: dict[str, Family] = {module.FAMILY.name: module.FAMILY for module in MODULES}
REGISTRY: dict[str, Family] = {
    name: family for name, family in FAMILIES.items() if family.find is not find_nothing
}
"""Those that are searched, in the order of ties."""


def family_named(name: str) -> Family:
    """Return the family called `name`.

    Raises
    ------
    ValueError
        If there is none: nothing is known of what it is worth, or what margin it binds.
    """
    if name not in FAMILIES:
        raise ValueError(f"no family is called {name!r}: its worth and margin are not known")
    return FAMILIES[name]


def why_not(family: Family, view: View) -> str:
    """Return why `family` is not searched in this chain, or ""."""
    return _why_not(family, *_facts(view))


def reasons(names: tuple[str, ...], view: View) -> dict[str, str]:
    """Return why each of the families called `names` is not searched, "" where it is."""
    facts = _facts(view)
    return {name: _why_not(REGISTRY[name], *facts) for name in names if name in REGISTRY}


def _facts(view: View) -> tuple[bool, bool, bool, bool]:
    chain = view.chain
    is_tradable = chain.underlying.is_tradable
    return chain.quoting.is_linear, view.has_stock, is_tradable, chain.is_european


def _why_not(
    family: Family, is_linear: bool, has_stock: bool, is_tradable: bool, is_european: bool
) -> str:
    if not is_linear and not family.is_for_coins:
        return "not defined for coin-settled options"
    if family.needs_stock and not has_stock:
        if not is_tradable:
            return "the index itself cannot be traded"
        return "the underlying has no quote"
    if not (is_tradable or is_european):
        # Every family that is left sells an option.
        return "an option assigned early is paid in cash, and nothing hedges the rest overnight"
    return ""
