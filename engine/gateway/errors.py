"""What a client did wrong, and the codes by which TWS says so."""

from __future__ import annotations


class BadFrameError(Exception):
    """The bytes are not the protocol; the connection is closed."""


class RequestError(Exception):
    """A request that is refused with an error message; nothing else has happened.

    `about` is the request or order id it is about, -1 for none.
    """

    def __init__(self, code: int, message: str, about: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.about = about


# Codes of the API, as IB documents them.
TOO_FAST = 100
TOO_MANY_LINES = 101
DUPLICATE_ORDER = 103
FILLED_ORDER = 104
OFF_TICK = 110
HISTORICAL = 162
NO_CONTRACT = 200
REJECTED = 201
ORDER_CANCELLED = 202
NOT_FOUND = 300
VALIDATION = 321
CLIENT_IN_USE = 326
NOT_SUBSCRIBED = 354
UNSUPPORTED_TYPE = 387
ORDER_MESSAGE = 399
SHORT_HELD = 404
UNKNOWN_MESSAGE = 505
UNSUPPORTED_VERSION = 506
BAD_MESSAGE = 320
NO_SUCH_ORDER = 10147
NOT_CANCELLABLE = 10148
DELAYED_SHOWN = 10167
COMPETING_SESSION = 10197
TIF_SET = 10349
LOST = 1100
RESTORED_LOST = 1101
RESTORED = 1102
