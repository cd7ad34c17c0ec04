"""The gates of `workflow`: each says of one strategy whether it is passed, and why not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.backtesting.data import Data
from engine.cli import backtest_arguments
from engine.cli.chain_strategies import need_bars
from engine.clock import NS_PER_DAY
from engine.market.bars import Bars
from engine.plural import plural

if TYPE_CHECKING:
    from engine.backtesting.strategy import Strategy
    from engine.backtesting.terms import Terms
    from engine.report.backtest_rows import Row

PASSED, FAILED = "passed", "FAILED"
QUICK_DAYS, QUICK_SETS, DAILY_TIMES = 30, 5, 24


@dataclass(frozen=True, slots=True)
class Gate:
    """What a step says of a strategy; `is_last` where no other strategy of the step follows."""

    step: str
    strategy: str
    status: str
    said: str
    details: tuple[str, ...] = ()
    is_last: bool = False
    is_mismatch: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A strategy as it is called, as it was written, its class, its parameters."""

    name: str
    text: str
    kind: type[Strategy]
    values: Mapping[str, object]


def entries(args: argparse.Namespace) -> list[Entry]:
    """Return the strategies asked for, all that ship where none is.

    Raises
    ------
    EngineError
        If one cannot be had.
    """
    from engine.trading import SHIPPED

    wanted = [*args.names, *(name for part in args.strategies or [] for name in part)]
    found = backtest_arguments.strategies(args)
    need_bars(found, "its gates have bars alone")
    sets = backtest_arguments.value_sets(args, found)
    texts: dict[type, str] = {}
    for text in wanted or SHIPPED:
        one = argparse.Namespace(names=[text], strategies=None)
        (kind,) = backtest_arguments.strategies(one).values()
        texts.setdefault(kind, text)
    return [Entry(name, texts[kind], kind, sets[name][0]) for name, kind in found.items()]


def gates(args: argparse.Namespace) -> Iterator[Gate]:
    """Yield what each step says of each strategy, step by step.

    Raises
    ------
    EngineError
        If something cannot be run.
    """
    chosen, terms = entries(args), backtest_arguments.terms(args)
    _look_first(args)
    data = backtest_arguments.data(args)
    # A month of daily bars would not fill the window of an average: a bar counts as an hour there.
    long = DAILY_TIMES if data.interval_ns >= NS_PER_DAY else 1
    yield from _last(_quick(args, chosen, last_days(data, QUICK_DAYS * long), terms))
    yield from _last(_days(args, chosen, data, terms))
    yield from _last(_check(args, chosen, QUICK_DAYS * long))
    yield from _last(_paper(args, chosen, last_days(data, args.paper_days * long), terms))


def _look_first(args: argparse.Namespace) -> None:
    """Refuse what a later step would find missing."""
    from engine.cli.backtest_check import check_vouched

    check_vouched(args.may_read)
    if args.session:
        from engine.trading.paper_feeds import session_contents

        session_contents(args.session)


def _last(found: Iterator[Gate]) -> Iterator[Gate]:
    """Yield gates as they come, the last of them known as such."""
    held: Gate | None = None
    for gate in found:
        if held is not None:
            yield held
        held = gate
        if gate.status != PASSED:
            break
    if held is not None:
        yield replace(held, is_last=True)


def last_days(data: Data, days: int) -> Data:
    """Return the bars of the last `days` days of `data`."""
    end = max(bars.time_ns[-1] for bars in data.bars.values() if len(bars))
    first = end - days * NS_PER_DAY
    return replace(data, bars={name: _from(bars, first) for name, bars in data.bars.items()})


def _from(bars: Bars, first_ns: int) -> Bars:
    from bisect import bisect_right

    row = bisect_right(bars.time_ns, first_ns)
    return Bars(
        bars.time_ns[row:], bars.open[row:], bars.high[row:], bars.low[row:], bars.close[row:],
        bars.volume[row:],
    )  # fmt: skip


def _quick(
    args: argparse.Namespace, chosen: Sequence[Entry], data: Data, terms: Terms
) -> Iterator[Gate]:
    for one in chosen:
        sets = backtest_arguments.around(one.kind, dict(one.values), QUICK_SETS)
        row = _row(one, sets, data, terms)
        said = (
            f"{plural(row.n_tests, 'test')}, {plural(row.n_trades, 'trade')}, {row.low_return:+.1%}"
        )
        yield _judged("quick", one, said, _too_few(row, args.min_trades))


def _days(
    args: argparse.Namespace, chosen: Sequence[Entry], data: Data, terms: Terms
) -> Iterator[Gate]:
    for one in chosen:
        row = _row(one, [dict(one.values)], data, terms)
        wrong = _too_few(row, args.min_trades)
        if not row.sharpe >= args.min_sharpe:
            wrong.append(f"a Sharpe ratio of {row.sharpe:.2f}, below {args.min_sharpe:g}")
        if not row.max_drawdown <= args.max_drawdown:
            wrong.append(f"a drawdown of {row.max_drawdown:.1%}, more than {args.max_drawdown:.0%}")
        said = (
            f"{row.low_return:+.1%}, Sharpe {row.sharpe:.2f}, drawdown {row.max_drawdown:.1%}, "
            f"{plural(row.n_trades, 'trade')}"
        )
        yield _judged("days", one, said, wrong)


