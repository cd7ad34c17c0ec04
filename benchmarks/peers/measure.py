"""Measure other libraries on our data, each in an environment of its own under .tox/peers.

    python -m benchmarks.peers                   all of them, into benchmarks/results/HOST-KEY/
    python -m benchmarks.peers --only QuantLib   one of them, into build/benchmarks/

What does not install or does not run is listed with the reason. Ours is measured by run.py: the
page puts the two side by side. The environments take 3 GB and some minutes, once. A file of another
machine or build is replaced with --replace only: else it ends with 2.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure import stored
from benchmarks.measure.crossover import now
from benchmarks.measure.interpreter import python_build
from benchmarks.measure.records import source_state, write_json
from benchmarks.measure.runtimes import ROOT, host_key, machine
from benchmarks.page.results import PEERS as FILE
from benchmarks.page.results import RESULTS
from benchmarks.peers.adapter import OPTION

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / ".tox" / "peers"
SECONDS = 3.0
INSTALL_S, RUN_S = 900, 300
N_CLOSES = 1_000_000
LEAST_VEGA = 0.01
GREEKS = ("price", "delta", "gamma", "vega", "theta", "rho")


@dataclass(frozen=True, slots=True)
class Peer:
    """A library and the pins that it installs with."""

    name: str
    pins: tuple[str, ...]


PEERS = (
    Peer("fast_vollib", ("fast-vollib==0.2.4", "numba==0.68.1", "numpy==2.4.6")),
    # Its own pins are open; newer Numba and NumPy break it.
    Peer(
        "py_vollib_vectorized",
        (
            "py-vollib-vectorized==0.1.1", "py-vollib==1.0.1", "py-lets-be-rational==1.0.1",
            "numba==0.57.1", "numpy==1.24.4", "pandas==1.5.3", "scipy==1.10.1",
            "setuptools==68.2.2",
        ),
    ),
    Peer("QuantLib", ("QuantLib==1.44", "numpy==2.4.6")),
    Peer("TA-Lib", ("TA-Lib==0.8.2", "numpy==2.4.6")),
    Peer("pandas", ("pandas==3.1.1", "numpy==2.4.6")),
    Peer("vectorbt", ("vectorbt==1.2.0",)),
    Peer("backtesting", ("backtesting==0.6.6",)),
    Peer("msgspec", ("msgspec==0.22.0",)),
    Peer("orjson", ("orjson==3.13.0",)),
    Peer("cachetools", ("cachetools==8.0.1",)),
    Peer("hftbacktest", ("hftbacktest==2.4.4",)),
    Peer("nautilus_trader", ("nautilus_trader==1.221.0",)),
)  # fmt: skip


def say(text: str) -> None:
    """Tell a person how far it is."""
    print(f"peers: {text}", file=sys.stderr, flush=True)


def installed(peer: Peer) -> str:
    """Make the environment of a peer unless it is there; return why it cannot be, or ""."""
    folder = FOLDER / peer.name
    stamp = folder / "pins.txt"
    if stamp.exists() and stamp.read_text() == "\n".join(peer.pins):
        return ""
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, *peer.pins]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S)
        except subprocess.TimeoutExpired:
            return f"not installed in {INSTALL_S} s"
        if done.returncode:
            return reason(done.stderr)
    stamp.write_text("\n".join(peer.pins))
    return ""


def reason(stderr: str) -> str:
    """Return the line of what pip or Python said that tells most, without paths of this machine."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("ERROR", "error"))] or lines[-1:]
    line = (told or ["no message"])[0].replace(str(ROOT), ".").replace(str(Path.home()), "~")
    return line.replace("|", "/")[:160]


