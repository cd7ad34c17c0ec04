"""The text of a file, plain or packed, never more of it than was allowed."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadDataError, InputOutputError, NoInputError, NotPermittedError

_PIECE = 1 << 20
_BYTES, _ROWS, _RATIO = 512 << 20, 20_000_000, 400
# What is smaller may be as repetitive as it likes.
_RATIO_FROM = 16 << 20


@dataclass(frozen=True, slots=True)
class Caps:
    """How much one input may be: bytes once unpacked, lines, bytes unpacked for each one packed.

    A file of quotes shrinks to a twentieth; what shrinks to less than a 400th is no quotes.
    `advice` is what to do about an input that is larger.
    """

    bytes: int = _BYTES
    rows: int = _ROWS
    ratio: int = _RATIO
    advice: str = "if it is meant: --max-input 4GB"

    @classmethod
    def of(cls, most: int) -> Caps:
        """Return the caps of somebody who asks for `most` bytes."""
        return cls(most, max(_ROWS, most // 25), max(_RATIO, most >> 20))


CAPS = Caps()
# A pipe can be read once: who asks again gets the same.
STDIN = "-"
_PIPED: list[bytes] = []


def read_text(path: Path, caps: Caps = CAPS) -> str:
    """Return the UTF-8 text of `path`, unpacking what is gzip.

    Raises
    ------
    NoInputError
        If there is no such file; the message names the nearest one in its folder.
    NotPermittedError, InputOutputError
        If it is there and may not or cannot be read, or its archive is broken.
    BadDataError
        If it is not text, or larger than `caps`.
    """
    if str(path) == STDIN:
        return _of_stdin(caps)
    try:
        with path.open("rb") as file:
            start = file.peek(4)[:4]  # not read and sought back: a pipe cannot be
            if path.suffix.lower() == ".gz" or start[:2] == b"\x1f\x8b":
                data = _unpacked(path, file, caps)
            else:
                data = _plain(path, file, caps)
        _check_text(path, start)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise NoInputError(f"{path}: no such file{_nearest_file(path)}") from None
    except IsADirectoryError:
        raise NoInputError(f"{path}: is a folder; name one file in it") from None
    except PermissionError:
        raise NotPermittedError(f"{path}: you may not read it") from None
    except UnicodeDecodeError:
        raise BadDataError(f"{path.name}: is not UTF-8 text") from None
    except ValueError:  # what `open` says of a path with a zero byte or half a character in it
        raise NoInputError(f"{str(path)!r}: no file can be called that") from None
    except (EOFError, OSError, zlib.error) as error:  # what gzip raises has no `strerror`
        what = getattr(error, "strerror", None) or f"the archive is broken: {error}"
        raise InputOutputError(f"{path}: {what}") from None


def start_of(path: Path, length: int = 4) -> bytes:
    """Return the first bytes of a file; none where it cannot be read."""
    try:
        if not path.is_file():  # a pipe can be read but once
            return b""
        with path.open("rb") as file:
            return file.read(length)
    except (OSError, ValueError):
        return b""


def _of_stdin(caps: Caps) -> str:
    """Return what is piped in, plain or packed by gzip; at most `caps` of it are kept.

    Raises
    ------
    BadDataError
        If it is not text, or larger.
    """
    import gzip
    import sys

    name = Path("stdin")
    try:
        if not _PIPED:
            _PIPED.append(_plain(name, sys.stdin.buffer, caps))
        data = _PIPED[0]
        if data[:2] == b"\x1f\x8b":
            pieces, total = [], 0
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as archive:
                while piece := archive.read(_PIECE):
                    pieces.append(piece)
                    total += len(piece)
                    check_size(name.name, total, len(data), caps)
            data = b"".join(pieces)
        _check_text(name, data[:4])
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDataError("stdin: is not UTF-8 text") from None
    except (EOFError, OSError, zlib.error, AttributeError) as error:
        what = getattr(error, "strerror", None) or f"cannot be read: {error}"
        raise InputOutputError(f"stdin: {what}") from None


def _plain(path: Path, file: BinaryIO, caps: Caps) -> bytes:
    pieces, total = [], 0
    while piece := file.read(_PIECE):
        pieces.append(piece)
        total += len(piece)
        if total > caps.bytes:
            raise BadDataError(f"{path.name}: is larger than {caps.bytes:,} bytes ({caps.advice})")
    return b"".join(pieces)


def _unpacked(path: Path, file: BinaryIO, caps: Caps) -> bytes:
    import gzip  # here: it brings two other kinds of archives

    packed = max(1, path.stat().st_size)
    pieces, total = [], 0
    with gzip.GzipFile(fileobj=file) as archive:
        while piece := archive.read(_PIECE):
            pieces.append(piece)
            total += len(piece)
            check_size(path.name, total, packed, caps)
    return b"".join(pieces)


def check_size(name: str, total: int, packed: int, caps: Caps) -> None:
    """Refuse what unpacks to more than `caps` allow.

    Raises
    ------
    BadDataError
        Naming the cap and how to raise it.
    """
    if total > caps.bytes:
        raise BadDataError(f"{name}: unpacks to more than {caps.bytes:,} bytes ({caps.advice})")
    if total > _RATIO_FROM and total > caps.ratio * packed:
        raise BadDataError(
            f"{name}: unpacks to more than {caps.ratio} times its size, which no quotes do "
            f"({caps.advice})"
        )


# The first bytes of what is not the text it is taken for, and what to do about it.
_OTHER = {
    b"PK\x03\x04": "is a zip archive; unpack it first",
    b"\xff\xfe": "is not UTF-8 but UTF-16 text, as spreadsheets save it; save it as CSV in UTF-8",
    b"\xfe\xff": "is not UTF-8 but UTF-16 text, as spreadsheets save it; save it as CSV in UTF-8",
    b"PAR1": "is a Parquet file: --source parquet:FILE",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet; save it as CSV",
}


def _check_text(path: Path, start: bytes) -> None:
    for magic, what in _OTHER.items():
        if start.startswith(magic):
            raise BadDataError(f"{path.name}: {what}")


def _nearest_file(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f" (nor its folder {folder})"
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