def _check(args: argparse.Namespace, chosen: Sequence[Entry], most_days: int) -> Iterator[Gate]:
    from engine.checking.report import BIASED
    from engine.cli.backtest_check import MOST, check_report

    for one in chosen:
        asked = argparse.Namespace(**vars(args))
        asked.strategy, asked.takes, asked.warm_up, asked.quick = one.text, "bars", None, True
        asked.values = [f"{name}={value}" for name, value in one.values.items()]
        asked.days, asked.most = min(args.days or most_days, most_days), MOST
        report = check_report(asked)
        wrong = [
            f"{verdict.question}: {verdict.said}"
            for verdict in report.verdicts
            if verdict.status == BIASED
        ]
        yield _judged("check", one, f"{len(report.verdicts)} questions", wrong)


def _paper(
    args: argparse.Namespace, chosen: Sequence[Entry], data: Data, terms: Terms
) -> Iterator[Gate]:
    for one in chosen:
        if args.session:
            yield _on_session(args, one)
        else:
            yield _on_bars(args, one, data, terms)


def _on_bars(args: argparse.Namespace, one: Entry, data: Data, terms: Terms) -> Gate:
    """Trade the bars as they close; the backtest of the same bars must have the same trades."""
    from engine.backtesting.parameters import build
    from engine.backtesting.run import run
    from engine.paper.desk import Desk
    from engine.paper.seats import BarSeat
    from engine.trading.paper_feeds import bar_events

    seat = BarSeat(one.name, build(one.kind, one.values), data, terms, 0)
    desk = Desk([seat], 0)
    for event in bar_events(data):
        desk.hear(event)
    expected = run(build(one.kind, one.values), data, terms)
    made = seat.result()
    gained = made.equity[-1] / terms.cash - 1.0
    said = f"{plural(len(made.trades), 'trade')}, {gained:+.1%}, as the backtest"
    if made.fills != expected.fills or made.trades != expected.trades:
        place = next(
            (k for k, pair in enumerate(zip(made.fills, expected.fills, strict=False))
             if pair[0] != pair[1]),
            min(len(made.fills), len(expected.fills)),
        )  # fmt: skip
        wrong = [f"paper and backtest part at fill {place + 1:,} of {len(expected.fills):,}"]
        return replace(_judged("paper", one, said, wrong), is_mismatch=True)
    wrong = _too_deep(seat.drawdown, args.max_drawdown)
    if not made.fills:
        wrong.append(
            f"no order in the last {plural(args.paper_days, 'day')}: --paper-days takes more"
        )
    return _judged("paper", one, said, wrong)


def _on_session(args: argparse.Namespace, one: Entry) -> Gate:
    from engine.cli import desk as desk_arguments
    from engine.paper.desk import Desk

    asked = argparse.Namespace(**vars(args))
    asked.source, asked.latency, asked.seed = f"session:{args.session}", 0.0, 0
    asked.names, asked.strategies, asked.symbols, asked.bars = [one.text], None, None, ""
    asked.values = [f"{name}={value}" for name, value in one.values.items()]
    asked.slippage = None
    market = desk_arguments.open_market(asked, 0.0)
    terms = desk_arguments.terms_of(asked, market)
    desk = Desk(desk_arguments.seats_of(asked, market, terms), market.interval_ns)
    for event in market.events:
        desk.hear(event)
    found = desk.seats[0].standing()
    said = f"{plural(found.n_trades, 'trade')}, {found.gained_share:+.1%} over {args.session}"
    wrong = _too_deep(found.drawdown, args.max_drawdown)
    if not found.n_fills:
        wrong.append("no order was filled: a longer session tells more")
    return _judged("paper", one, said, wrong)


def _row(one: Entry, sets: Sequence[Mapping[str, Any]], data: Data, terms: Terms) -> Row:
    from engine.backtest_batch import run_trials
    from engine.report.backtest_rows import rows
    from engine.trading.trial import trials

    todo = list(trials({one.name: one.kind}, {one.name: list(sets)}, data.symbols))
    (row,) = rows(list(run_trials(todo, data, terms)), "strategy")
    return row


def _too_few(row: Row, least: int) -> list[str]:
    return (
        [] if row.n_trades >= least else [f"{plural(row.n_trades, 'trade')}, fewer than {least:,}"]
    )


def _too_deep(drawdown: float, most: float) -> list[str]:
    return [] if drawdown <= most else [f"a drawdown of {drawdown:.1%}, more than {most:.0%}"]


def _judged(step: str, one: Entry, said: str, wrong: Sequence[str]) -> Gate:
    return Gate(step, one.name, FAILED if wrong else PASSED, said, tuple(wrong))
