"""The collector against a service on loopback that publishes real prices and fails in many ways."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import math
import time
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from venue_server import DAY_S, Fault, VenueServer, candles, made_bars

from engine.cli.collect import _chain_message
from engine.cli.collect_store import CoverageSink, coverage, gaps
from engine.clock import NS_PER_SECOND, Clock
from engine.collect import coinbase, deribit, mempool
from engine.collect.client import Client, FetchError
from engine.collect.collector import Collector, Line, Outcome
from engine.collect.pace import Breaker
from engine.collect.tasks import (
    BARS,
    CHAIN,
    COMPLETE,
    FAILED,
    NUMBERS,
    PARTIAL,
    QUOTE,
    Task,
    bar_tasks,
    left_of,
    slot_of,
)
from engine.store import open_store, schema
from engine.store.address import read_address
from engine.store.protocol import Store

pytest.importorskip("httpx", reason="tox installs it (requirements-collect.txt)")

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MINUTE = 60 * NS_PER_SECOND
NOW = (DAY_S + 86_400 * 12) * NS_PER_SECOND


class Fixed(Clock):
    """Wall time that stands still; monotonic time that runs."""

    def __init__(self, now: int = NOW) -> None:
        self.now = now

    def now_ns(self) -> int:
        return self.now

    def monotonic_ns(self) -> int:
        return time.perf_counter_ns()


def real_bars() -> dict[int, list[float]]:
    path = DATA / "lean/Data/crypto/coinbase/minute/btcusd/20180404_trade.zip"
    if not path.exists():
        pytest.skip("../shared/data is not on this machine")
    with zipfile.ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return {
        DAY_S + int(ms) // 1000: [float(cell) for cell in cells]
        for ms, *cells in csv.reader(io.StringIO(text))
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store(read_address(f"sqlite:{tmp_path}/s.sqlite", {}))
    schema.migrate(opened)
    return opened


async def quick(seconds: float) -> None:
    """Do not wait out what a test need not feel."""
    await asyncio.sleep(min(seconds, 0.002))


def line(source: Any, url: str, **choice: Any) -> Line:
    client = Client(
        url, **{"rate": 1e6, "burst": 1000, "random": Random(1), "sleep": quick, **choice}
    )
    return Line(source.name, source, client, Breaker())


def collect(lines: list[Line], tasks: list[Task], sink: Any, **choice: Any) -> list[Outcome]:
    async def run() -> list[Outcome]:
        collector = Collector(lines, sink, clock=choice.pop("clock", Fixed()), **choice)
        try:
            return await collector.run(tasks)
        finally:
            await collector.close()

    return asyncio.run(run())


def stored_bars(store: Store) -> dict[int, list[float]]:
    rows = store.run("SELECT time_ns, open, high, low, close, volume FROM bars ORDER BY time_ns")
    return {t // NS_PER_SECOND: list(cells) for t, *cells in rows}


def day_tasks(n_days: int = 1) -> list[Task]:
    start = DAY_S * NS_PER_SECOND
    return list(bar_tasks("BTC-USD", 60, start, start + n_days * 86_400 * NS_PER_SECOND, 300))


def test_a_real_day_of_bars_is_stored_to_the_last_digit(store: Store) -> None:
    bars = real_bars()
    with VenueServer(candles(bars)) as venue:
        outcomes = collect([line(coinbase.Coinbase(), venue.url)], day_tasks(), CoverageSink(store))
    assert {o.delivery.state for o in outcomes} == {COMPLETE}
    assert stored_bars(store) == dict(sorted(bars.items()))
    assert venue.n_connections <= 10  # kept and used again
    assert sum(c.received for c in coverage(store)) == len(bars)


PASSING = ["busy", "broken", "cut", "drop", "garbage", "deep", "empty", "html"]
FINAL = ["refused", "drift", "rows", "nan", "null", "number"]


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_tried_again(store: Store, kind: str) -> None:
    bars = made_bars(600)
    with VenueServer(candles(bars), faults=[Fault(kind, 3, 0.01)]) as venue:
        one = line(coinbase.Coinbase(), venue.url)
        outcomes = collect([one], day_tasks(), CoverageSink(store), concurrency=2)
    assert {o.delivery.state for o in outcomes} == {COMPLETE}
    assert stored_bars(store) == bars
    assert one.client.n_retries >= 3


@pytest.mark.parametrize("kind", PASSING)
def test_what_does_not_pass_is_given_up_and_told(store: Store, kind: str) -> None:
    with VenueServer(candles(made_bars(600)), faults=[Fault(kind, 10**6, 0.0)]) as venue:
        one = line(coinbase.Coinbase(), venue.url)
        (outcome,) = collect([one], day_tasks()[:1], CoverageSink(store))
    assert outcome.delivery.state == FAILED
    assert outcome.delivery.note.startswith("coinbase: /products/BTC-USD/candles: ")
    assert one.client.n_requests == 5
    assert [c.state for c in coverage(store)] == [FAILED]
    assert stored_bars(store) == {}


@pytest.mark.parametrize("kind", FINAL)
def test_a_refusal_and_another_form_are_not_asked_again(store: Store, kind: str) -> None:
    with VenueServer(candles(made_bars(600)), faults=[Fault(kind, 10**6)]) as venue:
        one = line(coinbase.Coinbase(), venue.url)
        (outcome,) = collect([one], day_tasks()[:1], CoverageSink(store))
    assert outcome.delivery.state == FAILED
    assert (one.client.n_requests, one.client.n_retries) == (1, 0)


def test_retry_after_is_kept_to(store: Store) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with VenueServer(candles(made_bars(10)), faults=[Fault("busy", 1, 7.0)]) as venue:
        one = line(coinbase.Coinbase(), venue.url, sleep=sleep)
        (outcome,) = collect([one], day_tasks()[:1], CoverageSink(store))
    assert outcome.delivery.state == COMPLETE
    assert max(waits) >= 6.9
    with VenueServer(candles({}), faults=[Fault("busy", 9, 3600.0)]) as venue:
        one = line(coinbase.Coinbase(), venue.url, sleep=sleep)
        (outcome,) = collect([one], day_tasks()[1:2], CoverageSink(store))
    assert "asks to wait 3600 s" in outcome.delivery.note
    assert one.client.n_requests == 1


def test_the_next_source_takes_over_and_the_broken_one_is_left_alone(store: Store) -> None:
    bars = made_bars(1440)
    with (
        VenueServer(candles(bars), faults=[Fault("broken", 10**6)]) as bad,
        VenueServer(candles(bars)) as good,
    ):
        lines = [line(coinbase.Coinbase(), bad.url), line(coinbase.Coinbase(), good.url)]
        lines[1].name = "mirror"
        outcomes = collect(lines, day_tasks(9), CoverageSink(store), concurrency=1)
    assert {o.delivery.state for o in outcomes} == {COMPLETE}
    assert {o.by for o in outcomes} == {"mirror"}
    assert len(bad.seen) == 25  # five times five tries, then no more
    assert outcomes[-1].failures == ("coinbase: left alone after failures",)
    assert stored_bars(store) == bars


def test_what_is_stored_is_not_asked_again_and_a_crash_leaves_no_gap(store: Store) -> None:
    bars = made_bars(1440)
    sink = CoverageSink(store)
    tasks = day_tasks()
    for most in (1, 2, 1, 100):
        n_stored = 0

        def crashing(outcome: Outcome, most: int = most) -> None:
            nonlocal n_stored
            if n_stored == most:
                raise RuntimeError("killed")
            n_stored += 1
            sink(outcome)

        known = {(k.symbol, k.kind, k.seconds, k.start_ns): k.state for k in coverage(store)}
        left = left_of(tasks, known)
        with VenueServer(candles(bars)) as venue:
            try:
                collect([line(coinbase.Coinbase(), venue.url)], left, crashing)
            except RuntimeError:
                continue
        assert len(venue.seen) == len(left) < len(tasks)
    assert stored_bars(store) == bars
    assert (
        left_of(
            tasks, {(k.symbol, k.kind, k.seconds, k.start_ns): k.state for k in coverage(store)}
        )
        == []
    )


def test_a_window_that_is_not_over_is_fetched_again_and_a_forming_bar_never_stored(
    store: Store,
) -> None:
    bars = made_bars(300)
    (task,) = day_tasks()[:1]
    clock = Fixed((DAY_S + 60 * 100 + 30) * NS_PER_SECOND)
    with VenueServer(candles(bars)) as venue:
        one = line(coinbase.Coinbase(), venue.url)
        (outcome,) = collect([one], [task], CoverageSink(store), clock=clock)
    assert outcome.delivery.state == PARTIAL
    assert stored_bars(store) == {s: b for s, b in bars.items() if s < DAY_S + 60 * 100}
    with VenueServer(candles(bars)) as venue:
        (outcome,) = collect([line(coinbase.Coinbase(), venue.url)], [task], CoverageSink(store))
    assert outcome.delivery.state == COMPLETE
    assert stored_bars(store) == bars


def test_gaps_are_found_between_what_is_known(store: Store) -> None:
    tasks = day_tasks(2)
    bars = made_bars(2880)
    with VenueServer(candles(bars)) as venue:
        collect(
            [line(coinbase.Coinbase(), venue.url)],
            [tasks[0], tasks[2], tasks[5]],
            CoverageSink(store),
        )
        missing = gaps(coverage(store))
        assert missing == [tasks[1], tasks[3], tasks[4]]
        collect([line(coinbase.Coinbase(), venue.url)], missing, CoverageSink(store))
    assert gaps(coverage(store)) == []


def test_eight_symbols_at_once_take_the_time_of_two(store: Store) -> None:
    bars = made_bars(10)
    start = DAY_S * NS_PER_SECOND
    tasks = [Task(BARS, f"SYM{k}-USD", 60, start, start + 300 * MINUTE, 300) for k in range(8)]

    def timed(concurrency: int) -> tuple[float, int]:
        with VenueServer(candles(bars), latency=0.125) as venue:
            before = time.perf_counter()
            collect(
                [line(coinbase.Coinbase(), venue.url)],
                tasks,
                lambda _: None,
                concurrency=concurrency,
            )
            return time.perf_counter() - before, venue.most_at_once

    together, at_once = timed(10)
    alone, one_at_once = timed(1)
    assert (at_once, one_at_once) == (8, 1)
    assert alone >= 1.0
    assert alone / together > 2.0  # a ratio of one run: the machine is shared


def test_the_chain_of_a_real_answer(store: Store) -> None:
    path = DATA / "deribit" / "eth_book_summary_20240108.csv"
    if not path.exists():
        pytest.skip("../shared/data is not on this machine")
    with path.open(newline="") as lines:
        rows = [
            {key: _json_cell(key, cell) for key, cell in row.items() if key}
            for row in csv.DictReader(lines)
        ]

    def route(path: str, query: dict[str, str]) -> object:
        assert path == "/api/v2/public/get_book_summary_by_currency"
        return {"jsonrpc": "2.0", "result": rows if query["kind"] == "option" else []}

    task = Task(CHAIN, "ETH", 300, *slot_of(NOW, 300), 1)
    with VenueServer(route) as venue:
        outcomes = collect(
            [line(deribit.Deribit(_chain_message), venue.url)], [task, task], CoverageSink(store)
        )
    assert [o.delivery.state for o in outcomes] == [COMPLETE, COMPLETE]
    ((symbol, n),) = store.run("SELECT symbol, n_contracts FROM chains")
    assert (symbol, n) == ("ETH", 684)
    quoted = sum(bool(row["bid_price"] or row["ask_price"]) for row in rows)
    found = store.run(
        "SELECT count(*) FROM quotes q JOIN instruments i ON q.instrument_id = i.instrument_id "
        "WHERE i.kind = 'option' AND (q.bid > 0 OR q.ask > 0)"
    )
    assert found == [(quoted,)]


def _json_cell(key: str, cell: str) -> object:
    if cell == "":
        return None
    is_text = key in ("instrument_name", "underlying_index", "quote_currency", "base_currency",
                      "currency", "expire_date", "option_type")  # fmt: skip
    return cell if is_text else float(cell)


@pytest.mark.parametrize("result", [None, {}, [], [1], [{"instrument_name": "X"}], "x"])
def test_a_chain_in_another_form_is_a_failure(store: Store, result: object) -> None:
    task = Task(CHAIN, "ETH", 300, *slot_of(NOW, 300), 1)
    with VenueServer(lambda _path, _query: {"result": result}) as venue:
        (outcome,) = collect(
            [line(deribit.Deribit(_chain_message), venue.url)], [task], CoverageSink(store)
        )
    assert outcome.delivery.state == FAILED
    assert store.run("SELECT count(*) FROM quotes") == [(0,)]


def test_the_fees_of_a_real_day(store: Store) -> None:
    path = DATA / "copyleft" / "mempool" / "mainnet_mempoolInfo.json"
    if not path.exists():
        pytest.skip("../shared/data is not on this machine")
    said = json.loads(path.read_text())
    queue = {"count": said["mempoolInfo"]["size"], "vsize": said["mempoolInfo"]["bytes"],
             "total_fee": said["mempoolInfo"]["total_fee"]}  # fmt: skip

    def route(path: str, _query: dict[str, str]) -> object:
        return said["fees"] if path == "/api/v1/fees/recommended" else queue

    task = Task(NUMBERS, "MEMPOOL", 300, *slot_of(NOW, 300), 1)
    with VenueServer(route) as venue:
        collect([line(mempool.Mempool(), venue.url)], [task], CoverageSink(store))
    numbers: dict[str, float] = dict(store.run("SELECT name, value FROM numbers"))
    assert numbers["mempool.fee_next_block"] == said["fees"]["fastestFee"] == 8
    assert numbers["mempool.transactions"] == 112_686


def test_a_quote_has_the_time_of_the_exchange(store: Store) -> None:
    answer = {"bid": "67000.01", "ask": "67000.02", "time": "2024-05-01T12:00:00.123456789Z"}
    task = Task(QUOTE, "BTC-USD", 1, *slot_of(NOW, 1), 1)
    with VenueServer(lambda _path, _query: answer) as venue:
        collect([line(coinbase.Coinbase(), venue.url)], [task], CoverageSink(store))
    assert store.run("SELECT bid, ask, ts_event FROM quotes") == [
        (67000.01, 67000.02, 1_714_564_800_123_456_789)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_hostile_answers_never_get_through(seed: int) -> None:
    rng = Random(seed)
    good = [[DAY_S + 60 * k, 1.0, 3.0, 2.0, 2.5, 1.0] for k in range(3)]
    odd: list[Any] = [
        None, "", "1", -1, 0, 1e30, math.nan, math.inf, [], {}, True, 2**70, DAY_S + 1, "x" * 100,
    ]  # fmt: skip
    (task,) = day_tasks()[:1]

    async def run() -> None:
        client = Client("http://localhost:1", sleep=quick)
        for _ in range(300):
            rows: Any = [list(row) for row in good]
            where = rng.randrange(3)
            if rng.random() < 0.2:
                rows[where] = rng.choice(odd)
            else:
                rows[where][rng.randrange(6)] = rng.choice(odd)
            client.json = _given(json.loads(json.dumps(rows)))  # type: ignore[method-assign]
            try:
                delivery = await coinbase.Coinbase().fetch(client, task, Fixed())
            except FetchError:
                continue
            for message in delivery.messages:
                data: Any = message.data
                symbol, seconds, opened, high, low, closed, volume = data
                assert (symbol, seconds) == ("BTC-USD", 60)
                assert 0 < low <= min(opened, closed) <= max(opened, closed) <= high < 1e18
                assert 0 <= volume < 1e18
        await client.close()

    asyncio.run(run())


def _given(value: Any) -> Any:
    async def json_of(*_args: object) -> Any:
        return value

    return json_of
