"""A worker: a process that scores trials until its input ends.

It reads lines of JSON, the task first and then pieces of trials, and answers each with one frame:
a head of three whole numbers (what it is, bytes of doubles, bytes of text), the doubles, the text.
Whatever a strategy prints goes to stderr, so that it cannot stand between the frames.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from array import array
from typing import BinaryIO

from engine.errors import EngineError
from engine.searching.scoring import Scorer, Scores
from engine.searching.task import task_of

HEAD = struct.Struct("<qqq")
READY, SCORED, REFUSED = 1, 2, 3
# A text is for a person to read.
MOST_TEXT = 2_000


def main() -> int:
    """Serve the pipe that this process was started with."""
    # The terminal sends Ctrl-C to every process: only the front decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    own = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, own)
    except BrokenPipeError:
        return 0  # the front is gone
    return 0


def serve(lines: BinaryIO, answers: BinaryIO) -> None:
    """Answer the lines of a front, the first of which is the task."""
    try:
        task, backend = task_of(lines.readline())
        scorer = Scorer(task, backend)
    except EngineError as error:
        send(answers, REFUSED, Scores(array("d", [float(error.code)]), str(error)))
        return
    send(answers, READY, Scores(array("d")))
    for line in lines:
        asked = json.loads(line)
        columns = [array("d", column) for column in asked["columns"]]
        points = asked["points"]
        if points:
            scores = scorer.equities(asked["span"], columns, points)
        else:
            scores = scorer.scores(asked["span"], columns)
        send(answers, SCORED, scores)


def send(answers: BinaryIO, kind: int, scores: Scores) -> None:
    """Write one frame, all of it."""
    doubles = scores.values.tobytes()
    text = scores.error[:MOST_TEXT].encode()
    rest = memoryview(HEAD.pack(kind, len(doubles), len(text)) + doubles + text)
    while rest:
        rest = rest[answers.write(rest) :]
