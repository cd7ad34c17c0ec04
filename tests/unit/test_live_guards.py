"""Live money needs everything at once; each combination of what may be missing is tried."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.errors import NOT_PERMITTED, USAGE, NotPermittedError
from engine.live import guards
from engine.live.guards import (
    ACKNOWLEDGEMENT,
    NEEDED,
    account_to_trade,
    acknowledged,
    check_start,
    is_paper_account,
    phrase,
)
from engine.settings.live import LIVE_PORTS, LiveSettings, live_settings

REAL, OTHER, PAPER = "U1234567", "U7654321", "DU1234567"
SECRET = "hunter2-canary"


def settings(
    *, accounts: tuple[str, ...] = (REAL,), has_limits: bool = True, broker: str = "ib",
    port: int = 7497,
) -> LiveSettings:  # fmt: skip
    said = {"broker": broker, "accounts": accounts, "port": port}
    return replace(live_settings(said), limits_in_file=NEEDED if has_limits else ())


WORDS = {
    "live": "--live",
    "accounts": "exactly one account under [live] accounts",
    "limits": "max_lots, max_order_usd, max_open_packages, max_day_loss_usd under [limits]",
    "ack": "the phrase typed at the terminal, or PARITY_LIVE_ACK",
    "broker": "--broker ib (it is sim)",
    "managed": "a gateway that manages ",
}


@pytest.mark.parametrize("port", [7497, 4002, 7496, 4001, 9999])
def test_every_combination_of_what_may_be_missing(port: int) -> None:
    passed = 0
    for has in product([False, True], repeat=len(WORDS)):
        said = dict(zip(WORDS, has, strict=True))
        chosen = settings(
            accounts=(REAL,) if said["accounts"] else (), has_limits=said["limits"],
            broker="ib" if said["broker"] else "sim", port=port,
        )  # fmt: skip
        managed = [REAL] if said["managed"] else [OTHER]
        if all(has):
            assert account_to_trade(chosen, managed, is_live=True, is_acknowledged=True) == REAL
            passed += 1
            continue
        with pytest.raises(NotPermittedError) as error:
            account_to_trade(chosen, managed, is_live=said["live"], is_acknowledged=said["ack"])
        text = str(error.value)
        assert error.value.code == NOT_PERMITTED == 77
        assert "\n" not in text
        named = {name for name, words in WORDS.items() if words in text.partition("needs also")[2]}
        missing = {name for name, is_there in said.items() if not is_there}
        # Without an allowed account no gateway can be the right one.
        assert named == missing | ({"managed"} if "accounts" in missing else set())
    assert passed == 1


@pytest.mark.parametrize("port", LIVE_PORTS)
def test_a_port_of_live_money_is_refused_before_anything_connects(port: int) -> None:
    chosen = settings(accounts=(PAPER,), has_limits=False, port=port)
    with pytest.raises(NotPermittedError, match=f"port {port} is that of live money.*--live"):
        check_start(chosen, is_live=False, is_acknowledged=False)
    # And after: whatever account is there.
    with pytest.raises(NotPermittedError, match=f"port {port} is that of live money.*--live"):
        account_to_trade(chosen, [PAPER], is_live=False, is_acknowledged=False)


def test_before_connecting_all_but_the_gateways_account_is_asked() -> None:
    names = [name for name in WORDS if name != "managed"]
    for has in product([False, True], repeat=len(names)):
        said = dict(zip(names, has, strict=True))
        chosen = settings(
            accounts=(REAL,) if said["accounts"] else (), has_limits=said["limits"],
            broker="ib" if said["broker"] else "sim", port=7496,
        )  # fmt: skip
        if all(has):
            check_start(chosen, is_live=said["live"], is_acknowledged=said["ack"])
            continue
        with pytest.raises(NotPermittedError) as error:
            check_start(chosen, is_live=said["live"], is_acknowledged=said["ack"])
        text = str(error.value).partition("needs also")[2]
        assert {n for n in names if WORDS[n] in text} == {n for n in names if not said[n]}


@pytest.mark.parametrize("account", [REAL, "F1234567", "I1234567", "du1234567", "XDU123", "D1"])
def test_an_account_that_does_not_begin_with_du_is_live_money(account: str) -> None:
    assert not is_paper_account(account)
    chosen = settings(accounts=(account,), has_limits=False)
    with pytest.raises(NotPermittedError, match=f"live money .{account} is no paper account"):
        account_to_trade(chosen, [account], is_live=False, is_acknowledged=False)
    # One among paper accounts is enough.
    with pytest.raises(NotPermittedError, match="is no paper account"):
        account_to_trade(settings(accounts=(PAPER,)), [PAPER, account], is_live=False,
                         is_acknowledged=True)  # fmt: skip


def test_two_accounts_are_never_live_money() -> None:
    chosen = settings(accounts=(REAL, OTHER))
    with pytest.raises(NotPermittedError, match=r"exactly one account .*there are 2"):
        check_start(chosen, is_live=True, is_acknowledged=True)
    with pytest.raises(NotPermittedError, match=r"a gateway that manages U1234567 .it manages"):
        account_to_trade(settings(), [REAL, OTHER], is_live=True, is_acknowledged=True)


@pytest.mark.parametrize("left_out", NEEDED)
def test_each_needed_limit_must_be_in_the_file(left_out: str) -> None:
    said = tuple(name for name in NEEDED if name != left_out)
    chosen = replace(settings(), limits_in_file=said)
    with pytest.raises(NotPermittedError, match=rf"needs also: {left_out} under \[limits\]"):
        check_start(chosen, is_live=True, is_acknowledged=True)


def test_paper_needs_nothing() -> None:
    none = settings(accounts=(), has_limits=False)
    for broker in ("sim", "paper", "ib"):
        check_start(live_settings({"broker": broker}), is_live=False, is_acknowledged=False)
    assert account_to_trade(none, [PAPER], is_live=False, is_acknowledged=False) == PAPER
    assert account_to_trade(none, ["", f" {PAPER} "], is_live=False, is_acknowledged=False) == PAPER


def test_a_paper_account_that_was_not_meant() -> None:
    def choose(accounts: tuple[str, ...], managed: list[str]) -> str:
        chosen = settings(accounts=accounts, has_limits=False)
        return account_to_trade(chosen, managed, is_live=False, is_acknowledged=False)

    with pytest.raises(NotPermittedError, match=r"manages DU1234567, \[live\] accounts has DU7"):
        choose(("DU7",), [PAPER])
    with pytest.raises(NotPermittedError, match="name the one to trade"):
        choose((), [PAPER, "DU7"])
    assert choose(("DU7",), [PAPER, "DU7"]) == "DU7"
    with pytest.raises(NotPermittedError, match="manages no account"):
        choose((), [])


def test_live_on_a_paper_account_still_needs_everything() -> None:
    chosen = settings(accounts=(PAPER,), has_limits=False)
    with pytest.raises(NotPermittedError, match=r"live money \(--live\) needs also: max_lots"):
        account_to_trade(chosen, [PAPER], is_live=True, is_acknowledged=True)


def test_acknowledging_takes_the_very_account_or_the_very_phrase() -> None:
    asked: list[str] = []

    def typed(text: str):  # type: ignore[no-untyped-def]
        def ask(shown: str) -> str:
            asked.append(shown)
            return text

        return ask

    chosen = settings()
    assert acknowledged(chosen, {ACKNOWLEDGEMENT: REAL})
    assert not acknowledged(chosen, {ACKNOWLEDGEMENT: "yes"})
    assert not acknowledged(chosen, {ACKNOWLEDGEMENT: ""})
    assert not acknowledged(chosen, {})
    assert acknowledged(chosen, {}, typed(phrase(REAL) + "\n"))
    for wrong in ("", "y", "yes", REAL, phrase(OTHER), phrase(REAL).upper()):
        assert not acknowledged(chosen, {}, typed(wrong))
    assert all(phrase(REAL) in shown for shown in asked)
    # A variable for another account is an answer, and it is no.
    assert not acknowledged(chosen, {ACKNOWLEDGEMENT: OTHER}, typed(phrase(REAL)))
    for accounts in ((), (REAL, OTHER)):
        several = settings(accounts=accounts)
        assert not acknowledged(several, {ACKNOWLEDGEMENT: REAL}, typed(phrase(REAL)))


def test_what_was_acknowledged_is_in_no_message() -> None:
    chosen = settings()
    is_acknowledged = acknowledged(chosen, {ACKNOWLEDGEMENT: SECRET})
    assert not is_acknowledged
    with pytest.raises(NotPermittedError) as error:
        check_start(chosen, is_live=True, is_acknowledged=is_acknowledged)
    with pytest.raises(NotPermittedError) as later:
        account_to_trade(chosen, [REAL], is_live=True, is_acknowledged=is_acknowledged)
    assert SECRET not in str(error.value) + str(later.value) + repr(chosen)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            "--broker ib --live",
            NOT_PERMITTED,
            "live money (--live) needs also: exactly one account",
        ),
        ("--broker ib --port 7496", NOT_PERMITTED, "needs also: --live; exactly one account"),
        ("--broker sim --port 4001", NOT_PERMITTED, "needs also: --live; --broker ib (it is sim);"),
        ("--limit max_lot=1", USAGE, "there is no limit 'max_lot': did you mean 'max_lots'?"),
    ],
)
def test_the_command_ends_with_one_line_and_nothing_secret(
    words: str, code: int, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv(ACKNOWLEDGEMENT, SECRET)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["live", "XYZ", *words.split()]) == code
    out, err = capfd.readouterr()
    assert said in err
    assert err.count("\n") == 1
    assert SECRET not in out + err
    assert list(tmp_path.rglob("*")) == []  # refused before anything is written


def test_nothing_in_the_guards_can_be_switched_off() -> None:
    """The permission has four inputs; none of them is an environment variable or a flag of its own.

    Read from the source: whoever adds a way around must change this test in the open.
    """
    tree = ast.parse(Path(guards.__file__).read_text(encoding="utf-8"))
    inputs = {
        node.name: [arg.arg for arg in (*node.args.args, *node.args.kwonlyargs)]
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    assert inputs["check_start"] == ["settings", "is_live", "is_acknowledged"]
    assert inputs["account_to_trade"] == ["settings", "managed", "is_live", "is_acknowledged"]
    imported = {
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert not imported & {"os", "sys"}
