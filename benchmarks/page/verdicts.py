"""What was met and what was missed, what lost to what, and what plain Python gains on PyPy."""

from __future__ import annotations

from benchmarks.page.results import Record, Timing
from benchmarks.page.tables import ABSENT, NAMES, PLAIN, PYPY_PLAIN, duration, factor, table
from benchmarks.page.targets import NUMBA, NUMPY, PURE, PYPY, TARGETS, C, Judgement, Target, judged

Records = dict[str, Record]
# What is meant to be faster, by what it is held against; peers, which come from files of their own,
# are added to what compiles. Python without a compiler is not meant to be faster than C.
RIVALS = {
    PURE: (PLAIN,),
    PYPY: (PURE, PLAIN, PYPY_PLAIN, NUMPY, NUMBA, C),
    NUMBA: (PURE, PLAIN, PYPY_PLAIN, NUMPY, PYPY, C),
    C: (NUMBA, PYPY),
    PYPY_PLAIN: (PLAIN,),
}
NOT_IN_THE_RUN = "peer: not in the run"


def targets(records: Records) -> str:
    """Return every target beside what was measured and C, judged in the middle one of the rounds.

    `records` are those of the peers too.
    """
    rows = []
    for target in TARGETS:
        found = judged(target, records)
        if found is None:
            rows.append((target.what, NAMES[target.key], *[ABSENT] * 5, "not measured"))
            continue
        c = ABSENT if found.c is None else duration(found.c)
        told = c, duration(found.limit), duration(found.measured)
        rows.append((target.what, NAMES[target.key], *told, *_by_round(target, found)))
    header = ("target", "on", "C", "at most", "measured", "of the limit, by round", "met in", "")
    return table(header, rows)


def met(records: Records) -> str:
    """Return how many targets were met, missed and not measured on each runtime."""
    rows = []
    for key in dict.fromkeys(target.key for target in TARGETS):
        found = [judged(target, records) for target in TARGETS if target.key == key]
        shares = [one.share for one in found if one is not None]
        n_met = sum(share <= 1.0 for share in shares)
        counts = n_met, len(shares) - n_met, len(found) - len(shares)
        rows.append(
            f"- {NAMES[key]}: {counts[0]} met, {counts[1]} missed, {counts[2]} not measured"
        )
    return "\n".join(rows)


def _by_round(target: Target, found: Judgement) -> tuple[str, str, str]:
    n = len(found.shares)
    rounds = " ".join(f"{share:.2f}" for share in found.shares) if n > 1 else "once"
    if target.other and target.other not in NAMES:
        rounds += f" ({NOT_IN_THE_RUN})"
    verdict = "met" if found.share <= 1.0 else f"**missed by {factor(found.share)}**"
    return rounds, f"{found.n_met} of {n}", verdict


def losers(records: Records, peers: Records) -> str:
    """Return every cell in which what should be faster is not, with absolutes, per unit."""
    everything = {**records, **peers}
    rows = []
    for loser, others in RIVALS.items():
        rivals = (*others, *(peers if loser in (PYPY, NUMBA) else ()))
        for name, lost in records[loser].timings.items() if loser in records else ():
            won = [
                (per_unit(timing), rival)
                for rival in rivals
                if (record := everything.get(rival)) and (timing := record.timings.get(name))
            ]
            own = per_unit(lost)
            beaten = [
                f"{NAMES.get(rival, rival)} {duration(cost)} ({factor(own / cost)})"
                for cost, rival in sorted(won)
                if cost < own
            ]
            if beaten:
                rows.append((name, NAMES[loser], f"{duration(own)} per {lost.per}",
                             ", ".join(beaten)))  # fmt: skip
    return table(("workload", "loses", "takes", "to what takes"), rows)


def per_unit(timing: Timing) -> float:
    """Return the least seconds per unit of a workload."""
    return timing.least / timing.count


def idiomatic(records: Records) -> str:
    """Return what plain Python gains on PyPy, and what the kernels gain over it there."""
    keys = (PLAIN, PYPY_PLAIN, PYPY)
    plain = records[PLAIN].timings if PLAIN in records else {}
    rows = []
    for name, base in plain.items():
        found = [records[key].timings.get(name) if key in records else None for key in keys]
        rows.append((
            f"{name.split('/', 1)[1].replace('/', ', ')}, per {base.per}",
            *(duration(per_unit(one)) if one else ABSENT for one in found),
            _gain(*found[:2]),
            _gain(*found[1:]),
        ))  # fmt: skip
    if PYPY_PLAIN not in records:
        rows.append((NAMES[PYPY_PLAIN], *[ABSENT] * 4, "not measured"))
    header = ("", *(NAMES[key] for key in keys), "plain Python gains on PyPy",
              "kernels gain over it there")  # fmt: skip
    return table(header, rows)


def _gain(slow: Timing | None, fast: Timing | None) -> str:
    if slow is None or fast is None:
        return ABSENT
    share = per_unit(slow) / per_unit(fast)
    return factor(share) if share >= 1.0 else f"**nothing: {factor(1.0 / share)} slower**"
