"""A process that writes quotes in bulk and says what is acknowledged, until it is killed.

The address of the store is in ENGINE_STORE, so that nobody sees its password.
"""

from __future__ import annotations

import os

from engine.store import open_store
from engine.store.writer import BulkWriter


def main() -> None:
    with BulkWriter(open_store, "quotes", "bulk", batch=200, capacity=1000) as writer:
        n = writer.position
        while True:
            rows = [(k, None, 10**18 + k, 1.0, 2.0, None, None) for k in range(n, n + 300)]
            writer.put(rows)
            n += 300
            os.write(1, b"%d\n" % (writer.position + writer.report().n_written))


if __name__ == "__main__":
    main()
