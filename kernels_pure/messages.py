"""A scanner of trade messages: one flat JSON object of an exchange's stream, from bytes to numbers.

It reads ``{"e":"trade","E":1690000000000,"s":"BTCUSDT","t":12345,"p":"29183.10","q":"0.00241",
"T":1690000000000,"m":true}`` with keys in any order, other keys among them and white space. Price
and size are the doubles that ``float()`` gives.

What a message is:

- ``OK``: a trade, and the numbers are right.
- ``NOT_TRADE``: a flat JSON object without ``"e":"trade"``, a price or a size.
- ``ELSEWHERE``: to be read by a whole JSON parser, which may find anything: escapes, nested values,
  bytes beyond ASCII, long or unusual numbers, null.
- ``BROKEN``: no JSON object, or the beginning of one.

`data` is ``bytes``, which all runtimes index without a copy. Nothing outside `start` to `stop` is
read. Times are in milliseconds as sent.
"""

from kernels_pure.columns import Bytes, Flags, Floats, Ints
from kernels_pure.tokens import (
    BROKEN,
    CARRIAGE_RETURN,
    CLOSE,
    COLON,
    COMMA,
    ELSEWHERE,
    LINE_FEED,
    NOT_TRADE,
    OK,
    OPEN,
    QUOTE,
    SPACE,
    is_special,
    is_trade_word,
    past_decimal,
    past_space,
    past_string,
    past_value,
    past_whole,
    past_word,
    refusal,
)  # fmt: skip
from kernels_pure.usual import scan_usual


def scan_fields(
    data: Bytes,
    start: int,
    stop: int,
    row: int,
    out_status: Flags,
    out_price: Floats,
    out_size: Floats,
    out_event_time: Ints,
    out_time: Ints,
    out_id: Ints,
    out_maker: Flags,
    out_symbol: Ints,
    out_symbol_end: Ints,
) -> int:
    """Do what `scan_trade` does, key by key. O(length)."""
    is_trade = False
    has_price = False
    has_size = False
    out_event_time[row] = -1
    out_time[row] = -1
    out_id[row] = -1
    out_maker[row] = -1
    out_symbol[row] = 0
    out_symbol_end[row] = 0
    out_status[row] = BROKEN
    i = past_space(data, start, stop)
    if i >= stop:
        return i
    status = OK
    if data[i] != OPEN:
        out_status[row] = ELSEWHERE
        return i
    i = past_space(data, i + 1, stop)
    if i < stop and data[i] == CLOSE:
        out_status[row] = NOT_TRADE
        return i + 1
    while i < stop:
        # Letters alone are keys of trades; every other key counts as 0.
        if i + 4 < stop and data[i + 3] == COLON and data[i + 2] == QUOTE and data[i] == QUOTE:
            key = int(data[i + 1])
            i += 4
        else:
            key = 0
            if data[i] != QUOTE:
                out_status[row] = refusal(data[i])
                return i
            first = i + 1
            status, i = past_string(data, first, stop)
            if status != OK:
                out_status[row] = status
                return i
            if i == first + 2:
                key = int(data[first])
            i = past_space(data, i, stop)
            if i >= stop:
                return i
            if data[i] != COLON:
                out_status[row] = refusal(data[i])
                return i
            i += 1
        if i < stop and data[i] <= SPACE:
            i = past_space(data, i, stop)
        if i >= stop:
            return i
        if key == 112 or key == 113:
            is_quoted = data[i] == QUOTE
            if is_quoted:
                i += 1
            status, decimal, i = past_decimal(data, i, stop)
            if status == OK and is_quoted:
                if data[i] != QUOTE:
                    status = ELSEWHERE
                i += 1
            if key == 112:
                out_price[row] = decimal
                has_price = True
            else:
                out_size[row] = decimal
                has_size = True
        elif key == 84:
            status, whole, i = past_whole(data, i, stop)
            out_time[row] = whole
        elif key == 69:
            status, whole, i = past_whole(data, i, stop)
            out_event_time[row] = whole
        elif key == 116:
            status, whole, i = past_whole(data, i, stop)
            out_id[row] = whole
        elif key == 109:
            status, whole, i = past_word(data, i, stop)
            out_maker[row] = whole
        elif key == 115:
            if data[i] != QUOTE:
                out_status[row] = ELSEWHERE
                return i
            out_symbol[row] = i + 1
            status, i = past_string(data, i + 1, stop)
            out_symbol_end[row] = i - 1
        elif key == 101:
            is_trade = i + 7 <= stop and is_trade_word(data, i)
            if is_trade:
                i += 7
            else:
                status, i = past_value(data, i, stop)
        elif (key > 0 and key < SPACE) or key > 127 or is_special(key):
            status = ELSEWHERE
        else:
            status, i = past_value(data, i, stop)
        if status != OK:
            out_status[row] = status
            return i
        if i < stop and data[i] <= SPACE:
            i = past_space(data, i, stop)
        if i >= stop:
            return i
        if data[i] == CLOSE:
            out_status[row] = NOT_TRADE
            if is_trade and has_price and has_size:
                out_status[row] = OK
            return i + 1
        if data[i] != COMMA:
            out_status[row] = refusal(data[i])
            return i
        i += 1
        if i < stop and data[i] <= SPACE:
            i = past_space(data, i, stop)
    return i


