"""The usual trade message, a group of its fields at a time: no white space, times of 13 digits.

What looks otherwise is left to ``messages.scan_fields``. Nothing here but `scan_usual` loops, since
PyPy calls what loops and inlines the rest; and its loop reads one group a round, not one message:
PyPy compiles every way through a round apart, and the lengths of the numbers of a message, taken
together, have too many.

Source: RFC 8259; Clinger 1990 for the decimals that one division rounds correctly.
"""

from math import nan

from kernels_pure.columns import Bytes, Flags, Floats, Ints
from kernels_pure.tokens import (
    BACKSLASH,
    CLOSE,
    COLON,
    COMMA,
    EXACT,
    LINE_FEED,
    OK,
    OPEN,
    POINT,
    QUOTE,
    ZERO,
    is_trade_word,
    past_word,
)

# A mask that changes no place: with it PyPy knows that no sum of a place and a few overflows.
PLACE = (1 << 62) - 1
# What the first group reads at most, and the last one at least; the others read less than that.
FIRST_GROUP = 58
LAST_GROUP = 28
# The groups of a message that are not its last, a bit each.
HEAD, ID, PRICE, SIZE = 1, 2, 4, 8
ALL_GROUPS = 15


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


def is_usual_end(data: Bytes, i: int, stop: int, feeds: int) -> bool:
    """Tell whether a message ends at `i`; with `feeds` of 1 the line does as well."""
    if i + feeds >= stop or data[i] != CLOSE:
        return False
    return feeds == 0 or data[i + feeds] == LINE_FEED


def four_digits(data: Bytes, i: int) -> int:
    """Return the number of the four digits at `i`, or -1 where one is no digit."""
    a = data[i] ^ ZERO
    b = data[i + 1] ^ ZERO
    c = data[i + 2] ^ ZERO
    d = data[i + 3] ^ ZERO
    if a > 9 or b > 9 or c > 9 or d > 9:
        return -1
    return 1000 * a + 100 * b + 10 * c + d


def usual_time(data: Bytes, i: int) -> int:
    """Return the 13 digits at `i` as a number, or -1 where something else stands there."""
    high = four_digits(data, i)
    middle = four_digits(data, i + 4)
    low = four_digits(data, i + 8)
    last = data[i + 12] ^ ZERO
    if high < 1000 or middle < 0 or low < 0 or last > 9:
        return -1
    return ((high * 10_000 + middle) * 10_000 + low) * 10 + last


def up_to_four(data: Bytes, i: int, value: int) -> tuple[int, int, int]:
    """Return (number, 10 to the digits read, how many they are) of at most four digits at `i`.

    `value` is what stands before them; the caller sees to it that the number fits.
    """
    a = data[i] ^ ZERO
    if a > 9:
        return value, 1, 0
    b = data[i + 1] ^ ZERO
    if b > 9:
        return 10 * value + a, 10, 1
    c = data[i + 2] ^ ZERO
    if c > 9:
        return 100 * value + (10 * a + b), 100, 2
    d = data[i + 3] ^ ZERO
    if d > 9:
        return 1000 * value + (100 * a + 10 * b + c), 1000, 3
    return 10_000 * value + (1000 * a + 100 * b + 10 * c + d), 10_000, 4


def up_to_eight(data: Bytes, i: int, value: int) -> tuple[int, int, int]:
    """Return what `up_to_four` does of at most eight digits."""
    value, scale, count = up_to_four(data, i, value)
    if count < 4:
        return value, scale, count
    value, scale, count = up_to_four(data, i + 4, value)
    return value, 10_000 * scale, 4 + count


def usual_id(data: Bytes, i: int) -> tuple[int, int]:
    """Return the number of at most 16 digits at `i` and how many they are, 0 where zeros lead."""
    value, _, count = up_to_eight(data, i, 0)
    if count > 1 and data[i] == ZERO:
        return 0, 0
    if count == 8:
        value, _, count = up_to_eight(data, i + 8, value)
        count += 8
    return value, count


