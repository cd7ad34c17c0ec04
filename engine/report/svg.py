"""Small plots as SVG text: points and lines over two axes, and histograms. No package needed."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 34, 14, 40
_COLOURS = (
    "#1f5fa8", "#c2571a", "#2b8a3e", "#8a3ea8", "#b8860b", "#a83250", "#2a8f8f", "#5c6670",
    "#7a5230", "#3c3c8c", "#99a10f", "#d1568a",
)  # fmt: skip

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures and how a number on it is written."""

    title: str
    text: Callable[[float], str] = "{:g}".format


def plot(series: Mapping[str, Sequence[Point]], x: Axis, y: Axis, *, is_line: bool = False) -> str:
    """Return a plot of named series with a legend; "" where there is no finite point."""
    kept = {
        name: [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])]
        for name, points in series.items()
    }
    kept = {name: points for name, points in kept.items() if points}
    if not kept:
        return ""
    everything = [p for points in kept.values() for p in points]
    scale_x = Scale([p[0] for p in everything], _LEFT, WIDTH - _RIGHT)
    scale_y = Scale([p[1] for p in everything], HEIGHT - _BOTTOM, _TOP)
    parts = [*_axes(scale_x, scale_y, x, y)]
    for k, points in enumerate(kept.values()):
        colour = _COLOURS[k % len(_COLOURS)]
        places = [(scale_x.place(a), scale_y.place(b)) for a, b in sorted(points)]
        if is_line and len(places) > 1:
            line = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2.5" fill="{colour}" fill-opacity=".75"/>'
            for a, b in places
        ]
    return _framed(parts) + _legend(list(kept))


def histogram(values: Sequence[float], x: Axis, *, n_bins: int = 24) -> str:
    """Return a histogram of `values`; "" where there is none."""
    if not values:
        return ""
    scale_x = Scale([0.0, *values], _LEFT, WIDTH - _RIGHT)
    width = (scale_x.high - scale_x.low) / n_bins
    counts = [0] * n_bins
    for value in values:
        counts[min(n_bins - 1, int((value - scale_x.low) / width))] += 1
    scale_y = Scale([0.0, float(max(counts))], HEIGHT - _BOTTOM, _TOP)
    parts = [*_axes(scale_x, scale_y, x, Axis("how many"))]
    for k, count in enumerate(counts):
        if count:
            left, right = (scale_x.place(scale_x.low + (k + j) * width) for j in (0, 1))
            top = scale_y.place(float(count))
            parts.append(
                f'<rect x="{left + 1:.1f}" y="{top:.1f}" width="{max(1.0, right - left - 2):.1f}" '
                f'height="{scale_y.place(0.0) - top:.1f}" fill="{_COLOURS[0]}"/>'
            )
    return _framed(parts)


class Scale:
    """From values to places; the ends are round numbers."""

    def __init__(
        self, values: Sequence[float], start: float, end: float, steps: float = 5.0
    ) -> None:
        low, high = min(values), max(values)
        if high <= low:
            pad = abs(high) * 0.05 or 0.5
            low, high = low - pad, high + pad
        self.step = _round_step((high - low) / steps)
        self.low = math.floor(low / self.step) * self.step
        self.high = math.ceil(high / self.step) * self.step
        self._start, self._factor = start, (end - start) / (self.high - self.low)

    def place(self, value: float) -> float:
        """Return where a value lies."""
        return self._start + (value - self.low) * self._factor

    def ticks(self) -> list[float]:
        """Return the round numbers from end to end."""
        n = round((self.high - self.low) / self.step)
        return [self.low + k * self.step for k in range(n + 1)]


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= step * (1.0 - 1e-9))


def _axes(scale_x: Scale, scale_y: Scale, x: Axis, y: Axis) -> list[str]:
    bottom, parts = HEIGHT - _BOTTOM, []
    for value in scale_y.ticks():
        at, words = scale_y.place(value), _safe(y.text(value))
        parts.append(
            f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="g"/>'
            f'<text x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{words}</text>'
        )
    for value in scale_x.ticks():
        at, words = scale_x.place(value), _safe(x.text(value))
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{bottom}" y2="{bottom + 4}" class="a"/>'
            f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{words}</text>'
        )
    parts.append(
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle" '
        f'class="t">{_safe(x.title)}</text>'
        f'<text transform="translate(13 {(bottom + _TOP) / 2:.0f}) rotate(-90)" '
        f'text-anchor="middle" class="t">{_safe(y.title)}</text>'
    )
    return parts


def _framed(parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">'
        + "".join(parts)
        + "</svg>"
    )


def _legend(names: Sequence[str]) -> str:
    items = "".join(
        f'<span><i style="background:{_COLOURS[k % len(_COLOURS)]}"></i>{_safe(name)}</span>'
        for k, name in enumerate(names)
    )
    return f'<div class="legend">{items}</div>' if len(names) > 1 or names[0] else ""


def _safe(text: str) -> str:
    return html.escape(text)
