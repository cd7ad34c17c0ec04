"""Write the tables of docs/PYPY_PERFORMANCE.md from the committed results.

    python benchmarks/report.py           rewrite what stands between the markers
    python benchmarks/report.py --check   end with 1 if the page is not what they give

The prose between the tables is written by hand and holds no measured number.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from results import RESULTS, Record, newest_host, read_host
from tables import TABLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "PYPY_PERFORMANCE.md"
MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def filled(page: str, records: dict[str, Record]) -> str:
    """Return `page` with every table made anew.

    Raises
    ------
    KeyError
        If the page asks for a table that there is none of.
    """
    return MARKED.sub(lambda m: m[1] + "\n" + TABLES[m[2]](records) + "\n" + m[3], page)


def main(argv: Sequence[str] | None = None) -> int:
    """Rewrite or check the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--host", type=Path, help="folder of results; default: the newest")
    args = parser.parse_args(argv)
    page = PAGE.read_text(encoding="utf-8")
    wanted = filled(page, read_host(args.host or newest_host(RESULTS)))
    if wanted == page:
        return 0
    if args.check:
        print(f"{PAGE.name} is stale: python benchmarks/report.py", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
