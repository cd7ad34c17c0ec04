"""One TOML file, flags over it; whatever is wrong is named with file, line and the nearest name."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest

from engine.errors import ConfigurationError, NoInputError
from engine.market.carry import Dividend, RateCurve
from engine.settings import config_file
from engine.settings.config_file import FileConfig, read_config

WHOLE = """
[scan]
source = "csv:quotes.csv.gz"
symbols = ["GOOG", "AAPL"]
as_of = 2015-12-24T15:30:00Z
families = ["box", "conversion"]
profile = "liquidity"
top = 5
map = { bid = "Bid" }
assume_synchronous = true

[rates]
lend = 0.045
borrow = [[30, 0.05], [365, "6%"]]
as_of = 2015-12-24
withholding = 0.15

[[dividends]]
symbol = "aapl"
ex = 2016-02-04
pay = 2016-02-11
amount = 0.52

[[dividends]]
ex = "2016-03-01"
amount = 1
status = "projected"

[fees]
schedule = "free"
exchange = 0.03
tiers = [[0.0, 0.5], [0.1, 0.7]]

[borrow]
default = 0.01
GME = "35%"

[shortable]
GME = 1000

[index_yield]
SPX = 0.015

[gates]
max_option_age = 5
max_spread = "off"
lots = 3
allow_delayed = true
"""


def _config(tmp_path: Path, text: str) -> FileConfig:
    path = tmp_path / "parity.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(str(path))


def test_everything_is_read(tmp_path: Path) -> None:
    config = _config(tmp_path, WHOLE)
    said = config.overrides
    assert config.scan == {
        "source": "csv:quotes.csv.gz",
        "symbols": ("GOOG", "AAPL"),
        "as_of": 1_450_971_000 * 10**9,
        "families": ("conversion", "box"),
        "profile": "liquidity",
        "top": 5,
        "map": {"bid": "Bid"},
        "assume_synchronous": True,
    }
    assert said.lend == RateCurve.flat(0.045)
    assert said.borrow == RateCurve((30.0, 365.0), (0.05, 0.06))
    assert said.withholding == 0.15
    assert said.dividends == {
        "AAPL": (Dividend(date(2016, 2, 4), date(2016, 2, 11), 0.52),),
        "": (Dividend(date(2016, 3, 1), date(2016, 3, 1), 1.0, "projected"),),
    }
    assert config.fees is not None
    assert (config.fees.exchange, config.fees.order_minimum) == (0.03, 0.0)
    assert config.fees.commission(0.1) == 0.7
    assert said.borrow_fee == {"": 0.01, "GME": 0.35}
    assert said.shortable == {"GME": 1000.0}
    assert said.index_yield == {"SPX": 0.015}
    assert config.gates == {
        "max_option_age": 5.0,
        "max_spread": math.inf,
        "lots": 3,
        "allow_delayed": True,
    }


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    config = _config(tmp_path, "# nothing yet\n")
    assert config == FileConfig(path=config.path)


def test_no_dividends_at_all_can_be_said(tmp_path: Path) -> None:
    assert _config(tmp_path, "dividends = []\n").overrides.dividends == {"": ()}


# What is written, and what the message must say: line, place, and what to do.
WRONG = [
    ("[rate]\nlend = 1\n", "1: there is no table or key 'rate': did you mean 'rates'?"),
    ("[scan]\nfamilys = []\n", "2: [scan] has no key 'familys': did you mean 'families'?"),
    (
        "[gates]\n\nmax_option_ages=1\n",
        "3: [gates] has no key 'max_option_ages': did you mean 'max",
    ),
    (
        '[scan]\nfamilies = ["boks"]\n',
        "2: [scan] families: unknown family 'boks': did you mean 'bo",
    ),
    ('[scan]\nprofile = "profitt"\n', "2: [scan] profile: unknown profile 'profitt': did you mean"),
    ("[scan]\ntop = -1\n", "2: [scan] top: expected a whole number >= 0, got -1"),
    ("[scan]\nstrict = 1\n", "2: [scan] strict: expected true or false, got 1"),
    ("[scan]\nas_of = 2015-12-24T10:30:00\n", "2: [scan] as_of: '2015-12-24 10:30:00' has no time"),
    ("[rates]\nlend = 4.5\n", "2: [rates] lend: rate 4.5 means 450% a year; write 0.045 or 4.5%"),
    ("[rates]\nlend = -0.01\n", "2: [rates] lend: rate -0.01 is negative; if it is meant"),
    (
        '[rates]\nlend = "abc"\n',
        "2: [rates] lend: expected a rate such as 0.045 or 4.5%, got",
    ),
    ("[rates]\nlend = true\n", "2: [rates] lend: expected a number, got true"),
    ("[rates]\nlend = nan\n", "2: [rates] lend: expected a number, got nan"),
    ("[rates]\nlend = [[30]]\n", "2: [rates] lend: expected a rate or [[days, rate], ...]"),
    (
        "[rates]\nlend = [[9, 0.1], [3, 0.1]]\n",
        "2: [rates] lend: the days of a rate curve must",
    ),
    ("[borrow]\nGME = -0.1\n", "2: [borrow] GME: -0.1 is not a fee per year"),
    ("[borrow]\nGME = 35\n", "2: [borrow] GME: 35 means 3500% a year; write 0.35 or '35%'"),
    ("[fees]\nschedule = 'fre'\n", "2: [fees] schedule: unknown fee schedule 'fre': did you mean"),
    ("[fees]\nexchange = -1\n", "2: [fees] exchange: fee exchange: expected a number >= 0, got -1"),
    ("[fees]\ntiers = [[0.1, 1]]\n", "2: [fees] tiers: the first fee tier must start at premium 0"),
    (
        "[fees]\ntiers = [[0, 1], [0, 2]]\n",
        "2: [fees] tiers: the premiums of the fee tiers must rise",
    ),
    ("[gates]\nlots = 0\n", "2: [gates] lots: expected a whole number >= 1"),
    (
        "[gates]\nmin_days = -1\n",
        "2: [gates] min_days: expected a number >= 0",
    ),
    ("[gates]\nmax_spread = true\n", "2: [gates] max_spread: expected a number, got true"),
    (
        "[dividends]\nx = 1\ny = 'a'\n",
        "1: dividends: expected [[dividends]] tables, got {x = 1, y = 'a'}",
    ),
    ("[[dividends]]\namount = 1\n", "1: [[dividends]] needs ex"),
    (
        "[[dividends]]\nex = 2016-01-01\namount = 1\n[[dividends]]\nex = 'soon'\namount = 1\n",
        "5: [[dividends]] ex: expected a date such as 2015-12-24, got 'soon'",
    ),
    (
        "[[dividends]]\nex = 2016-01-02\npay = 2016-01-01\namount = 1\n",
        "3: [[dividends]] pay: 2016-01-01 is before the ex-date 2016-01-02",
    ),
    ("[rates\nlend = 1\n", " not TOML: Expected ']' at the end of a table declaration (at line 1"),
    ("[rates]\nlend = 1\nlend = 2\n", " not TOML: Cannot overwrite a value (at line 3"),
    ("rates = 3\n", "1: rates: expected a table, got 3"),
    ("[scan]\nsource = 1\n", '2: [scan] source: expected text in quotes such as "demo", got 1'),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[m.split(":")[1] for _, m in WRONG])
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(f"parity.toml:{message}")):
        _config(tmp_path, text)


def test_a_negative_rate_is_taken_where_it_is_meant(tmp_path: Path) -> None:
    config = _config(tmp_path, "[rates]\nlend = -0.005\nallow_negative = true\n")
    assert config.overrides.lend == RateCurve.flat(-0.005)


def test_a_missing_file_is_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"gone\.toml: there is no such file"):
        read_config(str(tmp_path / "gone.toml"))
    with pytest.raises(NoInputError, match="is a folder; name one file in it"):
        read_config(str(tmp_path))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "parity.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="not UTF-8 text"):
        read_config(str(path))


def test_the_example_in_the_documentation_is_valid(tmp_path: Path) -> None:
    assert config_file.__doc__ is not None
    example = config_file.__doc__.split("::\n", 1)[1]
    config = _config(tmp_path, re.sub(r"^    ", "", example, flags=re.MULTILINE))
    assert config.gates == {"max_option_age": 5.0}
    assert config.overrides.borrow_fee == {"": 0.0, "GME": 0.35}


@pytest.mark.parametrize(
    "text", ["[rates]\nborrow = '6%{}'", "[borrow]\n{} = 'x'", "[gates]\nmax_option_age = {}"]
)
def test_what_is_very_long_is_not_shown_whole(tmp_path: Path, text: str) -> None:
    path = tmp_path / "parity.toml"
    path.write_text(text.format("9" * 4000), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_config(str(path))
    assert len(str(caught.value)) < 1000
