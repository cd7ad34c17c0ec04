"""Scheduling: real-time kernels, throttling, isolated processors. Linux only."""

from __future__ import annotations

from engine.doctor.finding import NOTE, WARN, Finding
from engine.doctor.machine import Machine, cpus

GROUP = "scheduling"
# Knobs of the scheduler before 6.6 (some moved to debugfs): advice about them does nothing now.
GONE = (
    "sched_latency_ns",
    "sched_wakeup_granularity_ns",
    "sched_min_granularity_ns",
    "sched_migration_cost_ns",
)


def findings(machine: Machine) -> list[Finding]:
    """Return what there is to say about the scheduler; nothing outside Linux."""
    if not machine.is_linux:
        return []
    return [_real_time(machine), *_throttling(machine), *_old_knobs(machine), _isolation(machine)]


def _real_time(machine: Machine) -> Finding:
    release = machine.text("/proc/sys/kernel/osrelease") or "unknown release"
    is_real_time = machine.number("/sys/kernel/realtime") == 1
    # The word PREEMPT alone also stands for PREEMPT_DYNAMIC, which every distribution has.
    is_real_time |= "PREEMPT_RT" in machine.text("/proc/sys/kernel/version").split()
    kind = "real-time (PREEMPT_RT)" if is_real_time else "not real-time, which is fine"
    return Finding(GROUP, "kernel", f"{release}, {kind}")


def _throttling(machine: Machine) -> list[Finding]:
    path = "/proc/sys/kernel/sched_rt_runtime_us"
    runtime = machine.number(path)
    if runtime is None:
        return []
    if runtime != -1:
        return [Finding(GROUP, "real-time throttling", f"{runtime} us of every second at most")]
    return [
        Finding(
            GROUP,
            "real-time throttling",
            "off (-1)",
            WARN,
            "a busy real-time thread can then hang a core, and the login with it",
            "sudo sysctl kernel.sched_rt_runtime_us=950000",
            "sudo sysctl kernel.sched_rt_runtime_us=-1",
        )
    ]


def _old_knobs(machine: Machine) -> list[Finding]:
    present = [name for name in GONE if machine.exists(f"/proc/sys/kernel/{name}")]
    if present:
        return [Finding(GROUP, "scheduler knobs", f"{', '.join(present)}: leave them alone")]
    state = "sched_latency_ns and its like are gone from this kernel: nothing to do"
    return [Finding(GROUP, "scheduler knobs", state)]


def _isolation(machine: Machine) -> Finding:
    isolated = cpus(machine.text("/sys/devices/system/cpu/isolated"))
    ticks = machine.text("/sys/devices/system/cpu/nohz_full").strip("()")
    if not isolated:
        return Finding(GROUP, "isolated cores", "none, which is right for scans")
    state = f"cores {', '.join(map(str, sorted(isolated)))}"
    if ticks and ticks != "null":
        state += f"; without ticks: {ticks}"
    words = machine.text("/proc/cmdline").split()
    state += "".join(f"; {word}" for word in words if word.startswith("rcu_nocbs="))
    if 0 in isolated:
        return Finding(
            GROUP,
            "isolated cores",
            state,
            WARN,
            "core 0 takes interrupts and cannot be isolated well",
            "remove 0 from isolcpus= in the boot loader, then reboot",
        )
    allowed = cpus(machine.field("/proc/self/status", "Cpus_allowed_list"))
    if allowed & isolated:
        return Finding(GROUP, "isolated cores", f"{state}; this process may use them")
    first = min(isolated)
    return Finding(
        GROUP,
        "isolated cores",
        state,
        NOTE,
        "nothing runs there by itself; a process must be placed there",
        f"taskset -c {first} parity scan",
    )
