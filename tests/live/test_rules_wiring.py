"""Every rule that a trader follows comes from a setting."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.clock import SYSTEM
from engine.config import ScanSettings
from engine.execution.limits import Limits
from engine.execution.rules import Rules
from engine.live.start import LiveRequest, Runner
from engine.settings.live import LiveSettings
from engine.settings.overrides import CarryOverrides

# Not settings: what a broker calls "for today", and what follows from how IB tells positions.
FIXED = {"tif", "most_rounds", "counts_foreign"}


class NoLog:
    def append(self, kind: str, data: object, *, is_durable: bool = True) -> SimpleNamespace:
        return SimpleNamespace(seq=1, ts_ns=1, kind=kind, data=data)

    def entries(self) -> tuple[()]:
        return ()


def rules_of(settings: LiveSettings) -> tuple[Rules, Any]:
    broker = SimpleNamespace(account="DU1", sink=None, is_ready=lambda: False)
    source = SimpleNamespace(clock=SYSTEM, links=tuple)
    request = LiveRequest(settings, ("XYZ",), ScanSettings(), CarryOverrides())
    runner = Runner(request, SimpleNamespace(), source, broker, None, place="")  # type: ignore[arg-type]
    trader = runner.trader(runner.broker, NoLog(), "")
    return trader.rules, trader.terms


def test_every_rule_has_a_setting_that_moves_it(tmp_path: Path) -> None:
    limits = Limits(
        max_unhedged_s=7.0, max_unhedged_delta=8.0, max_hedge_loss_usd=9.0, max_lots=2,
        duplicate_window_s=11.0,
    )  # fmt: skip
    changed = LiveSettings(
        legs="parallel", fill_window=1.5, ack_timeout=3.0, cancel_timeout=4.0, evidence_timeout=6.0,
        is_unwind_only=True, allowance=0.03, limits=limits, journal=tmp_path,
    )  # fmt: skip
    rules, terms = rules_of(changed)
    assert rules == replace(
        Rules(), style="parallel", fill_s=1.5, ack_s=3.0, cancel_s=4.0, evidence_s=6.0,
        completes=False, loss_usd=9.0, duplicate_s=11.0, unhedged_s=7.0, unhedged_delta=8.0,
    )  # fmt: skip
    assert (terms.allowance, terms.lots) == (0.03, 2)
    names = [one.name for one in fields(Rules)]
    still = {name for name in names if getattr(rules, name) == getattr(Rules(), name)}
    assert still == FIXED


def test_defaults_are_said_once(tmp_path: Path) -> None:
    limits = Limits()
    rules, _ = rules_of(LiveSettings(limits=limits, journal=tmp_path))
    assert rules == Rules()
    assert (rules.loss_usd, rules.unhedged_s) == (limits.max_hedge_loss_usd, limits.max_unhedged_s)
