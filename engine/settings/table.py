"""Every setting in one row: its names, how it is read, what it is without being set, and a word.

From a row come the flag of the command line, the key of a TOML file, the argument of the Python
interface, the line in docs/CONFIGURATION.md and the name in an error. A verb takes groups of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.config import DEFAULT_FAMILIES, PROFILES, SYNTHETIC_PROFILES, Gates, ScanSettings
from engine.settings import values

READING, COSTS, CHECKS, LIST, RUN = "reading", "costs", "checks", "list", "run"
TITLES = {
    READING: "how quotes are read",
    COSTS: "what carry costs",
    CHECKS: "what counts",
    LIST: "what is listed",
    RUN: "how to run it",
}
_DEFAULT = ScanSettings()
_GATES = Gates()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes
    ----------
    name
        Of the argument in Python; the flag and the key are called the same but for `flag`, `key`.
    group
        One of `TITLES`.
    read
        From text or a value to what the scan takes; `ValueError` has the sentence.
    expected
        What Python is told that it expects where the type is a strange one.
    default
        As documentation shows it.
    help
        A phrase for ``--help`` and the documentation.
    metavar
        What stands for the value in ``--help``; "" is a switch without one.
    key
        Place in a TOML file.
    repeats
        Whether the flag may be given several times, each with one ``NAME=VALUE``.
    has_argument
        Whether the Python interface has it: what is about exit codes it has not.
    """

    name: str
    group: str
    read: Callable[[object], object]
    expected: str
    default: str
    help: str
    metavar: str = ""
    key: str = ""
    flag: str = ""
    repeats: bool = False
    has_argument: bool = True

    @property
    def option(self) -> str:
        """The flag with its dashes."""
        return self.flag or "--" + self.name.replace("_", "-")

    @property
    def place(self) -> str:
        """The TOML table and key, or the table alone: "[scan] top"."""
        return self.key or f"[scan] {self.name}"

    @property
    def scan_key(self) -> str:
        """The key under [scan]; "" where the setting has a table of its own."""
        return self.place.removeprefix("[scan] ") if self.place.startswith("[scan] ") else ""


_COUNT, _SWITCH = "a whole number >= 0", "true or false"

