"""A family is one value: what the registry lists, and what a new one needs."""

from __future__ import annotations

import itertools
from array import array

import pytest

from engine import config
from engine.backend import Backend
from engine.feeds.demo_choice import PLANTS, UNPLANTED
from engine.market.chain import AMERICAN, EUROPEAN
from engine.market.combo import OPTION, Leg
from engine.scanner.pipeline import scan_chain
from engine.scoring.breakdown import breakdown
from engine.scoring.capital import margin
from engine.strategies import registry
from engine.strategies.candidates import HIGH, LOW, CandidateTable, Template
from engine.strategies.family import Facts, Family, Line
from engine.strategies.margins import no_margin, width_of
from engine.strategies.view import View
from tests.unit.chains import carry, chain, settings

GUTS = Template("guts", ((LOW, "C", 1), (HIGH, "P", 1)))
# 105 - 95 is 10, of which 9.5 are paid; nothing else is for sale.
QUOTES = {(30, 95.0, "C"): (5.0, 5.1), (30, 105.0, "P"): (4.3, 4.4)}


def find_guts(view: View, table: CandidateTable) -> None:
    """Add every call and higher put that cost less than the width between them."""
    chain, terms = view.chain, view.terms
    for e in range(len(chain.expiries)):
        for low, high in itertools.combinations(chain.rows(e), 2):
            width = terms.borrow[e] * (chain.strike[high] - chain.strike[low])
            edge = width - view.pay[low] - view.pay[chain.n_rows + high]
            if edge > view.floor:
                rows = array("l", [low]), array("l", [low]), array("l", [high])
                table.add(GUTS, 1, *rows, array("d", [edge]), view.condition)


def worth(facts: Facts) -> list[Line]:
    width = facts.terms.borrow[facts.expiry[0]] * width_of(facts.legs)
    return [("width at expiry", width)]


@pytest.fixture
def guts(monkeypatch: pytest.MonkeyPatch) -> Family:
    """The three places that a family needs: its value, its line in the registry, its name."""
    family = Family("guts", worth, no_margin, find_guts, (GUTS,), needs_stock=False)
    monkeypatch.setitem(registry.FAMILIES, "guts", family)
    monkeypatch.setitem(registry.REGISTRY, "guts", family)
    monkeypatch.setattr(config, "FAMILIES", (*config.FAMILIES, "guts"))
    return family


@pytest.mark.parametrize("style", [AMERICAN, EUROPEAN])
def test_a_new_family_runs_through_the_whole_scan(
    style: str, guts: Family, backend: Backend
) -> None:
    wanted = settings(carry(), families=("guts",))
    result = scan_chain(chain(QUOTES, style=style), wanted, backend)
    assert result.mismatches == ()
    (one,) = result.opportunities
    assert (one.family, one.grade, one.lots) == ("guts", "LOCKED", 100)
    assert one.proof is not None
    assert one.proof.minimum == pytest.approx(one.edge, abs=1e-9)
    assert sum(amount for _, amount in one.terms) == pytest.approx(one.edge, abs=1e-12)
    assert one.capital == pytest.approx(100 * 100 * 9.514)


def test_a_new_family_is_gated(guts: Family, backend: Backend) -> None:
    result = scan_chain(chain(QUOTES, size=0.0), settings(carry(), families=("guts",)), backend)
    assert (result.funnel.rejected, result.funnel.by_family) == ({"size": 1}, {"guts": 1})


def test_a_family_that_nobody_knows_is_refused(backend: Backend) -> None:
    legs = (Leg(OPTION, -1, 1, 1.0, right="C", strike=100.0),)
    with pytest.raises(ValueError, match="no family is called 'guts'"):
        margin("guts", legs, 1, 95.0)
    with pytest.raises(TypeError, match="margin"):
        Family("guts", worth)  # type: ignore[call-arg]


def test_the_registry_lists_the_names_of_the_settings() -> None:
    # A synthetic is a collar that is listed for its reward.
    assert [*registry.FAMILIES, "synthetic"] == list(config.FAMILIES)
    assert all(name == family.name for name, family in registry.FAMILIES.items())


@pytest.mark.parametrize("name", registry.REGISTRY)
def test_templates_bear_the_name_of_their_family(name: str) -> None:
    templates = registry.REGISTRY[name].templates
    assert templates
    assert {template.family for template in templates} == {name}
    # What shorts stock at once is for chains whose stock can be had.
    shorts = any(template.stock < 0 for template in templates)
    assert registry.REGISTRY[name].needs_stock or not shorts


def test_every_family_is_planted_or_held_otherwise() -> None:
    assert {*PLANTS, *UNPLANTED} == set(registry.FAMILIES)
    assert not {*PLANTS} & {*UNPLANTED}


def test_the_account_of_an_unknown_family_is_refused(backend: Backend) -> None:
    with pytest.raises(ValueError, match="no family is called"):
        breakdown(None, "guts", (), 1)  # type: ignore[arg-type]
