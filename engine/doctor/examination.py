"""Every finding, in the order in which it is shown."""

from __future__ import annotations

from engine.doctor import cpu, kernel, memory, network, runtime, tuning, wheels
from engine.doctor.finding import Finding
from engine.doctor.machine import Machine


def examine(machine: Machine | None = None) -> list[Finding]:
    """Return every finding: the program's own, the host's, and what is advised for such hosts."""
    host = machine or Machine()
    return [
        *runtime.findings(host),
        *wheels.findings(host),
        *cpu.findings(host),
        *kernel.findings(host),
        *memory.findings(host),
        *network.findings(host),
        *tuning.findings(host),
    ]
