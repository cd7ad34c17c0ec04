"""Native code of installed packages: does it belong to this machine?

`pip list` shows no architecture; each package's own record and the header of every shared object
do. A wheel for another processor runs under emulation on macOS and not at all on Linux.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.doctor.finding import WARN, Finding
from engine.doctor.machine import Machine

GROUP = "wheels"
ELF = {62: "x86_64", 183: "aarch64", 3: "i686", 40: "armv7l", 243: "riscv64", 21: "ppc64le"}
# cputype of a Mach-O header: the 64-bit flag is 0x01000000.
MACH = {0x01000007: "x86_64", 0x0100000C: "arm64"}
SAME = {"aarch64": "arm64", "amd64": "x86_64"}


def findings(machine: Machine) -> list[Finding]:
    """Return what the packages on ``sys.path`` bring as native code."""
    return describe(machine, [Path(entry) for entry in sys.path if entry])


def describe(machine: Machine, folders: list[Path]) -> list[Finding]:
    """Return the findings for the packages installed in some folders."""
    own = plain(machine.architecture)
    native: list[str] = []
    foreign: list[str] = []
    local: list[str] = []
    for info in sorted(path for folder in folders for path in folder.glob("*.dist-info")):
        name = info.name.removesuffix(".dist-info").rpartition("-")[0]
        built = {processor for found in binaries(info) for processor in found}
        if not built:
            continue
        native.append(name)
        if own not in built:
            foreign.append(f"{name} ({', '.join(sorted(built))})")
        elif any(tag.rpartition("-")[2].startswith("linux_") for tag in tags(info)):
            local.append(name)
    state = f"{len(native)} packages with native code, {len(foreign)} for another processor"
    if local:
        state += f"; built on a machine like this: {', '.join(local)}"
    if foreign:
        names = " ".join(entry.partition(" ")[0] for entry in foreign)
        return [
            Finding(
                GROUP,
                "architecture",
                f"{state}: {', '.join(foreign)}",
                WARN,
                f"this Python runs on {own}: foreign code is emulated or does not load",
                f"{sys.executable} -m pip install --force-reinstall --no-cache-dir {names}",
            )
        ]
    translated = machine.sysctl("sysctl.proc_translated")
    if translated == "1":
        return [
            Finding(
                GROUP,
                "architecture",
                f"{state}; Python itself runs under Rosetta",
                WARN,
                "an arm64 Python is faster",
                "arch -arm64 make scan",
            )
        ]
    return [Finding(GROUP, "architecture", state)]


def plain(architecture: str) -> str:
    """Return one name for each processor, whatever the system calls it.

    >>> plain("AMD64"), plain("aarch64")
    ('x86_64', 'arm64')
    """
    lower = architecture.lower()
    return SAME.get(lower, lower)


def tags(info: Path) -> Iterator[str]:
    """Yield the tags of a package's wheel, ``cp311-cp311-manylinux_2_17_x86_64``."""
    try:
        lines = (info / "WHEEL").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    yield from (line[5:].strip() for line in lines if line.startswith("Tag: "))


def binaries(info: Path) -> Iterator[set[str]]:
    """Yield the processors of each shared object that a package's record names."""
    try:
        lines = (info / "RECORD").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        name = line.partition(",")[0].strip('"')
        if name.endswith((".so", ".dylib", ".pyd")) or ".so." in name:
            yield processors(info.parent / name)


def processors(path: Path) -> set[str]:
    """Return the processors that a shared object is for: several in a universal Mach-O file."""
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError:
        return set()
    if head[:4] == b"\x7fELF" and len(head) >= 20:
        order = "<" if head[5] == 1 else ">"
        (code,) = struct.unpack_from(order + "H", head, 18)
        return {plain(ELF.get(code, f"ELF machine {code}"))}
    if head[:4] == b"\xcf\xfa\xed\xfe":
        (code,) = struct.unpack_from("<I", head, 4)
        return {MACH.get(code, f"Mach-O processor {code:#x}")}
    if head[:4] == b"\xca\xfe\xba\xbe":
        (count,) = struct.unpack_from(">I", head, 4)
        places = range(8, min(8 + 20 * count, len(head) - 19), 20)
        codes = [struct.unpack_from(">I", head, place)[0] for place in places]
        return {MACH.get(code, f"Mach-O processor {code:#x}") for code in codes}
    return set()
