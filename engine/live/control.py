"""How other terminals reach an engine: a Unix socket, one line of JSON there and one back.

The socket is for its owner alone (0600, in a folder of 0700). What is asked is ``{"do": NAME}``
with whatever it needs; the answer has ``"ok"`` and, where that is false, ``"error"``.

A request waits in the socket while an engine hangs, and whoever asked has long been told that
nobody answers. So one that must not be done late says until when it counts: ``"until_ns"``, by the
machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.clock import SYSTEM, Clock
from engine.errors import InputOutputError, UnavailableError

Handler = Callable[[Mapping[str, object]], Mapping[str, object]]
# Bytes of a request; an answer is as long as the engine makes it.
MOST_REQUEST = 16_384
MOST_ANSWER = 16 * 1024 * 1024
# What a Unix socket's path may have.
_MOST_PATH = 100


class Control:
    """Answers on the socket at `path` by `handlers`, by name, until closed.

    Parameters
    ----------
    handlers
        Each takes the whole request and returns the answer; it must not wait. An exception becomes
        an answer that is not ok.
    """

    def __init__(
        self, path: Path, handlers: Mapping[str, Handler], *, clock: Clock = SYSTEM
    ) -> None:
        self._path = path
        self._clock = clock
        self._handlers = handlers
        self._server: asyncio.AbstractServer | None = None

    async def start(self) -> None:
        """Listen. Whoever holds the journal's lock owns the socket: one that was left is replaced.

        Raises
        ------
        InputOutputError
            If the socket cannot be made.
        """
        with suppress(FileNotFoundError):
            os.unlink(self._path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            with _short(self._path) as path:
                made.bind(path)
        except OSError as error:
            made.close()
            raise InputOutputError(f"{self._path}: {error.strerror or error}") from None
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(self._answer, sock=made, limit=MOST_REQUEST)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
        with suppress(FileNotFoundError):
            os.unlink(self._path)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), 5.0)
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await asyncio.wait_for(writer.drain(), 5.0)
        except (OSError, ValueError, asyncio.TimeoutError):
            pass  # whoever asked has gone, or asked at too great a length
        finally:
            writer.close()

    def answer(self, line: bytes) -> Mapping[str, object]:
        """Return the answer to one line."""
        try:
            asked = json.loads(line)
        except (ValueError, RecursionError):
            return {"ok": False, "error": "not JSON"}
        name = asked.get("do") if isinstance(asked, dict) else None
        handler = self._handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            return {"ok": False, "error": f"nothing is called {name!r}"}
        until = asked.get("until_ns")
        if until is not None and not (
            isinstance(until, int) and self._clock.monotonic_ns() <= until
        ):
            return {"ok": False, "error": "asked too long ago: ask again"}
        try:
            return {"ok": True, **handler(asked)}
        except Exception as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}


def ask(
    path: Path, request: Mapping[str, object], seconds: float = 2.0
) -> Mapping[str, object] | None:
    """Ask the engine at `path` and return its answer; None if nobody listens or answers in time.

    Raises
    ------
    UnavailableError
        If the answer is no answer.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(seconds)
    try:
        with _short(path) as short:
            client.connect(short)
        client.sendall(json.dumps(request).encode() + b"\n")
        parts, length = [], 0
        while part := client.recv(65_536):
            parts.append(part)
            length += len(part)
            if length > MOST_ANSWER:
                raise UnavailableError(f"{path}: its answer is longer than {MOST_ANSWER:,} bytes")
    except OSError:
        return None
    finally:
        client.close()
    try:
        found = json.loads(b"".join(parts))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Yield a name of `path` that is short enough for a socket."""
    if len(os.fsencode(path)) <= _MOST_PATH:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(0, "the path is too long for a socket: name a shorter --journal")
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}/{path.name}"
    finally:
        os.close(fd)
