"""The machine as the doctor reads it: files, variables and small programs, never written to."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where to read from; tests give a folder of files instead of the root of the system."""

    root: Path = Path("/")
    system: str = field(default_factory=platform.system)
    architecture: str = field(default_factory=platform.machine)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def is_linux(self) -> bool:
        """Whether there is a /proc and a /sys to read."""
        return self.system == "Linux"

    @property
    def is_mac(self) -> bool:
        """Whether `sysctl` names are Apple's."""
        return self.system == "Darwin"

    @property
    def is_arm(self) -> bool:
        """Whether the processor is a 64-bit ARM (aarch64 on Linux, arm64 on macOS)."""
        return self.architecture.lower() in ("aarch64", "arm64")

    def text(self, path: str) -> str:
        """Return a file's text without the newline at its end; "" when it cannot be read."""
        try:
            return (self.root / path.lstrip("/")).read_text(errors="replace").strip("\n\0 ")
        except OSError:
            return ""

    def number(self, path: str) -> int | None:
        """Return the number that a file holds; None when it holds none."""
        try:
            return int(self.text(path).split()[0])
        except (ValueError, IndexError):
            return None

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file or folder."""
        return (self.root / path.lstrip("/")).exists()

    def names(self, pattern: str) -> list[str]:
        """Return the paths that match a pattern, sorted, as absolute names."""
        try:
            found = sorted(self.root.glob(pattern.lstrip("/")))
        except OSError:
            return []
        return ["/" + str(path.relative_to(self.root)) for path in found]

    def field(self, path: str, key: str, separator: str = ":") -> str:
        """Return the value of the first line ``key: value`` of a file; "" when there is none."""
        for line in self.text(path).splitlines():
            name, found, value = line.partition(separator)
            if found and name.strip() == key:
                return value.strip()
        return ""

    def output(self, command: Sequence[str]) -> str:
        """Return what a program prints; "" when it is not there, fails or takes 5 seconds."""
        if self.root != Path("/") or shutil.which(command[0]) is None:
            return ""
        try:
            done = subprocess.run(
                list(command), capture_output=True, text=True, timeout=5, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def sysctl(self, name: str) -> str:
        """Return one of macOS's kernel values; "" elsewhere."""
        return self.output(["sysctl", "-n", name]) if self.is_mac else ""


def bracketed(text: str) -> str:
    """Return the chosen word of ``always [madvise] never``.

    >>> bracketed("always [madvise] never")
    'madvise'
    """
    before, opened, rest = text.partition("[")
    return rest.partition("]")[0] if opened else before.strip()


def cpus(text: str) -> set[int]:
    """Return the numbers of a list of processors.

    >>> sorted(cpus("0-2,5"))
    [0, 1, 2, 5]
    """
    found: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.strip().partition("-")
        if low.isdigit():
            found.update(range(int(low), int(high if dash and high.isdigit() else low) + 1))
    return found
