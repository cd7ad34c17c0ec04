"""The parts of a JSON text, read one at a time: where a part ends, and what number it is.

Every reader takes the index of its first character and the end of what may be read, and returns a
status and the index after the part. Numbers become the double that ``float()`` gives, or none: a
decimal of at most 2^53 without its point, over a power of ten of at most 10^17, is rounded once.

Source: RFC 8259; Clinger 1990 for the decimals that one division rounds correctly.
"""

from math import nan

from kernels_pure.columns import Bytes

OK = 0
NOT_TRADE = 1
ELSEWHERE = 2
BROKEN = 3

# The characters that matter.
TAB = 9
LINE_FEED = 10
CARRIAGE_RETURN = 13
SPACE = 32
QUOTE = 34
COMMA = 44
MINUS = 45
POINT = 46
ZERO = 48
COLON = 58
BACKSLASH = 92
OPEN = 123
CLOSE = 125

# The longest run of digits that fits 64 bits, and the whole numbers that doubles hold.
DIGITS = 18
EXACT = 1 << 53


def refusal(c: int) -> int:
    """Return the status of a message with the character `c` where it must not be.

    NUL and bytes beyond ASCII may be another encoding, of which a parser knows more; lines end a
    message here, not in JSON.
    """
    if c == 0 or c > 127:
        return ELSEWHERE
    if c == LINE_FEED or c == CARRIAGE_RETURN:  # noqa: SIM109 (kernels have no "in")
        return ELSEWHERE
    return BROKEN


def is_special(c: int) -> bool:
    """Tell whether a character ends or escapes a string."""
    if c == QUOTE:
        return True
    return c == BACKSLASH


def past_space(data: Bytes, i: int, stop: int) -> int:
    """Return the index of the first character from `i` on that is no space or tab, or `stop`."""
    while i < stop and (data[i] == SPACE or data[i] == TAB):
        i += 1
    return i


def past_string(data: Bytes, i: int, stop: int) -> tuple[int, int]:
    """Return (status, index after the closing quote) of a string whose text begins at `i`."""
    while i < stop:
        c = data[i]
        if c == QUOTE:
            return OK, i + 1
        if c == BACKSLASH:
            return ELSEWHERE, i
        if c < SPACE or c > 127:
            return refusal(c), i
        i += 1
    return BROKEN, stop


def past_digits(data: Bytes, i: int, stop: int, value: int) -> tuple[int, float, int]:
    """Return (number, 10 to the digits read, index after them); `value` is what stands before.

    The caller bounds `stop`, so that the number fits.
    """
    scale = 1.0
    while i < stop:
        digit = data[i] ^ ZERO
        if digit > 9:
            return value, scale, i
        value = 10 * value + digit
        scale *= 10.0
        i += 1
    return value, scale, i


def past_decimal(data: Bytes, i: int, stop: int) -> tuple[int, float, int]:
    """Return (status, value, index after it) of a decimal as JSON writes it, without exponent."""
    is_negative = i < stop and data[i] == MINUS
    if is_negative:
        i += 1
    first = i
    value, _, i = past_digits(data, i, min(stop, first + DIGITS), 0)
    if i == first:
        return ELSEWHERE, nan, i
    if i > first + 1 and data[first] == ZERO:
        return ELSEWHERE, nan, i
    number = float(value)
    if i < stop and data[i] == POINT:
        point = i + 1
        value, scale, i = past_digits(data, point, min(stop, first + DIGITS + 1), value)
        if i == point:
            return ELSEWHERE, nan, i
        number = value / scale
    # An exponent, more digits, or the end of what was sent.
    if value > EXACT or i == stop or data[i] ^ ZERO <= 9 or data[i] | 32 == 101:
        return ELSEWHERE, nan, i
    if is_negative:
        number = -number
    return OK, number, i


def past_whole(data: Bytes, i: int, stop: int) -> tuple[int, int, int]:
    """Return (status, value, index after it) of a whole number of at most 18 digits."""
    is_negative = i < stop and data[i] == MINUS
    if is_negative:
        i += 1
    first = i
    value, _, i = past_digits(data, i, min(stop, first + DIGITS), 0)
    if i == first or i >= stop:
        return ELSEWHERE, 0, i
    after = data[i]
    if after != COMMA and after != CLOSE and after != SPACE:
        return ELSEWHERE, 0, i
    if i > first + 1 and data[first] == ZERO:
        return BROKEN, 0, i
    if is_negative:
        value = -value
    return OK, value, i


def past_word(data: Bytes, i: int, stop: int) -> tuple[int, int, int]:
    """Return (status, 1 for true and 0 for false, index after it); null is ELSEWHERE."""
    if i + 5 > stop:
        return ELSEWHERE, 0, i
    a, b, c, d = data[i], data[i + 1], data[i + 2], data[i + 3]
    if a == 116 and b == 114 and c == 117 and d == 101:
        return OK, 1, i + 4
    if a == 102 and b == 97 and c == 108 and d == 115 and data[i + 4] == 101:
        return OK, 0, i + 5
    return ELSEWHERE, 0, i


def past_value(data: Bytes, i: int, stop: int) -> tuple[int, int]:
    """Return (status, index after it) of a value that nobody asked for."""
    c = data[i]
    if c == QUOTE:
        return past_string(data, i + 1, stop)
    if c == MINUS or c ^ ZERO <= 9:
        status, _, i = past_decimal(data, i, stop)
        return status, i
    status, _, i = past_word(data, i, stop)
    return status, i


def is_trade_word(data: Bytes, i: int) -> bool:
    """Tell whether the seven characters at `i` are the word trade in its quotes."""
    if not (data[i] == QUOTE and data[i + 1] == 116 and data[i + 2] == 114):
        return False
    if not (data[i + 3] == 97 and data[i + 4] == 100 and data[i + 5] == 101):
        return False
    return data[i + 6] == QUOTE
