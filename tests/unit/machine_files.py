"""Machines made of files, for the doctor to read."""

from __future__ import annotations

from pathlib import Path

from engine.doctor.machine import Machine

ZEN = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: AMD EPYC\n"
    "flags\t\t: sse4_2 avx2 fma hypervisor\n",
    "proc/self/status": "Name:\tpython\nCpus_allowed_list:\t0-1\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "proc/sys/kernel/osrelease": "6.18.1\n",
    "proc/sys/kernel/version": "#1 SMP PREEMPT_DYNAMIC\n",
    "proc/sys/kernel/sched_rt_runtime_us": "950000\n",
    "proc/meminfo": "MemTotal: 4194304 kB\nSwapTotal: 0 kB\nHugePages_Total: 0\n"
    "Hugepagesize: 2048 kB\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/kernel/mm/transparent_hugepage/defrag": "always defer [madvise] never\n",
    "proc/sys/vm/swappiness": "60\n",
    "proc/sys/vm/overcommit_memory": "0\n",
    "proc/sys/net/core/rmem_max": "4194304\n",
    "proc/sys/net/core/wmem_max": "4194304\n",
    "proc/sys/net/core/busy_poll": "0\n",
    "proc/sys/net/ipv4/tcp_rmem": "4096\t131072\t33554432\n",
    "proc/sys/net/ipv4/tcp_congestion_control": "bbr\n",
    "proc/sys/net/ipv4/tcp_timestamps": "1\n",
    "proc/sys/net/ipv4/tcp_fastopen": "1\n",
}


def quiet(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "root", "Linux", "x86_64", {"LANG": "C.UTF-8"})
    put(machine, ZEN)
    return machine


def put(machine: Machine, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = machine.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
