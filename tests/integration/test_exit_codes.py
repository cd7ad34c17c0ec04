"""The real process: its exit code, its two streams, and what it does when they break."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = [sys.executable, "-m", "engine"]
PURE = ["--backend", "pure"]

HEADER = "timestamp_utc,underlying,underlying_bid,underlying_ask,expiry,strike,right,bid,ask\n"
ROWS = (
    "2015-12-24T15:30:00Z,XYZ,99.9,100.0,2016-02-19,100,C,5.0,5.1\n"
    "2015-12-24T15:30:00Z,XYZ,99.9,100.0,2016-02-19,100,P,1.0,1.1\n"
)


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "quotes.csv"
    path.write_text(HEADER + ROWS, encoding="utf-8")
    return f"csv:{path}"


def _run(*words: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [*ENGINE, *words]
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # options vary
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, **options
    )


def _heed_ctrl_c() -> None:
    """Let a child be interrupted though the tests run in the background, where shells ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _said(err: str) -> list[str]:
    """The lines on stderr that are no notes; a traceback would be among them."""
    return [line for line in err.splitlines() if "note:" not in line]


def test_an_impossible_dividend_is_refused_in_a_line(source: str) -> None:
    done = _run("scan", "--source", source, "--dividends", "2016-01-15=1000", *PURE)
    assert done.returncode == 2
    assert _said(done.stderr) == [
        "parity: XYZ: a dividend of 1000 on 2016-01-15 is more than the price of the underlying, "
        "100: correct --dividends (or the file)"
    ]


def test_machines_read_stdout_and_people_stderr(source: str) -> None:
    done = _run("scan", "NOPE", "XYZ", "--source", source, "--csv", *PURE)
    assert done.returncode == 0
    assert done.stdout.startswith("id,family,class,symbol,legs,")
    assert [line.startswith("parity: NOPE: ") for line in _said(done.stderr)] == [True]


@pytest.mark.parametrize("words", ["scan --json", "scan", "scan --curves", "doctor"])
def test_the_reader_of_a_pipe_may_go_away(source: str, words: str) -> None:
    verb, *form = words.split()
    what = ["--source", source, *PURE] if verb == "scan" else []
    process = subprocess.Popen(
        [*ENGINE, verb, *what, *form],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # The doctor would compile kernels, and say so.
        env={**os.environ, "ENGINE_BACKEND": "pure"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=100) == 0
    assert _said(err) == []


@pytest.mark.parametrize("form", ["--json", "--top=5"])
def test_a_closed_stdout_is_an_output_error(source: str, form: str) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", *ENGINE, "scan", "--source", source, form, *PURE]
    done = subprocess.run(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=100, check=False
    )
    assert done.returncode == 74
    assert _said(done.stderr) == ["parity: standard output is closed: there is nowhere to print to"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_output_error(source: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [*ENGINE, "scan", "--source", source, "--json", *PURE],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=100, check=False,
        )  # fmt: skip
    assert done.returncode == 74
    assert _said(done.stderr) == ["parity: No space left on device"]


STOPPED = """
import runpy, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "engine.cli.main":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
runpy.run_module("engine", run_name="__main__")
"""


def test_ctrl_c_while_we_are_imported_ends_with_130_too() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "quotes.csv"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [*ENGINE, "scan", "--source", f"csv:{fifo}", *PURE],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_heed_ctrl_c,
    )  # fmt: skip
    # Opening waits until the process reads: it is then in the middle of its work.
    with open(fifo, "w", encoding="utf-8") as writer:
        writer.write(HEADER)
        writer.flush()
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=100)
    assert (process.returncode, out) == (130, "")
    assert _said(err) == ["parity: interrupted"]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the children off /proc")
def test_ctrl_c_stops_the_workers_too() -> None:
    process = subprocess.Popen(
        [*ENGINE, "scan", "--jobs", "2", "--audit", "--seeds", "500", *PURE],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=_heed_ctrl_c,
    )  # fmt: skip
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers: list[str] = []
    while len(workers) < 2 and process.poll() is None:
        time.sleep(0.05)
        workers = children.read_text().split()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert _said(err) == ["parity: interrupted"]
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_a_terminal_sees_a_bar_and_stdout_stays_clean(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    path.write_text(HEADER + ROWS + ROWS.replace("XYZ", "ABC"), encoding="utf-8")
    terminal, other_end = os.openpty()
    process = subprocess.Popen(
        [*ENGINE, "scan", "--source", f"csv:{path}", "--ndjson", "--jobs", "2", *PURE],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=other_end, text=True,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    os.close(other_end)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # Linux ends a terminal this way
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    assert [line[0] for line in out.splitlines()] == ["{", "{"]
    assert b"2/2" in shown


LIGHT = """
import sys
from engine.cli.main import main
code = main({words!r})
heavy = [name for name in ("rich", "numpy", "numba", "pandas", "plotly") if name in sys.modules]
sys.exit(f"imported {{heavy}}" if heavy else code)
"""


def test_help_and_machine_output_import_nothing_heavy(source: str) -> None:
    words = (["--help"], ["scan", "--help"], ["scan", "--source", source, "--json", *PURE])
    for given in words:
        code = LIGHT.format(words=given)
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
        )  # fmt: skip
        assert (done.returncode, _said(done.stderr)) == (0, [])


def test_the_number_of_jobs_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "quotes.csv"
    rows = [ROWS.replace("XYZ", name).replace(",5.0,", f",{bid},") for name, bid in
            (("AAA", 4.8), ("BBB", 5.0), ("CCC", 4.9))]  # fmt: skip
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    words = ("scan", "--source", f"csv:{path}", "NOPE", "CCC", "AAA", "BBB", "--ndjson", *PURE)
    one, two = _run(*words), _run(*words, "--jobs", "3")
    assert one.stdout.count("\n") == 3
    assert (one.stdout, one.stderr) == (two.stdout, two.stderr)


def test_every_terminal_can_show_the_table(source: str) -> None:
    plain = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "TERM": "dumb"}
    done = _run("scan", "--source", source, *PURE, env=plain)
    assert done.returncode == 0
    assert _said(done.stderr) == []
    assert "conversion" in done.stdout
    assert "\x1b[" not in done.stdout
