"""What an interpreter is, as results publish it; as a script, of the one that runs it, as JSON."""

from __future__ import annotations

import json
import platform
import sys
import sysconfig


def python_build() -> str:
    """Return how this interpreter was compiled, as far as it tells."""
    version = ".".join(map(str, sys.version_info[:3]))
    if platform.python_implementation() == "PyPy":
        release = ".".join(map(str, sys.pypy_version_info[:3]))  # type: ignore[attr-defined]
        return f"PyPy {release} (Python {version})"
    options = sysconfig.get_config_var("CONFIG_ARGS") or ""
    tuned = [
        name
        for name, flag in (("PGO", "--enable-optimizations"), ("LTO", "--with-lto"))
        if flag in options
    ]
    return f"CPython {version}, {' and '.join(tuned) or 'neither PGO nor LTO'}"


def main() -> None:
    """Print the build, and the platform in the words of pyperf."""
    facts = {"platform": platform.platform(True, False), "python_build": python_build()}
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
