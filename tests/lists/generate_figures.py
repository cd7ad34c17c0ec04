"""Write figures.json: digests of the figures of 200 demo exchanges and of all real sources.

Run ``python -m tests.lists.generate_figures`` from the root after a change that is meant to change
figures; it takes some minutes. Without ../shared/data those of real sources stay as they are.
"""

from __future__ import annotations

import json

from engine.backend import select
from tests.kernels.outputs import libm_digest
from tests.lists.figures import FULL_SEEDS, REAL, SEEDS, demo_digests, real_digests
from tests.lists.test_same_figures import FILE, RECORDED
from tests.lists.test_same_lists import DATA


def main() -> None:
    backend = select()
    lists: dict[str, dict[str, str]] = {}
    for seed in SEEDS:
        lists[f"demo {seed}"] = dict(demo_digests(seed, backend))
    for seed in FULL_SEEDS:
        lists[f"demo {seed} full"] = dict(demo_digests(seed, backend, compact=False))
    for name in REAL:
        if DATA is None:
            lists[name] = RECORDED["lists"].get(name, {})
        else:
            lists[name] = dict(real_digests(name, DATA, backend))
    rows = [f"{json.dumps(name)}: {json.dumps(chains)}" for name, chains in lists.items()]
    body = ",\n".join(rows)
    FILE.write_text(
        f'{{"libm": {json.dumps(libm_digest())}, "lists": {{\n{body}\n}}}}\n', encoding="ascii"
    )
    print(f"{sum(map(len, lists.values()))} chains")


if __name__ == "__main__":
    main()
