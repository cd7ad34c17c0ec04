"""The live table: what the engine is connected to, what it sees, what it holds, what it earned.

Read from top to bottom: may it trade, is the market alive, what was found, what became of it, how
much room is left. Below `WIDE` columns the panels stand one under the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from engine.clock import from_ns
from engine.paper.standings import Standing
from engine.report.desk_table import lines
from engine.report.live_screen import (
    BAD,
    BUSY,
    GOOD,
    Gauge,
    PackageLine,
    Profit,
    Screen,
    Sighting,
    Timing,
)
from engine.report.printable import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE = 120
ABSENT = "-"
_STYLE = {GOOD: "green", BUSY: "yellow", BAD: "bold red"}
_MODE = {"READY": "bold green", "READ-ONLY": "cyan", "HALTED": "bold white on red"}
_PHASE = {"COMPLETE": "green", "FLAT": "dim", "HALTED": "bold red", "UNWINDING": "bold yellow"}
_BAR = 10


def live_table(screen: Screen, width: int, height: int = 40) -> RenderableType:
    """Return the whole screen for a terminal of `width` columns and `height` lines."""
    is_wide = width >= WIDE
    if screen.standings:
        return _of_strategies(screen, width, height)
    # Lines that are always there: heads, figures, and what closes the screen.
    fixed = (15 if is_wide else 19) + len(screen.quotes) + bool(screen.why)
    room = max(height - fixed, 4)
    n_packages = max(min(len(screen.packages), room - 2), 1)
    n_sightings = max(room - n_packages, 1)
    market = _panel("market", _market(screen))
    packages = _panel("packages", _packages(screen.packages[:n_packages], is_wide))
    sightings = _panel(
        f"found, {screen.n_sightings:,} so far", _sightings(screen.sightings[:n_sightings], is_wide)
    )
    profit = _panel("today, USD", _profit(screen.profit))
    gauges = _panel("limits, used of most", _gauges(screen.gauges))
    head, foot = _head(screen, width), _foot(screen)
    if is_wide:
        timings = _panel("latency", _timings(screen.timings))
        top = _row((market, 3), (gauges, 2), (timings, 2))
        return Group(head, top, packages, _row((sightings, 5), (profit, 2)), foot)
    latency = _latency_words(screen.timings)
    return Group(head, market, latency, packages, sightings, _row((profit, 1), (gauges, 1)), foot)


def _of_strategies(screen: Screen, width: int, height: int) -> RenderableType:
    """Return the screen of strategies: their accounts, their orders, what was refused."""
    is_wide = width >= WIDE
    fixed = (13 if is_wide else 18) + len(screen.quotes) + bool(screen.why)
    room = max(height - fixed - len(screen.standings), 3)
    n_refused = min(len(screen.sightings), max(room // 3, 1))
    head, foot = _head(screen, width), _foot(screen)
    market = _panel("market", _market(screen))
    accounts = _panel("strategies", _standings(screen.standings, width))
    orders = _panel("orders", _orders(screen.packages[: max(room - n_refused, 1)], is_wide))
    refused = _panel("refused", _refused(screen, n_refused))
    gauges = _panel("limits, used of most", _gauges(screen.gauges))
    if is_wide:
        timings = _panel("latency", _timings(screen.timings))
        top = _row((market, 3), (gauges, 2), (timings, 2))
        return Group(head, top, accounts, orders, refused, foot)
    latency = _latency_words(screen.timings)
    return Group(head, market, latency, accounts, orders, refused, gauges, foot)


def _standings(standings: Sequence[Standing], width: int) -> RenderableType:
    text = lines(standings, width)
    rows = [Text(text[0], "dim", no_wrap=True)]
    for line, one in zip(text[1:], standings, strict=True):
        style = "green" if one.gain > 0.0 else "red" if one.gain < 0.0 else ""
        rows.append(Text(line, style, no_wrap=True, overflow="ellipsis"))
    return Group(*rows)


def _orders(orders: Sequence[PackageLine], is_wide: bool) -> RenderableType:
    if not orders:
        return Text("none yet", "dim")
    names = ["id", "strategy", "order", "filled", "phase", "paid"]
    table = _table(*names, *(["limit"] if is_wide else []), "age", left=3)
    for one in orders:
        style = "bold red" if one.is_bad else _PHASE.get(one.phase, "yellow" if one.is_open else "")
        row: list[str | Text] = [one.id, one.family, one.legs, f"{one.filled}/{one.lots}"]
        row += [Text(one.phase.lower(), style), number(one.paid)]
        row += [number(one.limit)] if is_wide else []
        table.add_row(*row, duration(one.seconds))
    return table


def _refused(screen: Screen, most: int) -> RenderableType:
    refused = screen.sightings[:most]
    notes = [f"{one.name}: {note}" for one in screen.standings for note in one.notes]
    if not refused:
        return Text(printable("; ".join(notes)) or "nothing", "" if notes else "dim")
    table = _table("time", "strategy", "order", "verdict", left=3)
    for one in refused:
        table.add_row(f"{from_ns(one.ts_ns):%H:%M:%S}", one.family, one.legs, one.verdict)
    if not notes:
        return table
    return Group(table, Text(printable("; ".join(notes)), no_wrap=True, overflow="ellipsis"))


def _panel(title: str, content: RenderableType) -> RenderableType:
    """Return `content` under a rule with its title: no line is spent on a frame."""
    rule = Rule(Text(title, "bold"), align="left", characters="─", style="dim")
    return Group(rule, content)


def _row(*parts: tuple[RenderableType, int]) -> Table:
    row = Table.grid(expand=True, padding=(0, 2, 0, 0))
    for _, ratio in parts:
        row.add_column(ratio=ratio)
    row.add_row(*(part for part, _ in parts))
    return row


def _head(screen: Screen, width: int) -> Text:
    """Return what it trades, where, and whether it may: the line that must never be misread."""
    is_wide = width >= WIDE
    # A narrow line has no room for remarks in brackets.
    place = screen.place if is_wide else screen.place.partition(" (")[0]
    head = Text(no_wrap=False)
    head.append(f" {screen.mode} ", _MODE.get(screen.mode, "bold yellow"))
    head.append(
        "  armed" if screen.is_armed else "  not armed", "bold" if screen.is_armed else "cyan"
    )
    head.append(f"  {screen.broker} {place}  {'account ' if is_wide else ''}")
    head.append(screen.account, "bold")
    time = f"{from_ns(screen.ts_ns):%H:%M:%S}{' UTC' if is_wide else ''}"
    head.append(f"  {time}  up {duration(screen.up_seconds)}", "dim")
    if screen.why:
        head.append("\n")
        head.append(
            " " + printable(screen.why), "yellow" if screen.mode != "HALTED" else "bold red"
        )
    head.truncate(width * 3)
    return head


def _foot(screen: Screen) -> Text:
    foot = Text(" ", no_wrap=True, overflow="ellipsis")
    if screen.last:
        foot.append(printable(screen.last) + "\n ", "dim")
    kill = printable(screen.kill)
    foot.append(f"Ctrl-C ends  |  {kill}  stops trading now, from any terminal", "dim")
    return foot


def _market(screen: Screen) -> RenderableType:
    links = Text(no_wrap=True, overflow="ellipsis")
    for k, link in enumerate(screen.links):
        links.append("  " if k else "")
        links.append(f"{link.name} ")
        links.append(link.state, _STYLE[link.grade])
        links.append(f" {printable(link.detail)}" if link.detail else "", "dim")
    names = ["symbol", "bid", "ask", "quoted", "oldest", "per s"]
    table = _table(*names, *([] if screen.standings else ["edges"]), left=1)
    for one in screen.quotes:
        quoted = f"{one.n_quoted}/{one.n_contracts}"
        row: list[str | Text] = [one.symbol, number(one.bid), number(one.ask), quoted]
        row += [age(one.oldest), number(one.rate, 0)]
        if not screen.standings:
            row.append(Text(str(one.n_candidates), "bold" if one.n_candidates else "dim"))
        table.add_row(*row)
    return Group(links, table)


def _packages(lines: Sequence[PackageLine], is_wide: bool) -> RenderableType:
    if not lines:
        return Text("none yet", "dim")
    names = ["id", "symbol", "family"] + (["legs"] if is_wide else [])
    names += ["lots", "phase"] + (["paid", "limit"] if is_wide else []) + ["edge", "locked", "age"]
    table = _table(*names, left=4 if is_wide else 3)
    for one in lines:
        style = "bold red" if one.is_bad else _PHASE.get(one.phase, "yellow" if one.is_open else "")
        row: list[str | Text] = [one.id, one.symbol, words(one.family)]
        row += [one.legs] if is_wide else []
        row += [f"{one.filled}/{one.lots}", Text(one.phase.lower(), style)]
        row += [number(one.paid), number(one.limit)] if is_wide else []
        row += [number(one.detected_usd), signed(one.locked_usd), duration(one.seconds)]
        table.add_row(*row)
    return table


def _sightings(lines: Sequence[Sighting], is_wide: bool) -> RenderableType:
    if not lines:
        return Text("nothing yet: every quote is compared with what would make an edge", "dim")
    names = ["time", "symbol", "family"] + (["legs"] if is_wide else [])
    table = _table(*names, "edge", "USD", "lots", "verdict", left=4 if is_wide else 3)
    for one in lines:
        verdict = Text(one.verdict, "green" if one.is_sent else "dim")
        row: list[str | Text] = [f"{from_ns(one.ts_ns):%H:%M:%S}", one.symbol, words(one.family)]
        row += [one.legs] if is_wide else []
        row += [number(one.edge, 4), number(one.edge_usd), str(one.lots), verdict]
        table.add_row(*row)
    return table


def _profit(profit: Profit) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    table.add_row("packages", f"{profit.n_complete} of {profit.n_packages}")
    table.add_row("edge detected", number(profit.detected))
    table.add_row("- slippage", number(profit.slippage))
    table.add_row("- fees above expected", number(profit.fees_more))
    table.add_row(Text("= locked in", "bold"), signed(profit.locked))
    table.add_row(Text("fees paid", "dim"), Text(number(profit.fees), "dim"))
    return table


def _gauges(gauges: Iterable[Gauge]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for justify in ("left", "left", "right"):
        table.add_column(justify=justify, no_wrap=True)
    for one in gauges:
        part = min(max(one.used / one.most, 0.0), 1.0) if one.most > 0.0 else 0.0
        filled = math.ceil(part * _BAR) if part > 0.0 else 0
        bar = Text(
            "█" * filled, "bold red" if part >= 0.9 else "yellow" if part >= 0.6 else "green"
        )
        bar.append("·" * (_BAR - filled), "dim")
        table.add_row(one.name, bar, f"{count(one.used)}/{count(one.most)}{one.unit}")
    return table if table.row_count else Text("none set", "dim")


def _timings(timings: Iterable[Timing]) -> RenderableType:
    table = _table("stage", "p50", "p99", "n", left=1)
    for one in timings:
        table.add_row(one.name, micros(one.p50), micros(one.p99), f"{one.n:,}")
    return table


def _latency_words(timings: Sequence[Timing]) -> Text:
    """Return the timings on one line."""
    line = Text("latency p50/p99", "dim", no_wrap=True, overflow="ellipsis")
    for one in timings:
        line.append(f"  {one.name} {micros(one.p50)}/{micros(one.p99)}")
    return line if timings else Text("latency: no order yet", "dim")


def _table(*names: str, left: int) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for k, name in enumerate(names):
        is_text = k < left or name in ("phase", "verdict")
        table.add_column(
            name, justify="left" if is_text else "right", no_wrap=True, overflow="ellipsis"
        )
    return table


# words and figures


def words(name: str) -> str:
    """Return the name of a family as a person reads it."""
    return name.replace("_", " ")


def number(value: float, decimals: int = 2) -> str:
    """Return a figure with thousands parted, a dash where it is not known."""
    # The sum is no negative zero.
    return f"{round(value, decimals) + 0.0:,.{decimals}f}" if math.isfinite(value) else ABSENT


def signed(value: float) -> Text:
    """Return money with its sign, green where it was earned and red where it was lost."""
    if not math.isfinite(value):
        return Text(ABSENT, "dim")
    return Text(
        f"{value:+,.2f}", "bold green" if value > 0.0 else "bold red" if value < 0.0 else ""
    )


def count(value: float) -> str:
    """Return a quantity in few letters.

    >>> count(3.0), count(12_500.0), count(2_000_000.0), count(1e9), count(0.5)
    ('3', '12.5k', '2M', '1B', '0.5')
    """
    for least, size, letter in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= least:
            return f"{value / size:.3g}{letter}"
    return f"{value:.0f}" if value == int(value) else f"{value:.4g}"


def age(seconds: float) -> str:
    """Return an age in the unit that suits it; "never" where it has no end."""
    if seconds != seconds:
        return ABSENT
    if seconds == math.inf:
        return "never"
    return f"{seconds * 1e3:.0f} ms" if seconds < 1.0 else f"{seconds:,.1f} s"


def duration(seconds: float) -> str:
    """Return a span in hours, minutes and seconds.

    >>> duration(7.4), duration(131.0), duration(7384.0)
    ('7s', '2:11', '2:03:04')
    """
    if not math.isfinite(seconds):
        return ABSENT
    whole = max(int(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if minutes else f"{rest}s"


def micros(value: float) -> str:
    """Return microseconds in a unit that suits them."""
    if not math.isfinite(value):
        return ABSENT
    return f"{value:,.0f} us" if value < 1e4 else f"{value / 1e3:,.1f} ms"
