"""A backtest in another interpreter: what goes to it, and what comes back, as JSON.

A class goes as the name of its file, which the child runs itself; bars go as their bytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.backtest_batch import with_one_equity
from engine.backtesting.data import Data, Dividend, Split
from engine.backtesting.faults import file_of
from engine.backtesting.result import Result
from engine.backtesting.strategy import Strategy
from engine.backtesting.terms import Terms
from engine.codec import decode, encode
from engine.errors import BadDataError, EngineError, UnavailableError, UsageError, error_of
from engine.trading import SHIPPED
from engine.trading.loading import load_strategy
from engine.trading.trial import Trial, run_trial

_START = (
    "import sys; sys.path[0] = sys.argv.pop(1); from engine.backtest_child import main; "
    "sys.exit(main())"
)
_LAST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Job:
    """One backtest as it is sent. `data` has no events: these are of two kinds, each its own."""

    strategy: str
    values: Mapping[str, str]
    data: Data
    splits: tuple[Split, ...]
    dividends: tuple[Dividend, ...]
    terms: Terms
    seed: int


def run_elsewhere(
    runtime: str, kind: type[Strategy], values: Mapping[str, object], data: Data, terms: Terms,
    seed: int,
) -> Result:  # fmt: skip
    """Return what a backtest comes to in an interpreter of the kind `runtime`.

    Raises
    ------
    UnavailableError
        If there is none.
    UsageError
        If the class has no file that another process could read.
    EngineError
        What the backtest says there.
    """
    from engine.runtime import interpreters

    found = interpreters.find(runtime)
    if found is None:
        raise UnavailableError(f"no {runtime} on this machine: parity doctor says how to get one")
    job = Job(
        _named(kind),
        {name: json.dumps(value) for name, value in values.items()},
        replace(data, actions=()),
        tuple(one for one in data.actions if isinstance(one, Split)),
        tuple(one for one in data.actions if isinstance(one, Dividend)),
        terms,
        seed,
    )
    done = subprocess.run(
        [found.path, "-c", _START, str(interpreters.ROOT)],
        input=json.dumps(encode(job, packed=True)).encode(),
        capture_output=True,
        env=interpreters.environment(PARITY_REEXECUTED="1", **_nursery()),
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        words = done.stderr.decode("utf-8", "replace").strip()[-_LAST_WORDS:]
        raise BadDataError(f"{found.path} ended with {done.returncode}: {words}") from None
    if "error" in answer:
        raise error_of(answer["error"], int(answer["code"]))
    return with_one_equity(decode(Result, answer["result"]))


def _nursery() -> dict[str, str]:
    """Return how much PyPy allocates before it looks what is still in use, unless it is said.

    PyPy asks the processor's cache how large: hundreds of MB on a server, and every page of it
    costs a fault in a process that is over soon.
    """
    return {} if "PYPY_GC_NURSERY" in os.environ else {"PYPY_GC_NURSERY": "16M"}


def _named(kind: type[Strategy]) -> str:
    for name, (module, class_name) in SHIPPED.items():
        if (module, class_name) == (kind.__module__, kind.__name__):
            return name
    file = file_of(kind)
    if not file.endswith(".py"):
        raise UsageError(
            f"{kind.__name__} has no file that another interpreter could read: write it into one "
            f"(%%writefile in a notebook) and name file.py:{kind.__name__}"
        )
    return f"{file}:{kind.__name__}"


def main() -> int:
    """Run the job on stdin, and print what it came to."""
    from engine.runtime.comparisons import correct

    correct()
    out, sys.stdout = sys.stdout, sys.stderr  # what a strategy prints is no answer
    job: Any = decode(Job, json.load(sys.stdin))
    try:
        values = {name: json.loads(value) for name, value in job.values.items()}
        data = replace(
            job.data,
            actions=tuple(
                sorted((*job.splits, *job.dividends), key=lambda one: (one.time_ns, one.symbol))
            ),
        )
        trial = Trial(job.strategy, load_strategy(job.strategy), values, data.symbols)
        result = run_trial(trial, data, job.terms, job.seed)
    except EngineError as error:
        answer: dict[str, object] = {"error": str(error), "code": error.code}
    else:
        answer = {"result": encode(result, packed=True)}
    print(json.dumps(answer, allow_nan=False), file=out)
    return 0
