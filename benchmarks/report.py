"""Write the tables of docs/PYPY_PERFORMANCE.md from the committed results.

    python benchmarks/report.py           rewrite what stands between the markers
    python benchmarks/report.py --check   end with 1 if the page is not what they give

The prose between the tables is written by hand and holds no measured number.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from results import RESULTS, newest_host, read_host
from tables import NUMBA, PURE, PYPY, TABLES

# The table that pyperf itself makes; without pyperf it stays as it is.
COMPARED = "compare_to"
PAGE = Path(__file__).resolve().parent.parent / "docs" / "PYPY_PERFORMANCE.md"
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def filled(page: str, host: Path) -> str:
    """Return `page` with every table made anew from the results in the folder `host`.

    Raises
    ------
    KeyError
        If the page asks for a table that there is none of.
    """
    records = read_host(host)

    def made(match: re.Match[str]) -> str:
        if match[2] != COMPARED:
            text = TABLES[match[2]](records)
        elif find_spec("pyperf"):
            text = compared(host)
        else:
            return match[0]
        return f"{match[1]}\n{text}\n{match[3]}"

    return MARKED.sub(made, page)


def compared(host: Path) -> str:
    """Return what ``pyperf compare_to`` makes of the three backends' results."""
    files = [f"{key}.json" for key in (PURE, NUMBA, PYPY) if (host / f"{key}.json").exists()]
    command = ["-m", "pyperf", "compare_to", "--quiet", "--table", "--table-format=md", *files]
    done = subprocess.run(
        [sys.executable, *command], cwd=host, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite or check the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--host", type=Path, help="folder of results; default: the newest")
    args = parser.parse_args(argv)
    page = PAGE.read_text(encoding="utf-8")
    wanted = filled(page, args.host or newest_host(RESULTS))
    if wanted == page:
        return 0
    if args.check:
        print(f"{PAGE.name} is stale: python benchmarks/report.py", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
