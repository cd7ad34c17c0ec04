"""How long a store keeps what it was given, and how it thins out quotes before it forgets them."""

from __future__ import annotations

from dataclasses import dataclass

from engine.clock import NS_PER_DAY, NS_PER_SECOND
from engine.store.protocol import Store
from engine.store.tables import TABLES


@dataclass(frozen=True, slots=True)
class Retention:
    """Ages in days; None keeps for ever.

    Attributes
    ----------
    quotes, trades, chains
        Older rows are removed: on PostgreSQL by whole days.
    thin_after, thin_seconds
        Of quotes older than `thin_after` days, the last of each instrument is kept in every
        stretch of `thin_seconds`.
    proofs
        Sightings older than this lose their proof (their JSON); their figures stay.
    """

    quotes: float | None = None
    trades: float | None = None
    chains: float | None = None
    thin_after: float | None = None
    thin_seconds: float = 60.0
    proofs: float | None = None


def apply(store: Store, policy: Retention, now_ns: int) -> dict[str, int]:
    """Apply `policy` and return how many rows it removed or changed, by what it did to what."""
    done: dict[str, int] = {}
    for name in ("quotes", "trades", "chains"):
        days = getattr(policy, name)
        if days is not None:
            done[f"{name} removed"] = _remove(store, name, now_ns - int(days * NS_PER_DAY))
    if policy.thin_after is not None:
        before = now_ns - int(policy.thin_after * NS_PER_DAY)
        done["quotes thinned"] = _thin(store, before, int(policy.thin_seconds * NS_PER_SECOND))
    if policy.proofs is not None:
        before = now_ns - int(policy.proofs * NS_PER_DAY)
        with store.transaction():
            n = store.run(
                "SELECT count(*) FROM sightings WHERE ts_ns < ? AND payload <> ''", (before,)
            )[0][0]
            store.run("UPDATE sightings SET payload = '' WHERE ts_ns < ?", (before,))
        done["proofs removed"] = int(n)
    return done


def _remove(store: Store, name: str, before_ns: int) -> int:
    time = TABLES[name].time
    if store.dialect == "postgresql":
        before_ns = before_ns // NS_PER_DAY * NS_PER_DAY  # whole days go as whole partitions
    with store.transaction():
        n = store.run(f"SELECT count(*) FROM {name} WHERE {time} < ?", (before_ns,))[0][0]
        if not store.drop_days(name, before_ns):
            store.run(f"DELETE FROM {name} WHERE {time} < ?", (before_ns,))
    return int(n)


def _thin(store: Store, before_ns: int, step_ns: int) -> int:
    """Keep the last quote of each instrument in every step; equal stamps are all kept."""
    with store.transaction():
        n = store.run("SELECT count(*) FROM quotes WHERE ts_recv < ?", (before_ns,))[0][0]
        store.run(
            "DELETE FROM quotes WHERE ts_recv < ? AND (instrument_id, ts_recv) NOT IN "
            "(SELECT instrument_id, max(ts_recv) FROM quotes WHERE ts_recv < ? "
            "GROUP BY instrument_id, ts_recv / ?)",
            (before_ns, before_ns, step_ns),
        )
        left = store.run("SELECT count(*) FROM quotes WHERE ts_recv < ?", (before_ns,))[0][0]
    return int(n - left)
