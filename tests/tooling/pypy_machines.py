"""A machine without any PyPy, on which scripts/setup_pypy.sh is run."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "setup_pypy.sh"


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


def install(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
