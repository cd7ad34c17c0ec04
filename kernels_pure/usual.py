"""The usual trade message, read in one pass: its keys in their order and no white space.

What looks otherwise is left to ``messages.scan_fields``. Three parts, since PyPy's traces have a
greatest length; every function returns one number, the place it came to if nothing else.

Source: RFC 8259; Clinger 1990 for the decimals that one division rounds correctly.
"""

from kernels_pure.columns import Bytes, Flags, Floats, Ints
from kernels_pure.tokens import (
    BACKSLASH,
    CLOSE,
    COLON,
    COMMA,
    EXACT,
    OK,
    OPEN,
    POINT,
    QUOTE,
    ZERO,
    is_trade_word,
    past_word,
)

# Digits of an id, and digits and point of a decimal, at most.
ID_DIGITS = 17
# A shorter message is left to the general scanner: a first part always fits.
LEAST_LENGTH = 80


def is_usual_key(data: Bytes, i: int, key: int) -> bool:
    """Tell whether a comma, the letter `key` in its quotes and a colon stand at `i`."""
    if not (data[i] == COMMA and data[i + 1] == QUOTE and data[i + 2] == key):
        return False
    return data[i + 3] == QUOTE and data[i + 4] == COLON


def is_usual_start(data: Bytes, i: int) -> bool:
    """Tell whether what stands before the first time of a usual message stands at `i`."""
    if not (data[i] == OPEN and data[i + 1] == QUOTE and data[i + 2] == 101):
        return False
    if not (data[i + 3] == QUOTE and data[i + 4] == COLON and is_trade_word(data, i + 5)):
        return False
    return is_usual_key(data, i + 12, 69)


def four_digits(data: Bytes, i: int) -> int:
    """Return the number of the four digits at `i`, or -1 where one is no digit."""
    a = data[i] ^ ZERO
    b = data[i + 1] ^ ZERO
    c = data[i + 2] ^ ZERO
    d = data[i + 3] ^ ZERO
    # Beyond 15 if any is beyond 9.
    if (a + 6) | (b + 6) | (c + 6) | (d + 6) > 15:
        return -1
    return 1000 * a + 100 * b + 10 * c + d


def usual_time(data: Bytes, i: int) -> int:
    """Return the 13 digits at `i` as a number, or -1 where something else stands there.

    Without a loop, which PyPy would have to call.
    """
    high = four_digits(data, i)
    middle = four_digits(data, i + 4)
    low = four_digits(data, i + 8)
    last = data[i + 12] ^ ZERO
    if high < 1000 or middle < 0 or low < 0 or last > 9:
        return -1
    return ((high * 10_000 + middle) * 10_000 + low) * 10 + last


def usual_symbol_end(data: Bytes, i: int, stop: int) -> int:
    """Return the index of the quote after capital letters, digits and the like, or -1."""
    while i < stop:
        c = data[i]
        if c <= QUOTE or c >= BACKSLASH:
            return i if c == QUOTE else -1
        i += 1
    return -1


def usual_id(data: Bytes, i: int, stop: int) -> int:
    """Return 32 times the number of at most 17 digits at `i`, plus how many digits; or -1.

    It is -1 where no digit is and where zeros lead.
    """
    value = 0
    count = 0
    last = min(stop - i, ID_DIGITS)
    while count < last:
        digit = data[i + count] ^ ZERO
        if digit > 9:
            break
        value = 10 * value + digit
        count += 1
    if count == 0 or (count > 1 and data[i] == ZERO):
        return -1
    return value << 5 | count


def usual_decimal(data: Bytes, i: int, stop: int, row: int, out_price: Floats) -> int:
    """Read a decimal and a quote into row `row`; return the index after it, or -1.

    At -1 nothing was written: more than 2^53 without the point, or no such decimal.
    """
    first = i
    point = -1
    value = 0
    scale = 1.0
    step = 1.0
    last = min(stop, first + ID_DIGITS)
    while i < last:
        digit = data[i] ^ ZERO
        if digit <= 9:
            value = 10 * value + digit
            scale *= step
        elif digit == POINT ^ ZERO and point < 0:
            point = i
            step = 10.0
        else:
            break
        i += 1
    if i >= last or data[i] != QUOTE or value > EXACT or i == first or i == point + 1:
        return -1
    if point == first or (data[first] == ZERO and data[first + 1] ^ ZERO <= 9):
        return -1
    out_price[row] = value / scale
    return i + 1


def usual_head(
    data: Bytes,
    start: int,
    stop: int,
    row: int,
    out_event_time: Ints,
    out_id: Ints,
    out_symbol: Ints,
    out_symbol_end: Ints,
) -> int:
    """Read event time, symbol and id into row `row`; return the index after the id, or -1.

    At -1 the columns may have been written to. O(length).
    """
    if stop - start < LEAST_LENGTH or not is_usual_start(data, start):
        return -1
    i = start + 30
    event_time = usual_time(data, start + 17)
    if event_time < 0 or not is_usual_key(data, i, 115) or data[i + 5] != QUOTE:
        return -1
    end = usual_symbol_end(data, i + 6, stop)
    if end < 0 or stop - end < 16 or not is_usual_key(data, end + 1, 116):
        return -1
    packed = usual_id(data, end + 6, stop)
    if packed < 0:
        return -1
    out_event_time[row] = event_time
    out_id[row] = packed >> 5
    out_symbol[row] = i + 6
    out_symbol_end[row] = end
    return end + 6 + (packed & 31)


def usual_price(data: Bytes, i: int, stop: int, row: int, key: int, out_price: Floats) -> int:
    """Read a comma, a key and a quoted decimal at `i`; return the index after them, or -1."""
    if i < 0 or stop - i < 16 or not is_usual_key(data, i, key) or data[i + 5] != QUOTE:
        return -1
    return usual_decimal(data, i + 6, stop, row, out_price)


def usual_tail(data: Bytes, i: int, stop: int, row: int, out_time: Ints, out_maker: Flags) -> int:
    """Read time and maker at `i` into row `row`; return the index after the object, or -1."""
    if i < 0 or stop - i < 28 or not is_usual_key(data, i, 84):
        return -1
    time = usual_time(data, i + 5)
    if time < 0 or not is_usual_key(data, i + 18, 109):
        return -1
    status, maker, i = past_word(data, i + 23, stop)
    if status != OK or i >= stop or data[i] != CLOSE:
        return -1
    out_time[row] = time
    out_maker[row] = maker
    return i + 1
