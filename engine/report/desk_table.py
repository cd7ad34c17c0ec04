"""The table of accounts on paper: live while they trade, and as plain text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from engine.clock import from_ns
from engine.paper.standings import Standing
from engine.plural import plural
from engine.report.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from engine.paper.chain_desk import ChainDesk
    from engine.paper.desk import Desk

TITLES = ("strategy", "parameters", "equity", "gain", "return", "drawdown", "cash", "holds",
          "orders", "trades", "won", "fees")  # fmt: skip
_LEFT = 2
# What goes where the table is too wide, in turns.
_MONEY, _SMALL = ("cash", "gain"), ("orders", "fees", "won")
_LEFT_OUT = (
    ("cash",), _MONEY, *((*_MONEY, *_SMALL[:n]) for n in (1, 2, 3)),
    *((*_MONEY, "holds", *_SMALL[:n]) for n in (0, 1, 2, 3)),
    (*_MONEY, "holds", *_SMALL, "parameters"),
)  # fmt: skip
_MOST_HELD = 3


def cells(one: Standing, shown: Collection[str]) -> tuple[str, ...]:
    """Return a row of the table; of its parameters those `shown`."""
    return (
        printable(one.name),
        printable(" ".join(f"{k}={value}" for k, value in one.parameters.items() if k in shown)),
        f"{one.equity:,.2f}",
        f"{one.gain:+,.2f}",
        f"{one.gained_share:+.2%}",
        f"{one.drawdown:.2%}",
        f"{one.cash:,.2f}",
        held_words(one) or "-",
        f"{one.n_resting}",
        f"{one.n_trades:,}",
        f"{one.win_rate:.0%}" if isfinite(one.win_rate) else "-",
        f"{one.fees:,.2f}",
    )


def held_words(one: Standing) -> str:
    """Return what an account holds, the first of it; "" for nothing."""
    held = [f"{units:g} {symbol}" for symbol, units in one.positions.items()]
    more = f" +{len(held) - _MOST_HELD}" if len(held) > _MOST_HELD else ""
    return printable(", ".join(held[:_MOST_HELD]) + more)


def standing_words(one: Standing) -> str:
    """Return how an account stands, for a line of a log."""
    return (
        f"{printable(one.name)} {one.gained_share:+.2%} (gain {one.gain:+,.2f}, cash "
        f"{one.cash:,.2f}, holds {held_words(one) or 'nothing'}, {plural(one.n_trades, 'trade')})"
    )


def head_words(desk: Desk | ChainDesk, place: str) -> str:
    """Return what is traded and how far it is."""
    when = from_ns(desk.now_ns).strftime("%Y-%m-%d %H:%M:%S") if desk.now_ns else "not begun"
    return f"{printable(place)}  {when} UTC  {desk.heard}"


def quote_words(desk: Desk | ChainDesk) -> str:
    """Return the last quotes: ``ZETF 299.98/300.00``."""
    quotes = [f"{one.symbol} {one.bid:g}/{one.ask:g}" for one in desk.touches.values()]
    return printable("  ".join(quotes[:12]) + ("  ..." if len(quotes) > 12 else ""))


def lines(standings: Sequence[Standing], width: int) -> list[str]:
    """Return the table as plain text; where it is too wide, what tells accounts apart goes last.

    Of parameters those are shown in which accounts of one strategy differ.
    """
    shown = _differing(standings)
    rows = [cells(one, shown.get(one.strategy, ())) for one in standings]
    titles = list(TITLES)
    if len({row[1] for row in rows}) <= 1:
        titles, rows = _without(titles, rows, "parameters")
    whole, every = titles, rows
    for names in _LEFT_OUT:
        if _width(titles, rows) <= width:
            break
        titles, rows = whole, every
        for name in names:
            if name in titles:
                titles, rows = _without(titles, rows, name)
    wide = [max(len(row[k]) for row in (titles, *rows)) for k in range(len(titles))]
    left = _LEFT if "parameters" in titles else 1
    return [
        "  ".join(
            cell.ljust(size) if k < left else cell.rjust(size)
            for k, (cell, size) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in (titles, *rows)
    ]


def _differing(standings: Sequence[Standing]) -> dict[str, list[str]]:
    """Return by strategy the names of the parameters that its accounts do not share."""
    found: dict[str, dict[str, list[object]]] = {}
    for one in standings:
        for name, value in one.parameters.items():
            values = found.setdefault(one.strategy, {}).setdefault(name, [])
            if value not in values:
                values.append(value)
    return {
        strategy: [name for name, values in names.items() if len(values) > 1]
        for strategy, names in found.items()
    }


def _width(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    every = [titles, *rows]
    total = 2 * (len(titles) - 1)
    for k in range(len(titles)):
        total += max(len(row[k]) for row in every)
    return total


def _without(
    titles: list[str], rows: Sequence[tuple[str, ...]], name: str
) -> tuple[list[str], list[tuple[str, ...]]]:
    place = titles.index(name)
    return (
        titles[:place] + titles[place + 1 :],
        [row[:place] + row[place + 1 :] for row in rows],
    )


def live_desk(
    standings: Sequence[Standing], desk: Desk | ChainDesk, place: str, width: int, height: int
) -> RenderableType:
    """Return the whole screen for a terminal of `width` columns and `height` lines."""
    from rich.console import Group
    from rich.text import Text

    room = max(height - 5, 3)
    shown = sorted(standings, key=lambda one: -one.equity)[:room]
    text = lines(shown, width)
    rows: list[RenderableType] = [Text(text[0], "dim", no_wrap=True)]
    for line, one in zip(text[1:], shown, strict=True):
        style = "green" if one.gain > 0.0 else "red" if one.gain < 0.0 else ""
        rows.append(Text(line, style, no_wrap=True))
    if len(standings) > room:
        rows.append(Text(f"and {len(standings) - room:,} more accounts", "dim"))
    return Group(
        Text(head_words(desk, place), "bold", no_wrap=True),
        Text(quote_words(desk), "dim", no_wrap=True),
        *rows,
        Text("Ctrl-C ends", "dim"),
    )


def standing_object(one: Standing) -> dict[str, Any]:
    """Return an account as JSON values."""
    return {
        "account": one.name,
        "strategy": one.strategy,
        "parameters": dict(one.parameters),
        "equity": one.equity,
        "gain": one.gain,
        "return": one.gained_share,
        "drawdown": one.drawdown,
        "cash": one.cash,
        "positions": dict(one.positions),
        "orders": one.n_resting,
        "fills": one.n_fills,
        "trades": one.n_trades,
        "win_rate": one.win_rate if isfinite(one.win_rate) else None,
        "fees": one.fees,
        "notes": list(one.notes),
    }
