"""``backtest``: run strategies over bars, and say what they would have earned.

The first word after the verb may name another job: each is a module of its own, with
``add_arguments`` and ``run`` like a verb. `--search` is one too, wherever it stands.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from engine.errors import UsageError

# word: (module, one line of help)
JOBS = {
    "check": ("engine.cli.backtest_check", "look for a strategy that knows the future"),
    "options": ("engine.cli.backtest_options", "trade packages of options over recorded chains"),
    "speed-test": ("engine.cli.backtest_speed", "measure what runs backtests fastest here"),
    "--search": ("engine.cli.backtest_search", "look for parameters: grid, random, tpe, nsga2"),
}


def job_of(words: Sequence[str]) -> str:
    """Return the word of `words` that asks for another job, or an empty one.

    >>> job_of(["check", "mine.py:Cross"]), job_of(["--days", "5", "--search=grid"])
    ('check', '--search')
    >>> job_of(["--strategies", "check"])
    ''
    """
    if words and words[0] in JOBS:
        return words[0]
    named = (word.partition("=")[0] for word in words)
    return next((word for word in named if word.startswith("--") and word in JOBS), "")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of `backtest` to `parser`."""
    width = max(map(len, JOBS))
    jobs = "\n".join(f"  {name:<{width}}  {line}" for name, (_, line) in JOBS.items())
    parser.description = f"{parser.description}\n\nother jobs, each with its own --help:\n{jobs}"


def run(args: argparse.Namespace) -> int:
    """Run the backtests that are asked for.

    Raises
    ------
    UsageError
        If no job is named.
    """
    raise UsageError(f"name a job: {', '.join(JOBS)}")
