"""``collect``: fetch bars, quotes, chains and numbers from the web into the store, without gaps."""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.stderr import note
from engine.cli.store_choice import add_store, open_chosen
from engine.cli.typed import count, duration, typed
from engine.clock import NS_PER_SECOND, SYSTEM, Clock, from_ns, to_ns
from engine.errors import OK, EngineError, UnavailableError, UsageError
from engine.nearest import hint

if TYPE_CHECKING:
    from engine.collect.collector import Collector, Line, Outcome
    from engine.collect.tasks import Source, Task
    from engine.session.recording import Message
    from engine.store.protocol import Store

_DAY_S = 86_400.0
_MOST_TASKS = 50_000
# By source: requests a second, and at once. Below what each says it allows.
_PACES = {"coinbase": (8.0, 10), "deribit": (10.0, 10), "mempool": (2.0, 4)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `collect` to `parser`."""
    parser.description = (
        f"{parser.description}\nBTC-USD is a product of Coinbase (bars, quotes), BTC a coin of "
        "Deribit (the option\nchain), MEMPOOL the queue of Bitcoin. What is complete is not "
        "fetched again."
    )
    add = parser.add_argument
    add("symbols", nargs="*", metavar="SYMBOL", help="what to fetch")
    add("--bars", type=typed(duration), metavar="SPAN", help="bars of 1m, 5m, 15m, 1h, 6h or 1d")
    add("--since", metavar="DAY", help="bars from this day on, such as 2026-11-01")
    add("--until", metavar="DAY", help="bars before this day (now)")
    often = parser.add_mutually_exclusive_group()
    often.add_argument("--every", type=typed(duration), metavar="SPAN", help="again and again")
    often.add_argument("--daily", action="store_true", help="once a day")
    add("--for", dest="span", type=typed(duration), metavar="SPAN", help="so long; else to Ctrl-C")
    add(
        "--source", action="append", default=[], metavar="NAME[=URL]",
        help="coinbase, deribit, mempool, or a mirror; several: the next one where one fails",
    )  # fmt: skip
    add("--concurrency", type=typed(count), default=10, metavar="N", help="at a time (10)")
    add("--fill-gaps", action="store_true", help="fetch the bars that are missing in between")
    add("--status", action="store_true", help="what is there, as a calendar; fetches nothing")
    add("--json", action="store_true", help="the summary, or the status, as one object")
    add_store(parser)


def run(args: argparse.Namespace) -> int:
    """Fetch, or say what is there.

    Raises
    ------
    EngineError
        If nothing could be fetched or stored.
    """
    _check(args)
    with open_chosen(args, must_exist=args.status) as store:
        if args.status:
            return _status(args, store)
        return asyncio.run(_collect(args, store, SYSTEM))


def _check(args: argparse.Namespace) -> None:
    if args.concurrency < 1 or args.concurrency > 100:
        raise UsageError("--concurrency is from 1 to 100")
    if (args.since or args.until) and args.bars is None:
        raise UsageError("--since and --until are for bars: add --bars 1m")
    if args.bars is not None and not (args.since or args.every or args.daily):
        raise UsageError("--bars needs --since DAY, or --every for those to come")
    if not args.symbols and not (args.status or args.fill_gaps):
        raise UsageError("name what to collect, such as BTC-USD --bars 1m --since 2026-11-01")
    if args.bars is not None:
        from engine.collect.coinbase import GRANULARITIES

        if args.bars not in GRANULARITIES:
            raise UsageError("--bars: Coinbase has bars of 1m, 5m, 15m, 1h, 6h and 1d")


def _status(args: argparse.Namespace, store: Store) -> int:
    from engine.cli.collect_store import coverage
    from engine.report.coverage import by_day, calendar_lines

    days = by_day(coverage(store, [symbol.upper() for symbol in args.symbols]))
    if args.json:
        rows = [
            {"symbol": d.symbol, "kind": d.kind, "seconds": d.seconds, "day": d.day.isoformat(),
             "part": round(d.part, 6)}
            for d in days
        ]  # fmt: skip
        print(json.dumps({"schema": 1, "days": rows}))
        return OK
    for line in calendar_lines(days):
        print(line)
    if not days:
        note("nothing was collected yet")
    return OK


async def _collect(args: argparse.Namespace, store: Store, clock: Clock) -> int:
    from engine.cli.collect_store import CoverageSink, coverage, gaps
    from engine.cli.progress import ProgressBar
    from engine.collect.collector import Collector
    from engine.collect.tasks import COMPLETE, PARTIAL, left_of

    symbols = [symbol.upper() for symbol in args.symbols]
    lines = _lines(args)
    sink = CoverageSink(store, clock)
    collector = Collector(lines, sink, concurrency=args.concurrency, clock=clock)
    every = _DAY_S if args.daily else args.every
    ends_ns = clock.monotonic_ns() + int(args.span * NS_PER_SECOND) if args.span else 1 << 62
    done: list[Outcome] = []
    n_known = 0
    try:
        while True:
            known = coverage(store, symbols)
            tasks = gaps(known) if args.fill_gaps else _tasks(args, symbols, lines, every, clock)
            left = left_of(
                tasks, {(k.symbol, k.kind, k.seconds, k.start_ns): k.state for k in known}
            )
            n_known += len(tasks) - len(left)
            with ProgressBar(is_plain=args.no_color) as bar:
                done += await collector.run(left, bar)
            if not every or not await _next_round(collector, every, ends_ns, clock):
                break
    except asyncio.CancelledError:
        note("stopped")
    finally:
        await collector.close()
    states = [one.delivery.state for one in done]
    failed = [one for one in done if one.delivery.state not in (COMPLETE, PARTIAL)]
    if args.json:
        print(json.dumps({
            "schema": 1, "tasks": len(done), "complete": states.count(COMPLETE),
            "partial": states.count(PARTIAL), "failed": len(failed), "known_before": n_known,
            "rows": sink.n_rows,
            "failures": [
                {"symbol": f.task.symbol, "kind": f.task.kind,
                 "from": from_ns(f.task.start_ns).isoformat(), "reason": f.delivery.note}
                for f in failed
            ],
        }))  # fmt: skip
    else:
        n_retries = sum(int(line.client.n_retries) for line in lines)
        before = f", {n_known} were there before" if n_known else ""
        tried = f", {n_retries} tried again" if n_retries else ""
        note(
            f"{states.count(COMPLETE)} of {len(done)} fetched whole, {states.count(PARTIAL)} still "
            f"open, {len(failed)} failed{before}{tried}; {sink.n_rows:,} rows in {store.address}"
        )
        for one in failed[:5]:
            moment = from_ns(one.task.start_ns)
            note(f"gap: {one.task.symbol} {one.task.kind} from {moment:%Y-%m-%d %H:%M}: "
                 f"{one.delivery.note}")  # fmt: skip
        if failed:
            note("parity collect --fill-gaps fetches bars that are missing")
    if done and len(failed) == len(done):
        raise UnavailableError(f"nothing could be fetched: {failed[0].delivery.note}")
    return OK


async def _next_round(collector: Collector, every: float, ends_ns: int, clock: Clock) -> bool:
    """Wait for the next slot; return False where it lies behind the end."""
    from engine.collect.tasks import slot_of

    _, due = slot_of(clock.now_ns(), int(every))
    wait = max(due - clock.now_ns(), 0) / NS_PER_SECOND
    if clock.monotonic_ns() + int(wait * NS_PER_SECOND) >= ends_ns:
        return False
    await asyncio.sleep(wait)
    return True


def _tasks(
    args: argparse.Namespace, symbols: Sequence[str], lines: Sequence[Line], every: float | None,
    clock: Clock,
) -> list[Task]:  # fmt: skip
    """Return what is to be there by now."""
    from engine.collect.coinbase import MOST_BARS
    from engine.collect.tasks import BARS, KINDS, Task, bar_tasks, slot_of

    now = clock.now_ns()
    tasks: list[Task] = []
    for symbol in symbols:
        kinds = [k for k in KINDS if any(line.source.has(k, symbol) for line in lines)]
        if args.bars is not None:
            if BARS not in kinds:
                raise UsageError(
                    f"{symbol}: no source has bars of it: they are of BTC-USD and such"
                )
            since = _day(args.since, "--since") if args.since else now
            until = _day(args.until, "--until") if args.until else now
            if since > until:
                raise UsageError(f"--since {args.since} is after --until {args.until or 'now'}")
            n = (until - since) // (int(args.bars) * NS_PER_SECOND * MOST_BARS)
            if len(tasks) + n > _MOST_TASKS:
                raise UsageError(f"{symbol}: more than {_MOST_TASKS:,} requests: ask for less time")
            tasks += bar_tasks(symbol, int(args.bars), since, max(until, since + 1), MOST_BARS)
            continue
        kinds = [kind for kind in kinds if kind != BARS]
        if not kinds:
            raise UsageError(f"{symbol!r} is neither a product (BTC-USD), a coin (BTC) nor MEMPOOL")
        seconds = max(1, int(every or 1))
        start, end = slot_of(now, seconds)
        tasks += [Task(kind, symbol, seconds, start, end, 1) for kind in kinds]
    return tasks


def _day(text: str, flag: str) -> int:
    """Return the beginning of a day of UTC, or an instant."""
    from datetime import date, datetime, time, timezone

    try:
        if len(text) <= 10:
            day = date.fromisoformat(text)
            return to_ns(datetime.combine(day, time(), timezone.utc))
        return to_ns(datetime.fromisoformat(text.replace("Z", "+00:00")))
    except ValueError:
        raise UsageError(
            f"{flag} {text!r}: expected a day such as 2026-11-01, or 2026-11-01T15:30Z"
        ) from None


def _lines(args: argparse.Namespace) -> list[Line]:
    from engine.collect import coinbase, deribit, mempool
    from engine.collect.client import Client
    from engine.collect.collector import Line

    made: dict[str, tuple[Source, str]] = {
        "coinbase": (coinbase.Coinbase(), coinbase.URL),
        "deribit": (deribit.Deribit(_chain_message), deribit.URL),
        "mempool": (mempool.Mempool(), mempool.URL),
    }
    lines = []
    for text in args.source or list(made):
        name, _, url = text.partition("=")
        if name not in made:
            raise UsageError(f"--source {name!r}: {hint(name, list(made))}")
        if url and not url.startswith(("http://", "https://")):
            raise UsageError(f"--source {name}: the address begins with https://")
        source, default = made[name]
        rate, burst = _PACES[name]
        client = Client(
            url or default, rate=rate, burst=burst, most_connections=max(args.concurrency, 1)
        )
        lines.append(Line(text, source, client))
    return lines


def _chain_message(coin: str, rows: list[object], ts_recv: int) -> Message:
    """Read book summaries as the feed of files does, and return their chain as a message."""
    from engine.feeds.deribit import DeribitFeed
    from engine.feeds.recorded import message_of

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.json"
        path.write_text(json.dumps(rows), encoding="utf-8")
        try:
            (loaded,) = DeribitFeed(path).chains(coin)
        except EngineError as error:
            raise ValueError(str(error)) from None
    return message_of(loaded, ts_recv)
