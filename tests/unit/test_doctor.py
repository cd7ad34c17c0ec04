"""The doctor on machines made of files: what it reads, what it advises, and that it only reads."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.backend import Backend, select
from engine.doctor import cpu, kernel, memory, network, runtime, wheels
from engine.doctor.examination import examine
from engine.doctor.finding import GOOD, NOTE, WARN, Finding
from engine.doctor.machine import Machine, bracketed, cpus
from engine.doctor.self_check import failures, size
from engine.runtime import comparisons
from tests.unit.machine_files import put, quiet


@pytest.fixture
def zen(tmp_path: Path) -> Machine:
    return quiet(tmp_path)


def topic(findings: list[Finding], name: str) -> Finding:
    (found,) = [finding for finding in findings if finding.topic == name]
    return found


def host(machine: Machine) -> list[Finding]:
    parts = (cpu, kernel, memory, network)
    return [finding for part in parts for finding in part.findings(machine)]


def test_a_quiet_machine_has_nothing_to_change(zen: Machine) -> None:
    findings = host(zen)
    assert {finding.grade for finding in findings} == {GOOD}
    assert all(finding.command == finding.better == finding.undo == "" for finding in findings)
    assert topic(findings, "model").state == "AMD EPYC (x86_64): sse4_2, avx2, fma"
    assert "not real-time" in topic(findings, "kernel").state
    assert topic(findings, "swap").state == "none"
    assert "advisory" in topic(findings, "virtualisation").state
    assert "gone" in topic(findings, "scheduler knobs").state


@pytest.mark.parametrize(
    ("files", "name", "grade", "said", "command"),
    [
        ({"sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave"}, "governor", NOTE,
         "powersave", "cpupower frequency-set -g performance"),
        ({"sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet",
          "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet"},
         "clock source", WARN, "hpet", "echo tsc | sudo tee"),
        ({"proc/sys/kernel/sched_rt_runtime_us": "-1"}, "real-time throttling", WARN, "off",
         "sched_rt_runtime_us=950000"),
        ({"sys/devices/system/cpu/isolated": "2-3"}, "isolated cores", NOTE, "2, 3",
         "taskset -c 2"),
        ({"sys/devices/system/cpu/isolated": "0-3"}, "isolated cores", WARN, "0, 1", "isolcpus="),
        ({"sys/kernel/mm/transparent_hugepage/enabled": "[always] madvise never",
          "sys/kernel/mm/transparent_hugepage/defrag": "[always] defer"},
         "transparent huge pages", NOTE, "always", "echo madvise"),
        ({"proc/meminfo": "HugePages_Total: 2048\nHugepagesize: 2048 kB\nSwapTotal: 0 kB"},
         "static huge pages", NOTE, "2048", "nr_hugepages=0"),
        ({"proc/meminfo": "SwapTotal: 1048576 kB"}, "swap", NOTE, "swappiness 60", "swappiness=10"),
        ({"proc/sys/vm/overcommit_memory": "1"}, "overcommit", WARN, "always",
         "overcommit_memory=0"),
        ({"proc/sys/net/ipv4/tcp_rmem": "4096 87380 1048576"}, "socket buffers", NOTE, "87,380",
         "rmem_max=4194304"),
        ({"proc/sys/net/ipv4/tcp_timestamps": "0"}, "TCP", WARN, "timestamps 0",
         "tcp_timestamps=1"),
        ({"proc/sys/net/core/busy_poll": "50"}, "TCP", NOTE, "busy_poll 50", "busy_poll=0"),
        ({"sys/fs/cgroup/cpu.max": "50000 100000"}, "cores", NOTE, "0.5 cores", "--jobs 1"),
    ],
)  # fmt: skip
def test_what_could_be_better_comes_with_its_command(
    zen: Machine, files: dict[str, str], name: str, grade: str, said: str, command: str
) -> None:
    put(zen, files)
    found = topic(host(zen), name)
    assert found.grade == grade
    assert said in found.state
    assert command in found.command
    assert found.better


def test_real_time_is_not_taken_for_dynamic_preemption(zen: Machine) -> None:
    put(zen, {"proc/sys/kernel/version": "#1 SMP PREEMPT_RT"})
    assert "real-time (PREEMPT_RT)" in topic(host(zen), "kernel").state
    put(zen, {"proc/sys/kernel/version": "#1", "sys/kernel/realtime": "1"})
    assert "real-time (PREEMPT_RT)" in topic(host(zen), "kernel").state


def test_a_core_of_arm_is_named(zen: Machine) -> None:
    machine = replace(zen, architecture="aarch64")
    put(machine, {"proc/cpuinfo": "Features\t: fp asimd atomics asimdhp asimddp\n"
                  "CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n",
                  "sys/devices/system/clocksource/clocksource0/current_clocksource":
                  "arch_sys_counter"})  # fmt: skip
    state = topic(host(machine), "model").state
    assert state == "Neoverse-N1 (aarch64): asimd, LSE atomics, asimdhp, asimddp"
    assert topic(host(machine), "clock source").grade == GOOD
    put(machine, {"proc/cpuinfo": "CPU implementer\t: 0x99\nCPU part\t: 0x1\n"})
    assert "implementer 0x99 part 0x1" in topic(host(machine), "model").state


def test_interrupts_of_a_virtual_interface_are_found_by_its_driver(zen: Machine) -> None:
    put(zen, {
        "proc/interrupts": " 34:  1 0 MSI virtio0-input.0\n 35: 1 0 MSI virtio1-req\n",
        "proc/irq/34/smp_affinity_list": "0-1",
        "sys/class/net/eth0/device/driver/virtio0/x": "",
    })  # fmt: skip
    assert topic(host(zen), "interrupts of eth0").state == "1, on cores 0, 1"
    put(zen, {"sys/devices/system/cpu/isolated": "1"})
    found = topic(host(zen), "interrupts of eth0")
    assert found.grade == WARN
    assert "echo 0 | sudo tee /proc/irq/34/smp_affinity_list" in found.command


def test_a_machine_without_proc_or_sys_is_no_error(tmp_path: Path) -> None:
    bare = Machine(tmp_path, "Linux", "riscv64", {})
    assert {finding.grade for finding in host(bare)} == {GOOD}


def test_a_mac_is_asked_by_sysctl(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answers = {
        "machdep.cpu.brand_string": "Apple M1",
        "kern.hv_vmm_present": "0",
        "vm.swapusage": "total = 0.00M",
        "kern.ipc.maxsockbuf": "8388608",
        "net.inet.tcp.delayed_ack": "3",
        "sysctl.proc_translated": "1",
    }
    monkeypatch.setattr(Machine, "sysctl", lambda self, name: answers[name])
    mac = Machine(tmp_path, "Darwin", "arm64", {})
    states = " ".join(finding.state for finding in host(mac))
    for word in ("Apple M1 (arm64)", "bare metal", "total = 0.00M", "8388608", "delayed_ack 3"):
        assert word in states
    (rosetta,) = wheels.describe(mac, [])
    assert rosetta.grade == WARN
    assert "Rosetta" in rosetta.state


def test_kernels_pass_their_check(backend: Backend) -> None:
    assert failures(backend) == []
    assert size() >= 50


def test_a_wrong_kernel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pure = select("pure")
    real = pure.normal.norm_cdf
    monkeypatch.setattr(pure.normal, "norm_cdf", lambda x: real(x) * (1.0 + 1e-13))
    assert len(failures(pure)) == 4
    monkeypatch.setattr(pure.normal, "norm_cdf", lambda x: float("nan"))
    found = topic(runtime.findings(Machine(environ={"ENGINE_BACKEND": "pure"})), "pure kernels")
    assert found.grade == WARN
    assert "WRONG in 4 of" in found.state


def test_a_backend_that_does_not_run_is_a_finding_not_an_error() -> None:
    found = topic(runtime.findings(Machine(environ={"ENGINE_BACKEND": "nubma"})), "backend")
    assert found.grade == WARN
    assert found.command == "unset ENGINE_BACKEND"


@pytest.mark.parametrize(
    ("release", "grade", "said"),
    [((7, 3, 21), WARN, "crashes"), ((7, 3, 11), WARN, "7.3.x"), ((8, 0, 0), WARN, "7.3.x"),
     ((7, 3, 23), GOOD, "")],
)  # fmt: skip
def test_which_pypy(
    monkeypatch: pytest.MonkeyPatch, release: tuple[int, ...], grade: str, said: str
) -> None:
    monkeypatch.setattr(sys, "pypy_version_info", (*release, "final", 0), raising=False)
    monkeypatch.setattr(sys, "version_info", (3, 11, 11, "final", 0))
    found = runtime._pypy()
    assert found.grade == grade
    assert said in found.better


def test_a_compiler_that_compares_wrongly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    info = {"translation.jit": True, "translation.jit_backend": "arm64"}
    monkeypatch.setattr(sys, "pypy_translation_info", info, raising=False)
    # On the interpreter of this test they are right, compiled or not, or were corrected before.
    monkeypatch.setattr(comparisons, "correct", lambda: comparisons.RIGHT)
    assert runtime._jit().grade == GOOD
    monkeypatch.setattr(comparisons, "wrong_comparisons", lambda: 201)
    found = runtime._jit()
    assert found.grade == WARN
    assert "201 of 3,000 comparisons" in found.state


@pytest.mark.parametrize(
    ("done", "grade", "state", "command"),
    [
        (comparisons.RIGHT, GOOD, "compares rightly", ""),
        (comparisons.CORRECTED, NOTE, "compiler corrected", "setup_pypy.sh --from prefix"),
        (comparisons.TURNED_OFF, WARN, "compiler is off", "environments.sh cpython"),
        (comparisons.LEFT_WRONG, WARN, "COMPARES WRONGLY", "environments.sh cpython"),
    ],
)
def test_what_was_done_about_comparisons_is_told(
    monkeypatch: pytest.MonkeyPatch, done: str, grade: str, state: str, command: str
) -> None:
    info = {"translation.jit": True, "translation.jit_backend": "arm64"}
    monkeypatch.setattr(sys, "pypy_translation_info", info, raising=False)
    monkeypatch.setattr(comparisons, "correct", lambda: done)
    found = runtime._jit()
    assert (found.grade, state in found.state) == (grade, True)
    assert command in found.command
    assert found.undo == ""
    if grade == WARN:
        monkeypatch.setenv(comparisons.VARIABLE, comparisons.LEAVE)
        assert runtime._jit().command == f"unset {comparisons.VARIABLE}"


def test_the_way_back_keeps_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    flags = {"CONFIG_ARGS": "'--prefix=/x'", "PY_LDFLAGS": ""}
    monkeypatch.setattr("sysconfig.get_config_var", flags.get)
    found = runtime._cpython()
    assert "pyenv install --force" in found.command
    assert "uninstall" not in found.undo
    assert found.undo.startswith("pyenv install --force 3.")


def test_a_locale_that_pypy_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    import locale

    def refuse(category: int, name: str | None = None) -> str:
        if name == "":
            raise locale.Error("unsupported locale setting")
        return "C"

    monkeypatch.setattr(locale, "setlocale", refuse)
    found = runtime._locale(Machine(environ={"LANG": "xx_YY.UTF-8"}))
    assert found.command == "export LC_ALL=C.UTF-8"
    assert "LANG=xx_YY.UTF-8" in found.state


def test_verb_prints_every_finding_and_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "nothing was changed" in text
    for finding in examine():
        assert f"{finding.topic}:" in text


def test_verb_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema_version"] == 1
    for finding in document["findings"]:
        assert set(finding) == {"group", "topic", "state", "grade", "better", "command", "undo"}
        assert finding["grade"] in (GOOD, NOTE, WARN)
        assert bool(finding["command"]) <= bool(finding["better"])


def test_nothing_is_written(zen: Machine, tmp_path: Path) -> None:
    def snapshot() -> dict[str, tuple[float, int]]:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime, path.stat().st_size) for path in files}

    before = snapshot()
    examine(zen)
    assert snapshot() == before


def test_small_parsers() -> None:
    assert bracketed("always [madvise] never") == "madvise"
    assert bracketed("") == ""
    assert cpus("") == set()
    assert cpus("0-2,5, 7-") == {0, 1, 2, 5, 7}
