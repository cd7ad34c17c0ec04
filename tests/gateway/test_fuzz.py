"""Frames that no client would send: nothing hangs, nothing is raised, a bad one changes nothing."""

from __future__ import annotations

from random import Random

import pytest
from served_gateway import Wire, contract_fields, demo_gateway, near_option, place_order, stock

from engine.clock import SYSTEM
from engine.gateway.frames import frame
from engine.gateway.gateway import Gateway

NASTY = (
    "", "nan", "inf", "-inf", "1e999", "-1", "0", "2147483648", "9" * 400, "1.7976931348623157e308",
    "BAG", "x" * 5000, "\u20ac", "1_0", " 1", "0x10", "-0.0", "1e-320", "\x01", "BUY", "true",
)  # fmt: skip
# Refusals: the request was not carried out.
REFUSED = {
    "101", "103", "104", "110", "162", "200", "201", "300", "320", "321", "322", "354", "387",
    "505", "10147", "10148",
}  # fmt: skip
SLOWEST_SECONDS = 1.0


def corpus(gateway: Gateway, version: int) -> list[list[object]]:
    """Return one valid message of every kind."""
    option = contract_fields(gateway, near_option(gateway, "ZETF"))
    base = stock(gateway, "ZETF")
    con_ids = [gateway.listing.contracts[near_option(gateway, "ZETF", r)].con_id for r in "CP"]
    bag: list[object] = [0, "ZETF", "BAG", "", 0.0, "", "", "SMART", "", "USD", "", ""]
    legs = [(con_ids[0], 1, "BUY"), (con_ids[1], 1, "SELL")]
    extra = [""] if version >= 176 else []
    return [
        place_order(1, base, version, limit=1.0, quantity=10),
        place_order(2, option, version, kind="MKT"),
        place_order(3, bag, version, limit=-3.0, legs=legs, tif="GTC"),
        place_order(4, base, version, kind="MKT", quantity=5, what_if=True),
        [4, 1, 1, *([""] if version >= 169 else [])],
        [1, 11, 5, *option, 0, "", 0, 0, ""],
        [1, 11, 6, *bag, 2, con_ids[0], 1, "BUY", "SMART", con_ids[1], 1, "SELL", "SMART",
         0, "", 0, 0, ""],
        [2, 2, 5], [5, 1], [6, 2, 1, "DU1234567"], [7, 3, 9, 0, "", "", "", "", "", ""],
        [8, 1, 1], [9, 8, 7, *base, 0, "", "", *extra], [14, 1, 5], [15, 1, 1], [16, 1], [17, 1],
        [20, 8, *base, 0, "", "1 hour", "2 D", 1, "TRADES", 1, 0, ""], [25, 1, 8], [49, 1],
        [50, 3, 9, *base, 5, "TRADES", 1, ""], [51, 1, 9], [59, 1, 3], [61, 1],
        [62, 1, 10, "All", "NetLiquidation"], [63, 1, 10], [64, 1],
        [76, 1, 11, "DU1234567", "", 0], [77, 1, 11], [78, 12, "ZETF", "", "STK", base[0]],
        [81, 13, "Z"], [91, 26], [92, 14, "DU1234567", ""], [93, 14],
        [94, 15, "DU1234567", "", con_ids[0]], [95, 15],
        [97, 16, *option, "BidAsk", 0, 0], [98, 16], [99, 0], [58, 1],
    ]  # fmt: skip


def mutated(message: list[object], others: list[list[object]], rng: Random) -> bytes:
    """Return the bytes of `message` with something wrong in them."""
    fields = list(message)
    for _ in range(1 + int(rng.random() * 3)):
        at = int(rng.random() * len(fields))
        kind = int(rng.random() * 6)
        if kind == 0:
            fields[at] = NASTY[int(rng.random() * len(NASTY))]
        elif kind == 1 and len(fields) > 1:
            del fields[at]
        elif kind == 2:
            fields.insert(at, NASTY[int(rng.random() * len(NASTY))])
        elif kind == 3:
            other = others[int(rng.random() * len(others))]
            fields = fields[:at] + other[int(rng.random() * len(other)) :]
            fields = fields or [""]
        elif kind == 4:
            fields = fields[: at + 1]
        else:
            fields[at] = int(rng.random() * 2**33) - 2**31
    data = bytearray(frame(*fields))
    if rng.random() < 0.4:
        for _ in range(1 + int(rng.random() * 3)):
            # Mostly in the payload: a wrong length ends the connection at once.
            low = 0 if rng.random() < 0.05 else min(4, len(data) - 1)
            data[low + int(rng.random() * (len(data) - low))] = int(rng.random() * 256)
    return bytes(data)


