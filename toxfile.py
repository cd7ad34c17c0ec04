"""What tox needs to know of this project that tox.ini cannot say.

- `py311` means CPython: without this file a PyPy 3.11 that tox was told of would do as well.
- `pypy310` falls back to PyPy 3.11, which most machines have, and says so in one line.
- tox looks where scripts/setup_pypy.sh put PyPy.
- PyPy does not start under a locale that the machine does not have, so every leg gets a sure one.

`_validate_base_python` is private to tox: tox.ini bounds the version, tests/tooling sees the rest.
"""

import os
import re
import sys
from pathlib import Path

from tox.plugin import impl
from tox.tox_env.api import ToxEnv
from tox.tox_env.python.api import Python

_validated = Python._validate_base_python


def _interpreters(
    cls: type[Python], env_name: str, base_pythons: list[str], ignore_conflict: bool
) -> list[str]:
    found = _validated(env_name, base_pythons, ignore_conflict)
    if env_name.startswith("pypy310"):
        return [*found, "pypy311"]
    return [re.sub(r"^py(?=3\d)", "cpython", spec) for spec in found]


Python._validate_base_python = classmethod(_interpreters)


def _installed_pypys() -> list[str]:
    """Find what scripts/setup_pypy.sh installed, in the user's data folder or the checkout."""
    home = os.environ.get("HOME", "")
    data = os.environ.get("XDG_DATA_HOME") or (home and f"{home}/.local/share")
    folders = [*([Path(data)] if data else []), Path(__file__).parent / ".pypy"]
    paths = [
        folder / "parity-engine" / f"pypy{version}" / "bin" / f"pypy{version}"
        for folder in folders
        for version in ("3.11", "3.10")
    ]
    return [str(path) for path in paths if path.exists()]


os.environ["LC_ALL"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
os.environ.setdefault("TOX_DISCOVER", "\n".join(_installed_pypys()))


@impl
def tox_before_run_commands(tox_env: ToxEnv) -> None:
    """Say which PyPy stands in when the one of the environment's name is not there."""
    if not isinstance(tox_env, Python) or not tox_env.name.startswith("pypy3"):
        return
    found = tox_env.base_python.version_info
    wanted = tox_env.name.removeprefix("pypy").split("-")[0]
    if wanted != f"{found.major}{found.minor}":
        print(
            f"{tox_env.name}: no PyPy {wanted[0]}.{wanted[1:]} on this machine, "
            f"so this leg runs on PyPy {found.major}.{found.minor}"
        )
