"""What is found and still doubtful: unknown dividends, edges too good to be true, special ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine import scan
from engine.api import load
from engine.config import ScanSettings
from engine.errors import UsageError
from engine.feeds.distributions import believed, is_large_for, notes_of
from engine.feeds.lean_carry import dividends_of, read_factors
from engine.market.calendar import US
from engine.market.carry import (
    DECLARED,
    ORDINARY,
    PROJECTED,
    SPECIAL,
    SPIN_OFF,
    UNKNOWN,
    Carry,
    Dividend,
    RateCurve,
)
from engine.market.chain import AMERICAN, ChainBuilder, Expiry, OptionChain, Underlying
from engine.market.ledger import dividend_flows
from engine.proof.verifier import verify
from engine.scanner.survey import Survey
from engine.scoring.doubts import doubts
from tests.unit.chains import chain
from tests.unit.lean_folder import no_problem, write_text

HEADER = (
    "timestamp_utc,underlying,underlying_bid,underlying_ask,underlying_bid_size,"
    "underlying_ask_size,underlying_bid_age_s,underlying_ask_age_s,expiry,strike,right,bid,ask,"
    "bid_size,ask_size,bid_age_s,ask_age_s,style"
)
ROW = (
    "2026-03-04T15:00:00Z,{symbol},99.99,100.01,900,900,0.1,0.1,2026-06-19,{strike},{right},{bid},"
    "{ask},9,9,0.1,0.1,{style}"
)
# Put spreads, a call spread and a conversion of one dear contract each.
QUOTES = {
    (95, "C"): (8.0, 8.1), (100, "C"): (5.0, 5.1), (105, "C"): (2.8, 2.9),
    (95, "P"): (2.3, 2.4), (100, "P"): (4.2, 4.3), (105, "P"): (7.0, 7.1),
}  # fmt: skip
RATES = (0.039, 0.041)


def file_of(folder: Path, changed: dict[tuple[int, str], tuple[float, float]], **cells: str) -> str:
    named = {"symbol": "XYZ", "style": "american"} | cells
    rows = [
        ROW.format(strike=strike, right=right, bid=bid, ask=ask, **named)
        for (strike, right), (bid, ask) in {**QUOTES, **changed}.items()
    ]
    path = folder / "chain.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return f"csv:{path}"


def grades(found: Survey) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for one in found.opportunities:
        told.setdefault(one.family, set()).update({one.grade, *one.conditions})
    return told


CHEAP_SPREAD = {(100, "C"): (4.0, 4.1), (95, "C"): (3.6, 3.7)}  # pay less for more


def test_nothing_a_dividend_could_cost_is_locked_where_nobody_knows_them(tmp_path: Path) -> None:
    source = file_of(tmp_path, CHEAP_SPREAD)
    unknown = grades(scan(source, rates=RATES, backend="pure"))
    assert unknown["vertical"] == {"CONDITIONAL", "dividends-unknown"}
    # To say that there are none is to know them; so is a list.
    for said in ("none", "2026-05-01=0.1"):
        told = grades(scan(source, rates=RATES, dividends=said, backend="pure"))
        assert "LOCKED" in told["vertical"]
        assert all("dividends-unknown" not in names for names in told.values())


def test_a_list_of_gone_dividends_says_nothing(tmp_path: Path) -> None:
    source = file_of(tmp_path, CHEAP_SPREAD)
    gone = grades(scan(source, rates=RATES, dividends="2026-02-10=0.25", backend="pure"))
    assert gone["vertical"] == {"CONDITIONAL", "dividends-unknown"}
    of_another = scan(source, rates=RATES, dividends={"ABC": []}, backend="pure")
    assert grades(of_another) == gone


def test_stock_held_against_a_sold_call_owes_no_dividend(tmp_path: Path) -> None:
    found = scan(file_of(tmp_path, {(100, "C"): (7.0, 7.1)}), rates=RATES, backend="pure")
    assert "LOCKED" in grades(found)["conversion"]
    puts = scan(file_of(tmp_path, {(105, "P"): (4.0, 4.1)}), rates=RATES, backend="pure")
    assert "LOCKED" in grades(puts)["vertical"]


def test_a_flag_for_gone_dividends_leaves_the_sources(capsys: pytest.CaptureFixture[str]) -> None:
    plain = scan("demo", "ZDIV", backend="pure", near_misses=0)
    gone = scan("demo", "ZDIV", dividends="2026-02-10=0.25", backend="pure", near_misses=0)
    assert repr(gone.opportunities) == repr(plain.opportunities)
    assert gone.scans[0].notes == ()


def test_what_a_flag_replaces_is_told() -> None:
    (one,) = scan("demo", "ZDIV", dividends="none", top=0, near_misses=0, backend="pure").scans
    (note,) = one.notes
    assert note.startswith("the dividends given for ZDIV replace 5 of its source (")
    (one,) = scan("demo", "ZHTB", borrow="GME=35%,0.5%", top=0, near_misses=0, backend="pure").scans
    assert one.notes[-1].startswith("the borrow fee given for ZHTB, 0.50%, replaces its source's 2")


WILD = {(95, "C"): (80.0, 81.0)}


def test_an_edge_too_good_to_be_true_is_never_locked(tmp_path: Path) -> None:
    found = scan(file_of(tmp_path, WILD), rates=RATES, dividends="none", backend="pure")
    wild = [one for one in found.opportunities if one.edge > 0.05 * 100.0]
    assert wild
    assert {one.grade for one in wild} == {"CONDITIONAL"}
    assert all("implausible" in one.conditions for one in wild)
    (note,) = found.scans[0].notes
    assert f"{len(wild)} rows have edges beyond 5% of the price of XYZ" in note
    assert "every one uses the bid 80 of C 95 2026-06-18: is that quote right?" in note
    small = scan(file_of(tmp_path, CHEAP_SPREAD), rates=RATES, dividends="none", backend="pure")
    assert not any("implausible" in one.conditions for one in small.opportunities)


def test_a_twentieth_of_the_price_is_still_plausible() -> None:
    on, asked = chain({(30, 100.0, "C"): (3.0, 3.02)}, spot=(100.0, 100.0)), ScanSettings()
    assert doubts(on, (), 5.0, asked) == []
    assert doubts(on, (), 5.001, asked) == ["implausible"]


@pytest.mark.parametrize(
    ("cells", "moment", "said"),
    [
        ({"currency": "EUR"}, "2026-03-04", "XYZ is quoted in EUR, whose rates are not known"),
        ({}, "2029-03-05", "XYZ is of 2029-03-05, and the rates known here are those of 2003-"),
        ({}, "1999-03-05", "XYZ is of 1999-03-05, and the rates known here are those of 2003-"),
    ],
)
def test_rates_are_asked_for_where_none_are_known(
    cells: dict[str, str], moment: str, said: str, tmp_path: Path
) -> None:
    source = file_of(tmp_path, {})
    path = Path(source.removeprefix("csv:"))
    text = path.read_text(encoding="utf-8").replace("2026-03-04", moment)
    text = text.replace("2026-06-19", f"{moment[:4]}-06-21")
    lines = [line + "," + cells.get("currency", "USD") for line in text.splitlines()]
    lines[0] = lines[0].removesuffix(",USD").removesuffix(",EUR") + ",currency"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        scan(source, backend="pure")
    assert scan(source, rates=RATES, backend="pure").scans


def test_a_guess_at_todays_rates_says_whose_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from engine.cli.main import main

    assert main(["scan", "--source", file_of(tmp_path, {}), "--backend", "pure", "--json"]) == 0
    err = capsys.readouterr().err
    assert "the last target of the Federal Reserve that is known here, of 2025-12-11" in err


# --- what a distribution is ---

NOW = US.open_ns(date(2026, 3, 4))
EX = date(2026, 4, 13)
SPOT = 64.0


def quoted(paid: float) -> OptionChain:
    """Parity quotes of two expiries, the later one after a distribution of `paid` went ex."""
    builder = ChainBuilder("XYZ", NOW, Underlying("XYZ", SPOT - 0.01, SPOT + 0.01))
    for day, gone in ((date(2026, 3, 20), 0.0), (date(2026, 5, 15), paid)):
        expiry = Expiry(US.settlement_ns(day, "PM"), day)
        for strike in (58.0, 60.0, 62.0, 64.0, 66.0, 68.0):
            synthetic = SPOT - gone - strike
            put = 2.0 + max(0.0, -synthetic)
            for right, worth in (("C", put + synthetic), ("P", put)):
                builder.add(expiry, strike, right, worth - 0.05, worth + 0.05)
    return builder.build(style=AMERICAN)


def carry_of(*dividends: Dividend) -> Carry:
    return Carry(RateCurve(), RateCurve(), dividends, as_of_ns=NOW)


def test_what_parity_contradicts_is_a_spin_off() -> None:
    spin = Dividend(EX, EX, 2.94, DECLARED, UNKNOWN)
    (found,) = believed(quoted(0.0), carry_of(spin)).dividends
    assert (found.kind, found.status) == (SPIN_OFF, PROJECTED)
    # Where the options are apart by it, it is what the file says; it may still be no dividend.
    assert believed(quoted(2.94), carry_of(spin)).dividends == (spin,)
    # Of what is smaller than the spreads nothing can be said.
    small = Dividend(EX, EX, 0.1)
    assert believed(quoted(0.0), carry_of(small)).dividends == (small,)
    (note,) = notes_of(quoted(0.0), believed(quoted(0.0), carry_of(spin)))
    assert "the distribution of 2.94 of XYZ on 2026-04-13 is not in the prices" in note
    assert "is large for the name" in notes_of(quoted(2.94), carry_of(spin))[0]


def test_another_dividend_of_the_same_time_is_taken_off() -> None:
    other = Dividend(date(2026, 4, 20), date(2026, 4, 20), 1.0)
    real = Dividend(EX, EX, 2.0)
    assert believed(quoted(3.0), carry_of(real, other)).dividends == (real, other)
    kinds = [one.kind for one in believed(quoted(1.0), carry_of(real, other)).dividends]
    assert kinds == [SPIN_OFF, ORDINARY]


def test_a_file_of_factors_has_spin_offs_among_its_dividends(tmp_path: Path) -> None:
    rows = []
    price = 1.0
    for day, part in [
        ("20160504", 0.0033), ("20160303", 0.046), ("20151201", 0.0032), ("20150901", 0.0034),
    ]:  # fmt: skip
        price *= 1.0 - part
        rows.append(f"{day},{price:.7f},1,{SPOT}")
    path = write_text(tmp_path / "xyz.csv", "\n".join([*rows[::-1], "20501231,1,1,0"]))
    factors = read_factors(path, no_problem)
    found = dividends_of(factors, US, date(2016, 3, 1), date(2016, 6, 1))
    assert [(one.kind, one.status) for one in found] == [
        (UNKNOWN, PROJECTED),
        (ORDINARY, PROJECTED),
    ]
    assert not is_large_for(0.03, [0.03, 0.031])
    assert is_large_for(0.03, [])


@pytest.mark.parametrize("kind", [SPECIAL, SPIN_OFF])
def test_contracts_are_adjusted_so_no_edge_counts_it(kind: str, tmp_path: Path) -> None:
    chain = load(file_of(tmp_path, CHEAP_SPREAD)).chain
    plain = Dividend(date(2026, 5, 1), date(2026, 5, 20), 8.0)
    apart = replace(plain, kind=kind)
    assert len(dividend_flows(chain, carry_of(plain), US, True)) == 1
    assert dividend_flows(chain, carry_of(apart), US, True) == []
    said = {"rates": RATES, "backend": "pure", "families": "vertical"}
    none = scan(chain, dividends=[], **said)  # type: ignore[arg-type]  # by name
    with_it = scan(chain, dividends=[apart], **said)  # type: ignore[arg-type]
    counted = scan(chain, dividends=[plain], **said)  # type: ignore[arg-type]
    (one,), (other,) = none.opportunities, with_it.opportunities
    assert one.edge == other.edge
    assert "LOCKED" in (one.grade, other.grade)
    assert f"{'special-dividend' if kind == SPECIAL else 'spin-off'}" in other.flags
    assert not one.flags
    # The verifier judges by its own reading of the carry.
    judged = [
        verify(chain, one.legs, one.unit, carry_of(dividend), count_projected=False).minimum
        for dividend in (apart, plain)
    ]
    assert judged[1] < judged[0]
    assert all(worse.edge < one.edge for worse in counted.opportunities)


def test_a_dividend_beyond_a_tenth_of_the_price_is_special(tmp_path: Path) -> None:
    source = file_of(tmp_path, CHEAP_SPREAD)
    found = scan(source, rates=RATES, dividends="2026-05-01=12", backend="pure")
    (used,) = found.scans[0].settings.carry.dividends
    assert used.kind == SPECIAL
    assert "is more than 10% of the price, so it is taken for a special one" in "".join(
        found.scans[0].notes
    )
    below = scan(source, rates=RATES, dividends="2026-05-01=9", backend="pure")
    assert below.scans[0].settings.carry.dividends[0].kind == ORDINARY
