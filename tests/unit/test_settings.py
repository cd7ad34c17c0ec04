"""Every setting goes through every door, with the same effect and the same sentence."""

from __future__ import annotations

import argparse
import math
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from engine import scan
from engine.cli import scan_request
from engine.cli.main import Parser
from engine.cli.scan_arguments import add_arguments
from engine.config import Gates
from engine.errors import ConfigurationError, EngineError, UsageError
from engine.scanner.survey import Request
from engine.settings import options
from engine.settings.config_file import read_config
from engine.settings.request import request_of
from engine.settings.table import BY_NAME, SETTINGS, documentation

CONFIGURATION = Path(__file__).resolve().parents[2] / "docs" / "CONFIGURATION.md"

# name: (text of the flag, TOML, value for Python); what is not a default.
GOOD: dict[str, tuple[str, str, Any]] = {
    "as_of": ("2015-12-24T15:30Z", "[scan]\nas_of = 2015-12-24T15:30:00Z", "2015-12-24T15:30Z"),
    "mapping": ("bid=Bid", '[scan]\nmap = { bid = "Bid" }', {"bid": "Bid"}),
    "layout": ("orats", '[scan]\nlayout = "orats"', "orats"),
    "decimal": (",", '[scan]\ndecimal = ","', ","),
    "delimiter": ("|", '[scan]\ndelimiter = "|"', "|"),
    "rows": ("results", '[scan]\nrows = "results"', "results"),
    "window": ("2.5", "[scan]\nwindow = 2.5", 2.5),
    "kind": ("XYZ=index", '[scan]\nkind = { XYZ = "index" }', {"XYZ": "index"}),
    "strict": ("", "[scan]\nstrict = true", True),
    "max_input": ("4GB", '[scan]\nmax_input = "4GB"', 4 << 30),
    "seed": ("7", "[scan]\nseed = 7", 7),
    "rates": ("4%,5%", '[rates]\nlend = 0.04\nborrow = "5%"\nas_of = 2015-12-24', (0.04, 0.05)),
    "allow_negative_rates": ("", "[rates]\nallow_negative = true", True),
    "withholding": ("15%", "[rates]\nwithholding = 0.15", 0.15),
    "dividends": (
        "2016-01-15=0.2:special",
        '[[dividends]]\nex = 2016-01-15\namount = 0.2\nkind = "special"',
        [("2016-01-15", 0.2, "special")],
    ),
    "fees": ("per_contract=0.5", "[fees]\nper_contract = 0.5", "per_contract=0.5"),
    "borrow": ("GME=35%,1%", '[borrow]\nGME = "35%"\ndefault = 0.01', {"GME": 0.35, "": 0.01}),
    "shortable": ("GME=1000", "[shortable]\nGME = 1000", {"GME": 1000}),
    "index_yield": ("SPX=1.5%", "[index_yield]\nSPX = 0.015", {"SPX": 0.015}),
    "families": ("box,collar", '[scan]\nfamilies = ["collar", "box"]', ["box", "collar"]),
    "min_edge": ("0.5", "[gates]\nmin_edge = 0.5", 0.5),
    "min_edge_usd": ("9", "[gates]\nmin_edge_usd = 9", 9),
    "gates": ("max_spread=off", '[gates]\nmax_spread = "off"', {"max_spread": "off"}),
    "assume_synchronous": ("", "[scan]\nassume_synchronous = true", True),
    "profile": ("liquidity", '[scan]\nprofile = "liquidity"', "liquidity"),
    "top": ("3", "[scan]\ntop = 3", 3),
    "near_misses": ("0", "[scan]\nnear_misses = 0", 0),
    "capital": ("5e5", "[scan]\ncapital = 500000", 5e5),
    "show_carry": ("", "[scan]\ncarry = true", True),
    "find_carry": ("false", "[scan]\nfind_carry = false", False),
    "fill_time": ("3.5", "[scan]\nfill_time = 3.5", 3.5),
    "leg_gap": ("0", "[scan]\nleg_gap = 0", 0),
    "vol": ("45%", '[scan]\nvol = "45%"', 0.45),
    "fail_empty": ("", "[scan]\nfail_empty = true", True),
    "backend": ("pure", '[scan]\nbackend = "pure"', "pure"),
    "jobs": ("2", "[scan]\njobs = 2", 2),
}
# name: (text of the flag, TOML, value for Python, the sentence after the door's name for it)
BAD: dict[str, tuple[str, str, Any, str]] = {
    "as_of": ("noon", '[scan]\nas_of = "noon"', "noon", "expected a time such as"),
    "layout": ("orat", '[scan]\nlayout = "orat"', "orat", "unknown layout 'orat': "),
    "decimal": (";", '[scan]\ndecimal = ";"', ";", "expected a decimal mark, ',' or '.', got"),
    "delimiter": ("ab", '[scan]\ndelimiter = "ab"', "ab", "expected one mark such as '|', ';' or"),
    "window": ("-1", "[scan]\nwindow = -1", -1, "expected a number >= 0, got"),
    "kind": ("stonk", '[scan]\nkind = "stonk"', "stonk", "unknown kind 'stonk': valid: share"),
    "max_input": ("big", '[scan]\nmax_input = "big"', "big", "expected a size such as 4GB or"),
    "seed": ("-1", "[scan]\nseed = -1", -1, "expected a whole number >= 0, got"),
    "rates": ("450", "[rates]\nlend = 450", 450, "rate 450 means 45000% a year"),
    "withholding": ("2", "[rates]\nwithholding = 2", 2, "expected a fraction in 0 .. 1"),
    "fees": ("fre", "[fees]\nschedule = 'fre'", "fre", "unknown fee schedule 'fre'"),
    "borrow": ("-1%", '[borrow]\nGME = "-1%"', {"GME": "-1%"}, "-1% is not a fee per year"),
    "shortable": ("-1", "[shortable]\nGME = -1", {"GME": -1}, "expected a number of shares >= 0"),
    "index_yield": ("-1", "[index_yield]\nSPX = -1", {"SPX": -1}, "-1 is not a fee per year"),
    "families": ("boks", '[scan]\nfamilies = ["boks"]', "boks", "unknown family 'boks': did you"),
    "min_edge": ("x", "", "x", "expected a number >= 0, got 'x'"),
    "min_edge_usd": ("-1", "", -1, "expected a number >= 0, got"),
    "profile": ("profitt", '[scan]\nprofile = "profitt"', "profitt", "unknown profile 'profitt'"),
    "top": ("-1", "[scan]\ntop = -1", -1, "expected a whole number >= 0, got"),
    "near_misses": ("x", '[scan]\nnear_misses = "x"', "x", "expected a whole number >= 0, got 'x'"),
    "capital": ("x", '[scan]\ncapital = "x"', "x", "expected a number >= 0, got 'x'"),
    "find_carry": ("no", '[scan]\nfind_carry = "no"', "no", "expected true or false, got 'no'"),
    "fill_time": ("0", "[scan]\nfill_time = 0", 0, "expected a number > 0, got"),
    "leg_gap": ("-1", "[scan]\nleg_gap = -1", -1, "expected a number >= 0, got"),
    "vol": ("0", "[scan]\nvol = 0", 0, "expected a number > 0, got"),
    "backend": ("nmba", '[scan]\nbackend = "nmba"', "nmba", "unknown backend 'nmba': did you mean"),
    "jobs": ("x", '[scan]\njobs = "x"', "x", "expected a whole number >= 0, got 'x'"),
}


