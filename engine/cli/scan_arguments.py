"""The flags of `scan`. None means "not said", so that a configuration file may say it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from engine.config import DEFAULT_FAMILIES, PROFILES, SYNTHETIC_PROFILES, Gates, ScanSettings
from engine.market.policy_rate import BORROW_ABOVE, LEND_BELOW
from engine.settings import spelling

_T = TypeVar("_T")

RUNTIMES = ("auto", "cpython", "pypy")
DESCRIPTION = f"""
Rates: yours, else what the source knows, else the Federal Reserve's target of the chain's day, \
lending {LEND_BELOW:.2%} below and borrowing {BORROW_ABOVE:.2%} above it.
A flag wins over the configuration file, the file over the source, the source over defaults."""

RATES_HELP = (
    "LEND,BORROW per year (4.5%%,5.5%% or 0.045,0.055), one rate for both ends, or a file: TOML "
    "with [rates], CSV with days,lend,borrow"
)
DIVIDENDS_HELP = (
    "EX=AMOUNT[,EX=AMOUNT...] for every symbol, none, or a file: TOML with [[dividends]], CSV "
    "with symbol,ex,pay,amount,status; they replace the source's"
)
FEES_HELP = (
    "default, free, deribit, NAME=VALUE[,...] (such as per_contract=0.65), or TOML with [fees]"
)
BORROW_HELP = "fee of short stock per year: 1%%, or by symbol GME=35%%,0.5%%"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `scan` to `parser`."""
    defaults, gates = ScanSettings(), Gates()
    add = parser.add_argument_group("what to scan").add_argument
    add("symbols", nargs="*", metavar="SYMBOL", help="underlyings; none is all the source has")
    add("--source", metavar="SPEC", help="demo (default), csv:PATH, lean:DIR or deribit:FILE")
    add(
        "--as-of",
        type=_typed(as_of),
        metavar="TIME",
        help="last snapshot at or before 2015-12-24T15:30Z, a day, or all of them: all",
    )
    add(
        "--map",
        action="append",
        type=_typed(pair),
        metavar="OURS=THEIRS",
        help="name a column of a CSV: --map bid=Bid; ==VALUE for a constant",
    )
    add("--strict", action="store_true", default=None, help="one bad row refuses the input")
    add("--seed", type=_typed(count), metavar="N", help="of the demo exchange (0)")
    add("--seeds", type=_typed(positive), metavar="N", help="audit N demo exchanges (1)")
    add("--config", metavar="FILE.toml", help="everything below in one file; see the README")

    add = parser.add_argument_group("what carry costs").add_argument
    add("--rates", metavar="RATES", help=RATES_HELP)
    add(
        "--allow-negative-rates",
        action="store_true",
        help="a negative rate is meant, not a slip of the pen",
    )
    add("--dividends", metavar="DIVIDENDS", help=DIVIDENDS_HELP)
    add("--fees", metavar="FEES", help=FEES_HELP)
    add("--borrow", metavar="FEE", help=BORROW_HELP)

    add = parser.add_argument_group("what counts").add_argument
    add(
        "--families",
        type=_typed(lambda text: spelling.families(text.split(","))),
        metavar="A,B",
        help=f"all, default, or of: {', '.join(DEFAULT_FAMILIES)}, synthetic",
    )
    add("--min-edge", type=_typed(edge), metavar="X", help=f"per share ({gates.min_edge:g})")
    add(
        "--min-edge-usd",
        type=_typed(edge),
        metavar="X",
        help=f"in currency, all lots ({gates.min_edge_usd:g})",
    )
    add(
        "--gate",
        action="append",
        type=_typed(pair),
        metavar="NAME=LIMIT",
        help="any limit, such as max_option_age=5 or max_spread=off",
    )
    add(
        "--assume-synchronous",
        action="store_true",
        default=None,
        help="vouch for quotes whose ages are unknown or too old",
    )
    add(
        "--profile",
        type=_typed(spelling.profile),
        metavar="NAME",
        help="order by " + ", ".join(PROFILES + SYNTHETIC_PROFILES),
    )
    add("--top", type=_typed(count), metavar="N", help=f"list the best N ({defaults.top})")
    add(
        "--carry",
        action="store_true",
        default=None,
        help='list CARRY rows too: "profits" that are only interest',
    )

    group = parser.add_argument_group("how to show it")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one object; see docs/JSON.md")
    form.add_argument("--csv", action="store_true", help="one row per opportunity")
    form.add_argument("--ndjson", action="store_true", help="one object per line")
    add = group.add_argument
    add(
        "--explain",
        metavar="ID",
        help="the whole proof of one opportunity, by id or key; near-N; or why-not[:EXPIRY]: state "
        "prices that prove that a European expiry holds nothing",
    )
    add("--curves", action="store_true", help="implied forwards, borrow and box rates, with bands")
    add("--plot", metavar="FILE.html", help="smile, forward and edges in one self-contained file")
    add("--audit", action="store_true", help="compare with the labels of the demo exchange")
    add("--fail-empty", action="store_true", default=None, help="end with 1 if nothing is found")

    add = parser.add_argument_group("how to run it").add_argument
    add("--backend", metavar="NAME", help="auto (default), pure or numba")
    add(
        "--runtime",
        choices=RUNTIMES,
        help="run under cpython or pypy, or (auto) under what `parity bench --advise` found faster "
        "(default: the interpreter that runs this)",
    )
    add("--jobs", type=_typed(count), metavar="N", help="worker processes (1); 0 is one per core")


def as_of(text: str) -> int | str:
    """Return UTC nanoseconds, or "all"."""
    return "all" if text == "all" else spelling.instant(text)


def pair(text: str) -> tuple[str, str]:
    """Return ``NAME=VALUE`` as a pair.

    >>> pair("bid=Bid")
    ('bid', 'Bid')
    """
    name, equals, value = text.partition("=")
    if not (name.strip() and equals and value.strip()):
        raise ValueError(f"expected NAME=VALUE, got {text!r}")
    return name.strip(), value.strip()


def count(text: str) -> int:
    """Return a whole number >= 0."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"expected a whole number >= 0, got {text!r}")
    return int(text)


def positive(text: str) -> int:
    """Return a whole number >= 1."""
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ValueError(f"expected a whole number >= 1, got {text!r}")
    return int(text)


def edge(text: str) -> float:
    """Return a number >= 0."""
    value = spelling.number(text, "a number >= 0")
    if value < 0.0:
        raise ValueError(f"expected a number >= 0, got {text!r}")
    return value


def _typed(convert: Callable[[str], _T]) -> Callable[[str], _T]:
    """Let argparse show the sentence of a `ValueError` instead of one of its own."""

    def converted(text: str) -> _T:
        try:
            return convert(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converted
