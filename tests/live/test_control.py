"""The socket by which other terminals reach an engine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from collections.abc import Mapping
from pathlib import Path

from engine.live.control import MOST_REQUEST, Control, ask


def served(path: Path, *requests: object, raw: bytes = b"") -> list[object]:
    """Answer requests on a control socket; return what each client got."""

    def boom(_: Mapping[str, object]) -> Mapping[str, object]:
        raise ValueError("fire")

    async def run() -> list[object]:
        control = Control(path, {"echo": lambda asked: {"got": asked.get("x")}, "boom": boom})
        await control.start()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        loop = asyncio.get_running_loop()
        if raw:
            await loop.run_in_executor(None, lambda: send(path, raw))
        found = []
        for request in requests:
            found.append(await loop.run_in_executor(None, lambda r=request: ask(path, r)))  # type: ignore[misc]
        await control.close()
        return found

    return asyncio.run(run())


def send(path: Path, raw: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(raw)
        client.settimeout(5.0)
        with contextlib.suppress(ConnectionError):
            client.recv(1000)


def test_it_answers_by_name_and_says_what_went_wrong(tmp_path: Path) -> None:
    path = tmp_path / "c"
    found = served(path, {"do": "echo", "x": 3}, {"do": "boom"}, {"do": "nothing"}, {"do": [1]})
    assert found == [
        {"ok": True, "got": 3},
        {"ok": False, "error": "ValueError: fire"},
        {"ok": False, "error": "nothing is called 'nothing'"},
        {"ok": False, "error": "nothing is called [1]"},
    ]
    assert not path.exists()


def test_garbage_does_not_end_it(tmp_path: Path) -> None:
    for raw in (b"\xff\n", b"[" * 9_000 + b"\n", b"x" * (MOST_REQUEST * 3), b"\n", b"12\n"):
        assert served(tmp_path / "c", {"do": "echo"}, raw=raw) == [{"ok": True, "got": None}]


def test_a_socket_that_was_left_is_replaced_and_a_long_path_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    path = folder / "c"
    path.write_text("left")
    assert served(path, {"do": "echo", "x": 1}) == [{"ok": True, "got": 1}]


def test_nobody_there_is_none(tmp_path: Path) -> None:
    assert ask(tmp_path / "c", {"do": "echo"}) is None
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "c"))
        silent.listen()
        assert ask(tmp_path / "c", {"do": "echo"}, 0.1) is None


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000

    def now_ns(self) -> int:
        return 0

    def monotonic_ns(self) -> int:
        return self.now


def test_what_was_asked_too_long_ago_is_not_done(tmp_path: Path) -> None:
    done: list[object] = []

    def lift(asked: Mapping[str, object]) -> Mapping[str, object]:
        done.append(asked["until_ns"])
        return {}

    clock = Watch()
    control = Control(tmp_path / "c", {"lift": lift}, clock=clock)
    assert control.answer(b'{"do": "lift", "until_ns": 1000}') == {"ok": True}
    for late in (b"999", b'"soon"', b"1e9", b"[]"):
        answer = control.answer(b'{"do": "lift", "until_ns": ' + late + b"}")
        assert answer == {"ok": False, "error": "asked too long ago: ask again"}
    assert done == [1000]
