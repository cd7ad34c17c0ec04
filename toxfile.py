"""What tox needs to know of this project that tox.ini cannot say.

- `py311` means CPython: without this file a PyPy 3.11 that tox was told of would do as well.
- `pypy310` falls back to PyPy 3.11, which most machines have, and says so in one line.
- tox finds the PyPy that scripts/setup_pypy.sh found or installed, and the CPythons of pyenv.
- PyPy does not start under a locale that the machine does not have, so every leg gets a sure one.

`_validate_base_python` is private to tox: tox.ini bounds the version, tests/tooling sees the rest.
"""

import os
import re
import subprocess
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


def _pypys() -> list[str]:
    """Ask scripts/setup_pypy.sh, which knows where PyPy may be and which one is fit."""
    script = Path(__file__).parent / "scripts" / "setup_pypy.sh"
    found = []
    for target in ("3.11", "3.10"):
        command = ["bash", str(script), "--from", "existing", "--target", target]
        found.append(subprocess.run(command, capture_output=True, text=True).stdout.strip())
    return [path for path in found if path]


def _pyenv_pythons() -> list[str]:
    """Find the CPythons that pyenv has built; on PATH there are only shims that may not run."""
    versions = Path(os.environ.get("HOME", "")) / ".pyenv" / "versions"
    paths = [str(path) for path in versions.glob("3.1[0-3].*/bin/python")]
    return [path for path in paths if not subprocess.run([path, "-c", ""]).returncode]


os.environ["LC_ALL"] = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
if "TOX_DISCOVER" not in os.environ:
    os.environ["TOX_DISCOVER"] = "\n".join([*_pypys(), *_pyenv_pythons()])


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
