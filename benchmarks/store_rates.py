"""Rows a second into the store, against what the driver alone does with the same rows.

    python benchmarks/store_rates.py [--rows N] [--rounds N] [--only sqlite|postgresql] [--json F]

Runs on the interpreter that runs it: start it with CPython and with PyPy. *limit* is the driver's
own way in (executemany of a bare table without index; COPY of a bare table without index), *store*
is `Store.copy` into the table of quotes with its index and partitions, *writer* the bulk writer
with its thread, buffer and marks. Least time of the rounds, which alternate.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.store import open_store, schema  # noqa: E402
from engine.store.address import Address  # noqa: E402
from engine.store.protocol import Row, Store  # noqa: E402
from engine.store.tables import TABLES  # noqa: E402
from engine.store.writer import BulkWriter  # noqa: E402

BATCH = 20_000
_BARE = "CREATE TABLE bare (" + ", ".join(
    f"{column} {'BIGINT' if kind == 'int8' else 'DOUBLE PRECISION'}"
    for column, kind in zip(TABLES["quotes"].columns, TABLES["quotes"].kinds, strict=True)
) + ")"  # fmt: skip


def quotes(count: int) -> list[Row]:
    start = 1_450_971_000_000_000_000
    return [
        (k % 500, start + 1000 * k, start + 1000 * k + 77, 100.0 + k % 97 * 0.01,
         100.02 + k % 97 * 0.01, float(k % 40), float(k % 30))
        for k in range(count)
    ]  # fmt: skip


def batches(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def bare_copy(store: Store, rows: list[Row]) -> None:
    """Write `rows` by the driver itself, past everything of ours."""
    for part in batches(rows):
        if store.dialect == "sqlite":
            connection = store._open()  # type: ignore[attr-defined]
            connection.execute("BEGIN").close()
            marks = ", ".join("?" * len(part[0]))
            connection.executemany(f"INSERT INTO bare VALUES ({marks})", part).close()
            connection.execute("COMMIT").close()
        else:
            table = TABLES["quotes"]
            store._driver.copy("bare", table.columns, table.kinds, part)  # type: ignore[attr-defined]


def store_copy(store: Store, rows: list[Row]) -> None:
    for part in batches(rows):
        store.copy("quotes", part)


def writer_put(address: Address, rows: list[Row], number: int) -> None:
    with BulkWriter(lambda: open_store(address), "quotes", f"bench {number}") as writer:
        writer.put(rows)
        report = writer.flush()
    if report.n_written != len(rows):
        raise SystemExit(f"lost rows: {report}")


def measure(address: Address, rows: list[Row], rounds: int) -> dict[str, float]:
    best: dict[str, float] = {}
    with open_store(address) as store:
        schema.migrate(store)
        store.run(_BARE)
        for number in range(rounds):
            ways: dict[str, Callable[[], None]] = {
                "limit": lambda: bare_copy(store, rows),
                "store": lambda: store_copy(store, rows),
                "writer": lambda number=number: writer_put(address, rows, number),  # type: ignore[misc]
            }
            for name, way in ways.items():
                for table in ("bare", "quotes"):
                    store.run(
                        f"DELETE FROM {table}" if store.dialect == "sqlite" else f"TRUNCATE {table}"
                    )
                start = time.perf_counter()
                way()
                rate = len(rows) / (time.perf_counter() - start)
                best[name] = max(best.get(name, 0.0), rate)
    return best


@contextmanager
def addresses(only: str | None) -> Iterator[dict[str, Address]]:
    from tests.postgres_cluster import Cluster, why_not

    with tempfile.TemporaryDirectory() as folder:
        found = {"sqlite": Address("sqlite", path=Path(folder) / "store.sqlite")}
        cluster = None
        if only != "sqlite" and not why_not():
            cluster = Cluster()
            found["postgresql"] = cluster.address()
        elif only != "sqlite":
            print(f"postgresql left out: {why_not()}", file=sys.stderr)
        try:
            yield {kind: a for kind, a in found.items() if only in (None, kind)}
        finally:
            if cluster is not None:
                cluster.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    rows, result = quotes(args.rows), {}
    with addresses(args.only) as found:
        for kind, address in found.items():
            result[kind] = measure(address, rows, args.rounds)
    for kind, rates in result.items():
        cells = "  ".join(f"{name} {rate:>9,.0f}" for name, rate in rates.items())
        share = rates["store"] / rates["limit"]
        print(f"{runtime:<16} {kind:<11} rows/s  {cells}  store/limit {share:.2f}")
    if args.json:
        said = {"runtime": runtime, "rows": args.rows, "rows_per_second": result}
        Path(args.json).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
