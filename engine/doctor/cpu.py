"""Processor, cores, clock and where the machine really is."""

from __future__ import annotations

import ctypes
import os
import time

from engine.doctor.finding import NOTE, WARN, Finding
from engine.doctor.machine import Machine, cpus

GROUP = "processor"
# Features of AArch64 Linux, by bit of getauxval(AT_HWCAP).
HWCAP = 16
FEATURES = {1: "asimd", 8: "LSE atomics", 10: "asimdhp", 20: "asimddp", 22: "sve"}
CORES = {
    ("0x41", "0xd0c"): "Neoverse-N1",
    ("0x41", "0xd40"): "Neoverse-V1",
    ("0x41", "0xd49"): "Neoverse-N2",
    ("0x41", "0xd4f"): "Neoverse-V2",
    ("0x41", "0xd08"): "Cortex-A72",
    ("0xc0", "0xac3"): "Ampere-1",
}
VENDORS = ("QEMU", "Amazon", "Google", "Microsoft", "Oracle", "VMware")
GOOD_CLOCKS = {"tsc", "arch_sys_counter", "kvm-clock"}


def findings(machine: Machine) -> list[Finding]:
    """Return what there is to say about processor, cores, clock and virtualisation."""
    return [
        _model(machine),
        _cores(machine),
        *_governor(machine),
        _clock(machine),
        _virtual(machine),
        *_flags(machine),
    ]


def _model(machine: Machine) -> Finding:
    info = "/proc/cpuinfo"
    if machine.is_mac:
        brand = machine.sysctl("machdep.cpu.brand_string")
        return Finding(GROUP, "model", f"{brand or 'unknown'} ({machine.architecture})")
    part = machine.field(info, "CPU implementer"), machine.field(info, "CPU part")
    if machine.is_arm:
        name = CORES.get(part, f"implementer {part[0] or '?'} part {part[1] or '?'}")
        features = ", ".join(_arm_features(machine)) or "features unknown"
        return Finding(GROUP, "model", f"{name} ({machine.architecture}): {features}")
    name = machine.field(info, "model name") or "unknown"
    known = set(machine.field(info, "flags").split())
    wide = [flag for flag in ("sse4_2", "avx2", "fma", "avx512f") if flag in known]
    state = f"{name} ({machine.architecture}): {', '.join(wide) or 'features unknown'}"
    return Finding(GROUP, "model", state)


def _arm_features(machine: Machine) -> list[str]:
    known = machine.field("/proc/cpuinfo", "Features").split()
    if known:
        short = {"asimd": "asimd", "atomics": "LSE atomics", "asimdhp": "asimdhp"}
        short |= {"asimddp": "asimddp", "sve": "sve"}
        return [word for flag, word in short.items() if flag in known]
    try:
        getauxval = ctypes.CDLL(None).getauxval
    except (OSError, AttributeError):
        return []
    getauxval.restype = ctypes.c_ulong
    bits = getauxval(ctypes.c_ulong(HWCAP))
    return [word for bit, word in FEATURES.items() if bits >> bit & 1]


def _cores(machine: Machine) -> Finding:
    n = os.cpu_count() or 1
    state = f"{n} cores"
    allowed = cpus(machine.field("/proc/self/status", "Cpus_allowed_list"))
    if allowed and len(allowed) < n:
        state += f", {len(allowed)} of them allowed to this process"
    quota = machine.text("/sys/fs/cgroup/cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        share = int(quota[0]) / int(quota[1])
        state += f", a quota of {share:g} cores"
        if share < len(allowed or range(n)):
            return Finding(
                GROUP,
                "cores",
                state,
                NOTE,
                "more workers than the quota only wait",
                f"parity scan --jobs {max(1, int(share))}",
            )
    return Finding(GROUP, "cores", state)


def _governor(machine: Machine) -> list[Finding]:
    if not machine.is_linux:
        return []
    paths = machine.names("/sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor")
    governors = sorted({machine.text(path) for path in paths} - {""})
    if not governors:
        return [Finding(GROUP, "governor", "none: the hypervisor or the firmware decides")]
    state = ", ".join(governors)
    if governors == ["performance"]:
        return [Finding(GROUP, "governor", state)]
    return [
        Finding(
            GROUP,
            "governor",
            state,
            NOTE,
            "`performance` keeps the clock up between bursts, for more power",
            "sudo cpupower frequency-set -g performance",
            f"sudo cpupower frequency-set -g {governors[0]}",
        )
    ]


def tick_ns(readings: int = 20_000) -> int:
    """Return the smallest step seen between two readings of the performance counter."""
    clock, least, before = time.perf_counter_ns, 1 << 62, time.perf_counter_ns()
    for _ in range(readings):
        now = clock()
        if now > before:
            least = min(least, now - before)
        before = now
    return least


def _clock(machine: Machine) -> Finding:
    folder = "/sys/devices/system/clocksource/clocksource0"
    source = machine.text(f"{folder}/current_clocksource")
    state = f"{source + ', ' if source else ''}smallest step seen {tick_ns()} ns"
    if not source or source in GOOD_CLOCKS:
        return Finding(GROUP, "clock source", state)
    offered = machine.text(f"{folder}/available_clocksource").split()
    better = next((name for name in offered if name in GOOD_CLOCKS), "")
    if not better:
        return Finding(GROUP, "clock source", state, NOTE, "no faster clock is offered here")
    path = f"{folder}/current_clocksource"
    return Finding(
        GROUP,
        "clock source",
        state,
        WARN,
        f"reading {better} does not enter the kernel",
        f"echo {better} | sudo tee {path}",
        f"echo {source} | sudo tee {path}",
    )


def _virtual(machine: Machine) -> Finding:
    if machine.is_mac:
        is_guest = machine.sysctl("kern.hv_vmm_present") == "1"
        return Finding(GROUP, "virtualisation", "a virtual machine" if is_guest else "bare metal")
    signs = []
    if "hypervisor" in machine.field("/proc/cpuinfo", "flags").split():
        signs.append("the processor reports a hypervisor")
    vendor = machine.text("/sys/class/dmi/id/sys_vendor")
    if any(word in vendor for word in VENDORS):
        signs.append(f"made by {vendor}")
    if machine.exists("/.dockerenv") or machine.exists("/run/.containerenv"):
        signs.append("a container")
    if not signs:
        return Finding(GROUP, "virtualisation", "no sign of a hypervisor or container")
    state = f"{', '.join(signs)}: advice on the host is advisory here"
    return Finding(GROUP, "virtualisation", state)


def _flags(machine: Machine) -> list[Finding]:
    names = ("CFLAGS", "CXXFLAGS", "RUSTFLAGS")
    return [
        Finding(
            GROUP,
            name,
            machine.environ[name],
            NOTE,
            "packages built from source take these flags; their own are usually as fast",
            f"unset {name}",
            f"export {name}='{machine.environ[name]}'",
        )
        for name in names
        if machine.environ.get(name)
    ]
