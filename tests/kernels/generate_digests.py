"""Write what pure Python on CPython makes of every kernel's seeded inputs, as digests.

``digests.json`` has those of all kernels and ``digests_sample.json`` those of the first of these
inputs; ``digests_scalar.json`` those of further calls, and of calls where formulas break, of
kernels without columns. Run ``python -m
tests.kernels.generate_digests [MODULE...]`` from the root after a change that is meant to change
results, and say in the commit why it does. With modules, the digests of the others are kept.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.kernels.inputs import KERNELS
from tests.kernels.outputs import (
    SAMPLE,
    SCALAR_CALLS,
    SCALARS,
    VALUES,
    Digests,
    libm_digest,
    outcomes,
    sets_of_calls,
)

FOLDER = Path(__file__).parent


def main() -> None:
    modules = sys.argv[1:]
    for file, least in (("digests_sample.json", SAMPLE), ("digests.json", VALUES)):
        kernels = kept(file, modules)
        for name in asked(KERNELS, modules):
            digests = Digests()
            for values, outcome in outcomes(name, least):
                digests.add(values, outcome)
            kernels[name] = digests.recorded()
        write(file, kernels)
    scalars = kept("digests_scalar.json", modules)
    for name in asked(SCALARS, modules):
        scalars[name] = {}
        for calls in sets_of_calls(name):
            digests = Digests()
            for values, outcome in SCALAR_CALLS[calls](name):
                digests.add(values, outcome)
            scalars[name][calls] = digests.recorded()
    write("digests_scalar.json", scalars)
    print(f"{len(kernels)} kernels, at least {VALUES} values each")


def kept(file: str, modules: list[str]) -> dict[str, Any]:
    """Return the digests of a file that stay, if modules are named: those of kernels there are."""
    if not modules:
        return {}
    before = json.loads((FOLDER / file).read_text(encoding="ascii"))["kernels"]
    return {name: before[name] for name in KERNELS if name in before}


def asked(names: Iterable[str], modules: list[str]) -> list[str]:
    return [name for name in names if not modules or name.partition(".")[0] in modules]


def write(file: str, kernels: dict[str, Any]) -> None:
    text = json.dumps({"libm": libm_digest(), "kernels": dict(sorted(kernels.items()))}, indent=1)
    (FOLDER / file).write_text(text + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