def write_data(folder: Path) -> None:
    """Write the options of our workloads, their prices, a random walk and its indicators.

    All as raw doubles.
    """
    # Only here: --help and the tests of what is above do without the engine.
    from benchmarks.workloads.calls import N_OPTIONS, column, options
    from benchmarks.workloads.calls_series import PERIOD, RING, closes
    from engine.backend import select
    from kernels_pure.averages import EMA_STATE
    from kernels_pure.wilder import RSI_STATE

    columns: dict[str, Any] = dict(zip((*OPTION, "right"), options(), strict=True))
    price = array("d", bytes(8 * N_OPTIONS))
    pure = select("pure")
    pricing = pure.pricing
    price_chain: Callable[..., None] = pricing.price_chain
    price_chain(*columns.values(), price)
    # A volatility can be compared where the price tells it.
    greeks = [array("d", bytes(8 * N_OPTIONS)) for _ in range(6)]
    pricing.greeks_chain(*columns.values(), *greeks)
    vega = dict(zip(GREEKS, greeks, strict=True))["vega"]
    pairs = zip(columns["vol"], vega, strict=True)
    known = array("d", (vol if slope > LEAST_VEGA else math.nan for vol, slope in pairs))
    close = closes(N_CLOSES)
    found = {name: column(N_CLOSES) for name in ("sma", "ema", "rsi", "bollinger")}
    pure.load("rolling").sma(close, PERIOD, column(RING), found["sma"])
    pure.load("averages").ema(close, PERIOD, column(EMA_STATE), found["ema"])
    pure.load("wilder").rsi(close, PERIOD, column(RSI_STATE), found["rsi"])
    # The upper band; the others are compared with nothing.
    rest = column(RING), column(N_CLOSES), found["bollinger"], column(N_CLOSES)
    pure.load("bands").bollinger(close, PERIOD, 2.0, 2.0, *rest)
    made = {"price": price, "known": known, "close": close, **found}
    for name, values in {**columns, **made}.items():
        (folder / f"{name}.f64").write_bytes(array("d", values).tobytes())


def measure(peer: Peer, folder: Path, seconds: float) -> list[dict[str, Any]]:
    """Return the rows of one peer; a row that failed has the reason instead of seconds."""
    python = FOLDER / peer.name / "bin" / "python"
    command = [str(python), str(HERE / "child.py"), peer.name, str(folder), str(seconds)]
    # None of our packages: a peer meets its own alone.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=RUN_S)
    except subprocess.TimeoutExpired:
        return [{"peer": peer.name, "failed": f"not done in {RUN_S} s"}]
    if done.returncode:
        return [{"peer": peer.name, "failed": reason(done.stderr)}]
    # Some print on stdout when they are imported.
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Install, measure, write; print where the result is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", default=[], metavar="PEER")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each workload")
    parser.add_argument("--output", type=Path, help="folder of the result file")
    parser.add_argument(
        "--replace", action="store_true", help="also a file of another machine or build"
    )
    args = parser.parse_args(argv)
    chosen = [peer for peer in PEERS if not args.only or peer.name in args.only]
    if not chosen:
        parser.error("--only: of " + ", ".join(peer.name for peer in PEERS))
    where = ROOT / "build/benchmarks" if args.only else RESULTS / host_key()
    host = {**machine(), "platform": platform.platform(True, False), "python_build": python_build()}
    # What is measured in part may be replaced at any time.
    is_kept = bool(args.output or not args.only) and not args.replace
    other = stored.others(args.output or where, {FILE: host}) if is_kept else []
    if other:
        say(f"{other[0]}: --replace to replace it, or another --output")
        return 2
    facts = source_state()
    rows: list[dict[str, Any]] = []
    missing: list[dict[str, str]] = []
    with TemporaryDirectory(prefix="parity-peers-") as name:
        write_data(Path(name))
        for peer in chosen:
            why = installed(peer)
            if why:
                missing.append({"peer": peer.name, "reason": f"does not install: {why}"})
            else:
                rows += measure(peer, Path(name), args.seconds)
            say(f"{peer.name}: {why or 'done'}")
    failed = [row for row in rows if "failed" in row]
    missing += [
        {"peer": f"{row['peer']} ({row.get('workload', 'all')})", "reason": row["failed"]}
        for row in failed
    ]
    about = {**facts, **host, "load_avg_1min": os.getloadavg()[0], "date": now()}
    measured = [row for row in rows if "failed" not in row]
    path = (args.output or where) / FILE
    write_json(path, {"about": about, "measured": measured, "missing": missing})
    print(path)
    return 0