SETTINGS = (
    Setting("as_of", READING, values.instant_or_all, "a time such as '2015-12-24T15:30Z'",
            "the last snapshot",
            "last snapshot at or before 2015-12-24T15:30Z, a day, or all of them: all", "TIME"),
    Setting("mapping", READING, values.mapping, "column names such as {'bid': 'Bid'}", "none",
            "name a column of a CSV: bid=Bid; ==VALUE for a constant, Bid#2 for the second Bid, "
            "strike=K/1000 to divide, call.bid=CBid and put.bid=PBid for rows with both",
            "OURS=THEIRS", "[scan] map", "--map", repeats=True),
    Setting("layout", READING, values.layout, "the name of a layout", "told by the header",
            "the layout of a CSV, such as orats (docs/SOURCES.md lists them)", "NAME"),
    Setting("decimal", READING, values.decimal, "a decimal mark, ',' or '.'",
            "a point, no groups",
            "the decimal mark of a CSV, a comma or a point; the other one groups thousands",
            "MARK"),
    Setting("delimiter", READING, values.delimiter, "a delimiter such as '|'",
            "read off the header", "what parts the columns of a CSV, such as '|'", "MARK"),
    Setting("rows", READING, values.text, "a path such as 'results'", "found",
            "where the rows of a JSON file are: results, or call=MAP.*.*,put=OTHER.*.*", "PATH"),
    Setting("window", READING, values.at_least_zero, "a number of seconds", "0",
            "seconds in which rows of a CSV or JSON with times of their own are one snapshot, each "
            "as old as it lies behind the last", "S"),
    Setting("kind", READING, values.kinds, "share, index or coin, or a mapping by symbol",
            "by name", "what a symbol is where its name does not say: share, index or coin, or by "
            "symbol XYZ=index", "KIND"),
    Setting("strict", READING, values.switch, _SWITCH, "false", "one bad row refuses the input"),
    Setting("max_input", READING, values.size, "a size such as '4GB'", "512MB",
            "how much one input may be once unpacked, such as 4GB", "SIZE"),
    Setting("seed", READING, values.count, _COUNT, "0", "of the demo exchange", "N"),
    Setting("rates", COSTS, values.rates,
            "LEND, BORROW such as (0.04, 0.05), one rate for both, or curves",
            "the source's, else around the Federal Reserve's target",
            "LEND,BORROW per year (4.5%,5.5% or 0.045,0.055), one rate for both ends, or a file: "
            "TOML with [rates], CSV with days,lend,borrow", "RATES", "[rates] lend, borrow"),
    Setting("allow_negative_rates", COSTS, values.switch, _SWITCH, "false",
            "a negative rate is meant, not a slip of the pen", key="[rates] allow_negative"),
    Setting("withholding", COSTS, values.fraction, "a fraction", "0",
            "the part of a received dividend that is withheld", "PART", "[rates] withholding"),
    Setting("dividends", COSTS, values.dividends,
            "('2016-01-15', 0.25) pairs, or a mapping of them by symbol", "the source's",
            "EX=AMOUNT[,EX=AMOUNT...] for every symbol, none, or a file: TOML with [[dividends]], "
            "CSV with symbol,ex,pay,amount,status,kind; they replace the source's", "DIVIDENDS",
            "[[dividends]]"),
    Setting("fees", COSTS, values.fees, "a FeeSchedule or text such as 'free'",
            "that of the market",
            "default, free, deribit, NAME=VALUE[,...] (such as per_contract=0.65), or TOML with "
            "[fees]", "FEES", "[fees]"),
    Setting("borrow", COSTS, values.borrow, "a fee per year, or a mapping by symbol",
            "the source's, else 0",
            "fee of short stock per year: 1%, or by symbol GME=35%,0.5%", "FEE", "[borrow]"),
    Setting("shortable", COSTS, values.by_symbol(values.shares),
            "a number of shares, or a mapping by symbol", "not known",
            "shares that can be borrowed: 1000, or by symbol GME=1000", "SHARES", "[shortable]"),
    Setting("index_yield", COSTS, values.by_symbol(values.fee_rate),
            "a yield per year, or a mapping by symbol", "0",
            "dividend yield of an index per year: 1.5%, or by symbol SPX=1.5%", "YIELD",
            "[index_yield]"),
    Setting("families", CHECKS, values.families, "a name or a list of names", "default",
            f"all, default, or of: {', '.join(DEFAULT_FAMILIES)}, synthetic", "A,B"),
    Setting("min_edge", CHECKS, values.at_least_zero, "a number", f"{_GATES.min_edge:g}",
            "least edge per share", "X", "[gates] min_edge"),
    Setting("min_edge_usd", CHECKS, values.at_least_zero, "a number", f"{_GATES.min_edge_usd:g}",
            "least edge in currency, all lots", "X", "[gates] min_edge_usd"),
    Setting("gates", CHECKS, values.gates, "limits by name such as {'max_spread': 0.5}",
            "see docs/SCANNER.md", "any limit, such as max_option_age=5 or max_spread=off",
            "NAME=LIMIT", "[gates]", "--gate", repeats=True),
    Setting("assume_synchronous", CHECKS, values.switch, _SWITCH, "false",
            "vouch for quotes whose ages are unknown or too old"),
    Setting("profile", LIST, values.profile, "the name of a profile", _DEFAULT.profile,
            "order by " + ", ".join(PROFILES + SYNTHETIC_PROFILES), "NAME"),
    Setting("top", LIST, values.count, _COUNT, f"{_DEFAULT.top}", "list the best N", "N"),
    Setting("near_misses", LIST, values.count, _COUNT, f"{_DEFAULT.near_misses}",
            "list so many that nearly passed; 0 saves their search", "N"),
    Setting("capital", LIST, values.at_least_zero, "an amount of currency", "no limit",
            "capital for all rows that are taken together, for --select", "X"),
    Setting("show_carry", LIST, values.switch, _SWITCH, "false",
            'list CARRY rows too: "profits" that are only interest', key="[scan] carry",
            flag="--carry"),
    Setting("find_carry", LIST, values.on_or_off, _SWITCH, "true",
            "look for CARRY rows at all, to name the best; false saves their search", "true|false"),
    Setting("fill_time", LIST, values.above_zero, "a number of seconds", f"{_DEFAULT.fill_time:g}",
            "seconds in which a quote's chance to be there still falls to a third", "S"),
    Setting("leg_gap", LIST, values.at_least_zero, "a number of seconds", f"{_DEFAULT.leg_gap:g}",
            "seconds between one leg and the next", "S"),
    Setting("vol", LIST, values.above_zero, "a volatility per year", f"{_DEFAULT.vol:g}",
            "volatility of the underlying between two legs, where no surface gives one", "V"),
    Setting("fail_empty", LIST, values.switch, _SWITCH, "false",
            "end with 1 if nothing is found", has_argument=False),
    Setting("backend", RUN, values.backend, "auto, pure, numba or a Backend", "auto",
            "auto, pure or numba", "NAME"),
    Setting("jobs", RUN, values.count, _COUNT, "1", "worker processes; 0 is one per core", "N"),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SETTINGS}


def of_groups(*groups: str) -> tuple[Setting, ...]:
    """Return the settings of some groups, in the order of the table."""
    return tuple(setting for setting in SETTINGS if setting.group in groups)


def documentation(settings: Iterable[Setting] = SETTINGS) -> str:
    """Return a table of docs/CONFIGURATION.md; settings without an argument have no such column."""
    settings = tuple(settings)
    if not any(setting.has_argument for setting in settings):
        lines = ["| flag | TOML | without it | what it says |", "|---|---|---|---|"]
        for one in settings:
            lines.append(f"| `{one.option}` | `{one.place}` | {one.default} | {one.help} |")
        return "\n".join(lines)
    lines = ["| flag | TOML | Python | without it | what it says |", "|---|---|---|---|---|"]
    for setting in settings:
        argument = f"`{setting.name}`" if setting.has_argument else ""
        lines.append(
            f"| `{setting.option}` | `{setting.place}` | {argument} | {setting.default} | "
            f"{setting.help} |"
        )
    return "\n".join(lines)
