"""A private PostgreSQL of the tests: on loopback, as an ordinary user, stopped by its own pid."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from engine.store.address import Address

USER = "parity"
# Looked for in everything that is printed, logged or shown by ps.
CANARY = "c4n4ry/p@ss word%"


def binaries() -> Path | None:
    """Return the folder of the newest server that is installed; None if there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def why_not() -> str:
    """Return why no cluster can be started here, "" if it can."""
    if binaries() is None:
        return "no PostgreSQL server on this machine: apt-get install postgresql"
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        return "PostgreSQL refuses root, and there is no setpriv to become somebody else"
    return ""


class Cluster:
    """Start one in a new folder; `stop` ends it and removes the folder."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="parity-pg-"))
        self.data = self.folder / "data"
        self._as: list[str] = []
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = [
                # It ends with this process, however that ends.
                "setpriv", "--pdeathsig=INT", f"--reuid={nobody.pw_uid}",
                f"--regid={nobody.pw_gid}", "--clear-groups",
            ]  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        password = self.folder / "password"
        password.write_text(CANARY)
        password.chmod(0o644)  # inside a folder of its owner alone
        self._command(
            "initdb", "-D", self.data, "-U", USER, "--auth=scram-sha-256",
            f"--pwfile={password}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def address(self, database: str = "postgres", password: str = CANARY) -> Address:
        return Address(
            "postgresql", user=USER, host="127.0.0.1", port=self.port, database=database,
            password=password,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server; wait until it answers."""
        log = (self.folder / "log").open("ab")
        bindir = binaries()
        assert bindir is not None
        self.process = subprocess.Popen(
            [
                *self._as, str(bindir / "postgres"), "-D", str(self.data), "-p", str(self.port),
                "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                "-c", "fsync=off", "-c", "max_connections=30", "-c", "shared_buffers=64MB",
            ],
            cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        for _ in range(300):
            done = self._command(
                "pg_isready",
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                self.port,
                "-d",
                "postgres",
                check=False,
            )
            if done.returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}")

    def halt(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends connections, SIGQUIT asks nobody."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
            self.process = None

    def stop(self) -> None:
        """Stop the server and remove everything."""
        self.halt(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _command(
        self, name: str, *words: object, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        bindir = binaries()
        assert bindir is not None
        done = subprocess.run(
            [*self._as, str(bindir / name), *map(str, words)],
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}: {done.stderr}")
        return done
