"""A machine without any PyPy, on which scripts/setup_pypy.sh is run."""

import subprocess
from pathlib import Path

import pytest

from tests.tooling.fakes import SCRIPT


@pytest.fixture
def machine(tmp_path: Path):
    """Run the script on a machine without any PyPy; `programs` puts fakes first on its PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    home = tmp_path / "home"
    home.mkdir()

    def run(
        *arguments: str, script: Path = SCRIPT, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{programs}:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(home),
            "PARITY_NETWORK_TIMEOUT": "1",
            **extra,
        }
        return subprocess.run(
            ["bash", str(script), *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    run.programs = programs
    run.home = home
    return run
