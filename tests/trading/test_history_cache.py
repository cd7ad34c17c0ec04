"""Bars kept on disk: the same bits back, never stale, never believed when damaged."""

from __future__ import annotations

import json
import os
import stat
from array import array
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from engine.backtesting.data import Data, Dividend, Split
from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.errors import UsageError
from engine.market.bars import Bars
from engine.trading import history_cache
from engine.trading.history_cache import HistoryCache, kept, states
from engine.trading.sources import open_bars

DAY = 20_000 * NS_PER_DAY
HOUR = 3600 * NS_PER_SECOND


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now_ns: int) -> None:
        self.now = now_ns

    def now_ns(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return self.now


def data_until(last_ns: int, rows: int = 50) -> Data:
    rng = Random(rows)
    bars = {}
    for symbol in ("A", "Ä\n"):
        columns = [array("d", [rng.random() for _ in range(rows)]) for _ in range(5)]
        stamps = array("q", [last_ns - (rows - 1 - k) * HOUR for k in range(rows)])
        bars[symbol] = Bars(stamps, *columns)
    actions = (Dividend("A", last_ns - HOUR, 0.1), Split("A", last_ns - HOUR, 7.0))
    return Data(bars, HOUR, "csv:x", actions, "us", ("a note",))


@pytest.fixture
def clock() -> Clock:
    return Clock(DAY + 12 * HOUR)


@pytest.fixture
def cache(tmp_path: Path, clock: Clock) -> HistoryCache:
    return HistoryCache(tmp_path / "history", clock)


def only_file(cache: HistoryCache) -> Path:
    (path,) = cache.folder.iterdir()
    return path


def test_what_is_kept_comes_back_bit_for_bit(cache: HistoryCache) -> None:
    data = data_until(DAY)
    assert cache.get("x") is None
    cache.put("x", data)
    assert cache.get("x") == data
    assert cache.get("y") is None
    assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600


def test_its_header_says_what_it_is(cache: HistoryCache, clock: Clock) -> None:
    cache.put("x", data_until(DAY))
    header = json.loads(only_file(cache).read_bytes().partition(b"\n")[0])
    assert header["source"] == "csv:x"
    assert header["as_of"] == "2024-10-04T00:00:00+00:00"
    assert header["made_ns"] == clock.now
    assert len(header["sha256"]) == 64


def test_finished_days_stay_and_the_present_one_an_hour(cache: HistoryCache, clock: Clock) -> None:
    finished, present = data_until(DAY), data_until(DAY + 11 * HOUR)
    cache.put("finished", finished)
    cache.put("present", present)
    clock.now += HOUR - 1
    assert cache.get("present") == present
    clock.now += 1
    assert cache.get("present") is None
    clock.now += 1000 * NS_PER_DAY
    assert cache.get("finished") == finished
    assert cache.get("present") is None


def test_what_was_made_in_the_future_of_the_clock_is_not_believed(
    cache: HistoryCache, clock: Clock
) -> None:
    cache.put("x", data_until(DAY + 11 * HOUR))
    clock.now -= 1
    assert cache.get("x") is None


def test_a_damaged_file_is_none_and_goes(cache: HistoryCache) -> None:
    rng = Random(4)
    data = data_until(DAY, 5)
    cache.put("x", data)
    whole = only_file(cache).read_bytes()
    for _ in range(300):
        raw = bytearray(whole)
        kind = rng.random()
        place = rng.randrange(len(raw))
        if kind < 0.5:
            raw[place] ^= 1 << rng.randrange(8)
        elif kind < 0.8:
            del raw[place:]
        else:
            raw[place:place] = bytes(rng.randrange(1, 40))
        path = cache.folder / next(iter(cache.folder.iterdir()), Path("none")).name
        if path.name == "none":
            cache.put("x", data)
            path = only_file(cache)
        path.write_bytes(raw)
        found = cache.get("x")
        if found is None:
            assert not path.exists()
        else:  # a space between two words of the header
            assert found == data


@pytest.mark.parametrize(
    "header",
    [
        "[]", "{}", "null", "1", '{"format":1}', "[" * 100_000,
        '{"format":1,"made_ns":1e400,"as_of_ns":0}',
        '{"format":1,"made_ns":0,"as_of_ns":0,"sha256":"x","symbols":[["A",-1]]}',
    ],
)  # fmt: skip
def test_a_header_of_another_form_is_none(cache: HistoryCache, header: str) -> None:
    cache.put("x", data_until(DAY, 5))
    path = only_file(cache)
    path.write_bytes(header.encode() + b"\n")
    assert cache.get("x") is None
    assert not path.exists()


def test_what_was_used_longest_ago_leaves(tmp_path: Path, clock: Clock) -> None:
    size = 2 * 100 * 6 * 8 + 1000
    cache = HistoryCache(tmp_path / "history", clock, max_bytes=3 * size)
    for name in "abc":
        cache.put(name, data_until(DAY, 100))
        os.utime(cache._path(name), ns=(1, "abc".index(name) + 1))
    assert cache.get("a") is not None  # used now
    cache.put("d", data_until(DAY, 100))
    assert [name for name in "abcd" if cache.get(name) is not None] == ["a", "c", "d"]


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("x")
    cache = HistoryCache(tmp_path / "file" / "history", clock)
    cache.put("x", data_until(DAY))
    assert cache.get("x") is None


def test_a_small_request_is_not_kept_and_off_is_off(tmp_path: Path) -> None:
    small, large = data_until(DAY, 5), data_until(DAY, history_cache.LEAST_ROWS)
    folder = tmp_path / "history"
    here = {history_cache.VARIABLE: str(folder)}
    assert kept(["x"], lambda: small, here) is small
    assert not folder.exists()
    assert kept(["x"], lambda: large, {history_cache.VARIABLE: "off"}) is large
    assert not folder.exists()
    assert kept(["x"], lambda: large, here) is large
    assert kept(["x"], lambda: small, here) == large
    assert kept(["y"], lambda: small, here) is small
    where = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    kept(["x"], lambda: large, where)
    assert list((tmp_path / "cache" / "parity-engine" / "history").iterdir())


def test_a_file_that_changed_is_another_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(history_cache.VARIABLE, str(tmp_path / "history"))
    monkeypatch.setattr(history_cache, "LEAST_ROWS", 1)
    path = tmp_path / "x.csv"
    rows = [f"2024-01-06T{hour:02}:00:00Z,10,11,9,{hour + 1}" for hour in range(9)]

    def write(lines: list[str]) -> None:
        path.write_text("\n".join(["time,open,high,low,close", *lines]).replace(",9,", ",0.5,"))

    write([row.replace("11", "12") for row in rows])
    first = open_bars(f"csv:{path}")
    again = open_bars(f"csv:{path}")
    assert again == first
    assert again is not first
    assert open_bars(f"csv:{path}", interval="3h") != first
    write(rows)
    os.utime(path, ns=(5, 5))
    assert open_bars(f"csv:{path}").bars != first.bars
    with pytest.raises(UsageError):
        open_bars(f"csv:{path}", interval="1m")


def test_a_pipe_is_never_kept(tmp_path: Path) -> None:
    assert states([tmp_path / "none"]) is None
    os.mkfifo(tmp_path / "pipe")
    assert states([tmp_path / "pipe"]) is None
    (tmp_path / "file").write_text("abc")
    assert states([tmp_path / "file"]) == [
        (str(tmp_path / "file"), 3, (tmp_path / "file").stat().st_mtime_ns)
    ]


def test_equal_data_differ_in_every_part() -> None:
    data = data_until(DAY)
    assert data == data_until(DAY)
    assert data != replace(data, notes=())