def books(gateway: Gateway) -> tuple[object, ...]:
    """Return everything that a refused request must not change."""
    account = gateway.accounts["DU1234567"]
    orders = tuple((o.perm_id, o.status, o.filled, o.placed) for o in gateway.desk.every)
    positions = tuple((i, p.quantity) for i, p in account.held().items())
    resting = tuple(sorted(gateway.exchange.books))
    return orders, positions, account.cash, resting


def subscriptions(wire: Wire) -> tuple[object, ...]:
    s = wire.session
    return (
        tuple(s.lines), tuple(s.tick_lines), tuple(s.bar_lines), tuple(s.kept_bars),
        s.wants_account, s.wants_positions, tuple(s.multi), tuple(s.summaries), tuple(s.pnl),
        s.data_type, s.auto_bind,
    )  # fmt: skip


def fuzz(seed: int, count: int) -> dict[str, int]:
    rng = Random(seed)
    tally = {"closed": 0, "refused": 0, "taken": 0}
    version = (157, 164, 170, 178)[seed % 4]
    gateway = demo_gateway(pacing=0, most_lines=50)
    valid = corpus(gateway, version)
    wire = Wire(gateway, 1, version)
    for k in range(count):
        if k % 400 == 399:  # orders add up: begin again
            gateway = demo_gateway(pacing=0, most_lines=50)
            wire = Wire(gateway, 1, version)
        if wire.is_closed:
            wire = Wire(gateway, 1, version)
        if rng.random() < 0.1:
            wire.ask(*valid[int(rng.random() * len(valid))])
            wire.take()
        data = mutated(valid[int(rng.random() * len(valid))], valid, rng)
        before, subscribed = books(gateway), subscriptions(wire)
        start = SYSTEM.monotonic_ns()
        wire.session.data(data)
        gateway.advance(gateway.clock_ns + 1_000_000)
        assert (SYSTEM.monotonic_ns() - start) / 1e9 < SLOWEST_SECONDS, data
        heard = wire.take()
        if wire.is_closed:
            tally["closed"] += 1
            assert books(gateway) == before, data
        elif heard and heard[0][0] == "4" and heard[0][3] in REFUSED:
            tally["refused"] += 1
            assert books(gateway) == before, data
            assert subscriptions(wire) == subscribed, data
        else:
            tally["taken"] += 1
        if not wire.is_closed and wire.session._reader._data:
            # A length that promises more: the rest of the stream belongs to it.
            wire.session.lost()
            wire.is_closed = True
    return tally


@pytest.mark.parametrize("seed", range(4))
def test_bad_frames_change_nothing(seed: int) -> None:
    tally = fuzz(seed, 500)
    assert tally["refused"] > 150
    assert tally["taken"] > 50


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10, 30))
def test_100_000_bad_frames_change_nothing(seed: int) -> None:
    tally = fuzz(seed, 5_000)
    assert tally["refused"] > 1_500


def test_bytes_that_are_no_frames_end_the_connection() -> None:
    rng = Random(1)
    gateway = demo_gateway(pacing=0)
    for _ in range(300):
        wire = Wire.__new__(Wire)
        wire.gateway, wire.raw, wire.is_closed, wire.held = gateway, bytearray(), False, 0
        session = gateway.connect(wire)
        assert session is not None
        head = (b"", b"API\0", b"API\0\x00\x00\x00\x09v157..178")[int(rng.random() * 3)]
        junk = bytes(int(rng.random() * 256) for _ in range(int(rng.random() * 60)))
        session.data(head + junk)
        gateway.advance(gateway.clock_ns + 1_000_000)
        session.lost()
    assert gateway.desk.every == []


def test_a_frame_of_absurd_length_is_not_waited_for() -> None:
    gateway = demo_gateway()
    wire = Wire(gateway)
    wire.session.data(b"\x7f\xff\xff\xff")
    assert wire.is_closed
