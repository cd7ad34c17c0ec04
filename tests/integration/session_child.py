"""A process that writes and says what was acknowledged, until it is killed.

``journal PATH`` or ``session PATH``: prints a number per acknowledged entry or message.
"""

from __future__ import annotations

import os
import sys

from engine.session.journal import Journal
from engine.session.recording import Message, SessionWriter


def main(kind: str, path: str) -> None:
    if kind == "journal":
        with Journal(path) as journal:
            first = sum(1 for _ in journal.entries())
            for n in range(first, first + 100_000):
                journal.append("intent", {"n": n, "text": "x" * (n % 97)}, is_durable=n % 16 == 0)
                os.write(1, b"%d\n" % n)
        return
    from engine.session.recording import SessionReader

    with SessionWriter(path) as writer:
        first = sum(1 for _ in SessionReader(path))
        for n in range(first, first + 1_000_000):
            writer.add(Message(n, 0, "raw", [n, "x" * (n % 97)]))
            if n % 50 == 49:
                writer.flush()
                os.write(1, b"%d\n" % n)


if __name__ == "__main__":
    main(*sys.argv[1:3])
