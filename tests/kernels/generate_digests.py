"""Write digests.json: what pure Python on CPython makes of every kernel's seeded inputs.

Run ``python -m tests.kernels.generate_digests`` from the root after a change that is meant to
change results, and say in the commit why it does.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.kernels.inputs import KERNELS
from tests.kernels.outputs import VALUES, Digests, libm_digest, outcomes


def main() -> None:
    kernels = {}
    for name in sorted(KERNELS):
        digests = Digests()
        for values, outcome in outcomes(name, VALUES):
            digests.add(values, outcome)
        kernels[name] = {
            "inputs": digests.inputs.hexdigest(),
            "results": digests.results.hexdigest(),
        }
    text = json.dumps({"libm": libm_digest(), "kernels": kernels}, indent=1)
    (Path(__file__).parent / "digests.json").write_text(text + "\n", encoding="ascii")
    print(f"{len(kernels)} kernels, at least {VALUES} values each")


if __name__ == "__main__":
    main()
