"""The same for logs: one line for each thing that happens, with ``key=value`` for programs."""

from __future__ import annotations

import math

from engine.clock import from_ns
from engine.plural import plural
from engine.report.desk_table import held_words
from engine.report.live_screen import PackageLine, Screen, Sighting
from engine.report.printable import printable


def stamp(ts_ns: int) -> str:
    """Return the time that begins a line: ``2026-03-04T15:00:00.123Z``."""
    return f"{from_ns(ts_ns):%Y-%m-%dT%H:%M:%S}.{ts_ns // 1_000_000 % 1000:03d}Z"


def connected_line(screen: Screen) -> str:
    """Return the first line: what it is connected to, as whom, and whether it may trade."""
    armed = "armed" if screen.is_armed else "not armed (read-only)"
    why = f": {screen.why}" if screen.why else ""
    return printable(
        f"{screen.broker} at {screen.place}, account {screen.account}, {armed}, "
        f"{screen.mode.lower().replace('_', ' ')}{why}; {screen.kill} stops it"
    )


def sighting_line(one: Sighting, *, is_of_strategy: bool = False) -> str:
    """Return the line of something that was found, or of a strategy's order that was refused."""
    if is_of_strategy:
        return printable(f"refused {one.family} {one.legs} why={one.verdict}")
    return printable(
        f"found {one.symbol} {one.family} edge={figure(one.edge, 4)} usd={figure(one.edge_usd)} "
        f"lots={one.lots} {'sent' if one.is_sent else 'refused=' + one.verdict} legs={one.legs}"
    )


def package_line(one: PackageLine, *, is_of_strategy: bool = False) -> str:
    """Return the line of a package, or of a strategy's order, whose phase or fills have changed."""
    if is_of_strategy:
        return printable(
            f"order {one.id} {one.family} {one.legs} {one.phase} lots={one.filled}/{one.lots} "
            f"limit={figure(one.limit)} paid={figure(one.paid)}"
        )
    return printable(
        f"package {one.id} {one.symbol} {one.family} {one.phase} lots={one.filled}/{one.lots} "
        f"limit={figure(one.limit)} paid={figure(one.paid)} edge={figure(one.detected_usd)} "
        f"locked={figure(one.locked_usd)}"
    )


def state_line(screen: Screen) -> str:
    """Return the line that says now and then that all is well, or what is not."""
    links = " ".join(f"{link.name}={link.state}" for link in screen.links)
    if screen.standings:
        accounts = " ".join(
            f"{one.name}: equity={figure(one.equity)} gain={figure(one.gain)} "
            f"cash={figure(one.cash)} holds={held_words(one).replace(' ', '') or '-'} "
            f"fills={one.n_fills} trades={one.n_trades}"
            for one in screen.standings
        )
        return printable(f"state mode={screen.mode} {links} {accounts}")
    profit = screen.profit
    return printable(
        f"state mode={screen.mode} {links} found={screen.n_sightings} packages={profit.n_packages} "
        f"complete={profit.n_complete} locked={figure(profit.locked)}"
    )


def summary_line(screen: Screen) -> str:
    """Return what there is to say at the end."""
    if screen.standings:
        gain = math.fsum(one.gain for one in screen.standings)
        fees = math.fsum(one.fees for one in screen.standings)
        return (
            f"{plural(len(screen.standings), 'strategy')}, "
            f"{plural(sum(one.n_fills for one in screen.standings), 'fill')}: gain "
            f"{figure(gain)}, fees {figure(fees)} USD"
        )
    profit = screen.profit
    return (
        f"{profit.n_complete} of {profit.n_packages} packages complete: edge detected "
        f"{figure(profit.detected)}, slippage {figure(profit.slippage)}, fees above expected "
        f"{figure(profit.fees_more)}, locked in {figure(profit.locked)} USD"
    )


def figure(value: float, decimals: int = 2) -> str:
    """Return a figure without grouping, ``-`` where it is not known."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}" if math.isfinite(value) else "-"
