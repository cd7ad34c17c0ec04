"""Write the tables and plots of the performance pages in docs/ from the committed results.

    python benchmarks/report.py           rewrite what stands between the markers
    python benchmarks/report.py --check   end with 1 if a page is not what they give
    python benchmarks/report.py --print kernels --host build/benchmarks   show one table

Ends with 1 where a page is stale, with 66 where there are no results to read.

The prose between the tables is written by hand and holds no measured number.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

if __name__ == "__main__":
    # A script finds its own folder, not the package that it belongs to.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.page import hosts
from benchmarks.page.cross_tables import HOST_TABLES, Host, read
from benchmarks.page.plots import PLOTS
from benchmarks.page.results import RESULTS, newest_host
from benchmarks.page.tables import TABLES
from benchmarks.page.targets import NUMBA, PURE, PYPY

# The table that pyperf itself makes; without pyperf it stays as it is.
COMPARED = "compare_to"
DOCS = Path(__file__).resolve().parent.parent / "docs"
# What to deploy, with one summary table; then how it was measured, with all the others.
PAGES = ("PYPY_PERFORMANCE.md", "PYPY_TABLES.md")
MARKED = re.compile(r"(<!-- (table|plot): (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)
OK, STALE, NO_INPUT = 0, 1, 66
NO_PLOT = "Not measured on this machine yet."


def filled(page: str, host: Path) -> str:
    """Return `page` with every table made anew from the results in the folder `host`.

    Raises
    ------
    KeyError
        If the page asks for a table or a plot that there is none of.
    """
    found = read(host)
    drawn = pictures(found)

    def made(match: re.Match[str]) -> str:
        kind, name = match[2], match[3]
        if kind == "plot":
            text = f"![{_title(drawn[name])}](plots/{name}.svg)" if drawn[name] else NO_PLOT
        elif name in HOST_TABLES:
            text = HOST_TABLES[name](found)
        elif name != COMPARED:
            text = TABLES[name](found.records)
        elif find_spec("pyperf"):
            text = compared(host)
        else:
            return match[0]
        return f"{match[1]}\n{text}\n{match[4]}"

    return MARKED.sub(made, page)


def pictures(found: Host) -> dict[str, str]:
    """Return every plot as SVG, "" where there is nothing to draw."""
    return {name: plot(found.records, found.crossings) for name, plot in PLOTS.items()}


def _title(svg: str) -> str:
    return svg.partition("<title>")[2].partition("</title>")[0]


def _drawn_now() -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in plots().glob("*.svg")}


def plots() -> Path:
    """Return the folder of the plots, beside the pages."""
    return DOCS / "plots"


def compared(host: Path) -> str:
    """Return what ``pyperf compare_to`` makes of the three backends' results."""
    files = [f"{key}.json" for key in (PURE, NUMBA, PYPY) if (host / f"{key}.json").exists()]
    return hosts.compared(host, *files)


def why_unread(host: Path | None, *, of_records: bool) -> str:
    """Return why the results in a folder cannot be shown, in one line; "" if they can.

    The page and most tables rest on what pyperf measured, some on crossovers or peers alone.
    """
    if host is None:
        return "no results of any machine: python benchmarks/run.py"
    if not host.is_dir():
        return f"{host}: no such folder"
    try:
        found = read(host)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return f"{host}: a file that run.py did not write ({type(error).__name__}: {error})"
    if not found.records and (of_records or not (found.crossings.files or found.peers)):
        return f"{host}: no results there: python benchmarks/run.py --quick"
    return ""


def show(name: str, host: Path) -> None:
    """Print one table of the results in a folder."""
    found = read(host)
    print(TABLES[name](found.records) if name in TABLES else HOST_TABLES[name](found))


def _newest() -> Path | None:
    try:
        return newest_host(RESULTS)
    except (OSError, ValueError):
        return None


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite or check the pages."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--host", type=Path, help="folder of results; default: the newest")
    parser.add_argument("--print", choices=[*TABLES, *HOST_TABLES], help="show a table, write none")
    args = parser.parse_args(argv)
    host = args.host or _newest()
    why = why_unread(host, of_records=not args.print or args.print in TABLES)
    if host is None or why:
        print(f"report: {why}", file=sys.stderr)
        return NO_INPUT
    if args.print:
        show(args.print, host)
        return OK
    pages = {DOCS / name: (DOCS / name).read_text(encoding="utf-8") for name in PAGES}
    wanted = {path: filled(page, host) for path, page in pages.items()}
    drawn = {name: text for name, text in pictures(read(host)).items() if text}
    stale = [path.name for path in pages if wanted[path] != pages[path]]
    if not stale and drawn == _drawn_now():
        return OK
    if args.check:
        print(
            f"{' and '.join(stale or ['plots'])}: stale: python benchmarks/report.py",
            file=sys.stderr,
        )
        return STALE
    for path, page in wanted.items():
        path.write_text(page, encoding="utf-8")
    plots().mkdir(exist_ok=True)
    for name in _drawn_now().keys() - drawn.keys():
        (plots() / f"{name}.svg").unlink()
    for name, text in drawn.items():
        (plots() / f"{name}.svg").write_text(text, encoding="utf-8")
    return OK


if __name__ == "__main__":
    sys.exit(main())
