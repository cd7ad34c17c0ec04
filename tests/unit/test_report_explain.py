"""``--explain``: legs, the account of the edge, the states, and the answers to "why not"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from surveys import demo, hand_made, opportunity, scan, shown

from engine.backend import Backend, select
from engine.config import ScanSettings
from engine.errors import UsageError
from engine.proof.states import Proof, State
from engine.report import explain, why_not
from engine.report.losers import near_misses
from engine.scanner.pipeline import scan_chain
from engine.scanner.survey import Survey
from engine.strategies.programme import ProgrammeResult, solve_programme

PURE = select("pure")


def told(survey: Survey, wanted: str, width: int = 100) -> str:
    return shown(width, explain.render, survey, wanted, PURE)


def signed_numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"(?m) ([+-][\d,]+\.\d+)(?: |$)", text)]


def section(text: str, start: str, end: str) -> str:
    return text[text.index(start) : text.index(end)]


def test_the_whole_proof_of_a_hand_made_conversion() -> None:
    text = told(hand_made(), "aa00000001")
    for words in (
        "LOCKED conversion aa00000001  XYZ +P 100 -C 100 +stock 2016-02-19",
        "+P 100", "-C 100", "+stock", "0.5 s", "0.007000",
        "strike and dividend", "+99.598500", "expiry 2016-02-19", "assigned on the eve",
        "$65.95 on 1 lot, each 100 x edge", "$9,894 for 60.0 days", "87.0%", "$12.50",
        "9.54%; you lend at 4.00%, borrow at 5.00%", "+1.0800 a share",
    ):  # fmt: skip
        assert words in text, words
    # The account sums to the edge, the legs to what is paid today.
    terms = signed_numbers(section(text, "Edge, term by term", "Proof"))
    assert sum(terms[:-1]) == pytest.approx(terms[-1], abs=1e-9)
    assert terms[-1] == pytest.approx(0.6595)
    cash = signed_numbers(section(text, "Legs", "Edge, term"))
    assert cash == pytest.approx([-2.107, 3.193, -100.025, -98.939])
    # The minimum is marked, once, at the worst state.
    (worst,) = [line for line in text.splitlines() if "<- minimum" in line]
    assert worst.startswith("expiry 2016-02-19")
    assert "worst case +0.659500 >= edge +0.659500" in text


@pytest.mark.parametrize("symbol", ["ZETF", "ZDIV", "ZCOIN", "ZIDX"])
def test_every_opportunity_of_a_demo_chain_is_accounted_for(symbol: str) -> None:
    survey = demo(symbol)
    assert survey.opportunities
    for one in survey.opportunities:
        text = told(survey, one.id)
        terms = signed_numbers(section(text, "Edge, term by term", "Proof"))
        assert sum(terms[:-1]) == pytest.approx(terms[-1], abs=1e-5)
        assert terms[-1] == pytest.approx(one.edge, abs=1e-6)
        states = signed_numbers(section(text, "Proof", "Size, capital"))
        assert min(states) == pytest.approx(one.edge, abs=1e-5) or min(states) > one.edge


@pytest.mark.parametrize("width", [80, 100])
def test_it_fits(width: int) -> None:
    survey = demo("ZDIV")
    for one in survey.opportunities:
        assert max(map(len, told(survey, one.id, width).splitlines())) <= width


def test_carry_rows_and_conditions_are_explained_too() -> None:
    assert "CARRY conversion cc00000001" in told(hand_made(), "cc00000001")
    text = told(hand_made(), "aa00000002")
    assert (
        "holds only if: the quotes are simultaneous, although their ages are not known"
        in " ".join(text.split())
    )
    assert "note: pin-risk, short-stock" in told(hand_made(), "bb00000003")


def test_a_package_counts_cash_per_short_share() -> None:
    text = told(hand_made(), "bb00000004")
    cash = signed_numbers(section(text, "Legs", "Edge, term"))
    assert cash[0] == pytest.approx(-2 * 5.007 / 3, abs=1e-4)
    assert "each 3 x 100 x edge" in text


def test_a_future_costs_nothing_today() -> None:
    text = told(hand_made(), "dd00000005")
    line = next(line for line in text.splitlines() if line.startswith("+future"))
    assert line.rstrip().endswith("-")
    assert "2,241.0000" in line


def test_ids_may_be_cut_short_but_not_too_short() -> None:
    assert "aa00000001" in told(hand_made(), "aa00000001"[:10])
    assert "LOCKED box dd00000005" in told(hand_made(), "dd")
    with pytest.raises(UsageError, match=r"has the id 'aa': aa00000001, aa00000002$"):
        told(hand_made(), "aa")
    # Ids are no words: one that looks alike is another trade.
    survey = demo("ZETF")
    with pytest.raises(UsageError, match=r"no opportunity has the id 'xa00000001', among all \d"):
        told(survey, "xa00000001")
    with pytest.raises(UsageError, match="nothing was found; try why-not"):
        told(Survey((scan(settings=ScanSettings(families=())),)), "aa")


def test_an_id_that_a_longer_list_printed_is_found() -> None:
    survey = demo("ZETF")
    one = survey.scans[0]
    longer = replace(one.settings, top=40)
    ids = [o.id for o in scan_chain(one.result.chain, longer, PURE).opportunities]
    assert len(ids) > survey.scans[0].settings.top
    for name in ids[-2:]:
        assert name not in [o.id for o in survey.opportunities]
        assert f" {name}  ZETF " in told(survey, name)


def test_a_proof_below_the_edge_is_not_glossed_over() -> None:
    proof = Proof(0.5, (State("expiry", 0.0, 0.5),), 1)
    survey = Survey((scan(mismatches=(opportunity(proof=proof),)),))
    assert "worst case +0.500000 < edge +0.659500" in told(survey, "aa00000001")


def test_near_misses_by_number() -> None:
    survey = hand_made()
    text = told(survey, "near-2")
    assert "Near miss 2: box  XYZ +C 95 -C 105 +P 105 -P 95 2016-02-19" in text
    assert "fails at: a leg's spread too wide" in text
    assert "would pass with: a spread of C 95 tighter by 0.02" in text
    for wrong in ("near-0", "near-5", "near-x", "near-"):
        with pytest.raises(UsageError, match="near-1 to near-4"):
            told(survey, wrong)
    with pytest.raises(UsageError, match="there is none"):
        told(Survey((scan(),)), "near-1")


def state_prices(text: str) -> dict[float, float]:
    rows = re.findall(r"(?m)^ *([\d,.]+) +(\d\.\d{6}) ", text)
    return {float(state.replace(",", "")): float(price) for state, price in rows}


def quiet_expiry(survey: Survey, backend: Backend) -> str:
    text = shown(100, explain.render, survey, "why-not", backend)
    days = re.findall(r"nothing can be locked in \(why-not:(\S+) shows", text)
    return str(days[-1])


def test_state_prices_put_every_quote_between_bid_and_ask() -> None:
    """The certificate, checked from the printed page: state prices, worths and quotes."""
    survey = demo("ZETF")
    day = quiet_expiry(survey, PURE)
    text = told(survey, f"why-not:{day}")
    assert "these state prices explain every quote" in text
    prices = state_prices(text)
    assert prices
    discount = float(re.search(r"certain \$1 is worth (\d\.\d+)", text)[1])  # type: ignore[index]
    low, high = map(float, re.search(  # type: ignore[union-attr]
        r"borrow at (\d\.\d+), lend at (\d\.\d+)", text).groups())  # fmt: skip
    assert low - 1e-6 <= discount <= high + 1e-6
    share, brings, costs = map(float, re.search(  # type: ignore[union-attr]
        r"share at expiry is worth ([\d.]+): shorting brings ([\d.]+), buying costs ([\d.]+)",
        text).groups())  # fmt: skip
    assert brings - 1e-4 <= share <= costs + 1e-4
    checked = 0
    for line in text.splitlines():
        cells = line.split()
        if len(cells) == 8 and re.fullmatch(r"\d\.\d{6}", cells[1]):
            for bid, worth, ask in (cells[2:5], cells[5:8]):
                if bid != "-":
                    assert float(bid) - 1e-4 <= float(worth)
                if ask != "-":
                    assert float(worth) <= float(ask) + 1e-4
                    checked += 1
    assert checked > 10


def test_why_not_says_what_it_found_and_what_it_cannot_judge() -> None:
    text = told(demo("ZETF"), "why-not")
    assert re.search(r"locked in [\d.,]+ x 100 at the displayed sizes", text)
    assert "ZDIV: not judged; the profit programme is for European options in cash, these are " \
        "American" in " ".join(told(demo("ZDIV"), "why-not").split())  # fmt: skip
    assert "these are coin-settled" in " ".join(told(demo("ZCOIN"), "why-not").split())
    with pytest.raises(UsageError, match="no expiry on 2031-01-01"):
        told(demo("ZETF"), "why-not:2031-01-01")


def test_found_positions_are_listed_for_one_expiry() -> None:
    survey = demo("ZETF")
    text = told(survey, "why-not")
    day = re.search(r"ZETF (\S+): locked in", text)[1]  # type: ignore[index]
    assert re.search(r"(?m)^  [+-][\d.]+ [CP] [\d.]+$", told(survey, f"why-not:{day}"))


def test_noise_of_the_tableau_is_no_position(monkeypatch: pytest.MonkeyPatch) -> None:
    def noisy(*given: Any, **choice: Any) -> ProgrammeResult | None:
        found = solve_programme(*given, **choice)
        if found is None:
            return None
        return replace(found, positions=(*found.positions, (0, -7.9e-14)), stock=3e-12)

    survey = demo("ZETF")
    text = told(survey, "why-not")
    day = re.search(r"ZETF (\S+): locked in", text)[1]  # type: ignore[index]
    monkeypatch.setattr(why_not, "solve_programme", noisy)
    assert "e-1" not in told(survey, f"why-not:{day}")


def test_a_near_miss_of_a_european_chain_gets_its_state_prices() -> None:
    survey = demo("ZETF")
    numbers = [
        k
        for k, (_, miss) in enumerate(near_misses(survey.scans), 1)
        if len({leg.settles_ns for leg in miss.legs if leg.kind == "option"}) == 1
    ]
    assert numbers
    text = told(survey, f"near-{numbers[0]}")
    assert "locked in" in text


def test_an_index_has_no_share_to_value() -> None:
    survey = demo("ZETF")
    one = survey.scans[0]
    empty = replace(one.result.chain, underlying=replace(one.result.chain.underlying, kind="index"))
    other = Survey((replace(one, result=replace(one.result, chain=empty)),))
    assert "a share at expiry" not in told(other, f"why-not:{empty.expiries[0].date}")
