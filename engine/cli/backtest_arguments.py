"""The flags that every backtest has, whatever is done with it: strategies, bars, costs.

Each `add_…` puts a group of flags on a parser; the function of the same noun reads it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import product
from math import isfinite
from typing import TYPE_CHECKING

from engine.cli.typed import typed
from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.backtesting.data import Data
    from engine.backtesting.strategy import Strategy
    from engine.backtesting.terms import Terms

DEFAULT_FEES, DEFAULT_SLIPPAGE = "0.05%", "0.02%"  # `engine.trading.DEFAULT_COSTS`
_MOST_NAMES = 1000
_MOST_SETS = 100_000
# What parameters are multiplied with to make sets around one.
_SCALES: Sequence[float] = (1.0, 0.5, 2.0, 0.75, 1.5, 0.25, 3.0, 0.35, 2.5, 1.25)

Values = dict[str, object]


def add_strategies(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add which strategies run, and with which parameters; return the group of these flags."""
    group = parser.add_argument_group("what to test")
    add = group.add_argument
    add("names", nargs="*", metavar="STRATEGY", help="by name, or file.py:Class; none is all")
    add("--strategies", action="append", type=typed(names), metavar="A,B", help="the same")
    add(
        "--set", action="append", dest="values", metavar="NAME=VALUE",
        help="a parameter: fast=10; several values try each: fast=5,10,20; of one strategy: "
        "ma_crossover.fast=10",
    )  # fmt: skip
    return group


