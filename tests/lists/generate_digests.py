"""Write digests.json: what a scan of every scene prints, on CPython with the pure kernels.

Run ``python -m tests.lists.generate_digests`` from the root after a change that is meant to change
what is printed. Without ../shared/data the digests of real quotes stay as they are.
"""

from __future__ import annotations

import json

from engine.backend import select
from tests.kernels.outputs import libm_digest
from tests.lists.scenes import digests
from tests.lists.test_same_lists import DATA, FILE, RECORDED


def main() -> None:
    lists = dict(RECORDED["lists"]) | dict(digests(select("pure"), DATA))
    text = json.dumps({"libm": libm_digest(), "lists": lists}, indent=1)
    FILE.write_text(text + "\n", encoding="ascii")
    print(f"{len(lists)} lists")


if __name__ == "__main__":
    main()
