"""The C compiler of this machine: the first that makes a library which loads and answers.

A name on the path is not enough: on a Mac without its tools `gcc` is a stub that fails, and some
compilers do not know `-march=native`.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

NAMES = ("gcc", "cc", "clang")
# Where the first are not known, the others are.
FLAGS = (("-O3", "-march=native"), ("-O3", "-mcpu=native"))
SHARED = ("-shared", "-fPIC")
PROBE = """#include <math.h>
#include <stdint.h>
double probe(double x, int64_t n) { return n * sqrt(x); }
"""


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler that works, with its flags; or no path, and why there is none."""

    path: str
    flags: tuple[str, ...] = ()
    reason: str = ""


@cache
def working() -> Compiler:
    """Return the first compiler that works, or why none does."""
    reasons = []
    for name in NAMES:
        path = shutil.which(name)
        if path is None:
            continue
        for flags in FLAGS:
            reason = failure(path, flags)
            if not reason:
                return Compiler(path, flags)
            reasons.append(f"{name} {' '.join(flags)}: {reason}")
    none = f"no {', '.join(NAMES[:-1])} or {NAMES[-1]}"
    return Compiler("", reason=reasons[0] if reasons else none)


def failure(path: str, flags: tuple[str, ...]) -> str:
    """Return why a compiler does not make a library that answers, in a line; "" if it does."""
    with TemporaryDirectory(prefix="parity-probe-") as folder:
        source, library = Path(folder) / "probe.c", Path(folder) / "probe.so"
        source.write_text(PROBE)
        command = [path, *flags, *SHARED, "-o", str(library), str(source), "-lm"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
            if done.returncode:
                return _told(done.stderr) or f"ended with exit code {done.returncode}"
            probe = ctypes.CDLL(str(library)).probe
        except (OSError, AttributeError) as error:
            return _told(str(error).replace(folder, "")) or type(error).__name__
        probe.restype = ctypes.c_double
        return "" if probe(ctypes.c_double(4.0), ctypes.c_int64(3)) == 6.0 else "answers wrongly"


def _told(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[0] if lines else "")[:160]
