"""What a person sees of a scan: everything the specification lists, whole, within the width."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from surveys import BOX, BUTTERFLY, ROLL, demo, hand_made, opportunity, scan, shown

from engine.config import ScanSettings
from engine.report import table
from engine.report.losers import near_misses
from engine.report.wording import legs_by_expiry, legs_text, packed, percent
from engine.scanner.survey import Survey
from engine.scoring.opportunity import NearMiss


@pytest.fixture(scope="module")
def text() -> str:
    return shown(100, table.render, hand_made())


def row_of(text: str, identity: str) -> str:
    """Return the lines of one opportunity: from its symbol's line to the next symbol's."""
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if identity in line)
    head = r"\S.* (LOCKED|CONDITIONAL|CARRY|SYNTHETIC) "
    end = next((k for k in range(at + 1, len(lines)) if re.match(head, lines[k])
                or not lines[k].strip()), len(lines))  # fmt: skip
    return "\n".join(lines[at - 1 : end])


def test_a_row_has_every_figure(text: str) -> None:
    row = row_of(text, "aa00000001")
    for cell in ("XYZ", "conversion", "+P 100 -C 100", "+stock", "2016-02-19", "60 days", "LOCKED",
                 "98.92", "99.51", "x 1", "0.6595", "$65.95", "-$9,894", "+$10,000", "$4,946",
                 "$9,894", "$12.50", "4.27%", "lends 9.54%", "yours 5.00%"):  # fmt: skip
        assert cell in row, cell


def test_conditions_and_flags_are_told(text: str) -> None:
    row = row_of(text, "aa00000002")
    assert "CONDITIONAL" in row
    assert "ages" in row
    assert "unknown" in row
    assert "ages unknown" in row
    assert ">9,999%" in row
    assert "pin risk" in row_of(text, "bb00000003")


def test_two_expiries_stand_beside_their_legs(text: str) -> None:
    row = row_of(shown(160, table.render, hand_made()), "bb00000003").splitlines()
    near = next(line for line in row if "2016-01-15" in line)
    far = next(line for line in row if "2016-02-19" in line)
    assert "-C 100 +P 100" in near
    assert "+C 100 -P 100" in far


def test_coins_have_more_digits_and_a_future(text: str) -> None:
    row = row_of(text, "dd00000005")
    assert "0.000123" in row
    assert "+future" in row


def test_the_funnel_adds_up(text: str) -> None:
    part = text[text.index("Funnel") : text.index("Near misses")]
    numbers = [int(n.replace(",", "")) for n in re.findall(r"(?m)^ *(-?[\d,]+)  ", part)]
    assert numbers == [1235, -34, -1000, -196, 5]
    assert sum(numbers[:-1]) == numbers[-1]
    assert "1,200 boxes" in part
    assert "Not searched of XYZ, the index cannot be traded: calendar" in part
    assert part.index("a side is not quoted") < part.index("option quote too old")


def test_near_misses_come_one_of_each_gate_first(text: str) -> None:
    part = text[text.index("Near misses") : text.index("CARRY")]
    for words in ("+C 95 -C 105 +P 105 -P 95", "0.0057", "a leg's spread too wide",
                  "a spread of C 95 tighter by 0.02", "no edge", "0.000057"):  # fmt: skip
        assert words in part, words
    order = [(one.result.chain.symbol, miss.reason) for one, miss in near_misses(hand_made().scans)]
    assert order == [("ETH", "size"), ("XYZ", "spread"), ("XYZ", "no edge"), ("XYZ", "spread")]


def test_interest_is_not_profit(text: str) -> None:
    flat = " ".join(text.split())
    assert (
        "CARRY 3 stock positions look profitable only because financing is ignored; "
        "best +0.59 plain, -0.16 after (XYZ +P 100 -C 100 +stock 2016-02-19)." in flat
    )
    assert "cc00000000" not in text


def test_carry_rows_are_listed_on_request_and_all_of_them_are_counted() -> None:
    settings = ScanSettings(show_carry=True, top=1)
    carry = (opportunity(id="cc00000009", plain=0.5),)
    told = shown(100, table.render, Survey((scan(settings=settings, carry=carry, n_carry=37),)))
    assert "37 stock positions look profitable" in told
    assert "cc00000009" in told


def test_unusable_chains_and_synthetics_are_said(text: str) -> None:
    assert "BAD: 9,000 boxes pay: these quotes were not made at one time" in text
    assert "Bounded risks, not arbitrages" in text
    assert "ee00000006" in text


def test_nothing_found_is_said_and_the_chain_named() -> None:
    told = shown(100, table.render, Survey((scan(),)))
    assert "No arbitrage passed every gate." in told
    assert "XYZ 100/100.02  2015-12-24 15:30 UTC  csv:quotes.csv: 12 American options" in told
    assert "2 expiries" in told
    assert "No arbitrage" not in shown(100, table.render, Survey(()))


def test_many_chains_are_not_all_named() -> None:
    told = shown(100, table.render, Survey(tuple(scan(f"S{k}") for k in range(30))))
    assert "S7 100" in told
    assert "S8 100" not in told
    assert "and 22 more chains" in told


def test_more_found_than_shown_is_said() -> None:
    found = tuple(opportunity(id=f"f{k}") for k in range(3))
    survey = Survey((scan(opportunities=found, funnel=hand_made().funnel),), top=2)
    assert "The best 2 of 5 opportunities" in shown(100, table.render, survey)


@pytest.mark.parametrize("width", [80, 100, 120])
@pytest.mark.parametrize("make", [hand_made, demo, lambda: demo("ZCOIN"), lambda: demo("ZDIV")])
def test_it_fits(width: int, make) -> None:  # type: ignore[no-untyped-def]
    survey = make()
    told = shown(width, table.render, survey)
    assert max(map(len, told.splitlines())) <= width
    assert "\u2026" not in told
    for one in survey.opportunities:
        assert one.id in told
        # Coins have six decimals, dollars four.
        assert f"{one.package_edge:,.4f}" in told or f"{one.package_edge:,.6f}" in told


def test_a_narrow_terminal_breaks_lines_but_loses_no_digits() -> None:
    told = shown(40, table.render, hand_made())
    for cell in ("0.6595", "+$10,000", "lends 9.54%", "aa00000001"):
        assert cell in told


def test_the_narrow_table_keeps_the_expiry() -> None:
    told = shown(80, table.render, hand_made())
    row = row_of(told, "aa00000001")
    assert "2016-02-19" in row
    assert "yours 5.00%" in row


@pytest.mark.parametrize("make", [hand_made, demo])
def test_an_ascii_terminal_can_show_it(make) -> None:  # type: ignore[no-untyped-def]
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    table.render(make(), Console(file=stream, width=100))
    stream.flush()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    # Bold and dim are no colours: the convention asks for no colour, and rich keeps to it.
    assert "\x1b[1;32m" in shown(100, table.render, hand_made(), colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    told = shown(100, table.render, hand_made(), colour=True)
    assert not re.search(r"\x1b\[[\d;]*3[0-7]m", told)


def test_source_text_is_never_taken_for_markup() -> None:
    survey = Survey((scan("X[/]", unusable="[bold]quotes"),))
    told = shown(100, table.render, survey)
    assert "X[/]: [bold]quotes" in told


def test_legs_are_packed_by_leg() -> None:
    assert legs_text(BOX, "XYZ") == "+C 95 -C 105 +P 105 -P 95 2016-02-19"
    assert legs_text(ROLL, "XYZ") == "-C 100 +P 100 2016-01-15, +C 100 -P 100 2016-02-19"
    assert legs_by_expiry(BUTTERFLY, "XYZ") == [("2016-02-19", "+2 C 95 -3 C 100 +C 110")]
    assert packed("+2 C 95 -3 C 100 +C 110", 14) == "+2 C 95\n-3 C 100\n+C 110"
    assert percent(-0.00001) == "0.00%"


def test_a_gate_without_words_is_named() -> None:
    miss = NearMiss("box", BOX, 0.1, "brand_new", "nothing", 0.0, "price")
    assert "brand_new" in shown(100, table.render, Survey((scan(near_misses=(miss,)),)))


@pytest.mark.parametrize("what", ["age", "size"])
def test_what_is_unknown_is_told_once(what: str) -> None:
    conditions, flags = (f"{what}s-unknown",), (f"{what}-unknown",)
    one = opportunity(grade="CONDITIONAL", conditions=conditions, flags=flags)
    told = shown(100, table.render, Survey((scan(opportunities=(one,)),)))
    assert told.count("unknown") == 1


def test_numbers_and_words_stay_apart_where_it_is_narrow() -> None:
    told = shown(40, table.render, hand_made())
    assert re.search(r"1,23\d +candidates", told)
