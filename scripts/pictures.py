"""Make the pictures of docs/pictures that show the program: the terminal, and the curve of rates.

``python scripts/pictures.py`` writes them anew; they are of the demo exchange, seed 0.
"""

import io
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
SYMBOL, TOP = "ZIDX", 4
WIDTHS = (80, 100, 160)
COLOURS = {"lends": "#2166ac", "owes": "#2166ac", "middle": "#053061", "yours": "#b2182b"}
W, H, LEFT, RIGHT, TOP_EDGE, BOTTOM = 760, 320, 60, 120, 20, 40


def terminals() -> None:
    """Write the table of a scan at each width, light and dark."""
    from rich.console import Console
    from rich.terminal_theme import DEFAULT_TERMINAL_THEME, DIMMED_MONOKAI

    from engine import scan
    from engine.report import table

    survey = scan("demo", SYMBOL, top=TOP, backend="pure", near_misses=0)
    for width in WIDTHS:
        for name, theme in (("light", DEFAULT_TERMINAL_THEME), ("dark", DIMMED_MONOKAI)):
            console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
            table.render(survey, console)
            picture = console.export_svg(
                title=f"parity scan {SYMBOL} --top {TOP}", theme=theme, unique_id="parity"
            )
            path = PICTURES / f"terminal_{width}_{name}.svg"
            path.write_text(picture, encoding="utf-8")


def rates() -> None:
    """Write the curve of the demo index: the band of boxes, their middle, and your own rates."""
    from engine import rates as rates_of

    found = [one for one in rates_of("demo", SYMBOL, backend="pure") if one.days > 20.0]
    lends = [(one.days, one.rate) for one in found if one.side == "lend"]
    owes = [(one.days, one.rate) for one in found if one.side == "borrow"]
    middle = [(one.days, one.mid_rate) for one in found if one.side == "lend"]
    yours = [[(one.days, one.yours) for one in found if one.side == side]
             for side in ("lend", "borrow")]  # fmt: skip
    everything = [y for line in (lends, owes, middle, *yours) for _, y in line]
    low, high, last = min(everything) - 0.002, max(everything) + 0.002, max(x for x, _ in lends)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x = LEFT + (W - LEFT - RIGHT) * point[0] / last
        return round(x, 1), round(
            H - BOTTOM - (H - BOTTOM - TOP_EDGE) * (point[1] - low) / (high - low), 1
        )

    def path(points: list[tuple[float, float]]) -> str:
        return " ".join(f"{x},{y}" for x, y in map(at, points))

    parts = [f'<polygon points="{path(lends + owes[::-1])}" fill="#2166ac" fill-opacity=".15"/>']
    lines = (("lends", lends, ""), ("owes", owes, ""), ("middle", middle, "3 3"),
             ("yours", yours[0], "6 3"), ("yours", yours[1], "6 3"))  # fmt: skip
    names = ("box lends", "box owes", "box, middle", "you lend", "you borrow")
    for (kind, points, dash), name in zip(lines, names, strict=True):
        x, y = at(points[-1])
        parts.append(
            f'<polyline points="{path(points)}" fill="none" stroke="{COLOURS[kind]}" '
            f'stroke-width="1.5" stroke-dasharray="{dash}"/>'
        )
        up = {"box lends": 14, "box owes": -6, "box, middle": 4}.get(name, 4)
        parts.append(f'<text x="{x + 6}" y="{y + up}" fill="{COLOURS[kind]}">{name}</text>')
    step = 0.0025
    value = step * (int(low / step) + 1)
    while value < high:
        y = at((0.0, value))[1]
        parts.append(f'<line x1="{LEFT}" x2="{W - RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{value:.2%}</text>')
        value += step
    for days in range(0, int(last) + 1, 60):
        x = at((float(days), low))[0]
        parts.append(f'<text x="{x}" y="{H - BOTTOM + 16}" text-anchor="middle">{days}</text>')
    parts.append(f'<text x="{(W - RIGHT + LEFT) / 2}" y="{H - 6}" text-anchor="middle">days</text>')
    picture = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {W} {H}" font-family="sans-serif" '
        f'font-size="11"><rect width="{W}" height="{H}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )
    (PICTURES / "rates.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.pop("NO_COLOR", None)
    terminals()
    rates()
