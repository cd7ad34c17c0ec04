"""Pages, swap and limits of memory."""

from __future__ import annotations

import os
import resource

from engine.doctor.finding import NOTE, WARN, Finding
from engine.doctor.machine import Machine, bracketed

GROUP = "memory"
HUGE = "/sys/kernel/mm/transparent_hugepage"


def findings(machine: Machine) -> list[Finding]:
    """Return what there is to say about pages, swap, overcommit and locked memory."""
    found = [_pages(machine)]
    if machine.is_mac:
        usage = machine.sysctl("vm.swapusage")
        return [*found, Finding(GROUP, "swap", usage or "unknown")]
    if not machine.is_linux:
        return found
    found += [*_transparent(machine), *_static(machine)]
    return [*found, *_swap(machine), *_overcommit(machine)]


def _pages(machine: Machine) -> Finding:
    # PyPy's mmap.PAGESIZE says 4096 whatever the kernel has.
    size = os.sysconf("SC_PAGE_SIZE")
    total = machine.field("/proc/meminfo", "MemTotal").partition(" ")[0]
    state = f"pages of {size // 1024} KiB"
    if total.isdigit():
        state += f", {int(total) / 2**20:.1f} GiB in all"
    locked, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    state += (
        ", locked memory unlimited"
        if locked == resource.RLIM_INFINITY
        else (f", at most {locked // 1024} KiB locked")
    )
    priority = getattr(resource, "RLIMIT_RTPRIO", None)
    if priority is not None:
        state += f", real-time priority up to {resource.getrlimit(priority)[0]}"
    return Finding(GROUP, "pages and limits", state)


def _transparent(machine: Machine) -> list[Finding]:
    enabled = bracketed(machine.text(f"{HUGE}/enabled"))
    if not enabled:
        return []
    defrag = bracketed(machine.text(f"{HUGE}/defrag"))
    state = f"enabled={enabled}, defrag={defrag or 'unknown'}"
    if enabled == "always" and defrag == "always":
        return [
            Finding(
                GROUP,
                "transparent huge pages",
                state,
                NOTE,
                "`always` with direct compaction causes pauses; take it only where measured",
                f"echo madvise | sudo tee {HUGE}/defrag",
                f"echo {defrag} | sudo tee {HUGE}/defrag",
            )
        ]
    return [Finding(GROUP, "transparent huge pages", state)]


def _static(machine: Machine) -> list[Finding]:
    kept = machine.field("/proc/meminfo", "HugePages_Total")
    size = machine.field("/proc/meminfo", "Hugepagesize")
    if not kept:
        return []
    state = f"{kept} of {size}"
    if kept == "0":
        return [Finding(GROUP, "static huge pages", state)]
    return [
        Finding(
            GROUP,
            "static huge pages",
            state,
            NOTE,
            "neither CPython nor PyPy uses them: that memory is lost to everything else",
            "sudo sysctl vm.nr_hugepages=0",
            f"sudo sysctl vm.nr_hugepages={kept}",
        )
    ]


def _swap(machine: Machine) -> list[Finding]:
    total = machine.field("/proc/meminfo", "SwapTotal")
    swappiness = machine.number("/proc/sys/vm/swappiness")
    if total.startswith("0 ") or not total or swappiness is None:
        return [Finding(GROUP, "swap", "none")]
    state = f"{total}, swappiness {swappiness}"
    if swappiness <= 10:
        return [Finding(GROUP, "swap", state)]
    return [
        Finding(
            GROUP,
            "swap",
            state,
            NOTE,
            "1 to 10 keeps a program's memory in, short of locking it",
            "sudo sysctl vm.swappiness=10",
            f"sudo sysctl vm.swappiness={swappiness}",
        )
    ]


def _overcommit(machine: Machine) -> list[Finding]:
    mode = machine.number("/proc/sys/vm/overcommit_memory")
    if mode is None:
        return []
    if mode != 1:
        return [Finding(GROUP, "overcommit", f"mode {mode}")]
    return [
        Finding(
            GROUP,
            "overcommit",
            "mode 1 (always)",
            WARN,
            "a failed allocation becomes a killed process",
            "sudo sysctl vm.overcommit_memory=0",
            "sudo sysctl vm.overcommit_memory=1",
        )
    ]
