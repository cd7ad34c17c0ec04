"""Framing of the TWS API: a length, then fields that each end in NUL, all of it text.

Source: IB's published clients; the handshake is the only thing outside the frames.
"""

from __future__ import annotations

import math
import re

from engine.gateway.errors import BadFrameError

# A request is a few hundred bytes; whoever announces more than this is not a client.
LONGEST = 1 << 20
MOST_FIELDS = 4096
_PREFIX = b"API\0"
_VERSIONS = re.compile(rb"v(\d{1,4})(?:\.\.(\d{1,4}))?(?: .*)?\Z", re.DOTALL)
UNSET_DOUBLE = 1.7976931348623157e308
UNSET_INTEGER = 2147483647
UNSET_TEXT = "1.7976931348623157E308"


def text(value: object) -> str:
    """Return `value` as a field: 1 and 0 for flags, nothing for None and nan, shortest numbers.

    >>> text(True), text(None), text(2.50), text(100.0)
    ('1', '', '2.5', '100')
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True:
        return "1"
    if value is False:
        return "0"
    if isinstance(value, float):
        if value != value:
            return ""
        if abs(value) >= UNSET_DOUBLE:
            return UNSET_TEXT if value > 0 else "-" + UNSET_TEXT
        if value == math.floor(value) and abs(value) < 1e15:
            return str(int(value))
        return repr(value)
    return str(value)


def frame(*fields: object) -> bytes:
    r"""Return one message; what is not ASCII is escaped, as TWS does from version 153 on.

    >>> frame(9, 1, 7)
    b'\x00\x00\x00\x069\x001\x007\x00'
    """
    body = "\0".join([text(field).replace("\0", "") for field in fields]) + "\0"
    payload = body.encode("ascii", "backslashreplace")
    return len(payload).to_bytes(4, "big") + payload


class FrameReader:
    r"""Bytes in as they come, whole messages out.

    The first message of a connection is the client's range of versions, after ``API\0``.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._is_greeted = False

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads that `data` completes.

        Raises
        ------
        BadFrameError
            If it is not the protocol: the connection cannot be read any further.
        """
        buffer = self._data
        buffer += data
        at = 0
        if not self._is_greeted:
            if not _PREFIX.startswith(bytes(buffer[:4])):
                raise BadFrameError("the connection does not begin with API")
            if len(buffer) < 4:
                return []
            self._is_greeted = True
            at = 4
        found = []
        while len(buffer) - at >= 4:
            length = int.from_bytes(buffer[at : at + 4], "big")
            if length > LONGEST:
                raise BadFrameError(f"a message of {length} bytes: more than {LONGEST}")
            if len(buffer) - at - 4 < length:
                break
            found.append(bytes(buffer[at + 4 : at + 4 + length]))
            at += 4 + length
        del buffer[:at]
        return found


def versions(payload: bytes) -> tuple[int, int]:
    """Return the lowest and highest version that a client's first message offers.

    Raises
    ------
    BadFrameError
        If it is not ``v157..178`` or ``v178``.
    """
    found = _VERSIONS.match(payload)
    if found is None:
        raise BadFrameError("the first message is not a range of versions")
    low = int(found[1])
    return low, int(found[2] or low)


def split(payload: bytes) -> list[str]:
    """Return the fields of a message.

    Raises
    ------
    BadFrameError
        If they do not end in NUL, are too many, or are not text.
    """
    if not payload.endswith(b"\0"):
        raise BadFrameError("a message does not end in NUL")
    if payload.count(b"\0") > MOST_FIELDS:
        raise BadFrameError(f"a message of more than {MOST_FIELDS} fields")
    try:
        return payload[:-1].decode("utf-8").split("\0")
    except UnicodeDecodeError:
        raise BadFrameError("a message is not text") from None
