"""Advice for fast hosts that one reads, judged for this one: what it would do here, and its risk.

Each line is about advice as it is given, for hosts like an Ampere A1 with Linux: real-time kernels,
isolated cores, huge pages, interrupts, sysctl, compiler flags. What the host is like now, and what
is worth changing, the other groups say.
"""

from __future__ import annotations

import os

from engine.doctor.finding import Finding
from engine.doctor.kernel import GONE
from engine.doctor.machine import Machine, bracketed
from engine.doctor.memory import HUGE
from engine.doctor.network import interfaces, interrupts

GROUP = "tuning advice, judged for this host"
# What is asked for by `vm.nr_hugepages=2048`, and the middle of `tcp_rmem` in the usual snippet.
HUGE_PAGES, TCP_DEFAULT = 2048, 87_380
GIB = 2.0**30


def findings(machine: Machine) -> list[Finding]:
    """Return a line for each advice; nothing outside Linux, which it is all about."""
    if not machine.is_linux:
        return []
    return [
        _real_time(machine),
        _isolation(machine),
        _huge_pages(machine),
        _transparent(machine),
        _interrupts(machine),
        _scheduler(machine),
        _buffers(machine),
        _tcp(machine),
        _memory(machine),
        _governor(machine),
        _flags(machine),
        _wheels(machine),
    ]


def _said(advice: str, verdict: str, risk: str) -> Finding:
    return Finding(GROUP, advice, f"{verdict}. Risk: {risk}")


def _cores(machine: Machine) -> int:
    listed = machine.text("/proc/cpuinfo").splitlines()
    return sum(line.startswith("processor") for line in listed) or os.cpu_count() or 1


def _real_time(machine: Machine) -> Finding:
    is_there = machine.number("/sys/kernel/realtime") == 1
    here = "there is one" if is_there else "there is none"
    return _said(
        "real-time kernel, chrt -f 99, sched_rt_runtime_us=-1",
        f"no ({here}): it shortens the longest delay and not the usual one, and a scan waits for "
        "nothing",
        "a busy Python loop at a real-time priority without throttling takes a core for good, on a "
        f"host of {_cores(machine)} cores the login with it",
    )


def _isolation(machine: Machine) -> Finding:
    n = _cores(machine)
    left = "none would be left" if n < 2 else f"isolating {n - 1} of {n} leaves one for all else"
    return _said(
        "isolcpus, nohz_full, rcu_nocbs",
        f"not for scans: they use every core they get, and {left}",
        "isolated cores are not balanced: what is not placed there by taskset leaves them idle",
    )


def _huge_pages(machine: Machine) -> Finding:
    size = machine.field("/proc/meminfo", "Hugepagesize").partition(" ")[0]
    total = machine.field("/proc/meminfo", "MemTotal").partition(" ")[0]
    if size.isdigit() and total.isdigit():
        asked, there = HUGE_PAGES * int(size) * 1024 / GIB, int(total) * 1024 / GIB
        here = (
            f"with pages of {int(size) // 1024} MiB it asks for {asked:g} of {there:.1f} GiB here"
        )
    else:
        here = "this kernel has none"
    return _said(
        f"vm.nr_hugepages={HUGE_PAGES}",
        f"no: {here}, and neither CPython nor PyPy maps them",
        "that memory is lost to all else; on a kernel with pages of 64 KiB one has 512 MiB",
    )


def _transparent(machine: Machine) -> Finding:
    now = bracketed(machine.text(f"{HUGE}/enabled")) or "absent"
    return _said(
        "transparent huge pages: always",
        f"only where it was measured (now {now}): heaps of Python may gain or not",
        "pauses while memory is moved together, and more memory in use",
    )


def _interrupts(machine: Machine) -> Finding:
    names = interfaces(machine)
    lines = machine.text("/proc/interrupts").splitlines()
    found = any("eth0" in line for line in lines)
    numbers = [number for name in names for number in interrupts(machine, name)]
    grep = "finds some" if found else "finds nothing"
    own = f"those of {', '.join(names)} are {', '.join(numbers)}" if numbers else "none were found"
    return _said(
        "smp_affinity of what `grep eth0 /proc/interrupts` shows, irqbalance off",
        f"not for scans, which use no network; here that command {grep}, {own}",
        "without irqbalance all interrupts may stay on one core; managed ones refuse to be moved",
    )


def _scheduler(machine: Machine) -> Finding:
    there = [name for name in GONE if machine.exists(f"/proc/sys/kernel/{name}")]
    here = f"{', '.join(there)} exist here" if there else "none of them exists in this kernel"
    return _said(
        "sysctl kernel.sched_latency_ns and its like",
        f"no: {here}",
        "`sysctl -p` fails on a name that is gone, and what follows in the file may not be set",
    )


def _buffers(machine: Machine) -> Finding:
    now = machine.text("/proc/sys/net/ipv4/tcp_rmem").split()
    default = int(now[1]) if len(now) == 3 and now[1].isdigit() else 0
    if default > TCP_DEFAULT:
        here = f"it lowers the default from {default:,} to {TCP_DEFAULT:,} bytes here"
    else:
        here = f"the default here is {default:,} bytes" if default else "the default is not known"
    return _said(
        f'net.ipv4.tcp_rmem="4096 {TCP_DEFAULT} 134217728", rmem_max=134217728',
        f"no: {here}; 128 MB are for long fat links and lower no latency",
        "memory for every connection that does not read fast enough",
    )


def _tcp(machine: Machine) -> Finding:
    stamps = machine.number("/proc/sys/net/ipv4/tcp_timestamps")
    return _said(
        "tcp_timestamps=0, tcp_fastopen=3, busy_poll=50",
        f"no (timestamps are {'off' if stamps == 0 else 'on'}): TCP_NODELAY on the socket is what "
        "counts, and busy polling pays on a core of its own alone",
        "without timestamps neither wrapped sequence numbers nor delays are noticed",
    )


def _memory(machine: Machine) -> Finding:
    swap = machine.field("/proc/meminfo", "SwapTotal")
    here = "there is no swap here" if swap.startswith("0 ") or not swap else f"swap here: {swap}"
    return _said(
        "vm.swappiness=0, vm.overcommit_memory=1",
        f"no: {here}; 1 to 10 and mode 0 do what is meant",
        "0 locks no page; with mode 1 a failed allocation becomes a killed process",
    )


def _governor(machine: Machine) -> Finding:
    is_there = machine.names("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
    here = "try it, it is reversible" if is_there else "nothing to set: the host below decides"
    return _said("governor performance", here, "more power, and heat that may lower the clock")


def _flags(machine: Machine) -> Finding:
    if machine.is_arm:
        here = (
            "-march=armv8.2-a beside -mcpu=neoverse-n1 adds nothing, and -O3 alone gives NEON code"
        )
    else:
        here = "-mcpu=neoverse-n1 is an error on this processor"
    return _said(
        'CFLAGS="-O3 -mcpu=neoverse-n1 -march=armv8.2-a", pip install --no-binary',
        f"no: {here}; Numba compiles for the processor it finds (leave NUMBA_CPU_NAME unset)",
        "a NumPy built from source loses the tuned OpenBLAS of its wheel, and builds take long",
    )


def _wheels(machine: Machine) -> Finding:
    return _said(
        "pip install --platform linux_aarch64; pip list -v | grep linux_aarch64",
        "no: pip takes native wheels by itself (manylinux_…_aarch64), and the second command "
        "prints nothing anywhere; the group wheels looks into the files",
        "--platform needs --target, and puts there what this Python may not load",
    )