def parsed(*words: str) -> argparse.Namespace:
    parser = Parser("parity scan", "")
    add_arguments(parser)
    return parser.parse(words)


def by_flag(name: str, text: str) -> argparse.Namespace:
    option = BY_NAME[name].option
    return parsed(f"{option}={text}" if BY_NAME[name].metavar else option)


def by_file(tmp_path: Path, text: str):  # type: ignore[no-untyped-def]
    path = tmp_path / "parity.toml"
    path.write_text(text + "\n", encoding="utf-8")
    return read_config(str(path))


def by_argument(name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Return the request that `engine.scan` makes of one argument."""
    seen: list[Request] = []

    def caught(request: Request, *_how: object, **_more: object) -> None:
        seen.append(request)
        raise UsageError("caught")

    monkeypatch.setattr("engine.api.scan_many", caught)
    with pytest.raises(UsageError, match="caught"):
        scan("demo", **{name: value})  # type: ignore[arg-type]  # by name
    return seen[0]


def test_every_setting_is_tried_here() -> None:
    assert set(GOOD) == set(BY_NAME)
    untried = set(BY_NAME) - set(BAD)
    # What is true or false has no text, and a name of a column may be anything.
    switches = {setting.name for setting in SETTINGS if not setting.metavar}
    assert untried == switches | {"mapping", "rows", "dividends", "gates"}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_door_has_the_same_effect(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, toml, value = GOOD[name]
    args = by_flag(name, text)
    config = by_file(tmp_path, toml)
    silent = parsed()
    if name in ("backend", "jobs", "fail_empty"):
        read = {
            "backend": scan_request.backend_name,
            "jobs": scan_request.jobs,
            "fail_empty": scan_request.fails_when_empty,
        }[name]
        assert read(args, None) == read(silent, config) == value  # type: ignore[operator]
        assert read(silent, None) != value  # type: ignore[operator]
        return
    flag, file = scan_request.build(args, None), scan_request.build(silent, config)
    argument = by_argument(name, value, monkeypatch)
    if name == "rates":  # a file says when its rates were read, a flag is of now
        file, flag, argument = (
            repr((r.overrides.lend, r.overrides.borrow)) for r in (file, flag, argument)
        )
    assert repr(flag) == repr(file) == repr(argument)
    if name != "allow_negative_rates":  # which alone changes nothing
        assert repr(flag) != repr(scan_request.build(silent, None))


@pytest.mark.parametrize("name", BAD)
def test_every_door_has_the_same_sentence(name: str, tmp_path: Path) -> None:
    text, toml, value, sentence = BAD[name]
    with pytest.raises(EngineError) as flag:
        scan_request.build(by_flag(name, text), None)
    assert f"{BY_NAME[name].option}: {sentence}" in str(flag.value)
    with pytest.raises(UsageError) as argument:
        scan("demo", **{name: value})  # type: ignore[arg-type]  # nonsense
    assert str(argument.value).startswith(f"{name}: {sentence}")
    if toml:
        with pytest.raises(ConfigurationError) as file:
            by_file(tmp_path, toml)
        assert f": {sentence}" in str(file.value)


def test_negative_rates_must_be_meant_at_every_door(tmp_path: Path) -> None:
    sentence = "rate -0.01 is negative; if it is meant, say so: --allow-negative-rates, "
    with pytest.raises(UsageError, match=sentence):
        scan_request.build(by_flag("rates", "-0.01,0.02"), None)
    with pytest.raises(UsageError, match=sentence):
        scan("demo", rates=(-0.01, 0.02))
    with pytest.raises(ConfigurationError, match=sentence):
        by_file(tmp_path, "[rates]\nlend = -0.01")
    lend = request_of({"rates": BY_NAME["rates"].read("-1%"), "allow_negative_rates": True})
    assert lend.overrides.lend is not None
    assert lend.overrides.lend.rates == (-0.01,)


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    config = by_file(tmp_path, "[scan]\ntop = 5\nvol = 0.5\n[gates]\nmax_skew = 3\nlots = 2")
    request = scan_request.build(by_flag("gates", "lots=4"), config)
    assert (request.settings.top, request.settings.vol) == (5, 0.5)
    assert (request.settings.gates.max_skew, request.settings.gates.lots) == (3.0, 4)
    assert scan_request.build(by_flag("top", "9"), config).settings.top == 9


def test_every_gate_is_a_limit_of_the_setting() -> None:
    for gate in fields(Gates):
        read = BY_NAME["gates"].read({gate.name: "2" if gate.name != "allow_delayed" else "true"})
        assert list(read) == [gate.name]  # type: ignore[call-overload]
    whole = BY_NAME["gates"].read(Gates(max_skew=7.0))
    assert isinstance(whole, dict)
    assert whole["max_skew"] == 7.0
    assert math.isnan(whole["max_capital"])


def test_the_keywords_of_python_are_the_settings() -> None:
    groups = {
        "reading": options.ReadingOptions, "costs": options.CostOptions,
        "checks": options.CheckOptions, "list": options.ListOptions, "run": options.RunOptions,
    }  # fmt: skip
    for name, typed in groups.items():
        ours = [s.name for s in SETTINGS if s.group == name and s.has_argument]
        assert list(typed.__annotations__) == ours
    assert set(get_type_hints(options.ScanOptions)) == {s.name for s in SETTINGS if s.has_argument}
    assert scan.__doc__ is not None
    for setting in SETTINGS:
        assert not setting.has_argument or f"``{setting.name}``" in scan.__doc__


def test_an_unknown_keyword_names_the_nearest() -> None:
    with pytest.raises(
        TypeError, match=r"scan\(\) has no argument 'near_mises': did you mean 'near"
    ):
        scan("demo", near_mises=3)  # type: ignore[call-arg]


def test_the_documentation_has_the_table() -> None:
    """After a change of the table: put what `documentation` returns into the page."""
    assert documentation() in CONFIGURATION.read_text(encoding="utf-8")


def test_carry_rows_cannot_be_listed_and_not_looked_for() -> None:
    with pytest.raises(UsageError, match=r"--carry lists .* --find-carry is false"):
        scan_request.build(parsed("--carry", "--find-carry=false"), None)
    with pytest.raises(UsageError, match=r"show_carry lists .* find_carry is false"):
        scan("demo", show_carry=True, find_carry=False)
    looked = [
        scan("demo", "ZETF", top=0, find_carry=is_on, backend="pure").scans[0].result.n_carry
        for is_on in (True, False)
    ]
    assert looked[0] > looked[1] == 0