def parameter_words(words: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """Write ``--fast 10`` as ``--set fast=10`` where a strategy that is asked for has `fast`.

    A flag of the verb stays what it is. What is no parameter stays for the parser to refuse.
    """
    known = parser._option_string_actions
    if all(word.partition("=")[0] in known for word in words if word.startswith("--")):
        return list(words)
    names = _parameter_names(words)
    written: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        flag, equals, value = word.partition("=")
        name = flag[2:].replace("-", "_")
        if flag in known or not flag.startswith("--") or name not in names:
            written.append(word)
            continue
        if not equals:
            if not left:
                raise UsageError(f"{flag} is a parameter: give it a value, such as {flag} 10")
            value = left.pop(0)
        written += ["--set", f"{name}={value}"]
    return written


def _parameter_names(words: Sequence[str]) -> set[str]:
    """Return the parameters of the strategies that `words` name; of all that ship without one."""
    from engine.backtesting.parameters import parameters
    from engine.errors import EngineError
    from engine.trading import SHIPPED
    from engine.trading.loading import load_strategy

    said: list[str] = []
    for place, word in enumerate(words):
        flag, _, value = word.partition("=")
        if flag == "--strategies":
            said += (value or "".join(words[place + 1 : place + 2])).split(",")
        elif not word.startswith("-") and (".py:" in word or word in SHIPPED):
            said.append(word)
    found: set[str] = set()
    for text in said or SHIPPED:
        try:
            found.update(parameters(load_strategy(text)))
        except EngineError:
            continue  # it is said where it is run
    return found


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add where bars come from."""
    add = parser.add_argument_group("bars").add_argument
    add(
        "--source", default="demo", metavar="SPEC",
        help="demo, csv:FILE (or a folder), lean:DIR, store (demo)",
    )  # fmt: skip
    add("--symbols", action="append", type=typed(names), metavar="A,B", help="all of the source")
    add("--bars", default="", metavar="SPAN", help="1m, 1h, 1d, ... (as the source has them)")
    add("--days", type=typed(days), default=0, metavar="N", help="the last N days (demo: 30)")
    add("--store", metavar="URL", help="of --source store (ENGINE_STORE, else yours)")
    add(
        "--zone", type=typed(zone), default="UTC", metavar="ZONE",
        help="of times in a CSV that name none (UTC)",
    )  # fmt: skip
    add(
        "--stamps", choices=("start", "end"), default="start",
        help="what times in a CSV are of a bar (start)",
    )  # fmt: skip


def zone(text: str) -> str:
    """Return the name of a time zone that this machine knows."""
    if text == "UTC":
        return text
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"no time zone {text!r}: such as America/New_York or UTC") from None
    return text


def add_terms(parser: argparse.ArgumentParser) -> None:
    """Add what an account has and what trading costs."""
    add = parser.add_argument_group("account and costs").add_argument
    add("--cash", type=typed(positive), default=10_000.0, metavar="X", help="at the start (10000)")
    add("--units", type=typed(amount), default=0.0, metavar="N", help="of a target of 1 (all cash)")
    add(
        "--fees", default=DEFAULT_FEES, metavar="F",
        help=f"of each fill: 0.05%%, 0.005/unit, 1/order, or a sum of them; 0 is none "
        f"({DEFAULT_FEES}%)",
    )  # fmt: skip
    add(
        "--slippage", default=DEFAULT_SLIPPAGE, metavar="S",
        help=f"of fills at the market: 0.02%% of the price or 0.01 in it; 0 is none "
        f"({DEFAULT_SLIPPAGE}%)",
    )  # fmt: skip
    add("--spread", type=typed(amount), default=0.0, metavar="X", help="half is paid at the market")
    add(
        "--participation", type=typed(share), default=0.0, metavar="P",
        help="most of a bar's volume that is ours: 10%% (no cap)",
    )  # fmt: skip
    add("--lot", type=typed(amount), default=0.0, metavar="N", help="units are whole lots (parts)")
    add("--tick", type=typed(amount), default=0.0, metavar="X", help="prices are on ticks (any)")
    add("--borrow", type=typed(share), default=0.0, metavar="R", help="a year for what is short")
    add("--long-only", action="store_true", help="sell nothing short")
    add("--through", action="store_true", help="fill a limit only where the price passes it")


def strategies(args: argparse.Namespace) -> dict[str, type[Strategy]]:
    """Return the classes asked for by what the person wrote; all that ship where nothing is.

    Raises
    ------
    EngineError
        If one cannot be loaded.
    """
    from engine.trading import SHIPPED
    from engine.trading.loading import load_strategy

    wanted = [name for text in args.names for name in _listed(text)]
    wanted += [name for part in args.strategies or [] for name in part]
    if len(wanted) > _MOST_NAMES:
        raise UsageError(f"more than {_MOST_NAMES:,} strategies")
    found: dict[str, type[Strategy]] = {}
    for name in wanted or SHIPPED:
        kind = load_strategy(name)
        if kind not in found.values():
            found[_label(name, kind, found)] = kind
    return found


def _listed(text: str) -> list[str]:
    """Return the names of a word: several with commas between, but a path is left whole."""
    return [text] if "/" in text else [one for one in text.split(",") if one] or [text]


def _label(text: str, kind: type, others: dict[str, type[Strategy]]) -> str:
    """Return what a strategy is called: its class, or as it was named where that is taken."""
    from engine.trading import SHIPPED

    name = text.strip().lower().replace("-", "_")
    label = name if name in SHIPPED else kind.__name__
    return label if label not in others else text


def value_sets(
    args: argparse.Namespace, found: dict[str, type[Strategy]]
) -> dict[str, list[Values]]:
    """Return the sets of parameters that ``--set`` asks for, by strategy; one, empty, without.

    Raises
    ------
    UsageError
        If a parameter is one of no strategy, or a value none of the parameter's.
    """
    from engine.backtesting.parameters import parameters
    from engine.nearest import hint
    from engine.trading.trial import make

    choices: dict[str, dict[str, list[object]]] = {name: {} for name in found}
    for text in args.values or []:
        key, equals, value = text.partition("=")
        of, dot, name = key.strip().rpartition(".")
        if not equals or not name:
            raise UsageError(f"--set {text}: expected NAME=VALUE, such as fast=10")
        if dot and of not in found:
            raise UsageError(f"--set {text}: no strategy {of} is run: {hint(of, found)}")
        having = [
            label
            for label, kind in found.items()
            if (not dot or label == of) and name in parameters(kind)
        ]
        if not having:
            known = sorted({one for kind in found.values() for one in parameters(kind)})
            raise UsageError(f"--set {text}: no strategy has a parameter {name}: "
                             f"{hint(name, known)}")  # fmt: skip
        for label in having:
            choices[label][name] = [one.strip() for one in value.split(",")]
    sets = {}
    for label, chosen in choices.items():
        count = 1
        for options in chosen.values():
            count *= len(options)
        if count > _MOST_SETS:
            raise UsageError(f"--set: {count:,} sets of parameters; at most {_MOST_SETS:,}")
        sets[label] = [
            dict(zip(chosen, values, strict=True)) for values in product(*chosen.values())
        ]
        for one in sets[label]:
            try:
                make(found[label], one)
            except UsageError as error:
                raise UsageError(f"--set: {label}: {error}") from None
    return sets


def data(args: argparse.Namespace) -> Data:
    """Return the bars asked for.

    Raises
    ------
    EngineError
        If they cannot be had.
    """
    from engine.trading.sources import open_bars

    symbols = [one for part in args.symbols or [] for one in part]
    if args.store and args.source != "store":
        raise UsageError("--store is the address of --source store")
    return open_bars(
        args.source,
        [symbol.upper() for symbol in symbols],
        args.bars,
        args.days,
        zone=args.zone,
        is_end=args.stamps == "end",
        store=args.store,
    )


def terms(args: argparse.Namespace) -> Terms:
    """Return the terms of an account.

    Raises
    ------
    UsageError
        If they make no sense.
    """
    from engine.backtesting.terms import Terms

    rate, unit, order = fees(args.fees)
    slippage_rate, slippage_price = slippage(args.slippage)
    try:
        return Terms(
            cash=args.cash,
            units=args.units,
            fee_rate=rate,
            fee_unit=unit,
            fee_order=order,
            slippage_rate=slippage_rate,
            slippage_price=slippage_price,
            spread=args.spread,
            participation=args.participation,
            lot=args.lot,
            tick=args.tick,
            can_short=not args.long_only,
            borrow_rate=args.borrow,
            through=args.through,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None


def fees(text: str) -> tuple[float, float, float]:
    """Return fees as a share of the value, per unit and per order.

    Raises
    ------
    UsageError
        If they are none.

    >>> fees("0.05%+1/order")
    (0.0005, 0.0, 1.0)
    """
    found = {"%": 0.0, "/unit": 0.0, "/order": 0.0}
    for part in text.replace(" ", "").split("+"):
        if part in ("0", "none"):
            continue
        unit = next((one for one in found if part.endswith(one)), "")
        value = _number(part.removesuffix(unit)) if unit else -1.0
        if not 0.0 <= value < 1e9 or (unit == "%" and value > 50.0):
            raise UsageError(f"--fees {text}: expected 0.05%, 0.005/unit, 1/order or a sum of them")
        found[unit] += value
    return found["%"] / 100.0, found["/unit"], found["/order"]


def slippage(text: str) -> tuple[float, float]:
    """Return slippage as a share of the price and in price units.

    Raises
    ------
    UsageError
        If it is none.

    >>> slippage("0.02%"), slippage("0.01")
    ((0.0002, 0.0), (0.0, 0.01))
    """
    is_share = text.endswith("%")
    value = 0.0 if text in ("0", "none") else _number(text.removesuffix("%"))
    if not 0.0 <= value < 1e9 or (is_share and value > 50.0):
        raise UsageError(f"--slippage {text}: expected 0.02% of the price, or 0.01 in it")
    return (value / 100.0, 0.0) if is_share else (0.0, value)


def names(text: str) -> list[str]:
    """Return the names of a list with commas."""
    found = [one.strip() for one in text.split(",")]
    if not all(found):
        raise ValueError(f"expected names with commas between them, got {text!r}")
    return found


def days(text: str) -> int:
    """Return a number of days, from 1 to 3650."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 3650):
        raise ValueError(f"expected a number of days from 1 to 3650, got {text!r}")
    return int(text)


def positive(text: str) -> float:
    """Return a number above 0."""
    value = _number(text)
    if not 0.0 < value < 1e15:
        raise ValueError(f"expected a number above 0, got {text!r}")
    return value


def amount(text: str) -> float:
    """Return a number of 0 or more."""
    value = _number(text)
    if not 0.0 <= value < 1e15:
        raise ValueError(f"expected a number of 0 or more, got {text!r}")
    return value


def share(text: str) -> float:
    """Return a share of 1: ``10%`` or ``0.1``."""
    value = _number(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"expected a share such as 10% or 0.1, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        value = float(text) if "_" not in text else float("nan")
    except ValueError:
        return -1.0
    return value if isfinite(value) else -1.0


def around(kind: type, values: Values, count: int) -> list[Values]:
    """Return `count` sets of parameters: the one given, then shorter and longer ones around it.

    Every number above 0 that is not given is scaled, all of them alike; fewer sets where a range
    leaves no room.
    """
    from engine.backtesting.parameters import parameters

    found: list[Values] = []
    for scale in _SCALES[:count]:
        one = dict(values)
        for name, parameter in parameters(kind).items():
            default = parameter.default
            if name in values or isinstance(default, str) or not default > 0:
                continue
            scaled = min(max(default * scale, parameter.low), parameter.high)
            if parameter.step > 0.0:
                steps = int((scaled - parameter.low) / parameter.step + 0.5)
                scaled = min(parameter.low + steps * parameter.step, parameter.high)
            one[name] = int(scaled) if parameter.is_whole else scaled
        if one not in found:
            found.append(one)
    return found
