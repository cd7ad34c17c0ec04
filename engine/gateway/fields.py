"""The fields of one message, read in order and checked: a bad one refuses the whole message."""

from __future__ import annotations

import math

from engine.gateway.errors import BAD_MESSAGE, RequestError
from engine.gateway.frames import UNSET_DOUBLE, UNSET_INTEGER

_LONGEST_TEXT = 4096
_LONGEST_NUMBER = 32


class Fields:
    """A reader of the fields after the message's number."""

    def __init__(self, values: list[str]) -> None:
        self._values = values
        self._at = 0
        self.about = -1

    @property
    def left(self) -> int:
        """How many fields have not been read."""
        return len(self._values) - self._at

    def text(self) -> str:
        """Return the next field as it is."""
        if self._at >= len(self._values):
            raise self.refused("it ends too early")
        value = self._values[self._at]
        self._at += 1
        if len(value) > _LONGEST_TEXT:
            raise self.refused(f"field {self._at} is too long")
        return value

    def integer(self, default: int = 0) -> int:
        """Return the next field as a whole number; `default` where it is empty or unset."""
        value = self.text()
        if value == "":
            return default
        number = self._number(value)
        if number != int(number):
            raise self.refused(f"field {self._at} is not a whole number: {value[:40]!r}")
        return default if number == UNSET_INTEGER else int(number)

    def number(self, default: float = math.nan) -> float:
        """Return the next field as a finite number; `default` where it is empty or unset."""
        value = self.text()
        if value in ("", "Infinity", "Infinite"):
            return default
        number = self._number(value)
        return default if abs(number) >= UNSET_DOUBLE or number == UNSET_INTEGER else number

    def flag(self) -> bool:
        """Return the next field as a flag; empty is false."""
        return self.text() in ("1", "true", "True")

    def count(self, most: int) -> int:
        """Return the next field as how many groups follow, at most `most`."""
        number = self.integer()
        if not 0 <= number <= most:
            raise self.refused(f"field {self._at}: {number} groups are not between 0 and {most}")
        return number

    def identity(self) -> int:
        """Return the request or order id; what is refused later is about it."""
        self.about = self.integer(-1)
        if not -UNSET_INTEGER <= self.about <= UNSET_INTEGER:
            self.about = -1
            raise self.refused("its id is not a 32-bit number")
        return self.about

    def refused(self, why: str) -> RequestError:
        """Return the error that refuses this message."""
        return RequestError(BAD_MESSAGE, f"Error reading request: {why}", self.about)

    def _number(self, value: str) -> float:
        try:
            if len(value) > _LONGEST_NUMBER or "_" in value:
                raise ValueError
            number = float(value)
        except ValueError:
            raise self.refused(f"field {self._at} is not a number: {value[:40]!r}") from None
        if not math.isfinite(number):
            raise self.refused(f"field {self._at} is not finite")
        return number
