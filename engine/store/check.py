"""Is a store what it should be? The schema, the files, and what rows say of each other."""

from __future__ import annotations

import json

from engine.errors import EngineError
from engine.store import schema
from engine.store.protocol import Store
from engine.store.tables import TABLES

_MOST_SHOWN = 5
# What must not be: (what it is, the rows that are so).
_WRONG = (
    ("sightings of a life that is not there",
     "SELECT s.life_id FROM sightings s LEFT JOIN opportunities o ON o.life_id = s.life_id "
     "WHERE o.life_id IS NULL LIMIT ?"),
    ("sightings of a scan that is not there",
     "SELECT s.scan_id FROM sightings s LEFT JOIN scans c ON c.scan_id = s.scan_id "
     "WHERE c.scan_id IS NULL LIMIT ?"),
    ("lives whose sightings do not count up",
     "SELECT o.life_id FROM opportunities o LEFT JOIN sightings s ON s.life_id = o.life_id "
     "GROUP BY o.life_id, o.n_sightings HAVING count(s.life_id) <> o.n_sightings LIMIT ?"),
    ("lives that end before they begin",
     "SELECT life_id FROM opportunities WHERE last_seen_ns < detected_ns "
     "OR expired_ns <= last_seen_ns LIMIT ?"),
    ("scans of a run that is not there",
     "SELECT c.scan_id FROM scans c LEFT JOIN runs r ON r.run_id = c.run_id "
     "WHERE r.run_id IS NULL LIMIT ?"),
    ("fills of an order that is not there",
     "SELECT f.exec_id FROM fills f LEFT JOIN orders o ON o.order_id = f.order_id "
     "WHERE o.order_id IS NULL LIMIT ?"),
)  # fmt: skip


def check(store: Store) -> list[str]:
    """Return what is wrong, one line each; nothing if all is well. O(store)."""
    wrong = store.verify()
    try:
        waiting = schema.pending(store)
    except EngineError as error:
        return [*wrong, str(error)]
    if waiting:
        return [*wrong, f"{len(waiting)} migrations are pending: parity store migrate"]
    columns = store.columns()
    for name, table in TABLES.items():
        if columns.get(name) != table.columns:
            wrong.append(f"table {name} has other columns than this program's")
    if wrong:
        return wrong
    for what, sql in _WRONG:
        found = store.run(sql, (_MOST_SHOWN,))
        if found:
            wrong.append(f"{what}, such as {found[0][0]}")
    wrong.extend(_bad_proofs(store))
    return wrong


def _bad_proofs(store: Store) -> list[str]:
    rows = store.run("SELECT opportunity_id, payload FROM sightings WHERE payload <> ''")
    for opportunity, payload in rows:
        try:
            json.loads(payload)
        except ValueError:
            return [f"the proof of {opportunity} is not JSON"]
    return []
