"""What a check found, as lines of text: a verdict each, with what moved under it."""

from __future__ import annotations

from collections.abc import Iterator
from shutil import get_terminal_size
from textwrap import wrap

from engine.checking.report import BIASED, Report
from engine.plural import plural
from engine.report.printable import printable

_QUESTION, _STATUS = 14, 13
_BOLD, _NORMAL = "\x1b[1m", "\x1b[0m"


def lines(report: Report, *, is_plain: bool) -> Iterator[str]:
    """Yield the lines of a report, as wide as the terminal."""
    room = max(get_terminal_size((100, 24)).columns - _QUESTION - _STATUS, 30)
    margin = " " * (_QUESTION + _STATUS)
    names = ", ".join(report.symbols[:8]) + (", ..." if len(report.symbols) > 8 else "")
    yield printable(
        f"{report.name} over {report.source}: {plural(report.n_bars, 'bar')} of {names}; "
        f"{plural(report.n_decisions, 'decision')}"
    )
    yield ""
    for one in report.verdicts:
        said = wrap(printable(one.said), room) or [""]
        head = f"{one.question:<{_QUESTION}}{one.status:<{_STATUS}}"
        is_bold = one.status == BIASED and not is_plain
        yield f"{_BOLD}{head}{_NORMAL}{said[0]}" if is_bold else f"{head}{said[0]}"
        for line in said[1:]:
            yield margin + line
        for detail in one.details:
            for line in wrap(printable(detail), room - 2):
                yield f"{margin}  {line}"
    yield ""
    biased = [one.question for one in report.verdicts if one.status == BIASED]
    yield f"biased: {', '.join(biased)}" if biased else "no bias found"
