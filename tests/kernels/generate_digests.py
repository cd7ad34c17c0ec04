"""Write digests.json: what pure Python on CPython makes of every kernel's seeded inputs.

Run ``python -m tests.kernels.generate_digests [MODULE...]`` from the root after a change that is
meant to change results, and say in the commit why it does. With modules, the digests of the others
are kept.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.kernels.inputs import KERNELS
from tests.kernels.outputs import VALUES, Digests, libm_digest, outcomes


def main() -> None:
    modules, path = sys.argv[1:], Path(__file__).parent / "digests.json"
    kernels = {}
    if modules:
        before = json.loads(path.read_text(encoding="ascii"))["kernels"]
        kernels = {name: before[name] for name in KERNELS if name in before}
    for name in KERNELS:
        if modules and name.partition(".")[0] not in modules:
            continue
        digests = Digests()
        for values, outcome in outcomes(name, VALUES):
            digests.add(values, outcome)
        kernels[name] = {
            "inputs": digests.inputs.hexdigest(),
            "results": digests.results.hexdigest(),
        }
    text = json.dumps({"libm": libm_digest(), "kernels": dict(sorted(kernels.items()))}, indent=1)
    path.write_text(text + "\n", encoding="ascii")
    print(f"{len(kernels)} kernels, at least {VALUES} values each")


if __name__ == "__main__":
    main()
