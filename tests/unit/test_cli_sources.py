"""``parity sources`` says what a file is; the command that it gives does scan it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.errors import BAD_DATA, NO_INPUT, OK, USAGE
from tests.unit.csv_chains import GOOD, HEADER, written
from tests.unit.test_layouts import CBOE, SAMPLES


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, str]]:
    code = main(["sources", *words])
    lines = [line.partition(":") for line in capsys.readouterr().out.splitlines()]
    return code, {name: text.strip() for name, _, text in lines}


def test_a_known_layout_and_the_command_that_scans_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "my quotes.csv"
    path.write_text(CBOE, encoding="utf-8")
    code, said = asked(capsys, str(path))
    assert code == OK
    assert said["file"].endswith("rows, with the header in line 4")
    assert said["layout"] == "cboe-quotedata (Cboe's quotedata)"
    assert said["read"] == (
        "ABCD at 2026-03-04T15:00:00+00:00: 2 options in 1 expiry, american, 0 problems"
    )
    assert said["missing"] == "nothing"
    program, *words = shlex.split(said["command"])
    assert (program, main([*words, "--backend", "pure", "--json"])) == ("parity", OK)


@pytest.mark.parametrize("name", [name for name, one in SAMPLES.items() if one.mapping])
def test_what_is_missing_is_in_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / "chain.csv"
    path.write_text(SAMPLES[name].text, encoding="utf-8")
    code, said = asked(capsys, str(path))
    assert (code, "read" in said) == (BAD_DATA, False)
    assert "no column" in said["missing"]
    filled = said["command"].replace("TIME", "2026-03-04T15:00Z").replace("SYMBOL", "ABCD")
    filled = filled.replace("DAY", "2026-04-17").replace("LEND,BORROW", "6%,7%")
    words = shlex.split(filled.replace("PRICE", "100"))
    assert main([*words[1:], "--backend", "pure", "--json"]) == OK
    capsys.readouterr()
    said_already = [word for word in words if word.startswith("underlying")][:1]
    _, again = asked(capsys, str(path), "--map", *said_already)
    name = said_already[0].partition("=")[0]
    assert again["command"].count(f"{name}=") == 1


def test_our_columns_and_those_of_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = asked(capsys, str(written(tmp_path, GOOD)))
    assert (code, said["layout"]) == (OK, "none that is known by name")
    odd = written(tmp_path, GOOD, header=HEADER.replace("strike", "K"), name="odd.csv")
    code, said = asked(capsys, str(odd))
    assert code == BAD_DATA
    assert said["command"].endswith("--map strike=COLUMN")
    code, said = asked(capsys, str(odd), "--map", "strike=K")
    assert (code, said["missing"]) == (OK, "nothing")
    assert said["command"].endswith("--map strike=K")


def test_a_column_of_symbols_is_asked_for_nothing_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chain.csv"
    path.write_text("id,bid,ask\nABCD260417C00095000,1,2\n", encoding="utf-8")
    _, said = asked(capsys, str(path))
    assert said["command"].endswith(
        "--as-of TIME --map underlying_bid=COLUMN --map underlying_ask=COLUMN"
    )


def test_what_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "chain.json"
    path.write_text('{"a": 1}', encoding="utf-8")
    code, said = asked(capsys, str(path))
    assert (code, "read" in said) == (BAD_DATA, False)
    assert "no list of objects is there" in said["missing"]
    assert said["command"].endswith(f"json:{path} --rows PATH")
    assert asked(capsys, str(tmp_path / "none.csv"))[0] == NO_INPUT
    assert asked(capsys, str(path), "--seed", "3")[0] == USAGE


def test_names_do_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chain.csv"
    path.write_text("\x1b[31mred,b\n1,2\n", encoding="utf-8")
    main(["sources", str(path)])
    assert "\x1b" not in capsys.readouterr().out
