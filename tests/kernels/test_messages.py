"""The scanner of trade messages against ``json.loads`` and ``float``: whole, mutated and cut."""

from __future__ import annotations

import json
import math
from array import array
from random import Random
from typing import NamedTuple

import pytest

from engine.backend import Backend, select
from kernels_pure.tokens import BROKEN, ELSEWHERE, NOT_TRADE, OK

USUAL = (
    b'{"e":"trade","E":1690000000000,"s":"BTCUSDT","t":12345,"p":"29183.10","q":"0.00241",'
    b'"T":1690000000001,"m":true}'
)
TYPECODES = "bddqqqbqq"


class Found(NamedTuple):
    status: int
    price: float
    size: float
    event_time: int
    time: int
    id: int
    maker: int
    symbol: int
    symbol_end: int


def columns(rows: int) -> list[array[float]]:
    return [array(code, [0] * rows) for code in TYPECODES]


def scan(backend: Backend, text: bytes, start: int = 0, stop: int | None = None) -> Found:
    outs = columns(1)
    stop = len(text) if stop is None else stop
    backend.load("messages").scan_trade(text, start, stop, 0, *outs)
    return Found(*(out[0] for out in outs))


def whole(backend: Backend, text: bytes) -> Found:
    """Scan `text` as the one line of a batch, so that what follows the object counts."""
    outs = columns(2)
    rows, left = backend.load("messages").scan_trades(text + b"\n", 0, *outs)
    assert (rows, left) == (1, len(text) + 1)
    return Found(*(out[0] for out in outs))


def judge(found: Found, text: bytes) -> int:
    """Assert that a status, and the numbers of a trade, are what ``json.loads`` says."""
    try:
        read = json.loads(text)
    except ValueError:  # also UnicodeDecodeError
        read = None
    if found.status == OK:
        assert isinstance(read, dict), text
        assert read["e"] == "trade"
        assert repr(found.price + 0.0) == repr(float(read["p"]) + 0.0), text
        assert repr(found.size + 0.0) == repr(float(read["q"]) + 0.0), text
        times = (read.get("E", -1), read.get("T", -1), read.get("t", -1))
        assert (found.event_time, found.time, found.id) == times, text
        assert found.maker == int(read.get("m", -1)), text
        assert text[found.symbol : found.symbol_end].decode() == read.get("s", ""), text
    elif found.status == NOT_TRADE:
        assert isinstance(read, dict), text
        assert read.get("e") != "trade" or "p" not in read or "q" not in read, text
    elif found.status == BROKEN:
        assert read is None, text
    else:
        assert found.status == ELSEWHERE
    return found.status


def random_decimal(draw: Random) -> str:
    digits = "".join(draw.choice("0123456789") for _ in range(draw.randint(0, 8))).lstrip("0")
    rest = "".join(draw.choice("0123456789") for _ in range(draw.randint(1, 9)))
    return draw.choice(("", "", "", "-")) + (digits or "0") + draw.choice(("", "." + rest))


def random_message(draw: Random) -> bytes:
    """Return a message of which keys, order, white space and kinds of values vary."""
    price, size = random_decimal(draw), random_decimal(draw)
    values = {
        "e": draw.choice(('"trade"',) * 9 + ('"kline"', "7")),
        "E": str(draw.randrange(10**13)), "s": '"BTC-USD"', "t": str(draw.randrange(10**9)),
        "p": draw.choice((f'"{price}"', f'"{price}"', price)), "q": f'"{size}"',
        "T": str(draw.randrange(-5, 10**13)), "m": draw.choice(("true", "false")),
        "M": "false", "note": '"a b"', "x": draw.choice(("-1.5", "0", "null", "[1]", "1e5", '""')),
    }  # fmt: skip
    keys = [key for key in values if draw.random() < (0.4 if key in "Mnotex" else 0.97)]
    if draw.random() < 0.3:
        draw.shuffle(keys)
    gap = draw.choice(("", "", " ", "\t "))
    fields = [f'"{key}"{gap}:{gap}{values[key]}' for key in keys]
    return ("{" + gap + f"{gap},{gap}".join(fields) + gap + "}").encode()


def test_a_usual_message(backend: Backend) -> None:
    expected = Found(OK, 29183.1, 0.00241, 1690000000000, 1690000000001, 12345, 1, 36, 43)
    assert scan(backend, USUAL) == whole(backend, USUAL) == expected
    assert scan(backend, b"xx" + USUAL + b"yy", 2, 2 + len(USUAL))[:7] == expected[:7]


