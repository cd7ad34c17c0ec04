"""Options on an index that nobody can deliver: what American exercise forbids there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from unit.chains import carry, chain, settings

from engine.backend import Backend
from engine.cli.main import main
from engine.market.chain import AMERICAN, EUROPEAN, INDEX
from engine.scanner.pipeline import scan_chain
from engine.strategies.registry import REGISTRY

# A long box that costs 8.54 for a width of 10 thirty days from now: E = 10 Db(30) - 8.54 - 0.028.
BOX = {
    (30, 95.0, "C"): (6.0, 6.02), (30, 95.0, "P"): (1.5, 1.52),
    (30, 105.0, "C"): (1.5, 1.52), (30, 105.0, "P"): (5.5, 5.52),
}  # fmt: skip
HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask"
ROW = "2026-03-02T20:00:00Z,OEX,100,100.02,2026-04-02,{},{},{},{},10,10,{},100,0.1,0.1"


def test_an_american_index_has_no_family_that_can_be_hedged(backend: Backend) -> None:
    result = scan_chain(chain(BOX, style=AMERICAN, kind=INDEX), settings(carry()), backend)
    assert result.opportunities == ()
    assert result.mismatches == ()
    assert set(result.funnel.skipped) == set(REGISTRY)
    assert "assigned" in result.funnel.skipped["box"]
    assert result.funnel.skipped["conversion"] == "the index itself cannot be traded"


def test_a_european_index_keeps_its_boxes(backend: Backend) -> None:
    result = scan_chain(chain(BOX, style=EUROPEAN, kind=INDEX), settings(carry()), backend)
    (best, *_) = result.opportunities
    assert best.family in ("box", "package")
    assert "box" not in result.funnel.skipped
    boxes = [one for one in result.opportunities if one.family == "box"]
    # 10 exp(-0.055 x 30/365) - (6.02 - 1.50 + 5.52 - 1.50) - 0.028
    assert boxes[0].edge == pytest.approx(1.386896, abs=1e-6)


@pytest.mark.parametrize("style", [AMERICAN, EUROPEAN])
def test_the_command_ends_well(
    style: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [ROW.format(k, right, *quote, style) for (_, k, right), quote in BOX.items()]
    path = tmp_path / "oex.csv"
    header = HEADER + ",bid_size,ask_size,style,multiplier,bid_age_s,ask_age_s"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    assert main(["scan", "OEX", "--source", f"csv:{path}", "--rates", "4.5%,5.5%", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    families = [row["family"] for row in printed["opportunities"]]
    assert ("box" in families) == (style == EUROPEAN)