def scan_trade(
    data: Bytes,
    start: int,
    stop: int,
    row: int,
    out_status: Flags,
    out_price: Floats,
    out_size: Floats,
    out_event_time: Ints,
    out_time: Ints,
    out_id: Ints,
    out_maker: Flags,
    out_symbol: Ints,
    out_symbol_end: Ints,
) -> int:
    """Read the object at `start` into row `row` of the columns; return the index after it.

    Spaces and tabs before it are skipped, what follows it is not looked at. Times and id are -1
    where absent; maker is 1 where the buyer made the price, 0 where the seller did, -1 where that
    is not said; the symbol is ``data[out_symbol[row]:out_symbol_end[row]]``. Where the status is
    not `OK` the other columns mean nothing. Of equal keys the last one counts. O(length).

    >>> from array import array
    >>> line = b'{"e":"trade","s":"BTCUSDT","p":"29183.10","q":"0.5","T":1690000000000,"m":true}'
    >>> columns = [array(code, [0]) for code in "bddlllbll"]
    >>> scan_trade(line, 0, len(line), 0, *columns) == len(line)
    True
    >>> [column[0] for column in columns[:7]], line[columns[7][0] : columns[8][0]]
    ([0, 29183.1, 0.5, -1, 1690000000000, -1, 1], b'BTCUSDT')
    """
    # At a message of another form the price and size written here are those of `scan_fields`.
    after, end = scan_usual(
        data, start, stop, row, row + 1, 0, out_status, out_price, out_size, out_event_time,
        out_time, out_id, out_maker, out_symbol, out_symbol_end,
    )  # fmt: skip
    if after > row:
        return end
    return scan_fields(
        data, start, stop, row, out_status, out_price, out_size, out_event_time, out_time, out_id,
        out_maker, out_symbol, out_symbol_end,
    )  # fmt: skip


def scan_trades(
    data: Bytes,
    start: int,
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
    """Read the lines from `start` on, a message each; return (rows, start of the first one left).

    A line ends with a line feed. What has none yet is left, as is what finds no more room in the
    columns; an empty line is `BROKEN`. O(length).

    >>> from array import array
    >>> messages = b'{"e":"trade","p":"1.5","q":"2"}', b"{}", b'{"e":"trade","p"'
    >>> lines = bytes([LINE_FEED]).join(messages)
    >>> columns = [array(code, [0] * 9) for code in "bddlllbll"]
    >>> scan_trades(lines, 0, *columns), lines[35:]
    ((2, 35), b'{"e":"trade","p"')
    >>> columns[0][0] == OK, columns[0][1] == NOT_TRADE, columns[1][0], columns[2][0]
    (True, True, 1.5, 2.0)
    """
    n = len(data)
    row = 0
    while row < len(out_status) and start < n:
        row, start = scan_usual(
            data, start, n, row, len(out_status), 1, out_status, out_price, out_size,
            out_event_time, out_time, out_id, out_maker, out_symbol, out_symbol_end,
        )  # fmt: skip
        if row == len(out_status) or start >= n:
            break
        end = scan_fields(
            data, start, n, row, out_status, out_price, out_size, out_event_time, out_time, out_id,
            out_maker, out_symbol, out_symbol_end,
        )  # fmt: skip
        if end < n and data[end] == CARRIAGE_RETURN:
            end += 1
        if end >= n or data[end] != LINE_FEED or out_status[row] > NOT_TRADE:
            # Not a message and its end: once more, within the line.
            while end < n and data[end] != LINE_FEED:
                end += 1
            if end >= n:
                return row, start
            scan_fields(
                data, start, end, row, out_status, out_price, out_size, out_event_time, out_time,
                out_id, out_maker, out_symbol, out_symbol_end,
            )  # fmt: skip
            if out_status[row] <= NOT_TRADE:
                out_status[row] = ELSEWHERE
        row += 1
        start = end + 1
    return row, start
