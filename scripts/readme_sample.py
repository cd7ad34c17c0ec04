"""Write the sample output in README.md anew, or with --check end with 1 if it is not today's."""

import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SAMPLE = re.compile(r"(<!-- sample: (?P<words>[^\n]*) -->\n```\n)(?P<text>.*?)(```\n)", re.DOTALL)
LINES = 38


def sample(words: str) -> str:
    """Return what the command prints on 100 columns without colour, down to the near misses."""
    from engine.__main__ import main

    os.environ.update(COLUMNS="100", NO_COLOR="1")
    out = io.StringIO()
    with redirect_stdout(out):
        code = main([*words.split(), "--backend", "pure"])
    if code:
        sys.exit(f"readme_sample: {words!r} ended with exit code {code}")
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    shown = lines[:LINES]
    while shown and not shown[-1]:
        shown.pop()
    return "\n".join([f"$ parity {words}", *shown, "..."]) + "\n"


def main() -> int:
    """Compare or replace every sample."""
    old = README.read_text(encoding="utf-8")
    new = SAMPLE.sub(lambda m: m.group(1) + sample(m.group("words")) + m.group(4), old)
    if "--check" in sys.argv[1:]:
        if new != old:
            print("readme_sample: the sample in README.md is not what the command prints today")
        return int(new != old)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
