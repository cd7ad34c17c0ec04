"""Workers as child processes, of this interpreter or another.

Each is started from an absolute path and has one piece at a time. One that dies loses its piece,
which is sent once more to a new worker, and is reported lost if that dies too. Nothing is pickled,
and no shell is between.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
from array import array
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO

from engine.errors import BadDataError, EngineError, UnavailableError
from engine.runtime.interpreters import ROOT, environment
from engine.searching.hosts import Answer, Lost, Piece
from engine.searching.scoring import Scores
from engine.searching.worker import HEAD, READY, REFUSED, SCORED

_START = "import sys; sys.path[0] = sys.argv.pop(1); from engine.searching.worker import main; \
sys.exit(main())"
_GRACE = 2.0  # seconds for a worker to leave before it is killed
_CHUNK = 1 << 20
_LARGEST = 1 << 32
_LAST_WORDS = 400
# Deaths of workers that never answered anything, after which there is no use in starting more.
_MOST_STILLBORN = 3


class Child:
    """One worker. Start it, `ask` it, and `receive` when its pipe has something to read."""

    def __init__(self, python: str, setup: bytes) -> None:
        self._errors: IO[bytes] = TemporaryFile()  # noqa: SIM115  # closed with the worker
        self.process = subprocess.Popen(
            [python, "-c", _START, str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment(PARITY_REEXECUTED="1"),
            bufsize=0,
        )
        self.is_ready = False
        self._bytes = bytearray()
        self._send(setup)

    @property
    def pipe(self) -> int:
        """Return the file that answers come from."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def ask(self, piece: Piece) -> None:
        """Send a piece; a worker that is dead is found so when it is read from."""
        asked = {
            "span": piece.span,
            "points": piece.points,
            "columns": [column.tolist() for column in piece.columns],
        }
        self._send(json.dumps(asked).encode() + b"\n")

    def receive(self) -> Scores | None:
        """Read what has come; return the scores if they are whole, else None.

        Raises
        ------
        EOFError
            If the worker has ended.
        EngineError
            If it refuses the task.
        """
        chunk = os.read(self.pipe, _CHUNK)
        if not chunk:
            raise EOFError
        self._bytes += chunk
        scores = None
        while (frame := self._frame()) is not None:
            kind, values, text = frame
            if kind == REFUSED:
                raise _refusal(int(values[0]), text)
            if kind == READY:
                self.is_ready = True
            else:
                scores = Scores(values, text)  # it has one piece at a time
        return scores

    def _frame(self) -> tuple[int, array[float], str] | None:
        if len(self._bytes) < HEAD.size:
            return None
        kind, n_doubles, n_text = HEAD.unpack_from(self._bytes)
        if kind not in (READY, SCORED, REFUSED) or not 0 <= n_doubles + n_text < _LARGEST:
            raise EOFError  # something else wrote to the pipe: it cannot be read on
        end = HEAD.size + n_doubles + n_text
        if len(self._bytes) < end:
            return None
        body = bytes(self._bytes[HEAD.size : end])
        del self._bytes[:end]
        values: array[float] = array("d")
        values.frombytes(body[:n_doubles])
        return kind, values, body[n_doubles:].decode(errors="replace")

    def death(self) -> str:
        """Return how it ended, in words."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE)
        code = self.process.poll()
        if code is None:
            said = "a worker wrote what is no answer"
        elif code < 0:
            try:
                said = f"a worker was killed by {signal.Signals(-code).name}"
            except ValueError:
                said = f"a worker was killed by signal {-code}"
        else:
            said = f"a worker ended (exit code {code})"
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - _LAST_WORDS))
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        return f"{said}: {words[-1]}" if words else said

    def close(self) -> None:
        """End it: its input ends, and if it goes on it is killed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.terminate()
        try:
            self.process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._errors.close()

    def _send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(OSError):
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self.process.stdin.fileno(), rest) :]


class Children:
    """Runs pieces in `n_children` processes of the interpreter at `python`, an absolute path.

    Raises
    ------
    UnavailableError
        If the interpreter cannot be started.
    """

    def __init__(self, python: str, setup: bytes, n_children: int, name: str) -> None:
        self.n_slots = n_children
        self.name = name
        self._python = python
        self._setup = setup
        self._selector = selectors.DefaultSelector()
        self._children: list[Child] = []
        self._asked: dict[int, Piece] = {}  # by the pipe of its child
        self._again: set[tuple[int, int, int]] = set()  # pieces that were sent once more
        self._stillborn = 0

    @property
    def processes(self) -> list[int]:
        """Return the process ids of the workers that there are."""
        return [child.process.pid for child in self._children]

    def submit(self, piece: Piece) -> None:
        """Send a piece to a worker that has none, started if need be."""
        free = [child for child in self._children if child.pipe not in self._asked]
        child = free[0] if free else self._started()
        self._asked[child.pipe] = piece
        child.ask(piece)

    def finished(self) -> list[tuple[Piece, Answer]]:
        """Wait until a piece is done or lost, and return those that are.

        Raises
        ------
        EngineError
            If workers refuse the task or cannot live.
        """
        done: list[tuple[Piece, Answer]] = []
        while not done:
            for key, _ in self._selector.select():
                child: Child = key.data
                try:
                    scores = child.receive()
                except (EOFError, ConnectionError):
                    done += self._bury(child)
                    continue
                if scores is not None:
                    piece = self._asked.pop(child.pipe)
                    self._again.discard(_key(piece))
                    done.append((piece, scores))
        return done

    def close(self) -> None:
        """End all workers."""
        for child in self._children:
            child.close()
        self._children = []
        self._selector.close()

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _started(self) -> Child:
        try:
            child = Child(self._python, self._setup)
        except OSError as error:
            raise UnavailableError(f"{self._python} does not start: {error.strerror}") from None
        self._children.append(child)
        self._selector.register(child.pipe, selectors.EVENT_READ, child)
        return child

    def _bury(self, child: Child) -> list[tuple[Piece, Answer]]:
        """Take leave of a worker that died, and send its piece once more; return it if lost."""
        piece = self._asked.pop(child.pipe, None)
        self._selector.unregister(child.pipe)
        self._children.remove(child)
        reason = child.death()
        was_ready = child.is_ready
        child.close()
        if not was_ready:
            self._stillborn += 1
            if self._stillborn >= _MOST_STILLBORN:
                raise UnavailableError(f"{reason}: workers of {self._python} do not start")
        if piece is None:
            return []
        key = _key(piece)
        if key in self._again:
            self._again.discard(key)
            return [(piece, Lost(reason))]
        self._again.add(key)
        self.submit(piece)
        return []


def columns_file(folder: str) -> Path:
    """Return where the columns of a search lie in a folder that is its own."""
    return Path(folder) / "columns"


def _key(piece: Piece) -> tuple[int, int, int]:
    return piece.span, piece.first, piece.points


def _refusal(code: int, text: str) -> EngineError:
    kinds = {kind.code: kind for kind in EngineError.__subclasses__()}
    return kinds.get(code, BadDataError)(text)
