"""Frames that are broken in every way: they change nothing and stop nothing."""

from __future__ import annotations

from random import Random

import pytest
from wire_stand import FIRST, LISTING, Stand, cut, hushed, price, tick_stream

from engine.gateway.frames import frame
from engine.ib import wire


def mutated(rng: Random, whole: bytes) -> bytes:
    """Return a frame with a few of its bytes changed, cut, doubled or exchanged for nonsense."""
    data = bytearray(whole)
    for _ in range(1 + int(rng.random() * 3)):
        at = int(rng.random() * len(data)) if data else 0
        draw = int(rng.random() * 7)
        if draw == 0 and data:
            data[at] = int(rng.random() * 256)
        elif draw == 1 and data:
            del data[at]
        elif draw == 2:
            data.insert(at, int(rng.random() * 256))
        elif draw == 3:
            data[at:at] = b"9" * int(rng.random() * 40)
        elif draw == 4:
            data[at : at + 5] = (b"nan", b"-inf", b"1e999", b"\xff\xfe", b"\0\0", b"-1")[
                int(rng.random() * 6)
            ]
        elif draw == 5:
            del data[at:]
        elif data:
            data[at] ^= 1 << int(rng.random() * 8)
    return bytes(data)


ORDERS = [
    frame(3, 5, "Submitted", 0, 10, 0, 77, 0, 0, 1, "", 0),
    frame(4, 2, -1, 2104, "Market data farm connection is OK:usfarm", ""),
    frame(9, 1, 17), frame(15, 1, "DU1234567"), frame(49, 1, 1772636400),
    frame(61, 3, "DU1234567", 700000001, "Z", "STK", "", 0, "", "", "", "USD", "Z", "NMS", 5, 10.0),
    frame(59, 1, "0000.1", 1.0, "USD", 0, 0, ""), frame(53, 1), frame(62, 1),
    frame(6, 2, "NetLiquidation", "1000000", "USD", "DU1234567"),
]  # fmt: skip


def hammer(seed: int, n: int) -> None:
    """Feed mutated frames, each in a frame of its own length, and look what they have done."""
    rng, stand = Random(seed), Stand()
    whole = tick_stream(rng, 200, LISTING.n_quotes + 1) + ORDERS * 10
    stand.hear(*tick_stream(rng, 50, LISTING.n_quotes + 1))
    held: list[bytes] = []
    with hushed():
        for _ in range(n):
            payload = mutated(rng, whole[int(rng.random() * len(whole))][4:])
            tick = wire.decode(payload)
            is_sound = tick is not None and tick[0] != wire.BROKEN
            before = None if is_sound else stand.state()
            held.append(len(payload).to_bytes(4, "big") + payload)
            if not is_sound or len(held) == 20:
                if before is not None:
                    # What went before in the same read may change books; this one must not.
                    *others, last = held
                    stand.hear(*others)
                    before = stand.state()
                    stand.hear(last)
                    assert stand.state() == before, last
                else:
                    stand.hear(*held)
                held.clear()
            if not stand.client._apiReady:
                stand.be_ready()
    book = stand.book
    for column in (book.bid, book.ask):
        assert all(0.0 <= value <= 1e7 for value in column)
    assert stand.given_up == []
    assert stand.path.n_bad > n // 50
    # And nothing is broken: the next sound tick is taken.
    stand.hear(price(FIRST, 1, 1.25, 3))
    assert (book.bid[0], book.bid_size[0]) == (1.25, 3.0)


def test_bad_frames_change_nothing_and_stop_nothing() -> None:
    hammer(1, 4_000)


@pytest.mark.long
def test_a_million_bad_frames_change_nothing_and_stop_nothing() -> None:
    for seed in range(10):
        hammer(seed, 100_000)


@pytest.mark.parametrize("seed", range(3))
def test_streams_with_bytes_missing_end_or_go_on(seed: int) -> None:
    """Lengths are hit too: whatever comes, no exception, and a fresh session reads again."""
    rng, stand = Random(seed), Stand()
    with hushed():
        for _ in range(60):
            data = bytearray(b"".join(tick_stream(rng, 20, LISTING.n_quotes + 1)))
            for _ in range(3):
                at = int(rng.random() * len(data))
                if rng.random() < 0.5:
                    data[at] = int(rng.random() * 256)
                else:
                    del data[at]
            for piece in cut(rng, bytes(data)):
                stand.hear(piece)
            stand.client.conn.disconnected.emit("gone")
            stand.be_ready()
            stand.hear(price(FIRST, 1, 2.25, 3))
            assert stand.book.bid[0] == 2.25


def test_a_greeting_that_cannot_be_read_ends_the_attempt() -> None:
    for bad in (b"x\0y\0", b"178\0z\0", b"9\0", b"15\0x\0"):
        stand = Stand()
        stand.client.reset()
        stand.client.connState = stand.client.CONNECTING
        with hushed():
            stand.hear(len(bad).to_bytes(4, "big") + bad, frame("abc", 1, 2))
        assert not stand.client._apiReady
