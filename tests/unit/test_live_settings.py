"""Live trading's settings: one row each, flags over the file, slips of the pen refused."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import fields
from pathlib import Path
from random import Random

import pytest

from engine.cli.live_arguments import add_live_arguments, live_settings_of
from engine.cli.main import Parser
from engine.errors import CONFIGURATION, ConfigurationError, EngineError, UsageError
from engine.execution.limits import MOST_ORDERS_PER_CONTRACT, Limits
from engine.execution.quiet import NIGHTLY_RESET, RestartWindow
from engine.nearest import nearest
from engine.settings.config_file import FileConfig, read_config
from engine.settings.live import LIVE_PORTS, LiveSettings, live_settings
from engine.settings.live_table import LIMIT_BY_NAME, LIMIT_SETTINGS, LIVE_BY_NAME, LIVE_SETTINGS
from engine.settings.table import Setting, documentation

CONFIGURATION_PAGE = Path(__file__).parents[2] / "docs" / "CONFIGURATION.md"
# name: (text of the flag, TOML value, what is meant). None of them is the default.
GOOD_LIVE: dict[str, tuple[str, str, object]] = {
    "broker": ("ib", '"ib"', "ib"),
    "host": ("::1", '"::1"', "::1"),
    "port": ("4002", "4002", 4002),
    "client_id": ("5", "5", 5),
    "accounts": ("U1234567,DU1234567", '["U1234567", "DU1234567"]', ("U1234567", "DU1234567")),
    "arm": ("", "true", True),
    "symbols": ("xyz", '["XYZ"]', ("XYZ",)),
    "legs": ("parallel", '"parallel"', "parallel"),
    "fill_window": ("500ms", "0.5", 0.5),
    "ack_timeout": ("3s", '"3s"', 3.0),
    "cancel_timeout": ("4s", '"4s"', 4.0),
    "evidence_timeout": ("6s", '"6s"', 6.0),
    "what_if_timeout": ("7s", '"7s"', 7.0),
    "unwind_only": ("", "true", True),
    "allowance": ("$0.05", "0.05", 0.05),
    "on_exit": ("leave", '"leave"', "leave"),
    "journal": ("/tmp/here", '"/tmp/here"', Path("/tmp/here")),
    "restart_windows": (
        "05:00-05:10 Europe/Berlin", '["05:00-05:10 Europe/Berlin"]',
        (RestartWindow(300, 310, "Europe/Berlin"),),
    ),
    "lines": ("200", "200", 200),
    "messages_per_second": ("20", "20", 20),
    "heartbeat": ("1", "1.0", 1.0),
}  # fmt: skip
FIELD = {"arm": "is_armed", "unwind_only": "is_unwind_only", "restart_windows": "windows"}
# Another value of the same size for each limit, as a file and as a flag have it.
OTHER = {bool: ("true", "true", True), tuple: ("A,B", '["A", "B"]', ("A", "B"))}


def parsed(*words: str) -> argparse.Namespace:
    parser = Parser("parity live", "")
    parser.add_argument("symbols", nargs="*")
    add_live_arguments(parser)
    return parser.parse(words)


def by_file(tmp_path: Path, text: str) -> FileConfig:
    path = tmp_path / "parity.toml"
    path.write_text(text + "\n", encoding="utf-8")
    return read_config(str(path))


def good_limit(name: str) -> tuple[str, str, object]:
    default = getattr(Limits(), name)
    if type(default) in OTHER:
        return OTHER[type(default)]
    if isinstance(default, int):
        other = default - 1 if default > 1 else default + 1
        return str(other), str(other), other
    value = default * 0.9 if default else 0.01
    return repr(value), repr(value), value


def test_every_setting_is_tried_here() -> None:
    assert set(GOOD_LIVE) == set(LIVE_BY_NAME)
    assert [one.name for one in LIMIT_SETTINGS] == [one.name for one in fields(Limits)]
    ours = {FIELD.get(name, name) for name in LIVE_BY_NAME}
    assert ours | {"limits", "limits_in_file"} == {one.name for one in fields(LiveSettings)}


def test_the_pages_default_is_the_default() -> None:
    for setting in LIMIT_SETTINGS:
        default = getattr(Limits(), setting.name)
        if isinstance(default, bool):
            assert setting.default == str(default).lower()
        elif isinstance(default, tuple):
            assert (setting.default, default) == ("none", ())
        else:
            assert float(setting.default.replace(",", "")) == default
            assert setting.read(default) == default
    silent = live_settings()
    for setting in LIVE_SETTINGS:
        if setting.default[0].isdigit() and setting.name != "host":
            assert float(setting.default) == getattr(silent, setting.name)
    assert str(silent.journal).endswith("parity-engine/journal")
    assert (silent.legs, silent.on_exit, silent.broker) == ("combo", "cancel", "sim")
    assert (silent.host, silent.windows) == ("127.0.0.1", (NIGHTLY_RESET,))


@pytest.mark.parametrize("name", LIVE_BY_NAME)
def test_flag_and_file_mean_the_same(name: str, tmp_path: Path) -> None:
    text, toml, value = GOOD_LIVE[name]
    field = FIELD.get(name, name)
    config = by_file(tmp_path, f"[live]\n{name} = {toml}")
    option = LIVE_BY_NAME[name].option
    words = [text] if name == "symbols" else [f"{option}={text}" if text else option]
    assert getattr(live_settings_of(parsed(*words)), field) == value
    assert getattr(live_settings_of(parsed(), config), field) == value
    if name != "arm":  # whose default is that of the broker
        assert getattr(live_settings(), field) != value


@pytest.mark.parametrize("name", LIMIT_BY_NAME)
def test_every_limit_by_flag_and_file(name: str, tmp_path: Path) -> None:
    text, toml, value = good_limit(name)
    config = by_file(tmp_path, f"[limits]\n{name} = {toml}")
    by_flag = live_settings_of(parsed(f"--limit={name}={text}"))
    in_file = live_settings_of(parsed(), config)
    assert getattr(by_flag.limits, name) == getattr(in_file.limits, name) == value
    assert value != getattr(Limits(), name)
    assert (by_flag.limits_in_file, in_file.limits_in_file) == ((), (name,))


def test_a_flag_wins_over_the_file_and_both_over_defaults(tmp_path: Path) -> None:
    config = by_file(
        tmp_path, '[live]\nport = 4002\nbroker = "ib"\n[limits]\nmax_lots = 3\nmax_shares = 400'
    )
    chosen = live_settings_of(parsed("--port=4003", "--limit=max_lots=1"), config)
    assert (chosen.port, chosen.broker, chosen.limits.max_lots) == (4003, "ib", 1)
    assert chosen.limits.max_shares == 400
    assert chosen.limits.max_contracts == Limits().max_contracts


def test_our_own_gateway_has_wider_limits_of_what_is_held() -> None:
    wide = {"max_open_usd", "max_capital_usd", "max_open_packages", "max_orders_day"}
    for name in (one.name for one in fields(Limits)):
        sim, ib = (getattr(live_settings({"broker": b}).limits, name) for b in ("sim", "ib"))
        assert (
            ib
            == getattr(Limits(), name)
            == getattr(live_settings({"broker": "paper"}).limits, name)
        )
        assert (sim != ib) == (name in wide)
        LIMIT_BY_NAME[name].read(sim)
        if name in wide:
            with pytest.raises(ValueError, match="expected"):
                LIMIT_BY_NAME[name].read(sim * 1.01 if isinstance(sim, float) else sim + 1)
    page = CONFIGURATION_PAGE.read_text(encoding="utf-8").split("Limits, with what they are")[1]
    assert set(re.findall(r"`(max_[a-z_]+)`", page.partition("<!--")[0])) == wide
    assert live_settings({"limits": {"max_open_packages": 3}}).limits.max_open_packages == 3
    assert LiveSettings() == live_settings()


def test_orders_are_sent_unasked_only_where_no_money_is() -> None:
    armed = {name: live_settings({"broker": name}).is_armed for name in ("sim", "paper", "ib")}
    assert armed == {"sim": True, "paper": True, "ib": False}
    assert live_settings({"broker": "ib", "arm": True}).is_armed
    assert not live_settings({"broker": "sim", "arm": False}).is_armed
    ports = {name: live_settings({"broker": name}).port for name in ("sim", "paper", "ib")}
    assert ports == {"sim": 0, "paper": 0, "ib": 7497}
    assert ports["ib"] not in LIVE_PORTS


def mutations(name: str) -> list[str]:
    """Return `name` with every third letter left out, doubled, changed or swapped, each once."""
    rng = Random(name)
    found = []
    for k in range(len(name) % 3, len(name), 3):
        found += [name[:k] + name[k + 1 :], name[:k] + name[k] + name[k:]]
        found.append(name[:k] + rng.choice("abcxyz") + name[k + 1 :])
        found.append(name[:k] + name[k + 1 : k + 2] + name[k : k + 1] + name[k + 2 :])
    return [one for one in dict.fromkeys(found) if one]


@pytest.mark.parametrize("table", ["live", "limits"])
def test_every_key_mutated_once_is_refused_with_the_nearest(table: str, tmp_path: Path) -> None:
    rows = LIVE_BY_NAME if table == "live" else LIMIT_BY_NAME
    n = named = 0
    for name in rows:
        for wrong in mutations(name):
            if wrong in rows or (table, wrong) == ("live", "live"):
                continue
            with pytest.raises(ConfigurationError) as error:
                by_file(tmp_path, f'[{table}]\n"{wrong}" = 1')
            assert error.value.code == CONFIGURATION
            near = nearest(wrong, rows)
            sentence = f"parity.toml:2: [{table}] has no key {wrong!r}: "
            assert sentence + (f"did you mean {near!r}?" if near else "valid: ") in str(error.value)
            n, named = n + 1, named + (near == name)
    assert n > 120
    assert named > 0.97 * n


NONSENSE = ('"much"', "[]", "{}", "1979-05-27", "nan", "-1", '""', '"1e999"', "9" * 400)


@pytest.mark.parametrize("setting", LIVE_SETTINGS + LIMIT_SETTINGS, ids=lambda one: one.name)
def test_every_value_mutated_is_refused(setting: Setting, tmp_path: Path) -> None:
    table = setting.group
    free = {"host", "journal"}  # any text is a name
    empty = {"symbols", "restricted", "accounts", "restart_windows"}
    for value in NONSENSE:
        if setting.name in free and value.startswith('"'):
            continue
        if setting.name in empty and value in ("[]", '""'):  # none is none
            continue
        with pytest.raises(ConfigurationError, match=rf"toml:2: \[{table}\] {setting.name}: \S"):
            by_file(tmp_path, f"[{table}]\n{setting.name} = {value}")


def slips(setting: Setting) -> list[object]:
    """Return the default in a wrong unit: milliseconds, per cent, cents of thousands."""
    default = getattr(Limits(), setting.name)
    if setting.metavar == "S":
        return [default * 1000.0 if default else 86_400.0 * 1000.0]
    if setting.metavar == "PART":
        return [default * 100.0, f"{default * 1e4}%", 100, "101%"]
    if setting.metavar in ("USD", "X", "SHARES"):
        return [1e12, "5%", "5 USD"]
    if setting.metavar == "N":
        return [default + 0.5, 10**7, "5%", True]
    return []


def test_a_value_in_another_unit_is_refused() -> None:
    tried = 0
    for setting in LIMIT_SETTINGS:
        for wrong in slips(setting):
            with pytest.raises(ValueError, match=r"^expected "):
                setting.read(wrong)
            tried += 1
    assert tried > 100
    for name in ("fill_window", "ack_timeout", "heartbeat"):
        with pytest.raises(ValueError, match=r"^expected seconds in .*, got 2000$"):
            LIVE_BY_NAME[name].read(2000)


def test_the_flag_says_which_limit_is_wrong() -> None:
    for word, sentence in (
        ("max_lot=2", "--limit: there is no limit 'max_lot': did you mean 'max_lots'?"),
        ("max_lots=0", "--limit: max_lots: expected a whole number in 1 .. 1,000, got 0"),
        ("collar_fair=2", "--limit: collar_fair: expected a part in 0.0001 .. 0.5 such as 0.25"),
    ):
        with pytest.raises(UsageError) as error:
            live_settings_of(parsed("--limit", word))
        assert sentence in str(error.value)


def test_units_may_be_written() -> None:
    read = {name: LIMIT_BY_NAME[name].read for name in LIMIT_BY_NAME}
    assert read["max_quote_age_s"]("250ms") == 0.25
    assert read["close_quiet_s"]("5m") == 300.0
    assert read["max_what_if_age_s"]("1h") == 3600.0
    assert read["collar_fair"]("2%") == 0.02
    assert read["max_order_usd"]("$500") == 500.0
    with pytest.raises(ValueError, match="expected seconds"):
        read["max_quote_age_s"]("2d")


def test_no_file_turns_on_live_money(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file turns on live money: say --live"):
        by_file(tmp_path, "[live]\nlive = true")


def test_limits_that_contradict_each_other(tmp_path: Path) -> None:
    cases = (
        ("reserved_orders=12", "leaves nothing of 12 orders"),
        ("max_order_usd=3000000", "max_order_usd is above max_open_usd"),
        ("max_working_packages=21", "max_working_packages is above max_open_packages"),
    )
    for text, sentence in cases:
        with pytest.raises(UsageError, match=f"--limit: .*{sentence}"):
            live_settings_of(parsed("--broker=paper", "--limit", text))
        with pytest.raises(ConfigurationError, match=rf"toml: \[limits\]: .*{sentence}"):
            live_settings(
                {"broker": "paper"}, by_file(tmp_path, "[limits]\n" + text.replace("=", " = "))
            )
    assert live_settings_of(parsed("--limit", "reserved_orders=11")).limits.reserved_orders == 11


def test_no_more_orders_by_contract_than_ib_takes() -> None:
    read = LIMIT_BY_NAME["max_orders_per_contract"].read
    assert read(MOST_ORDERS_PER_CONTRACT) == 20
    with pytest.raises(ValueError, match=r"1 \.\. 20"):
        read(21)


def test_restart_windows_are_read() -> None:
    read = LIVE_BY_NAME["restart_windows"].read
    assert read("none") == ()
    assert read(["23:45-00:45", "05:00-05:10 UTC"]) == (
        NIGHTLY_RESET,
        RestartWindow(300, 310, "UTC"),
    )
    for wrong in ("23:45", "24:00-01:00", "23:60-01:00", "01:00-01:00", "1:00-2:00 Mars/Base"):
        with pytest.raises(ValueError, match=r"expected a time of the day|must not begin|Mars"):
            read(wrong)
    with pytest.raises(ValueError, match="no time zone 'Mars/Base'"):
        read("01:00-02:00 Mars/Base")


def test_the_file_of_a_scan_may_have_both_tables(tmp_path: Path) -> None:
    config = by_file(tmp_path, "[scan]\ntop = 5\n[live]\nlines = 90\n[limits]\nmax_lots = 2")
    assert (config.scan, config.live, config.limits) == ({"top": 5}, {"lines": 90}, {"max_lots": 2})
    with pytest.raises(EngineError, match="did you mean 'limits'"):
        by_file(tmp_path, "[limit]\nmax_lots = 2")


def test_the_documentation_has_the_tables() -> None:
    """After a change of a table: put what `documentation` returns into the page."""
    page = CONFIGURATION_PAGE.read_text(encoding="utf-8")
    assert documentation(LIVE_SETTINGS) in page
    assert documentation(LIMIT_SETTINGS) in page
    assert not any(math.isnan(float(getattr(Limits(), n))) for n in ("max_lots", "collar_fair"))
