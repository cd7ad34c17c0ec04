"""The doctor on native code: for which processor a file was made, and whether that is this one."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from engine.doctor import wheels
from engine.doctor.finding import GOOD, WARN
from engine.doctor.machine import Machine
from tests.unit.machine_files import quiet


@pytest.fixture
def zen(tmp_path: Path) -> Machine:
    return quiet(tmp_path)


def elf(machine: int) -> bytes:
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 3, machine) + bytes(40)


MACH_ARM = b"\xcf\xfa\xed\xfe" + struct.pack("<I", 0x0100000C) + bytes(24)
UNIVERSAL = b"\xca\xfe\xba\xbe" + struct.pack(
    ">I5I5I", 2, 0x01000007, 3, 4096, 1, 12, 0x0100000C, 0, 8192, 1, 14
)


def install(folder: Path, name: str, content: bytes, tag: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "core.so").write_bytes(content)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text(f"{name}/core.so,sha256=x,1\n{name}/__init__.py,,\n")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")


def test_a_foreign_wheel_is_called_out(zen: Machine, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(site, "ours", elf(183), "cp311-cp311-manylinux_2_28_aarch64")
    install(site, "built_here", elf(183), "cp311-cp311-linux_aarch64")
    arm = replace(zen, architecture="aarch64")
    (found,) = wheels.describe(arm, [site])
    assert found.grade == GOOD
    assert found.state.startswith("2 packages with native code, 0 for another processor")
    assert found.state.endswith("built on a machine like this: built_here")
    install(site, "emulated", elf(62), "cp311-cp311-manylinux_2_17_x86_64")
    (found,) = wheels.describe(arm, [site])
    assert found.grade == WARN
    assert "emulated (x86_64)" in found.state
    assert found.command.endswith("--no-cache-dir emulated")


def test_mach_o_files_are_read_too(tmp_path: Path) -> None:
    for name, content, expected in (
        ("arm", MACH_ARM, {"arm64"}),
        ("both", UNIVERSAL, {"x86_64", "arm64"}),
        ("text", b"#!/bin/sh\n", set()),
        ("short", b"\x7fELF", set()),
        ("odd", elf(9999), {"elf machine 9999"}),
    ):
        (tmp_path / name).write_bytes(content)
        assert wheels.processors(tmp_path / name) == expected
    assert wheels.processors(tmp_path / "absent") == set()


def test_this_process_has_no_foreign_wheel() -> None:
    (found,) = wheels.findings(Machine())
    assert found.grade == GOOD, found.state