def test_random_messages_are_what_json_says(backend: Backend) -> None:
    met = [0, 0, 0, 0]
    draw = Random(1)
    for _ in range(4000):
        text = random_message(draw)
        met[judge(whole(backend, text), text)] += 1
    assert met[OK] > 500
    assert met[NOT_TRADE] > 200
    assert met[ELSEWHERE] > 100
    assert met[BROKEN] == 0


def test_mutated_messages_never_surprise(backend: Backend) -> None:
    """Bytes exchanged, taken out, doubled and put in: a status of OK is never wrong."""
    met = [0, 0, 0, 0]
    draw = Random(2)
    for _ in range(8000):
        text = bytearray(draw.choice((USUAL, random_message(draw))))
        for _ in range(draw.choice((1, 1, 2, 5))):
            place = draw.randrange(len(text))
            new = draw.choice((draw.randrange(256), ord(draw.choice('{}[]":,.-+eE0 \\ntfN\t\r'))))
            kind = draw.randrange(4)
            if kind == 0:
                text[place] = new
            elif kind == 1 and len(text) > 1:
                del text[place]
            elif kind == 2:
                text.insert(place, new)
            else:
                text[place:place] = text[place : place + draw.randint(1, 9)]
        line = bytes(text).replace(b"\n", b"\r")
        met[judge(whole(backend, line), line)] += 1
    assert min(met) > 300


def test_the_usual_form_is_read_as_any_other(backend: Backend) -> None:
    """Scanned in one pass and key by key: status, place and, where written, all columns agree."""
    kernels = backend.load("messages")
    draw = Random(5)
    decimals = (
        b"0", b"7", b"0.5", b"01.5", b"1.", b".5", b"-1.5", b"1.2.3", b"9007199254740993",
        b"9007199254740992", b"90071992547.40993", b"0.0", b"1234567890123456789",
    )  # fmt: skip
    met = [0, 0, 0, 0]
    for _ in range(3000):
        drawn = (
            draw.choice((1690000000000, 999999999999, 10**13)),
            draw.choice((b"BTCUSDT", b"", b"a b")),
            draw.choice((0, 5, 10**16, 10**17, 10**18)),
            draw.choice(decimals),
            draw.choice(decimals),
            draw.choice((1690000000001, 0)),
            draw.choice((b"true", b"false", b"null")),
        )
        form = b'{"e":"trade","E":%d,"s":"%s","t":%d,"p":"%s","q":"%s","T":%d,"m":%s}'
        text = form % drawn
        if draw.random() < 0.5:
            text = USUAL
        place = draw.randrange(len(text))
        if draw.random() < 0.5:
            text = text[:place] + bytes([draw.randrange(256)]) + text[place + 1 :]
        stop = len(text) if draw.random() < 0.8 else place
        usual, general = columns(1), columns(1)
        end = kernels.scan_trade(text + b" " * 30, 0, stop, 0, *usual)
        assert end == kernels.scan_fields(text + b" " * 30, 0, stop, 0, *general)
        assert [repr(a[0]) for a in usual] == [repr(b[0]) for b in general], text
        met[usual[0][0]] += 1
    assert met[OK] > 300


def test_usual_lines_among_others_are_read_as_if_alone(backend: Backend) -> None:
    """Damaged, reordered and cut lines between whole ones: each is what it is alone."""
    draw = Random(6)
    parts = USUAL[1:-1].split(b",")
    lines = []
    for _ in range(2000):
        line = USUAL
        place = draw.randrange(len(line))
        kind = draw.random()
        if kind < 0.2:
            line = line[:place] + bytes([draw.choice(b'0129.,:"{}tfesTpq \r')]) + line[place + 1 :]
        elif kind < 0.4:
            line = b"{" + b",".join(draw.sample(parts, draw.randint(6, 8))) + b"}"
        elif kind < 0.5:
            line = b"{" + b",".join(parts[:3] + draw.choices(parts, k=6)) + b"}"
        elif kind < 0.6:
            line = (
                line[:place] + draw.choice((b"", b"\r", b" ")) + line[draw.randrange(place + 1) :]
            )
        lines.append(line)
    outs, text = columns(len(lines)), b"\n".join(lines) + b"\n"
    assert backend.load("messages").scan_trades(text, 0, *outs) == (len(lines), len(text))
    start, met = 0, [0, 0, 0, 0]
    for row, line in enumerate(lines):
        found = Found(*(out[row] for out in outs))
        place, end = found.symbol - start, found.symbol_end - start
        met[judge(found._replace(symbol=place, symbol_end=end), line)] += 1
        if found.status == OK:
            general = columns(1)
            backend.load("messages").scan_fields(text, start, start + len(line), 0, *general)
            assert found == Found(*(out[0] for out in general)), line
        start += len(line) + 1
    assert min(met) > 20
    assert met[OK] > 1000


