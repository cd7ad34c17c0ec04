"""What is advised for fast hosts is judged by what the host has, always with the risk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.doctor import tuning
from engine.doctor.finding import GOOD
from engine.doctor.machine import Machine
from tests.unit.machine_files import put, quiet

# An Ampere A1 of four cores with pages of 64 KiB, as its kernel tells it.
AMPERE = {
    "proc/cpuinfo": "".join(
        f"processor\t: {k}\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n" for k in range(4)
    ),
    "proc/meminfo": "MemTotal: 25165824 kB\nHugepagesize: 524288 kB\nSwapTotal: 8388608 kB\n",
    "proc/interrupts": "           CPU0\n 34:  5  PCI-MSI 1 Edge  virtio0-input.0\n",
    "sys/class/net/enp0s6/device/driver/virtio0/x": "",
    "proc/sys/net/ipv4/tcp_timestamps": "0\n",
}


@pytest.fixture
def zen(tmp_path: Path) -> Machine:
    return quiet(tmp_path)


@pytest.fixture
def ampere(zen: Machine) -> Machine:
    put(zen, AMPERE)
    return replace(zen, architecture="aarch64")


def line(machine: Machine, word: str) -> str:
    (found,) = [one for one in tuning.findings(machine) if word in one.topic]
    return found.state


def test_each_line_has_a_verdict_and_a_risk_and_nothing_to_do(zen: Machine) -> None:
    found = tuning.findings(zen)
    assert len({one.topic for one in found}) == len(found) == 12
    for one in found:
        verdict, _, risk = one.state.partition(". Risk: ")
        assert verdict
        assert risk
        assert (one.grade, one.better, one.command, one.undo) == (GOOD, "", "", "")


def test_huge_pages_are_counted_in_what_the_host_has(zen: Machine, ampere: Machine) -> None:
    assert "512 MiB it asks for 1024 of 24.0 GiB" in line(ampere, "nr_hugepages")
    put(zen, {"proc/meminfo": "MemTotal: 25165824 kB\nHugepagesize: 2048 kB\n"})
    assert "2 MiB it asks for 4 of 24.0 GiB" in line(zen, "nr_hugepages")
    put(zen, {"proc/meminfo": "MemTotal: 25165824 kB\n"})
    assert "this kernel has none" in line(zen, "nr_hugepages")


def test_isolation_leaves_one_core(ampere: Machine) -> None:
    assert "isolating 3 of 4 leaves one" in line(ampere, "isolcpus")
    assert "a host of 4 cores" in line(ampere, "real-time")
    assert "there is none" in line(ampere, "real-time")
    put(ampere, {"sys/kernel/realtime": "1\n", "proc/cpuinfo": "processor : 0\n"})
    assert "there is one" in line(ampere, "real-time")
    assert "none would be left" in line(ampere, "isolcpus")


def test_the_names_of_interrupts_are_the_hosts(ampere: Machine) -> None:
    assert "finds nothing, those of enp0s6 are 34" in line(ampere, "grep eth0")
    put(ampere, {"proc/interrupts": " 40: 5 PCI eth0-rx-0\n"})
    assert "finds some, none were found" in line(ampere, "grep eth0")


def test_knobs_that_are_gone_and_those_that_are_not(zen: Machine) -> None:
    assert "none of them exists" in line(zen, "sched_latency_ns")
    put(zen, {"proc/sys/kernel/sched_latency_ns": "1\n"})
    assert "sched_latency_ns exist here" in line(zen, "sched_latency_ns")


def test_a_snippet_that_lowers_the_default(zen: Machine) -> None:
    assert "lowers the default from 131,072 to 87,380" in line(zen, "tcp_rmem")
    put(zen, {"proc/sys/net/ipv4/tcp_rmem": "4096 87380 6291456\n"})
    assert "the default here is 87,380" in line(zen, "tcp_rmem")
    put(zen, {"proc/sys/net/ipv4/tcp_rmem": "x\n"})
    assert "not known" in line(zen, "tcp_rmem")


def test_what_the_host_has_now_is_said(zen: Machine, ampere: Machine) -> None:
    assert "timestamps are off" in line(ampere, "tcp_timestamps")
    assert "swap here: 8388608 kB" in line(ampere, "swappiness")
    assert "adds nothing" in line(ampere, "CFLAGS")
    assert "the host below decides" in line(ampere, "governor")
    put(ampere, {"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n"})
    assert "reversible" in line(ampere, "governor")
    assert "now madvise" in line(ampere, "transparent")


def test_flags_of_another_processor_and_no_swap(zen: Machine) -> None:
    assert "is an error on this processor" in line(zen, "CFLAGS")
    assert "no swap" in line(zen, "swappiness")
    assert "timestamps are on" in line(zen, "tcp_timestamps")


def test_elsewhere_there_is_nothing_to_judge(zen: Machine) -> None:
    assert tuning.findings(replace(zen, system="Darwin")) == []
