"""What a table says of a choice without its orders is what the orders add up to."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from engine.backend import Backend
from engine.cli.main import main
from engine.config import ScanSettings
from engine.feeds.demo import DemoFeed
from engine.report.wording import money
from engine.scanner import scanner as module
from engine.scanner.pipeline import scan_chain

SYMBOLS = ("ZDIV", "ZETF", "ZIDX", "ZCOIN")


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("capital", [math.inf, 20_000.0])
def test_the_sums_are_those_of_the_proven_orders(
    symbol: str, capital: float, backend: Backend
) -> None:
    (loaded,) = DemoFeed(3, [symbol], compact=True).chains(symbol)
    assert loaded.carry is not None
    settings = ScanSettings(carry=loaded.carry, capital=capital)
    whole = scan_chain(loaded.chain, settings, backend)
    sums = scan_chain(loaded.chain, settings, backend, needs_orders=False)
    assert whole.selection.n_orders == len(whole.selection.orders)
    assert replace(whole.selection, orders=()) == sums.selection
    assert sums.selection.orders == ()
    assert [one.id for one in sums.opportunities] == [one.id for one in whole.opportunities]


def test_a_table_proves_what_it_shows_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    n_proofs, verify = [0], module.verify

    def counted(*given: object, **said: object) -> object:
        n_proofs[0] += 1
        return verify(*given, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "verify", counted)
    asked = ["scan", "--source", "demo", "--seed", "2", "--top", "1", "ZIDX", "ZDIV"]
    main([*asked, "--no-color"])
    table = capsys.readouterr().out
    few, n_proofs[0] = n_proofs[0], 0
    main([*asked, "--json"])
    said = json.loads(capsys.readouterr().out)
    assert 0 < few < n_proofs[0]
    chosen = [chain["selection"] for chain in said["chains"]]
    value = math.fsum(one["value"] for one in chosen)
    n_orders = sum(len(one["orders"]) for one in chosen)
    assert f"{money(value)} in {n_orders} orders" in " ".join(table.split())
