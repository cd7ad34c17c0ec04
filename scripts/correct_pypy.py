"""Correct the comparisons of an installed PyPy for ARM64, in a prefix of setup_pypy.sh alone.

    PREFIX/bin/pypy3.11 -I scripts/correct_pypy.py PREFIX

It is run by the PyPy of the prefix. Asked is how that compares, in a process of its own; where it
compares wrongly, and exactly one table in its library has the form, six entries of it are changed
(engine/runtime/comparison_library.py), and it is asked again. Where that did not help, the library
is put back. Printed is one word: `right` if nothing was to be done, `corrected`, or `wrong` with
the reason on stderr. Ends with 0, with 2 if PREFIX is no prefix of setup_pypy.sh, with 74 if a file
cannot be written. Done again it finds nothing to do; the way back is to install anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from engine.runtime.comparison_library import corrected  # noqa: E402

OK, USAGE, IO_ERROR = 0, 2, 74
RIGHT, CORRECTED, WRONG = "right", "corrected", "wrong"
STAMP = ".parity-pypy"
ASK = """
import sys
sys.path.insert(0, sys.argv[1])
from engine.runtime.comparisons import wrong_comparisons
sys.exit(0 if wrong_comparisons() == 0 else 3)
"""


def correct(prefix: Path, python: str) -> str:
    """Correct the library in `prefix` if its interpreter `python` compares wrongly.

    Raises
    ------
    OSError
        If the library cannot be read or replaced.
    """
    if compares_rightly(python):
        return RIGHT
    libraries = [path for path in prefix.rglob("libpypy3*-c.so") if not path.is_symlink()]
    if len(libraries) != 1:
        return said(f"{len(libraries)} libraries of PyPy below {prefix}, not one")
    (library,) = libraries
    try:
        patched = corrected(library.read_bytes())
    except ValueError as error:
        return said(f"{library.name}: {error}")
    if patched is None:
        return said(f"{library.name}: not one place in it has the form of the table")
    before = library.with_name(f"{library.name}.before")
    new = library.with_name(f"{library.name}.new")
    new.write_bytes(patched)
    new.chmod(library.stat().st_mode & 0o777)
    # By rename: this process runs what is in the old file.
    os.replace(library, before)
    os.replace(new, library)
    if compares_rightly(python):
        before.unlink()
        return CORRECTED
    os.replace(before, library)
    return said("the corrected library compares no better: the old one is back")


def compares_rightly(python: str) -> bool:
    """Ask an interpreter, in a process of its own, whether it compares rightly."""
    done = subprocess.run([python, "-I", "-c", ASK, str(ROOT)], check=False)
    return done.returncode == 0


def said(reason: str) -> str:
    """Say why nothing was corrected."""
    print(f"correct_pypy: {reason}", file=sys.stderr)
    return WRONG


def main() -> int:
    """Correct, and print the state."""
    if len(sys.argv) != 2:
        print((__doc__ or "").partition("\n\n")[2], file=sys.stderr)
        return USAGE
    prefix = Path(sys.argv[1])
    try:
        stamp = (prefix / STAMP).read_text().splitlines()
    except OSError:
        stamp = []
    # Of the system, or of somebody else: nothing is changed there.
    if f"prefix={prefix}" not in stamp:
        print(f"correct_pypy: {prefix} is no prefix of scripts/setup_pypy.sh", file=sys.stderr)
        return USAGE
    try:
        print(correct(prefix, sys.executable))
    except OSError as error:
        print(f"correct_pypy: {error.filename or prefix}: {error.strerror}", file=sys.stderr)
        return IO_ERROR
    return OK


if __name__ == "__main__":
    sys.exit(main())