def test_a_message_cut_anywhere_is_no_trade(backend: Backend) -> None:
    """And nothing beyond the end is read: the rest of the message lies right there."""
    for stop in range(len(USUAL)):
        found = scan(backend, USUAL, 0, stop)
        assert found.status in (BROKEN, ELSEWHERE)
        assert judge(found, USUAL[:stop]) != OK


@pytest.mark.parametrize(
    "whole", [USUAL, b' { "q" : "0.5" , "other" : [1, {"a": 2}] , "p" : "1.5" , "e" : "trade" } ']
)
def test_nothing_is_read_beyond_the_end(whole: bytes) -> None:
    """Where the message ends the buffer does: pure kernels raise at what lies behind it."""
    for stop in range(len(whole)):
        text = whole[:stop]
        assert scan(select("pure"), text).status in (BROKEN, ELSEWHERE)
        general = columns(1)
        assert select("pure").load("messages").scan_fields(text, 0, stop, 0, *general) <= stop


def test_decimals_are_those_of_float(backend: Backend) -> None:
    draw = Random(3)
    accepted = 0
    for _ in range(3000):
        digits = draw.randint(1, 19)
        text = str(draw.randrange(10 ** (digits - 1), 10**digits))
        point = draw.randint(0, len(text))
        text = (text[:point] or "0") + (f".{text[point:]}" if text[point:] else "")
        found = scan(backend, b'{"e":"trade","p":"%s","q":"1"}' % text.encode())
        if found.status == OK:
            assert found.price == float(text)
            accepted += 1
        else:
            assert found.status == ELSEWHERE
            assert int(text.replace(".", "")) > 2**53
    assert accepted > 2000


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"", BROKEN), (b"{", BROKEN), (b"{}", NOT_TRADE), (b"[]", ELSEWHERE), (b"{]", BROKEN),
        (b"{} x", ELSEWHERE), (b'{"a":1,}', BROKEN), (b'{"a" 1}', BROKEN),
        (b'{"p":"1"}', NOT_TRADE),
        (b'{"e":"trade","p":"1e5","q":"1"}', ELSEWHERE), (b'{"\\u0065":"trade"}', ELSEWHERE),
        (b'{"e":"trade","p":null,"q":"1"}', ELSEWHERE), (b'{"result":null,"id":1}', ELSEWHERE),
        (b'{"e":"trade","p":{"a":1},"q":"1"}', ELSEWHERE), (b'\xef\xbb\xbf{}', ELSEWHERE),
        (b'{"e":"trade","p":"1","q":"2","p":"3"}', OK),
        (b'{"e":"trade","p":"1","q":"2","e":"x"}', NOT_TRADE),
        (b'{"e":"trade","p":"1","q":"2","T":12345678901234567890}', ELSEWHERE),
    ],
)  # fmt: skip
def test_status_of(backend: Backend, text: bytes, status: int) -> None:
    assert judge(whole(backend, text), text) == status


def test_a_batch_is_its_messages_and_leaves_what_is_unfinished(backend: Backend) -> None:
    draw = Random(4)
    lines = [random_message(draw) for _ in range(300)]
    lines[5], lines[9], lines[20] = b"", b"garbage", USUAL[:50]
    lines[30] += b"\r"
    buffer = b"\n".join(lines) + b"\n" + USUAL[:60]
    outs = columns(400)
    rows, left = backend.load("messages").scan_trades(buffer, 0, *outs)
    assert (rows, left) == (300, len(buffer) - 60)
    start = 0
    for row, line in enumerate(lines):
        found = Found(*(out[row] for out in outs))
        alone = scan(backend, buffer, start, start + len(line))
        assert found.status == alone.status
        if found.status == OK:
            assert found == alone
            assert not math.isnan(found.price)
        start += len(line) + 1
    few = columns(7)
    rows, left = backend.load("messages").scan_trades(buffer, 0, *few)
    assert (rows, left) == (7, sum(len(line) + 1 for line in lines[:7]))
