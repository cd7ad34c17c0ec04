"""A verb about live trading in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _nothing() -> None:
    pass


@contextmanager
def parity(
    journal: Path, *words: str, limit: Callable[[], None] = _nothing
) -> Iterator[subprocess.Popen[str]]:
    """Run a verb as a person does, its output by lines."""

    def before() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        limit()

    environment = dict(
        os.environ, LC_ALL="C.UTF-8", PARITY_JOURNAL=str(journal),
        PYTHONUNBUFFERED="1",
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *words], cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=before,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def until(process: subprocess.Popen[str], words: str) -> str:
    """Read lines until one has `words`; return it."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return line
    raise AssertionError(f"it ended without {words!r}: {said}")
