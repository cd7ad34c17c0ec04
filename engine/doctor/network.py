"""Interrupts, socket buffers and TCP: what matters to live quotes, not to a scan of a file."""

from __future__ import annotations

from engine.doctor.finding import NOTE, WARN, Finding
from engine.doctor.machine import Machine, cpus

GROUP = "network"
LEAST_BUFFER_BYTES = 4 * 1024 * 1024


def findings(machine: Machine) -> list[Finding]:
    """Return what there is to say about interrupts, buffers and TCP."""
    if machine.is_mac:
        most = machine.sysctl("kern.ipc.maxsockbuf") or "unknown"
        delayed = machine.sysctl("net.inet.tcp.delayed_ack") or "unknown"
        return [Finding(GROUP, "sockets", f"buffers up to {most} bytes, delayed_ack {delayed}")]
    if not machine.is_linux:
        return []
    return [*_interrupts(machine), *_buffers(machine), *_tcp(machine)]


def interfaces(machine: Machine) -> list[str]:
    """Return the names of network interfaces that have a device."""
    paths = machine.names("/sys/class/net/*/device")
    return [path.split("/")[4] for path in paths]


def interrupts(machine: Machine, interface: str) -> list[str]:
    """Return the interrupt numbers of an interface: by device, else by the name of its driver."""
    own = machine.names(f"/sys/class/net/{interface}/device/msi_irqs/*")
    if own:
        return [path.rpartition("/")[2] for path in own]
    # virtio names its interrupts virtio0-input.0, never eth0.
    devices = machine.names(f"/sys/class/net/{interface}/device/driver/virtio*")
    words = [interface, *(path.rpartition("/")[2] + "-" for path in devices)]
    lines = machine.text("/proc/interrupts").splitlines()
    return [
        line.partition(":")[0].strip()
        for line in lines
        if any(word in line for word in words) and line.partition(":")[0].strip().isdigit()
    ]


def _interrupts(machine: Machine) -> list[Finding]:
    found = []
    isolated = cpus(machine.text("/sys/devices/system/cpu/isolated"))
    for interface in interfaces(machine):
        numbers = interrupts(machine, interface)
        places: set[int] = set()
        for number in numbers:
            places |= cpus(machine.text(f"/proc/irq/{number}/smp_affinity_list"))
        if not numbers:
            found.append(Finding(GROUP, f"interrupts of {interface}", "not to be found"))
            continue
        state = f"{len(numbers)}, on cores {', '.join(map(str, sorted(places))) or 'unknown'}"
        if places & isolated:
            rest = sorted(places - isolated) or [0]
            found.append(
                Finding(
                    GROUP,
                    f"interrupts of {interface}",
                    state,
                    WARN,
                    "they reach isolated cores",
                    f"echo {rest[0]} | sudo tee /proc/irq/{numbers[0]}/smp_affinity_list",
                    f"echo {min(places)}-{max(places)} | sudo tee "
                    f"/proc/irq/{numbers[0]}/smp_affinity_list",
                )
            )
        else:
            found.append(Finding(GROUP, f"interrupts of {interface}", state))
        coalescing = _coalescing(machine, interface)
        if coalescing:
            found.append(Finding(GROUP, f"coalescing of {interface}", coalescing))
    return found


def _coalescing(machine: Machine, interface: str) -> str:
    lines = machine.output(["ethtool", "-c", interface]).splitlines()
    return ", ".join(
        f"{name.strip()} {value.strip()}"
        for name, colon, value in (line.partition(":") for line in lines)
        if colon and name.strip() in ("rx-usecs", "tx-usecs") and value.strip() != "n/a"
    )


def _buffers(machine: Machine) -> list[Finding]:
    read = machine.number("/proc/sys/net/core/rmem_max")
    write = machine.number("/proc/sys/net/core/wmem_max")
    if read is None or write is None:
        return []
    default = machine.text("/proc/sys/net/ipv4/tcp_rmem").split()
    state = f"at most {read:,} bytes read, {write:,} written"
    if len(default) == 3:
        state += f"; TCP reads start at {int(default[1]):,} and grow to {int(default[2]):,}"
    if len(default) == 3 and int(default[2]) >= LEAST_BUFFER_BYTES:
        return [Finding(GROUP, "socket buffers", state)]
    return [
        Finding(
            GROUP,
            "socket buffers",
            state,
            NOTE,
            "4 MiB is plenty; it bounds what a program may ask for and lowers no latency",
            f"sudo sysctl net.core.rmem_max={LEAST_BUFFER_BYTES}",
            f"sudo sysctl net.core.rmem_max={read}",
        )
    ]


def _tcp(machine: Machine) -> list[Finding]:
    folder = "/proc/sys/net/ipv4"
    control = machine.text(f"{folder}/tcp_congestion_control")
    stamps = machine.number(f"{folder}/tcp_timestamps")
    poll = machine.number("/proc/sys/net/core/busy_poll")
    if not control or stamps is None:
        return []
    opened = machine.number(f"{folder}/tcp_fastopen")
    state = f"{control}, timestamps {stamps}, fastopen {opened}, busy_poll {poll}"
    if stamps == 0:
        return [
            Finding(
                GROUP,
                "TCP",
                state,
                WARN,
                "without timestamps there is no protection against wrapped sequence numbers",
                "sudo sysctl net.ipv4.tcp_timestamps=1",
                "sudo sysctl net.ipv4.tcp_timestamps=0",
            )
        ]
    if poll:
        return [
            Finding(
                GROUP,
                "TCP",
                state,
                NOTE,
                "busy polling pays only on a core of its own",
                "sudo sysctl net.core.busy_poll=0",
                f"sudo sysctl net.core.busy_poll={poll}",
            )
        ]
    return [Finding(GROUP, "TCP", state)]
