"""Peers are measured on our data, compared where they answer the same, and excused by name."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from array import array
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks.page import results
from benchmarks.peers import adapter as peer_adapter
from benchmarks.peers import child as peer_adapters
from benchmarks.peers import measure as peers
from benchmarks.peers import series as peer_series
from benchmarks.workloads import calls, calls_series
from benchmarks.workloads import named as workloads


def below(x):
    """The normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    mp = pytest.MonkeyPatch()
    mp.setattr(peers, "N_CLOSES", 50)
    peers.write_data(folder)
    mp.undo()
    return folder


def test_every_peer_has_an_adapter_and_exact_pins():
    assert set(peer_adapters.ADAPTERS) == {peer.name for peer in peers.PEERS}
    assert all("==" in pin for peer in peers.PEERS for pin in peer.pins)


def test_every_adapter_stands_beside_a_workload_of_ours():
    rows = [one for many in peer_adapters.ADAPTERS.values() for one in many]
    assert {one.workload for one in rows} <= set(workloads.WORKLOADS)
    assert all(one.note for one in rows)


def test_a_sweep_is_that_of_our_workload():
    series = peer_series
    assert (series.FAST, series.SLOW) == (calls_series.FAST_WINDOWS, calls_series.SLOW_WINDOWS)
    assert (series.SWEPT_BARS, series.SWEPT) == (calls_series.N_SWEEP, calls_series.SWEPT)


def test_the_data_are_our_options_and_prices(data):
    columns = peer_adapters.read(data)
    assert list(columns["strike"]) == list(calls.options()[1])
    k = 7
    spot, strike, tau, rate, div, vol, right = (
        columns[name][k] for name in (*peer_adapter.OPTION, "right")
    )
    d1 = (math.log(spot / strike) + (rate - div + 0.5 * vol * vol) * tau) / (vol * math.sqrt(tau))
    d2 = d1 - vol * math.sqrt(tau)
    wanted = right * (
        spot * math.exp(-div * tau) * below(right * d1)
        - strike * math.exp(-rate * tau) * below(right * d2)
    )
    assert columns["price"][k] == pytest.approx(wanted, abs=1e-10)
    known = [vol for vol in columns["known"] if vol == vol]
    assert len(columns["vol"]) > len(known) > 0.9 * len(columns["vol"])
    close = columns["close"]
    assert close == calls_series.closes(50)
    window = close[30:50]
    mean = sum(window) / 20
    upper = mean + 2.0 * math.sqrt(sum((value - mean) ** 2 for value in window) / 20)
    assert (columns["sma"][49], columns["bollinger"][49]) == pytest.approx((mean, upper))
    assert columns["ema"][19] == pytest.approx(sum(close[:20]) / 20)
    changes = [after - before for before, after in pairwise(close[:21])]
    gained = sum(change for change in changes if change > 0.0)
    assert columns["rsi"][20] == pytest.approx(100.0 * gained / sum(map(abs, changes)))


class TestMeasured:
    columns = MappingProxyType(
        {"spot": array("d", [1.0, 2.0]), "wanted": array("d", [3.0, math.nan])}
    )

    def adapter(self, answers="wanted", count="spot", found=(3.5, 9.0), part=None):
        return peer_adapter.Adapter(
            "w", lambda columns: lambda: found, answers, "note", count, part
        )

    @pytest.fixture(autouse=True)
    def named(self, monkeypatch):
        monkeypatch.setattr(peer_adapters, "version", lambda name: f"1 of {name}")

    def test_the_worst_difference_is_where_both_answer(self):
        row = peer_adapters.measured("a_b", self.adapter(), self.columns, 0.0)
        assert row["worst_difference"] == 0.5
        assert (row["count"], row["version"]) == (2, "1 of a-b")
        assert 0.0 < row["least_s"] <= row["middle_s"]

    def test_one_of_several_results_is_compared(self):
        several = self.adapter(found=((9.0, 9.0), (3.25, 9.0)), part=1)
        row = peer_adapters.measured("a", several, self.columns, 0.0)
        assert row["worst_difference"] == 0.25

    def test_an_answer_of_another_kind_is_not_compared(self):
        row = peer_adapters.measured("a", self.adapter("", "20"), self.columns, 0.0)
        assert row["worst_difference"] is None
        assert row["count"] == 20

    def test_an_answer_of_another_length_is_refused(self):
        with pytest.raises(ValueError, match=r"shorter|longer"):
            peer_adapters.measured("a", self.adapter(found=(1.0,)), self.columns, 0.0)


class TestMain:
    def written(self, monkeypatch, tmp_path, installs, rows):
        monkeypatch.setattr(peers, "write_data", lambda folder: None)
        monkeypatch.setattr(peers, "installed", lambda peer: installs.get(peer.name, ""))
        monkeypatch.setattr(peers, "measure", lambda peer, *_: rows.get(peer.name, []))
        assert peers.main([f"--output={tmp_path}"]) == 0
        return json.loads((tmp_path / results.PEERS).read_text())

    def test_what_is_not_measured_is_listed_with_the_reason(self, monkeypatch, tmp_path):
        content = self.written(
            monkeypatch, tmp_path,
            {"QuantLib": "no wheel"},
            {"orjson": [{"peer": "orjson", "workload": "w", "failed": "ImportError: x"}],
             "msgspec": [{"peer": "msgspec", "workload": "w", "least_s": 1.0}]},
        )  # fmt: skip
        missing = {one["peer"]: one["reason"] for one in content["missing"]}
        assert missing["QuantLib"] == "does not install: no wheel"
        assert missing["orjson (w)"] == "ImportError: x"
        assert [one["peer"] for one in content["measured"]] == ["msgspec"]

    def test_a_peer_that_is_unknown_is_refused(self):
        with pytest.raises(SystemExit):
            peers.main(["--only", "nothing"])

    def test_a_peer_that_breaks_says_why(self, monkeypatch, tmp_path):
        monkeypatch.setattr(peers, "FOLDER", tmp_path)
        python = tmp_path / "QuantLib" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)

        def run(command, **_):
            return subprocess.CompletedProcess(command, 1, "", "Traceback\nValueError: it broke\n")

        monkeypatch.setattr(peers.subprocess, "run", run)
        (row,) = peers.measure(peers.PEERS[2], tmp_path, 0.0)
        assert row == {"peer": "QuantLib", "failed": "ValueError: it broke"}
        assert "it broke" in peers.installed(peers.PEERS[2])

    def test_a_reason_is_one_line_without_paths_of_this_machine(self):
        said = f"note\nERROR: no match in {peers.ROOT}/x or {Path.home()}/y | z\nmore\n"
        assert peers.reason(said) == "ERROR: no match in ./x or ~/y / z"
        assert peers.reason("") == "no message"
