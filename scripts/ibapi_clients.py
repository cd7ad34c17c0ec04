"""Install the official ibapi clients, each into a folder of its own: all are called `ibapi`.

    python scripts/ibapi_clients.py

The folders are ``PREFIX/ibapi/VERSION`` of the running interpreter; tests/gateway looks there, and
says so where a client is missing. A second run does nothing.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = {"9.81.1.post1": "ibapi", "10.51.1": "ibapi-latest"}


def main() -> None:
    for version, package in CLIENTS.items():
        folder = Path(sys.prefix) / "ibapi" / version
        if (folder / "ibapi" / "client.py").exists():
            continue
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-warn-conflicts"]
        command += ["--constraint", str(ROOT / "constraints.txt"), "--target", str(folder)]
        subprocess.run([*command, f"{package}=={version}"], check=True)


if __name__ == "__main__":
    main()