def plain_characters(data: Bytes, i: int) -> int:
    """Return how many of the four characters at `i` are capital letters, digits and the like."""
    if data[i] <= QUOTE or data[i] >= BACKSLASH:
        return 0
    if data[i + 1] <= QUOTE or data[i + 1] >= BACKSLASH:
        return 1
    if data[i + 2] <= QUOTE or data[i + 2] >= BACKSLASH:
        return 2
    if data[i + 3] <= QUOTE or data[i + 3] >= BACKSLASH:
        return 3
    return 4


def usual_symbol_end(data: Bytes, i: int) -> int:
    """Return the index of the quote after at most 20 plain characters at `i`, or -1."""
    count = plain_characters(data, i)
    if count == 4:
        count += plain_characters(data, i + 4)
    if count == 8:
        count += plain_characters(data, i + 8)
    if count == 12:
        count += plain_characters(data, i + 12)
    if count == 16:
        count += plain_characters(data, i + 16)
    if data[i + count] != QUOTE:
        return -1
    return i + count


def usual_decimal(data: Bytes, i: int) -> tuple[float, int]:
    """Return the decimal at `i` and the index after its closing quote.

    The index is -1 where no such decimal is, and at more than 2^53 without the point or more than
    eight digits on a side of it.
    """
    value, _, count = up_to_eight(data, i, 0)
    if count == 0 or (count > 1 and data[i] == ZERO):
        return nan, -1
    i += count
    if data[i] == QUOTE:
        return float(value), i + 1
    if data[i] != POINT:
        return nan, -1
    value, scale, count = up_to_eight(data, i + 1, value)
    i += 1 + count
    if count == 0 or data[i] != QUOTE or value > EXACT:
        return nan, -1
    return value / float(scale), i + 1


def scan_usual(
    data: Bytes,
    start: int,
    stop: int,
    row: int,
    rows: int,
    feeds: int,
    out_status: Flags,
    out_price: Floats,
    out_size: Floats,
    out_event_time: Ints,
    out_time: Ints,
    out_id: Ints,
    out_maker: Flags,
    out_symbol: Ints,
    out_symbol_end: Ints,
) -> tuple[int, int]:
    """Read usual messages from `start` on into the rows from `row` to `rows`.

    `feeds` is 1 where a line feed has to stand after each, 0 where it must not be looked at. Return
    (row after the last one read, index after it); the row after it may have been written to, but
    for its status. O(length).
    """
    i = start
    seen = 0
    while row < rows and stop - i >= LAST_GROUP:
        i &= PLACE
        key = data[i + 2]
        end = -1
        if key == 112 or key == 113:
            if is_usual_key(data, i, key) and data[i + 5] == QUOTE:
                decimal, end = usual_decimal(data, i + 6)
                if end >= 0 and key == 112:
                    out_price[row] = decimal
                    seen |= PRICE
                elif end >= 0:
                    out_size[row] = decimal
                    seen |= SIZE
        elif key == 116:
            if is_usual_key(data, i, key):
                number, count = usual_id(data, i + 5)
                if count > 0:
                    out_id[row] = number
                    seen |= ID
                    end = i + 5 + count
        elif key == 84 and seen == ALL_GROUPS:
            if is_usual_key(data, i, key) and is_usual_key(data, i + 18, 109):
                time = usual_time(data, i + 5)
                status, maker, last = past_word(data, i + 23, stop)
                if time >= 0 and status == OK and is_usual_end(data, last, stop, feeds):
                    out_time[row] = time
                    out_maker[row] = maker
                    out_status[row] = OK
                    row += 1
                    seen = 0
                    end = last + 1 + feeds
                    start = end
        elif key == 101 and i == start and stop - i >= FIRST_GROUP:
            time = usual_time(data, i + 17)
            if time >= 0 and is_usual_start(data, i) and is_usual_key(data, i + 30, 115):
                last = usual_symbol_end(data, i + 36)
                if last >= 0 and data[i + 35] == QUOTE:
                    out_event_time[row] = time
                    out_symbol[row] = i + 36
                    out_symbol_end[row] = last
                    seen = HEAD
                    end = last + 1
        if end < 0:
            break
        i = end
    return row, start
